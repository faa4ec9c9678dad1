/// The bytes of responses of HTTP/1.1.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "io/http.hpp"

namespace skein::io {

/// What a status is called, e.g. "Not Found"; empty for one without a name.
std::string_view reason_phrase(unsigned status);

/// Appends `response` to `out`, in the form that its request asks for; for a request that could not
/// be read, `http_reply_form{}`. After a response without `keep_alive` the caller has to close the
/// connection. `now`, in seconds since 1970, is written as `Date`.
///
/// No value can end its header: CR, LF and NUL in names and values are written as spaces.
void write_response(const http_reply_form& form, const http_response& response, std::string& out,
                    std::optional<std::time_t> now = {});

/// The same without the body, even if it goes out. Returns whether it does.
bool write_head(const http_reply_form& form, const http_response& response, std::string& out,
                std::optional<std::time_t> now = {});

/// What a client gets that waits before it sends the body.
constexpr std::string_view continue_response = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace skein::io
