/// Answers as gophermq writes them.
#pragma once

#include <string_view>

#include "doors/http/api/http_api.hpp"

namespace skein::api {

io::http_response gophermq_error(unsigned status, std::string_view message);

/// {"status":"ok"}
io::http_response gophermq_ok();

/// \pre `form.to` is one of gophermq's
io::http_response write_gophermq_answer(const answer_form& form, const answer& a);

}  // namespace skein::api
