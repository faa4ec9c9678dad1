#include "simulation/topic_players.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "json/time_text.hpp"

namespace skein::simulation {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

std::string text(const json::object& o, const char* name) {
  const auto* const value = o.if_contains(name);
  return value ? std::string{value->as_string()} : std::string{};
}
std::uint64_t number(const json::object& o, const char* name) {
  const auto* const value = o.if_contains(name);
  return value ? value->to_number<std::uint64_t>() : 0;
}
time time_of(const json::object& o, const char* name) {
  return o.contains(name) ? *api::time_in(text(o, name)) : core::no_time;
}
/// Ids are numbers in texts.
std::uint64_t id_of(const json::object& o) {
  return o.contains("id") ? std::stoull(text(o, "id")) : 0;
}

received received_of(const json::object& o) {
  received d;
  d.lease = text(o, "lease");
  d.id = id_of(o);
  d.attempt = static_cast<unsigned>(number(o, "attempt"));
  d.priority = static_cast<unsigned>(number(o, "priority"));
  d.key = text(o, "key");
  d.payload = text(o, "payload");
  d.deadline = time_of(o, "deadline");
  d.expires = time_of(o, "expires_at");
  return d;
}

/// The array of this name; empty, if there is none.
json::array array_of(const http_reply& r, const char* name) {
  const json::value all = json::parse(r.body);
  const auto* const found = all.as_object().if_contains(name);
  return found ? found->as_array() : json::array{};
}

json::object options_of(const core::topic_options& o) {
  json::object all;
  all["storage"] = o.storage == core::topic_storage::durable ? "durable" : "memory";
  all["priorities"] = o.priorities;
  all["order"] = o.order == core::priority_policy::strict ? "strict" : "weighted";
  all["max_pending"] = o.max_pending;
  all["overflow"] = o.overflow == core::pending_policy::reject ? "reject" : "drop-oldest";
  constexpr const char* dedupes[] = {"off", "replace", "first"};
  all["dedupe"] = dedupes[static_cast<int>(o.dedupe)];
  all["dedupe_window_ms"] = o.dedupe_window.count();
  all["ordered"] = o.ordered;
  all["batch"] = o.batch;
  all["lease_ms"] = o.lease.count();
  all["retry_delay_ms"] = o.retry_delay.count();
  all["max_retry_delay_ms"] = o.most_retry_delay.count();
  all["max_deliveries"] = o.max_deliveries;
  return all;
}

bool is_success(const std::optional<http_reply>& r) {
  return r && (r->status == 200 || r->status == 201 || r->status == 204);
}

}  // namespace

core::topic_options topic_players::some_options(test::random_source& random) {
  core::topic_options o;
  if (random.one_in(4)) o.storage = core::topic_storage::memory;
  if (random.one_in(2)) o.priorities = random.between(2u, 4u);
  if (random.one_in(4)) o.order = core::priority_policy::weighted;
  if (random.one_in(4)) o.max_pending = random.between<std::uint64_t>(3, 30);
  if (random.one_in(6)) o.overflow = core::pending_policy::drop_oldest;
  if (random.one_in(2)) o.dedupe = static_cast<core::dedupe_policy>(random.between(1, 2));
  o.dedupe_window = random.between(10, 3000) * 1ms;
  o.ordered = random.one_in(3);
  o.batch = random.between(1u, 10u);
  o.lease = random.between(50, 2000) * 1ms;
  o.retry_delay = random.between(0, 300) * 1ms;
  o.most_retry_delay = o.retry_delay + random.between(0, 500) * 1ms;
  o.max_deliveries = random.one_in(2) ? 0 : random.between(1u, 4u);
  return o;
}

topic_players::topic_players(world& in) : in_(in) {
  for (int t = 0; t != 3; ++t) {
    const auto options = some_options(in_.random);
    topics_.push_back({"t" + std::to_string(t), options, false, topic_checker{options}});
    for (int s = 0; s != 2; ++s) topics_.back().subscribers["s" + std::to_string(s)];
  }
}

// --- connections ---

topic_players::client* topic_players::idle_client() {
  std::vector<client*> idle;
  for (client& c : clients_) {
    if (!c.then) idle.push_back(&c);
  }
  return idle.empty() ? nullptr : idle[in_.any(idle.size())];
}

