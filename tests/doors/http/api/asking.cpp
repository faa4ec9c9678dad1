#include "doors/http/api/asking.hpp"

#include <boost/json/parse.hpp>

namespace skein::api {

std::string errors_of(const io::http_request& http, const settings& with) {
  const auto response = response_to(http, with);
  EXPECT_EQ(response.status, 400U) << response.body;
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto problem = boost::json::parse(response.body).as_object();
  EXPECT_EQ(problem.at("type"), "/problems/invalid-request");
  if (!problem.contains("errors")) return "?" + std::string{problem.at("detail").as_string()};
  std::string all;
  for (const auto& e : problem.at("errors").as_array()) {
    if (!all.empty()) all += "; ";
    if (const auto* const pointer = e.as_object().if_contains("pointer"))
      all += pointer->as_string();
    else
      (all += e.at("parameter").as_string()) += ":";
    (all += " ") += e.at("detail").as_string();
  }
  return all;
}

}  // namespace skein::api
