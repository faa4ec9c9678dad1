/// Checks values against schemas: as much of JSON Schema as docs/openapi.json needs of it.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace skein::testing {

/// `schema` and what it refers to are in `document`. Returns what is wrong; empty: nothing. Throws
/// at a keyword that is not known.
std::string mismatch(const boost::json::value& document, const boost::json::value& schema,
                     const boost::json::value& value, const std::string& at = "");

/// What `reference`, as `#/a/b`, names in `document`.
const boost::json::value& resolve(const boost::json::value& document, std::string_view reference);

}  // namespace skein::testing
