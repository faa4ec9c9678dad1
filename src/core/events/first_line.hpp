/// How to recognise a connection that speaks another protocol than lines of events.
#pragma once

#include <cstddef>
#include <string_view>

namespace skein::core {

/// This many bytes, or a whole line, are enough to tell.
inline constexpr std::size_t enough_to_tell = 16;

/// Whether `bytes`, the first of a connection, begin as a request of HTTP or a hello of TLS does.
/// Such a connection may come from a browser, sent here by a web page: after its headers comes what
/// the page has written, for example lines of events. No event begins in this way.
bool is_of_a_browser(std::string_view bytes);

}  // namespace skein::core