void topic_players::ask(client& by, const char* method, const std::string& target,
                        const std::string& body, answered then) {
  ++requests_;
  by.then = std::move(then);
  by.target = target;
  by.peer.ask(method, target, body);
  in_.trace([&](auto& out) { out << method << ' ' << target << ' ' << body; });
}

void topic_players::take_answers() {
  for (client& c : clients_) {
    if (!c.then) continue;
    if (const auto reply = c.peer.reply()) {
      in_.trace(
          [&](auto& out) { out << reply->status << " to " << c.target << ' ' << reply->body; });
      digest_ = digest_ * 31 + std::hash<std::string>{}(reply->body);
      if (reply->status == 400) wrong("a request was refused: " + reply->body);
      std::exchange(c.then, nullptr)(reply);
    } else if (c.peer.connection().closed() && in_.runs) {
      wrong("a connection was closed without an answer");
    }
  }
}

void topic_players::lose(client& c) {
  take_answers();
  in_.trace([&](auto& out) { out << "lost: " << c.target; });
  c.peer.connection().breaks();
  if (c.then) std::exchange(c.then, nullptr)(std::nullopt);
  c = client{http_peer{in_.connect_http()}, nullptr};
}

void topic_players::started() {
  clients_.clear();
  for (int i = 0; i != 6; ++i) clients_.push_back({http_peer{in_.connect_http()}, nullptr});
  for (topic& t : topics_) {
    if (!t.made) make(t);
  }
}

void topic_players::ended(stop how) {
  for (client& c : clients_) {
    if (c.then && c.peer.reply()) wrong("an answer was not taken");
    if (c.then) std::exchange(c.then, nullptr)(std::nullopt);
  }
  clients_.clear();
  for (topic& t : topics_) {
    t.checker.restarted(how, in_.now());
    if (t.options.storage == core::topic_storage::durable) continue;
    for (auto& [name, s] : t.subscribers) s = {};
  }
}

// --- what is asked ---

void topic_players::make(topic& t) {
  client& by = clients_.front();
  ask(by, "PUT", t.path(), json::serialize(options_of(t.options)), [this, &t](const auto& r) {
    t.made = is_success(r);
    if (!t.made) wrong("a topic was not made: " + (r ? r->body : ""));
  });
  in_.pass(200ms);
  take_answers();
  for (auto& [name, s] : t.subscribers) {
    come_or_go(t, by, name);
    in_.pass(200ms);
    take_answers();
  }
}

void topic_players::come_or_go(topic& t, client& by, const std::string& who) {
  subscriber& s = t.subscribers.at(who);
  if (s.busy != 0) return;
  const bool comes = !s.there;
  s.in_doubt = true;
  comes ? t.checker.subscribe(who, in_.now()) : t.checker.unsubscribe(who);
  ++s.busy;
  ask(by, comes ? "PUT" : "DELETE", t.path(who), "", [this, &t, &s, who, comes](const auto& r) {
    --s.busy;
    if (comes && is_success(r)) {
      s.there = true;
      s.in_doubt = false;
      t.checker.subscribed(who, in_.now());
    } else if (!comes && (is_success(r) || (r && r->status == 404))) {
      s.there = s.in_doubt = false;
      s.leases.clear();
      t.checker.unsubscribed(who);
    }
  });
}

