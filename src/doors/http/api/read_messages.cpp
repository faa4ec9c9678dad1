#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "doors/http/api/readers.hpp"
#include "json/base64.hpp"
#include "json/time_text.hpp"

namespace skein::api {
namespace {

using kinds = json_value::kinds;

constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();
constexpr std::size_t longest_key = 255;      // bytes
constexpr std::int64_t one_day = 86'400'000;  // milliseconds

constexpr word<wait_for> waits[] = {{"accepted", wait_for::accepted},
                                    {"durable", wait_for::durable},
                                    {"delivered", wait_for::delivered}};

void read_time(json_fields& from, std::string_view name, core::wall_time& to) {
  std::string_view text;
  if (!from.text(name, any_size, text)) return;
  if (const auto time = time_in(text)) {
    to = *time;
  } else {
    from.wrong(name, "must be a time of RFC 3339, for example 2025-01-31T12:00:00Z");
  }
}

std::shared_ptr<const std::string> read_payload(json_fields& from) {
  std::string_view plain, coded;
  const bool is_plain = from.text("payload", any_size, plain);
  const bool is_coded = from.text("payload_base64", any_size, coded);
  if (from.has("payload") == from.has("payload_base64")) {
    from.wrong("payload", "must be there, or payload_base64, not both");
  } else if (is_plain) {
    return std::make_shared<const std::string>(plain);
  } else if (is_coded) {
    if (auto bytes = bytes_in_base64(coded))
      return std::make_shared<const std::string>(*std::move(bytes));
    from.wrong("payload_base64", "must be base64 of RFC 4648, padded");
  }
  return {};
}

void read_message(json_fields& from, wait_for wait, new_message& to) {
  to.payload = read_payload(from);
  std::string_view key;
  if (from.text("key", longest_key, key)) to.key = key;
  from.number("priority", 0, core::most_priorities - 1, to.priority);
  read_time(from, "deliver_at", to.deliver_at);
  from.number("delay_ms", 0, longest_time.count(), to.delay);
  if (wait == wait_for::delivered) {
    constexpr auto why =
        "must not be there with wait=delivered: delayed messages cannot be waited for";
    if (to.deliver_at != 0) from.wrong("deliver_at", why);
    if (to.delay.count() != 0) from.wrong("delay_ms", why);
  }
  read_time(from, "expires_at", to.expires);
  from.number("ttl_ms", 1, longest_time.count(), to.ttl);
}

/// Calls `each` for every string of an array, with where it is.
template <class Each>
void read_texts(json_fields& from, std::string_view name, std::size_t most, Each&& each) {
  auto* const array = from.array(name, 1, most);
  if (array == nullptr) return;
  const json_place place = from.place_of(name);
  json_place element{&place, {}, 0, true};
  for (auto* v = array->begin(); v != array->end() && !from.errors().is_full(); v = behind(v)) {
    if (v->kind != kinds::text || !each(v->text))
      from.errors().in_body(element.pointer(), "must be a string, as it was in an answer");
    ++element.index;
  }
}

call read_settle(v1_request& r, settle::action what, std::string_view time, bool needs_time) {
  settle s;
  s.subscriber = r.subscriber();
  s.what = what;
  read_texts(r.body, "leases", r.in.with.most_messages, [&](std::string_view text) {
    const auto dot = text.find('.');
    if (dot == text.npos) return false;
    const auto id = number_in(text.substr(0, dot));
    const auto lease = number_in(text.substr(dot + 1));
    if (id && lease) s.leases.push_back({core::id_of(*id), *lease});
    return id && lease;
  });
  r.body.need("leases");
  if (!time.empty()) r.body.number(time, needs_time ? 1 : 0, one_day, s.time);
  if (needs_time) r.body.need(time);
  r.form.leases = s.leases;
  return topic_call{r.topic(), std::move(s)};
}

/// As write_messages writes it.
std::optional<core::delayed_id> delayed_id_in(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == text.npos) return {};
  const bool is_measured = text.front() == 'm';
  const auto due = number_in(text.substr(is_measured ? 1 : 0, dot - (is_measured ? 1 : 0)));
  const auto n = number_in(text.substr(dot + 1));
  if (!due || !n || *due > static_cast<std::uint64_t>(-core::no_measured_time)) return {};
  const auto time = static_cast<core::wall_time>(*due);
  return core::delayed_id{is_measured ? core::at_measured(time) : time, *n};
}

call read_settle_dead(v1_request& r, settle_dead::action what) {
  settle_dead s;
  s.subscriber = r.subscriber();
  s.what = what;
  read_texts(r.body, "ids", r.in.with.most_messages, [&](std::string_view text) {
    const auto id = number_in(text);
    if (id) s.ids.push_back(*id);
    return id.has_value();
  });
  return topic_call{r.topic(), std::move(s)};
}

}  // namespace

