#include "doors/http/api/write_messages.hpp"

#include <algorithm>
#include <string>

#include "core/utf8.hpp"
#include "doors/http/api/json_response.hpp"
#include "doors/http/api/problem.hpp"
#include "json/base64.hpp"
#include "json/time_text.hpp"
#include "json/words.hpp"

namespace skein::api {
namespace {

constexpr word<core::publish_outcome> publish_outcomes[] = {
    {"published", core::publish_outcome::published},
    {"delayed", core::publish_outcome::delayed},
    {"replaced", core::publish_outcome::replaced},
    {"duplicate", core::publish_outcome::duplicate},
    {"dropped", core::publish_outcome::dropped},
    {"no_subscribers", core::publish_outcome::no_subscribers},
    {"overflow", core::publish_outcome::overflow},
    {"too_many_delayed", core::publish_outcome::too_many_delayed},
    {"no_such_priority", core::publish_outcome::no_such_priority},
    {"no_room", core::publish_outcome::no_room}};

constexpr word<core::lease_outcome> lease_outcomes[] = {{"done", core::lease_outcome::done},
                                                        {"over", core::lease_outcome::over},
                                                        {"unknown", core::lease_outcome::unknown}};

constexpr word<core::fate> fates[] = {{"acknowledged", core::fate::acknowledged},
                                      {"expired", core::fate::expired},
                                      {"dropped", core::fate::dropped},
                                      {"purged", core::fate::purged},
                                      {"replaced", core::fate::replaced},
                                      {"removed", core::fate::removed},
                                      {"damaged", core::fate::damaged}};

bool is_refusal(core::publish_outcome what) {
  return what >= core::publish_outcome::no_subscribers;
}

void write_message(json_writer& out, const core::message& m) {
  if (!m.key.empty()) out.name("key").text(m.key);
  out.name("published").text(time_text(m.published));
  if (m.expires != core::no_time) out.name("expires_at").text(time_text(m.expires));
  if (core::is_utf8(*m.payload)) {
    out.name("payload").text(*m.payload);
  } else {
    out.name("payload_base64").text(base64_of(*m.payload));
  }
}

std::string lease_text(const core::lease_name& l) {
  return std::to_string(core::number_of(l.id)) + "." + std::to_string(l.number);
}

std::string delayed_text(const core::delayed_id& id) {
  const bool is_measured = core::is_measured(id.due);
  const core::wall_time due = is_measured ? id.due - core::no_measured_time : id.due;
  return (is_measured ? "m" : "") + std::to_string(due) + "." + std::to_string(id.n);
}

/// Why a publish with this outcome is refused.
refused::reason reason_of(core::publish_outcome what) {
  switch (what) {
    case core::publish_outcome::overflow:
      return refused::reason::overflow;
    case core::publish_outcome::too_many_delayed:
      return refused::reason::too_many_delayed;
    case core::publish_outcome::no_such_priority:
      return refused::reason::no_such_priority;
    case core::publish_outcome::no_room:
      return refused::reason::no_room;
    default:
      return refused::reason::no_subscribers;
  }
}

}  // namespace

void write_published(json_writer& out, const published& p) {
  write_array(out, "messages", p.messages, [&](const published::result& m) {
    out.begin_object().name("outcome").text(text_of(publish_outcomes, m.what));
    if (m.id != 0) out.name("id").id(m.id);
    if (m.delayed) out.name("delayed_id").text(delayed_text(*m.delayed));
    if (m.reached) {
      out.name("acknowledged").number(m.reached->acknowledged);
      out.name("waiting").number(m.reached->waiting);
      out.name("missed").number(m.reached->missed);
    }
    out.end_object();
  });
  if (!p.full_subscriber.empty()) out.name("full_subscriber").text(p.full_subscriber);
  if (p.missed_by.empty()) return;
  write_array(out, "missed_by", p.missed_by, [&](const published::miss& m) {
    out.begin_object();
    out.name("message").number(m.message);
    out.name("subscriber").text(m.subscriber);
    out.name("outcome").text(text_of(fates, m.what));
    out.end_object();
  });
}

io::http_response with_retry(io::http_response response) {
  response.headers.add("Retry-After", "1");
  return response;
}

io::http_response published_response(const published& p) {
  const auto members = [&](json_writer& out) { write_published(out, p); };
  const auto refused_count = std::count_if(p.messages.begin(), p.messages.end(),
                                           [](const auto& m) { return is_refusal(m.what); });
  if (refused_count == 0) return json_response(200, members);
  const auto first = p.messages.front().what;
  const bool alike = std::all_of(p.messages.begin(), p.messages.end(),
                                 [&](const auto& m) { return m.what == first; });
  if (!alike) {
    return problem_response(partly_refused,
                            std::to_string(refused_count) + " of " +
                                std::to_string(p.messages.size()) + " messages were refused",
                            members);
  }
  const problem_kind& kind = problem_of(reason_of(first));
  const std::string detail =
      p.full_subscriber.empty() ? std::string{} : "subscriber " + p.full_subscriber + " is full";
  auto response = problem_response(kind, detail, members);
  return kind.status == 429 ? with_retry(std::move(response)) : response;
}

io::http_response leased_response(const leased& l) {
  return json_response(200, [&](json_writer& out) {
    write_array(out, "deliveries", l.messages, [&](const core::delivery& d) {
      out.begin_object();
      out.name("lease").text(lease_text(d.lease));
      out.name("id").id(core::number_of(d.lease.id));
      out.name("attempt").number(d.attempt);
      out.name("priority").number(unsigned{d.lease.id.priority});
      if (d.deadline != core::no_time) out.name("deadline").text(time_text(d.deadline));
      write_message(out, d.what);
      out.end_object();
    });
  });
}

io::http_response settled_response(const answer_form& form, const settled& s) {
  using core::lease_outcome;
  const auto members = [&](json_writer& out) {
    std::size_t i = 0;
    write_array(out, "leases", s.outcomes, [&](lease_outcome what) {
      out.begin_object();
      out.name("lease").text(lease_text(form.leases.at(i++)));
      out.name("outcome").text(text_of(lease_outcomes, what));
      out.end_object();
    });
  };
  const auto count = [&](lease_outcome what) {
    return std::count(s.outcomes.begin(), s.outcomes.end(), what);
  };
  const auto over = count(lease_outcome::over);
  const auto unknown = count(lease_outcome::unknown);
  if (over == 0 && unknown == 0) return json_response(200, members);
  return problem_response(not_settled,
                          std::to_string(over) + " over, " + std::to_string(unknown) +
                              " unknown, of " + std::to_string(s.outcomes.size()),
                          members);
}

io::http_response dead_letters_response(const dead_letters& d) {
  return json_response(200, [&](json_writer& out) {
    write_array(out, "messages", d.messages, [&](const dead_letter& m) {
      out.begin_object();
      out.name("id").id(m.id);
      out.name("priority").number(unsigned{m.priority});
      out.name("attempts").number(m.attempts);
      write_message(out, m.what);
      out.end_object();
    });
    if (d.more) out.name("next").id(d.messages.back().id);
  });
}

io::http_response delayed_response(const delayed_messages& d) {
  return json_response(200, [&](json_writer& out) {
    write_array(out, "messages", d.messages, [&](const core::delayed_entry& m) {
      out.begin_object();
      out.name("id").text(delayed_text(m.id));
      out.name("priority").number(unsigned{m.priority});
      out.name("deliver_at").text(time_text(m.deliver_at));
      write_message(out, m.what);
      out.end_object();
    });
    if (d.more) out.name("next").text(delayed_text(d.messages.back().id));
  });
}

io::http_response cancelled_response(const cancelled& c) {
  return json_response(200, [&](json_writer& out) {
    out.name("messages").number(c.messages);
    write_array(out, "unknown", c.unknown,
                [&](const core::delayed_id& id) { out.text(delayed_text(id)); });
  });
}

io::http_response dead_settled_response(const dead_settled& d) {
  return json_response(200, [&](json_writer& out) {
    out.name("messages").number(d.messages);
    write_array(out, "unknown", d.unknown, [&](std::uint64_t id) { out.id(id); });
  });
}

}  // namespace skein::api
