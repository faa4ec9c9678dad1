#pragma once

#include <string_view>

namespace skein::api {

/// docs/openapi.json, as it is.
std::string_view openapi_document();

}  // namespace skein::api
