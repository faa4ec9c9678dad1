/// SIGINT and SIGTERM while a program starts, before its event loop takes them over.
#pragma once

namespace skein::io {

/// From now on the first one ends the process at once, with exit status 0: nothing has been opened
/// that would have to be closed in good order.
void end_at_signals();

/// From now on the first one is noted, and the second ends the process, with 128 + its number.
void note_signals();

/// The first one that came since `note_signals`; 0: none.
int noted_signal();

}  // namespace skein::io