call read_publish(v1_request& r) {
  publish p;
  std::string wait;
  if (r.query.text("wait", any_size, wait)) {
    const auto* const found = std::find_if(std::begin(waits), std::end(waits),
                                           [&](const auto& w) { return w.text == wait; });
    if (found != std::end(waits)) {
      p.wait = found->value;
    } else {
      r.query.wrong("wait", "must be accepted, durable, delivered");
    }
  }
  p.timeout = std::min(p.timeout, r.in.with.longest_wait);
  r.query.number("timeout_ms", 0, static_cast<std::uint64_t>(r.in.with.longest_wait.count()),
                 p.timeout);

  if (!r.body.has("messages")) {
    read_message(r.body, p.wait, p.messages.emplace_back());
  } else if (auto* const array = r.body.array("messages", 1, r.in.with.most_messages)) {
    const json_place place = r.body.place_of("messages");
    json_place element{&place, {}, 0, true};
    for (auto* v = array->begin(); v != array->end() && !r.in.errors.is_full(); v = behind(v)) {
      json_fields fields{*v, element, r.in.errors};
      if (v->kind == kinds::object) read_message(fields, p.wait, p.messages.emplace_back());
      fields.end();
      ++element.index;
    }
  }
  return topic_call{r.topic(), std::move(p)};
}

call read_lease(v1_request& r) {
  lease l;
  l.subscriber = r.subscriber();
  r.body.number("max", 1, r.in.with.most_messages, l.most);
  r.body.number("wait_ms", 0, r.in.with.longest_wait.count(), l.wait);
  return topic_call{r.topic(), std::move(l)};
}

call read_ack(v1_request& r) {
  return read_settle(r, settle::action::ack, {}, false);
}

call read_nack(v1_request& r) {
  return read_settle(r, settle::action::nack, "delay_ms", false);
}

call read_extend(v1_request& r) {
  return read_settle(r, settle::action::extend, "lease_ms", true);
}

call read_list_dead(v1_request& r) {
  list_dead list;
  list.subscriber = r.subscriber();
  r.query.number("after", 0, std::numeric_limits<std::uint64_t>::max(), list.after);
  r.query.number("limit", 1, longest_list, list.most);
  return topic_call{r.topic(), std::move(list)};
}

call read_list_delayed(v1_request& r) {
  list_delayed list;
  std::string after;
  if (r.query.text("after", any_size, after)) {
    list.after = delayed_id_in(after);
    if (!list.after) r.query.wrong("after", "must be the id of a delayed message");
  }
  r.query.number("limit", 1, longest_list, list.most);
  return topic_call{r.topic(), list};
}

call read_cancel_delayed(v1_request& r) {
  cancel_delayed c;
  read_texts(r.body, "ids", r.in.with.most_messages, [&](std::string_view text) {
    const auto id = delayed_id_in(text);
    if (id) c.ids.push_back(*id);
    return id.has_value();
  });
  r.body.need("ids");
  return topic_call{r.topic(), std::move(c)};
}

call read_replay_dead(v1_request& r) {
  return read_settle_dead(r, settle_dead::action::replay);
}

call read_purge_dead(v1_request& r) {
  return read_settle_dead(r, settle_dead::action::purge);
}

}  // namespace skein::api
