#include "doors/http/api/write_v1.hpp"

#include <string>
#include <utility>

#include "doors/http/api/json_response.hpp"
#include "doors/http/api/problem.hpp"
#include "doors/http/api/target.hpp"
#include "doors/http/api/topic_options_json.hpp"
#include "doors/http/api/write_messages.hpp"

namespace skein::api {
namespace {

// --- topics and subscribers ---

std::string location_of(std::string_view topic) {
  std::string path = "/v1/topics/";
  append_percent_encoded(path, topic);
  return path;
}

std::string location_of(std::string_view topic, std::string_view subscriber) {
  std::string path = location_of(topic) + "/subscribers/";
  append_percent_encoded(path, subscriber);
  return path;
}

io::http_response created_response(const answer_form& form, const created& c) {
  auto response = json_response(c.is_new ? 201 : 200, [&](json_writer& out) {
    out.name("name").text(form.topic);
    write_topic_options(out.name("options"), c.options);
  });
  if (c.is_new) response.headers.add("Location", location_of(form.topic));
  return response;
}

io::http_response subscribed_response(const answer_form& form, const subscribed& s) {
  auto response = json_response(s.is_new ? 201 : 200,
                                [&](json_writer& out) { out.name("name").text(s.subscriber); });
  if (s.is_new) response.headers.add("Location", location_of(form.topic, s.subscriber));
  return response;
}

io::http_response topic_response(const topic_description& t) {
  return json_response(200, [&](json_writer& out) {
    out.name("name").text(t.name);
    write_topic_options(out.name("options"), t.options);
    out.name("messages").number(t.messages);
    out.name("delayed").number(t.delayed);
    out.name("subscribers").number(t.subscribers);
  });
}

io::http_response topics_response(const topic_list& t) {
  return json_response(200, [&](json_writer& out) {
    write_array(out, "topics", t.topics, [&](const topic_list::entry& e) {
      out.begin_object().name("name").text(e.name);
      write_topic_options(out.name("options"), e.options);
      out.end_object();
    });
    if (t.more) out.name("next").text(t.topics.back().name);
  });
}

void write_subscriber(json_writer& out, const subscriber_description& s) {
  out.name("name").text(s.name);
  out.name("idle_expiry_ms").number(s.idle_expiry.count());
  out.name("pending").number(s.pending);
  out.name("unread").number(s.unread);
  out.name("leased").number(s.leased);
  out.name("waiting").number(s.waiting);
  out.name("dead").number(s.dead);
}

io::http_response subscribers_response(const subscriber_list& s) {
  return json_response(200, [&](json_writer& out) {
    write_array(out, "subscribers", s.subscribers, [&](const subscriber_description& d) {
      out.begin_object();
      write_subscriber(out, d);
      out.end_object();
    });
    if (s.more) out.name("next").text(s.subscribers.back().name);
  });
}

// --- others ---

void write_place(json_writer& out, const epoch_description& e) {
  out.name("epoch").number(e.epoch);
  out.name("next").number(e.next);
  if (e.durable_next) out.name("durable_next").number(*e.durable_next);
}

io::http_response events_response(const events_published& e) {
  return json_response(200, [&](json_writer& out) {
    out.name("events").number(e.events);
    out.name("malformed").number(e.malformed);
    write_array(out, "first", e.first, [&](const events_published::wrong& w) {
      out.begin_object();
      out.name("line").number(w.line);
      out.name("reason").text(w.reason);
      out.end_object();
    });
    out.name("durable").flag(e.durable);
    write_place(out, e.at);
  });
}

io::http_response follows_response(const follow_list& f) {
  return json_response(200, [&](json_writer& out) {
    write_array(out, "users", f.users, [&](core::user_id user) { out.number(user); });
    if (!f.next.empty()) out.name("next").text(f.next);
  });
}

io::http_response epoch_response(const answer_form& form, const epoch_description& e) {
  return json_response(form.to == endpoint::new_epoch ? 201 : 200,
                       [&](json_writer& out) { write_place(out, e); });
}

io::http_response statistics_response(const statistics_list& s) {
  return json_response(200, [&](json_writer& out) {
    for (const auto& [name, value] : s.values) out.name(name).number(value);
  });
}

io::http_response refused_response(const refused& r) {
  using reason = refused::reason;
  auto response = problem_response(problem_of(r.why), r.detail, [&](json_writer& out) {
    if (!r.differs.empty())
      write_array(out, "differs", r.differs, [&](std::string_view name) { out.text(name); });
    if (r.why != reason::not_delivered && r.why != reason::delivery_failed) return;
    write_published(out, r.so_far);
    if (r.why == reason::not_delivered)
      write_array(out, "waits_for", r.waits_for, [&](const std::string& s) { out.text(s); });
  });
  const bool may_pass = r.why == reason::overflow || r.why == reason::too_many_delayed ||
                        r.why == reason::no_room || r.why == reason::not_stored ||
                        r.why == reason::not_readable || r.why == reason::too_many_answers ||
                        r.why == reason::ending;
  return may_pass ? with_retry(std::move(response)) : response;
}

/// One for each kind of answer.
struct writer {
  const answer_form& form;

  io::http_response operator()(const published& a) const { return published_response(a); }
  io::http_response operator()(const subscribed& a) const { return subscribed_response(form, a); }
  io::http_response operator()(const leased& a) const { return leased_response(a); }
  io::http_response operator()(const settled& a) const { return settled_response(form, a); }
  io::http_response operator()(const dead_letters& a) const { return dead_letters_response(a); }
  io::http_response operator()(const dead_settled& a) const { return dead_settled_response(a); }
  io::http_response operator()(const delayed_messages& a) const { return delayed_response(a); }
  io::http_response operator()(const cancelled& a) const { return cancelled_response(a); }
  io::http_response operator()(const subscriber_description& a) const {
    return json_response(200, [&](json_writer& out) { write_subscriber(out, a); });
  }
  io::http_response operator()(const subscriber_list& a) const { return subscribers_response(a); }
  io::http_response operator()(const topic_description& a) const { return topic_response(a); }
  io::http_response operator()(const topic_list& a) const { return topics_response(a); }
  io::http_response operator()(const created& a) const { return created_response(form, a); }
  io::http_response operator()(const removed&) const { return {204, {}, {}, {}}; }
  io::http_response operator()(const events_published& a) const { return events_response(a); }
  io::http_response operator()(const follow_list& a) const { return follows_response(a); }
  io::http_response operator()(const epoch_description& a) const { return epoch_response(form, a); }
  io::http_response operator()(const statistics_list& a) const { return statistics_response(a); }
  io::http_response operator()(const refused& a) const { return refused_response(a); }
};

}  // namespace

io::http_response write_v1_answer(const answer_form& form, const answer& a) {
  return std::visit(writer{form}, a);
}

}  // namespace skein::api
