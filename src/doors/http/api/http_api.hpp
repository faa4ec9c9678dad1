/// What HTTP requests ask for, and how answers are written: docs/openapi.json is the contract.
///
///     read_request ─▶ request ─▶ call ─▶ (whoever does it) ─▶ answer ─▶ write_answer
///          └────▶ response, if nobody has to be asked
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "calls/calls.hpp"
#include "doors/http/api/sites.hpp"
#include "io/http.hpp"

namespace skein::api {

struct settings {
  core::topic_options topic;           ///< of a new topic, except what its request says
  milliseconds subscriber_expiry{0};   ///< of subscribers that `/api/subscribe` makes
  wait_for api_wait{};                 ///< of `/api/publish`
  std::uint32_t most_messages = 1000;  ///< in one request; as well leases, and ids
  milliseconds longest_wait{60'000};   ///< that a request can ask for
  site_rules sites;
  bool for_operator = false;  ///< begins epochs, and purges all dead letters at once
};

/// Each is one row of the table of routes (routes.hpp).
enum class endpoint : std::uint8_t {
  // Answered here.
  ready,
  openapi,
  // As gophermq has them.
  gophermq_publish,
  gophermq_publish_async,
  gophermq_subscribe,
  gophermq_fetch,
  // Below /v1.
  list_topics,
  create_topic,
  change_topic,
  describe_topic,
  delete_topic,
  publish,
  list_subscribers,
  subscribe_as,   ///< by a name of the client's
  subscribe_new,  ///< by a name that is made
  describe_subscriber,
  change_subscriber,
  unsubscribe,
  lease,
  ack,
  nack,
  extend,
  list_dead,
  replay_dead,
  purge_dead,
  list_delayed,
  cancel_delayed,
  publish_events,
  list_followers,
  list_followees,
  describe_epoch,
  new_epoch,
  statistics,
};

/// What of a request decides how its answer is written.
struct answer_form {
  endpoint to = endpoint::ready;
  std::string topic;  ///< empty if the answer does not need it; likewise the others
  std::string subscriber;
  std::vector<core::lease_name> leases;
};

struct request {
  answer_form form;
  call what;
};

/// A publish by `/api/publish/async` that is refused: its client does not hear of it, so it is to
/// be counted and logged.
struct refused_unheard {
  io::http_response response;  ///< that it is well, as always
  std::string_view why;        ///< for the log; a literal
};

/// A response for what can be answered at once: mistakes, `/ready`, `/openapi.json`, OPTIONS.
using outcome = std::variant<request, io::http_response, refused_unheard>;

outcome read_request(const io::http_request& http, const settings& with);

/// No fewer bytes than the body of the response to `a` will have. Reads all payloads.
std::size_t most_bytes_of(const answer_form& form, const answer& a);

/// `endpoint::gophermq_publish_async` needs no answer: whatever it is, the response is the same.
///
/// \pre `a` is what `form`'s call is answered with, or `refused`
io::http_response write_answer(const answer_form& form, const answer& a);

}  // namespace skein::api
