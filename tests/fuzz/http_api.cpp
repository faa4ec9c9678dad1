/// Whatever the method, the target and the body: there is a request that keeps its promises, or a
/// response; and what is written is JSON.
///
/// The first bytes choose the request's line and type, the rest is the body: as it is, or pieces of
/// JSON that it chooses.

#include "doors/http/api/http_api.hpp"

#include <boost/json/parse.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "fuzz/fuzz_input.hpp"

namespace {

using namespace skein;
using namespace std::string_view_literals;

constexpr std::string_view targets[] = {"/api/publish",
                                        "/api/publish/async",
                                        "/api/subscribe",
                                        "/api/fetch",
                                        "/ready",
                                        "/openapi.json",
                                        "/v1/topics",
                                        "/v1/topics/a",
                                        "/v1/topics/a/messages",
                                        "/v1/topics/a/subscribers",
                                        "/v1/topics/a/subscribers/s",
                                        "/v1/topics/a/subscribers/s/lease",
                                        "/v1/topics/a/subscribers/s/ack",
                                        "/v1/topics/a/subscribers/s/nack",
                                        "/v1/topics/a/subscribers/s/extend",
                                        "/v1/topics/a/subscribers/s/dead-letters",
                                        "/v1/topics/a/subscribers/s/dead-letters/replay",
                                        "/v1/topics/a/subscribers/s/dead-letters/purge",
                                        "/v1/events",
                                        "/v1/users/1/followers",
                                        "/v1/users/1/followees",
                                        "/v1/epochs",
                                        "/v1/epochs/current",
                                        "/v1/statistics",
                                        "*",
                                        "/",
                                        "/v1/",
                                        "/v1/topics?limit=5&after=a",
                                        "/v1/topics/a/messages?wait=delivered&timeout_ms=1"};

constexpr std::string_view types[] = {"application/json", "text/plain", "", "application/json;x=y"};

constexpr std::string_view pieces[] = {"{",
                                       "}",
                                       "[",
                                       "]",
                                       ",",
                                       ":",
                                       "\"",
                                       "null",
                                       "true",
                                       "0",
                                       "1",
                                       "-1",
                                       "1.5",
                                       "1e400",
                                       "9223372036854775808",
                                       "{\"subject\":\"a\",\"data\":\"",
                                       "{\"subject\":\"a\",\"id\":\"b\"}",
                                       "\"payload\":\"\"",
                                       "\"payload_base64\":\"AA==\"",
                                       "{\"messages\":[",
                                       "{\"payload\":\"x\"}",
                                       "\"key\":\"k\"",
                                       "\"priority\":3",
                                       "\"deliver_at\":\"2025-01-31T12:00:00Z\"",
                                       "\"ttl_ms\":1",
                                       "{\"leases\":[\"1.2\",\"3.4\"]",
                                       "\"lease_ms\":5",
                                       "\"delay_ms\":5",
                                       "{\"ids\":[\"1\"]}",
                                       "{\"max\":1,\"wait_ms\":2}",
                                       "\"storage\":\"memory\"",
                                       "\"batch\":5",
                                       "\\u0041",
                                       "\\ud800",
                                       "\xc3\xa9",
                                       "\xff",
                                       "\xe2\x80\xa8",
                                       " ",
                                       "\"\":",
                                       "<",
                                       "\\n"};

template <std::size_t n>
std::string_view one_of(const std::string_view (&all)[n], fuzz::input& in) {
  return all[in.below(n)];
}

io::http_request request_of(fuzz::input& in) {
  io::http_request http;
  http.method = static_cast<io::http_method>(in.below(8));
  if (in.flag()) http.method = in.flag() ? io::http_method::post : io::http_method::put;
  const std::size_t kind = in.below(4);
  http.target = kind == 0 ? "/" + std::string{in.take(in.below(40))} : one_of(targets, in);
  if (kind == 1) http.target += in.take(in.below(40));
  if (kind == 2) http.target.insert(in.below(http.target.size() + 1), in.take(in.below(10)));
  http.headers.add("Content-Type", one_of(types, in));
  if (in.below(16) == 0) http.headers.add("Content-Encoding", in.flag() ? "gzip" : "identity");
  if (in.flag()) {
    http.body = in.take(1 << 16);
  } else {
    while (!in.empty()) http.body += one_of(pieces, in);
  }
  return http;
}

void check(const io::http_response& response) {
  SKEIN_REQUIRE(response.status >= 200 && response.status < 600);
  if (response.content_type.empty()) {
    SKEIN_REQUIRE(response.body.empty());
  } else {
    SKEIN_REQUIRE(response.body.back() == '\n');
    boost::json::error_code wrong;
    const auto value = boost::json::parse(response.body, wrong);
    SKEIN_REQUIRE(!wrong);
    SKEIN_REQUIRE(value.is_object());
  }
  for (std::size_t i = 0; i != response.headers.size(); ++i)
    for (const char c : response.headers.value(i)) SKEIN_REQUIRE(c > ' ' || c == ' ');
}

void check(const api::new_message& m) {
  SKEIN_REQUIRE(m.payload != nullptr);
  SKEIN_REQUIRE(m.priority < core::most_priorities);
  SKEIN_REQUIRE(m.delay.count() >= 0);
  SKEIN_REQUIRE(!m.ttl || m.ttl->count() > 0);
}

/// What is promised of calls, and an answer to each.
struct promises {
  const api::answer_form& form;
  const api::settings& with;

