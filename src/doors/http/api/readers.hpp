/// How the requests of each kind are read.
#pragma once

#include "doors/http/api/routes.hpp"
#include "doors/http/api/target.hpp"
#include "json/json_fields.hpp"

namespace skein::api {

inline constexpr std::uint32_t longest_list = 1000;  ///< of one answer
inline constexpr milliseconds longest_time{
    3'155'760'000'000};  ///< that can be asked for: a century

/// Whether `http` has a body of this type; parameters of the type do not matter.
bool has_media_type(const io::http_request& http, std::string_view type);

/// Whether `Content-Encoding` says anything but `identity`.
bool is_encoded(const io::http_request& http);

// --- gophermq's ---

outcome read_gophermq_publish(incoming& in);
outcome read_gophermq_publish_async(incoming& in);
outcome read_gophermq_subscribe(incoming& in);
outcome read_gophermq_fetch(incoming& in);

// --- below /v1: an error is a problem, and what is not known is one ---

enum class bodies : std::uint8_t {
  ignored,
  object,
  object_or_nothing,  ///< which is an empty object
  lines,
};

/// A request of /v1 while it is read.
struct v1_request {
  incoming& in;
  json_fields& body;  ///< without fields, if the body is no object
  query_fields& query;
  answer_form& form;

  std::string topic() const { return std::string{in.parameters[0]}; }
  std::string subscriber() const { return std::string{in.parameters[1]}; }
};

/// What it reads is thrown away if there are errors.
using v1_reader = call (*)(v1_request&);

outcome read_v1(incoming& in, bodies body, v1_reader reader);

template <bodies body, v1_reader reader>
outcome v1(incoming& in) {
  return read_v1(in, body, reader);
}

call read_list_topics(v1_request& r);
call read_create_topic(v1_request& r);
call read_change_topic(v1_request& r);
call read_describe_topic(v1_request& r);
call read_delete_topic(v1_request& r);
call read_publish(v1_request& r);
call read_list_subscribers(v1_request& r);
call read_subscribe(v1_request& r);
call read_describe_subscriber(v1_request& r);
call read_change_subscriber(v1_request& r);
call read_unsubscribe(v1_request& r);
call read_lease(v1_request& r);
call read_ack(v1_request& r);
call read_nack(v1_request& r);
call read_extend(v1_request& r);
call read_list_dead(v1_request& r);
call read_replay_dead(v1_request& r);
call read_purge_dead(v1_request& r);
call read_list_delayed(v1_request& r);
call read_cancel_delayed(v1_request& r);
call read_publish_events(v1_request& r);
call read_list_followers(v1_request& r);
call read_list_followees(v1_request& r);
call read_describe_epoch(v1_request& r);
call read_new_epoch(v1_request& r);
call read_statistics(v1_request& r);

}  // namespace skein::api
