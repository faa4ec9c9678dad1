#include "doors/http/api/http_api.hpp"
#include "doors/http/api/write_gophermq.hpp"
#include "doors/http/api/write_v1.hpp"

namespace skein::api {

io::http_response write_answer(const answer_form& form, const answer& a) {
  switch (form.to) {
    case endpoint::gophermq_publish:
    case endpoint::gophermq_publish_async:
    case endpoint::gophermq_subscribe:
    case endpoint::gophermq_fetch:
      return write_gophermq_answer(form, a);
    default:
      return write_v1_answer(form, a);
  }
}

}  // namespace skein::api