void topic_players::publish(topic& t, client& by) {
  constexpr const char* waits[] = {"accepted", "durable", "delivered"};
  const auto until = static_cast<wait_until>(in_.random.between(0, 2));
  std::vector<posted> all;
  json::array messages;
  for (int i = in_.random.one_in(2) ? 1 : in_.random.between(1, 5); i != 0; --i) {
    posted m;
    m.payload = "m" + std::to_string(++published_);
    if (in_.random.one_in(2)) m.key = "k" + std::to_string(in_.random.between(1, 4));
    m.priority = in_.random.between(0u, t.options.priorities - 1);
    if (in_.random.one_in(8)) m.ttl = in_.random.between(1, 1500);
    if (until != wait_until::delivered && in_.random.one_in(8)) {
      m.delay = in_.random.between(1, 1500);
    }
    json::object o{{"payload", m.payload}, {"priority", m.priority}};
    if (!m.key.empty()) o["key"] = m.key;
    if (m.ttl != 0) o["ttl_ms"] = m.ttl;
    if (m.delay != 0) o["delay_ms"] = m.delay;
    messages.push_back(std::move(o));
    all.push_back(std::move(m));
  }
  std::string target = t.path() + "/messages?wait=" + waits[static_cast<int>(until)];
  if (until == wait_until::delivered) {
    target += "&timeout_ms=" + std::to_string(in_.random.between(1, 3000));
  }
  const auto ticket = t.checker.publish(std::move(all), until, in_.now());
  ask(by, "POST", target, json::serialize(json::object{{"messages", messages}}),
      [this, &t, ticket, until](const auto& r) {
        if (!r) return;
        std::vector<std::string> outcomes;
        std::vector<std::uint64_t> ids;
        for (const json::value& v : array_of(*r, "messages")) {
          outcomes.push_back(text(v.as_object(), "outcome"));
          ids.push_back(id_of(v.as_object()));
        }
        if (outcomes.empty()) {
          if (r->status != 503 && r->status != 507) wrong("a publish was answered: " + r->body);
          return;
        }
        const bool all_have = until == wait_until::delivered && r->status == 200;
        t.checker.published(ticket, outcomes, ids, all_have, in_.now());
      });
}

void topic_players::lease(topic& t, client& by, const std::string& who, std::size_t most,
                          time wait) {
  subscriber& s = t.subscribers.at(who);
  if (s.in_doubt || !s.there) return;
  json::object body{{"max", most}};
  if (wait != 0) body["wait_ms"] = wait;
  const auto ticket = t.checker.lease(who, most, in_.now());
  ++s.busy;
  ask(by, "POST", t.path(who) + "/lease", json::serialize(body),
      [this, &t, &s, ticket](const auto& r) {
        --s.busy;
        if (!r || r->status != 200) {
          if (r && r->status != 503) wrong("a lease was answered: " + r->body);
          return t.checker.lease_lost(ticket, in_.now());
        }
        std::vector<received> all;
        for (const json::value& v : array_of(*r, "deliveries")) {
          all.push_back(received_of(v.as_object()));
          s.leases.push_back(all.back().lease);
        }
        t.checker.leased(ticket, all, in_.now());
      });
}

void topic_players::settle(topic& t, client& by, const std::string& who, settling how,
                           const std::vector<std::string>& leases) {
  constexpr const char* verbs[] = {"/ack", "/nack", "/extend"};
  subscriber& s = t.subscribers.at(who);
  if (s.in_doubt || !s.there || leases.empty()) return;
  time delay = -1;  // not said
  json::object body{{"leases", json::array(leases.begin(), leases.end())}};
  if (how == settling::nack && in_.random.one_in(2)) {
    body["delay_ms"] = delay = in_.random.between(0, 500);
  } else if (how == settling::extend) {
    body["lease_ms"] = delay = in_.random.between(1, 1500);
  }
  const auto ticket = t.checker.settle(who, how, leases, delay, in_.now());
  ++s.busy;
  ask(by, "POST", t.path(who) + verbs[static_cast<int>(how)], json::serialize(body),
      [this, &t, &s, ticket](const auto& r) {
        --s.busy;
        if (!r || r->status == 507 || r->status == 503) return;
        if (r->status != 200 && r->status != 409) {
          return wrong("a settlement was answered: " + r->body);
        }
        std::vector<std::string> outcomes;
        for (const json::value& v : array_of(*r, "leases")) {
          outcomes.push_back(text(v.as_object(), "outcome"));
        }
        t.checker.settled(ticket, outcomes, in_.now());
      });
}

void topic_players::describe(topic& t, client& by, const std::string& who) {
  subscriber& s = t.subscribers.at(who);
  if (s.in_doubt || !s.there) return;
  const instant asked = t.checker.describe(in_.now());
  ++s.busy;
  ask(by, "GET", t.path(who), "", [this, &t, &s, who, asked](const auto& r) {
    --s.busy;
    if (!r || r->status == 503) return;
    if (r->status != 200) return wrong("a description was answered: " + r->body);
    const json::value all = json::parse(r->body);
    const json::object& o = all.as_object();
    const auto pending = number(o, "pending");
    if (pending !=
        number(o, "unread") + number(o, "leased") + number(o, "waiting") + number(o, "dead")) {
      wrong("a description does not add up: " + r->body);
    }
    t.checker.described(who, pending, number(o, "dead"), asked);
  });
}

