/// Puts right what a process inherits from its parent; and lets it say why it cannot go on.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

namespace skein::io {

/// To be called first of all. Standard streams that are closed are opened, so that no file gets
/// their numbers: reading the first and writing to the second fails as before, what goes to the
/// third is gone. No signal is blocked. SIGPIPE and SIGXFSZ are ignored: the call that they are
/// about says what is wrong.
void take_over_process();

/// If there are no threads or no memory left, or nobody catches an exception, a library would end
/// the process by SIGABRT with words of its own. After this call the process ends with one line
/// that begins with `name`, and with `status`; after an exception that nobody catches still by
/// SIGABRT. `name` must live as long as the process.
void tell_why_it_ends(const char* name, int status);

/// One line on standard error, `name: text` with the name of `tell_why_it_ends`, as
/// core/visible_text shows it. It is gone if nobody takes it within
/// two seconds.
void complain(std::string_view text);

/// Lines for people on standard output, as core/visible_text shows them. False if not all of them
/// could be written, or nothing was taken for ten seconds.
bool print(std::string_view lines);

/// What it says, or what a limit of the machine means where a library has no good words for it.
std::string reason_of(const std::exception& failed);

/// \throws std::runtime_error if the machine does not give `count` more threads
void check_threads(std::size_t count);

}  // namespace skein::io
