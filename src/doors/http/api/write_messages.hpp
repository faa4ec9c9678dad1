/// Answers below /v1 about messages.
#pragma once

#include "doors/http/api/http_api.hpp"
#include "json/json_text.hpp"

namespace skein::api {

/// Appends the member `messages`.
void write_published(json_writer& out, const published& p);

/// It may pass.
io::http_response with_retry(io::http_response response);

io::http_response published_response(const published& p);
io::http_response leased_response(const leased& l);
io::http_response settled_response(const answer_form& form, const settled& s);
io::http_response dead_letters_response(const dead_letters& d);
io::http_response dead_settled_response(const dead_settled& d);
io::http_response delayed_response(const delayed_messages& d);
io::http_response cancelled_response(const cancelled& c);

}  // namespace skein::api
