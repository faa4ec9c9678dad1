/// Base64 (RFC 4648, section 4), with its padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skein::api {

std::string base64_of(std::string_view bytes);

/// Nothing if `text` is not base64, or has bits after its end.
std::optional<std::string> bytes_in_base64(std::string_view text);

}  // namespace skein::api
