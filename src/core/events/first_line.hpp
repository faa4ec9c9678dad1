/// What a connection begins with that speaks another protocol than events.
#pragma once

#include <cstddef>
#include <string_view>

namespace skein::core {

/// So many bytes, or a whole line, are enough to tell.
inline constexpr std::size_t enough_to_tell = 16;

/// Whether `bytes`, the first of a connection, begin as a request of HTTP or a hello of TLS does.
/// That is a browser, sent here by a web page: behind its headers comes what the page has written,
/// lines of events for example. No event begins so.
bool is_of_a_browser(std::string_view bytes);

}  // namespace skein::core