  api::answer operator()(const api::publish& p) const {
    SKEIN_REQUIRE(!p.messages.empty() && p.messages.size() <= with.most_messages);
    api::published result;
    for (const auto& m : p.messages) {
      check(m);
      result.messages.push_back({static_cast<core::publish_outcome>(m.payload->size() % 8), 1});
    }
    return result;
  }
  api::answer operator()(const api::subscribe& s) const {
    SKEIN_REQUIRE(s.subscriber.empty() || api::is_name(s.subscriber));
    return api::subscribed{s.subscriber, true};
  }
  api::answer operator()(const api::lease& l) const {
    SKEIN_REQUIRE(l.wait <= with.longest_wait && l.most <= with.most_messages);
    return api::leased{};
  }
  api::answer operator()(const api::fetch& f) const {
    SKEIN_REQUIRE(api::is_name(f.subscriber));
    core::delivery d;
    d.what.payload = std::make_shared<const std::string>(f.subscriber + "\xff");
    return api::leased{{d}};
  }
  api::answer operator()(const api::settle& s) const {
    SKEIN_REQUIRE(!s.leases.empty() && s.leases.size() <= with.most_messages);
    SKEIN_REQUIRE(form.leases.size() == s.leases.size());
    SKEIN_REQUIRE(s.what != api::settle::action::extend || s.time);
    api::settled result;
    for (const auto& l : s.leases)
      result.outcomes.push_back(static_cast<core::lease_outcome>(l.number % 3));
    return result;
  }
  api::answer operator()(const api::create_topic& c) const {
    const core::topic_options& o = c.options;
    SKEIN_REQUIRE(o.priorities >= 1 && o.priorities <= core::most_priorities);
    SKEIN_REQUIRE(o.max_pending >= 1 && o.batch >= 1);
    SKEIN_REQUIRE(o.lease.count() >= 0 && o.dedupe_window.count() >= 1);
    return api::created{true, o};
  }
  api::answer operator()(const api::topic_call& c) const {
    const bool makes = std::holds_alternative<api::publish>(c.what) ||
                       std::holds_alternative<api::create_topic>(c.what) ||
                       std::holds_alternative<api::subscribe>(c.what);
    SKEIN_REQUIRE(makes ? api::is_name(c.topic) : api::is_old_name(c.topic));
    return std::visit(*this, c.what);
  }
  template <class Call>
  api::answer operator()(const Call&) const {
    return api::refused{};
  }
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in{bytes, size};
  api::settings with;
  with.most_messages = in.flag() ? 2 : 1000;
  const auto http = request_of(in);
  const auto result = api::read_request(http, with);
  if (const auto* const response = std::get_if<io::http_response>(&result)) {
    check(*response);
    return 0;
  }
  if (const auto* const unheard = std::get_if<api::refused_unheard>(&result)) {
    SKEIN_REQUIRE(http.path().find('%') != std::string_view::npos ||
                  http.path() == "/api/publish/async");
    SKEIN_REQUIRE(unheard->response.status == 200);
    check(unheard->response);
    return 0;
  }
  const auto& request = std::get<api::request>(result);
  check(api::write_answer(request.form, std::visit(promises{request.form, with}, request.what)));
  api::refused refused;
  constexpr auto reasons = static_cast<std::size_t>(api::refused::reason::failed) + 1;
  refused.why = static_cast<api::refused::reason>(http.body.size() % reasons);
  refused.detail = http.body;
  check(api::write_answer(request.form, refused));
  return 0;
}
