/// Answers below /v1.
#pragma once

#include "doors/http/api/http_api.hpp"

namespace skein::api {

/// \pre `form.to` is below /v1
io::http_response write_v1_answer(const answer_form& form, const answer& a);

}  // namespace skein::api
