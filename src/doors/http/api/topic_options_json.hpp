/// Options of topics as members of a JSON object.
#pragma once

#include "core/topics/topic_options.hpp"
#include "json/json_fields.hpp"
#include "json/json_text.hpp"

namespace skein::api {

/// What is not there stays as it is. Returns what is.
core::option_names read_topic_options(json_fields& from, core::topic_options& to);

/// Appends a whole object.
void write_topic_options(json_writer& to, const core::topic_options& options);

}  // namespace skein::api