/// Those of the last leases, mostly.
void topic_players::settle_some(topic& t, client& by, const std::string& who) {
  auto& leases = t.subscribers.at(who).leases;
  std::vector<std::string> some;
  for (auto l = leases.begin(); l != leases.end();) {
    if (!in_.random.one_in(2)) {
      ++l;
      continue;
    }
    some.push_back(*l);
    l = in_.random.one_in(8) ? l + 1 : leases.erase(l);
  }
  const int how = in_.random.between(0, 6);
  settle(t, by, who, how < 5 ? settling::ack : how == 5 ? settling::nack : settling::extend, some);
}

void topic_players::step() {
  take_answers();
  topic& t = topics_[in_.any(topics_.size())];
  const std::string who = "s" + std::to_string(in_.any(t.subscribers.size()));
  client* const by = idle_client();
  client& any = clients_[in_.any(clients_.size())];
  if (!by) {
    if (in_.random.one_in(4)) lose(any);
    return;
  }
  switch (in_.random.between(0, 15)) {
    case 0:
    case 1:
    case 2:
    case 3:
      publish(t, *by);
      break;
    case 4:
    case 5:
    case 6:
    case 7:
      lease(t, *by, who, in_.random.between<std::size_t>(1, 12),
            in_.random.one_in(3) ? in_.random.between(1, 2000) : 0);
      break;
    case 8:
    case 9:
    case 10:
      settle_some(t, *by, who);
      break;
    case 11:
      describe(t, *by, who);
      break;
    case 12:
      if (in_.random.one_in(3)) lose(any);
      break;
    case 13:
      any.peer.connection().takes(in_.random.between<std::size_t>(0, 400));
      break;
    case 14:
      for (client& c : clients_) c.peer.connection().takes_all();
      break;
    default:
      const subscriber& s = t.subscribers.at(who);
      if (!s.there || s.in_doubt || in_.random.one_in(6)) come_or_go(t, *by, who);
  }
}

std::string topic_players::check() {
  take_answers();
  for (topic& t : topics_) {
    if (in_.engine->fails) t.checker.store_fails(in_.now());
    if (!t.checker.broken().empty()) wrong(t.name + ": " + t.checker.broken());
  }
  return broken_;
}

// --- the end ---

void topic_players::wait_for_answers() {
  for (int i = 0; i != 5000; ++i) {
    for (client& c : clients_) c.peer.connection().takes_all();
    in_.pass(2ms);
    take_answers();
    if (std::none_of(clients_.begin(), clients_.end(), [](const client& c) { return !!c.then; })) {
      return;
    }
  }
  wrong("a request is not answered");
}

/// Leases and acknowledges, until there is nothing.
void topic_players::empty(topic& t, const std::string& who) {
  client& by = clients_.front();
  subscriber& s = t.subscribers.at(who);
  for (int turns = 0, vain = 0; vain != 2; ++turns) {
    if (turns == 2000) return wrong(who + " of " + t.name + " has no end");
    s.leases.clear();
    lease(t, by, who, 1000, 0);
    wait_for_answers();
    vain = s.leases.empty() ? vain + 1 : 0;
    if (s.leases.empty()) {
      in_.pass(4s);  // leases and pauses end
    } else {
      settle(t, by, who, settling::ack, s.leases);
      wait_for_answers();
    }
    if (!check().empty()) return;
  }
  describe(t, by, who);
  wait_for_answers();
  std::set<std::string> dead;
  ask(by, "GET", t.path(who) + "/dead-letters?limit=1000", "", [&](const auto& r) {
    for (const json::value& v : array_of(*r, "messages"))
      dead.insert(text(v.as_object(), "payload"));
  });
  wait_for_answers();
  t.checker.emptied(who, dead);
}

std::string topic_players::finish() {
  wait_for_answers();
  for (topic& t : topics_) {
    for (auto& [name, s] : t.subscribers) {
      if (s.in_doubt) come_or_go(t, clients_.front(), name);
      wait_for_answers();
      if (s.there && check().empty()) empty(t, name);
    }
  }
  return check();
}

}  // namespace skein::simulation
