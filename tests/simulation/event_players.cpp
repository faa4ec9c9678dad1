#include "simulation/event_players.hpp"

#include <algorithm>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <deque>
#include <optional>
#include <set>

#include "store/events/recovery.hpp"

namespace skein::simulation {

using namespace std::chrono_literals;

namespace {
constexpr int users = 5;
}

event_players::event_players(world& in)
    : in_(in), script_(in.random, users, in.random.one_in(3) ? 3000 : 0, in.options.keep_graph) {
  for (int u = 1; u <= users; ++u) {
    durables_.emplace_back();
    durables_.back().user = u;
  }
}

// --- the daemon ---

void event_players::recovered(const stored_state& stored) {
  at_ = {stored.start.epoch, static_cast<std::size_t>(stored.start.next)};
  for (durable_user& u : durables_) {
    const auto inbox = stored.log->inbox_of(u.user);
    if (inbox) u.has = {script_.upto(u.user, {inbox->epoch, inbox->number})};
  }
}

void event_players::started() {
  const bool is_first = sources_.empty();
  sources_.clear();
  for (int i = 0; i != 2; ++i) sources_.push_back(in_.connect_source());
  in_.run();
  // The stream is taken up where it was, or comes again.
  if (in_.random.one_in(3)) at_.second = 1;
  feed(1, 1);
  in_.run();
  if (!is_first) return;
  for (durable_user& u : durables_) {
    u.stream = std::make_shared<fake_stream>();
    u.stream->says(std::to_string(u.user) + "|0\r\n");
    in_.connect_client(u.stream);
  }
  in_.pass(100ms);
}

void event_players::ended() {
  for (durable_user& u : durables_) {
    u.stream.reset();
    u.said = 0;
  }
  lives_.clear();
}

// --- sources ---

/// A source breaks off, or falls silent for ever, when it has been read; the one in its place
/// goes on, or repeats the stream.
void event_players::lose_source() {
  in_.run();
  if (!quiet()) return;
  auto& source = sources_[in_.any(2)];
  const auto lost = std::exchange(source, in_.connect_source());
  in_.trace([&](auto& out) { out << "lose a source at " << at_.second; });
  if (in_.random.one_in(2)) lost->breaks();
  std::string repeated;
  for (std::size_t n = 1; n != at_.second; ++n) repeated += script_.epoch(at_.first)[n - 1] + "\n";
  // Its credit is less than that: what comes after it would not be read in time.
  if (repeated.size() > 1u << 20) return;
  if (in_.random.one_in(2)) source->says_on(repeated);
}

/// Far from the stream, and from each other.
void event_players::send_wrong_number() {
  const auto number = 500'000 + 5'000 * in_.random.between(0, 90);
  sources_[in_.any(2)]->says_on(std::to_string(number) + "|B\n");
}

bool event_players::quiet() const {
  return std::none_of(sources_.begin(), sources_.end(), [](const auto& s) { return s->unread(); });
}

/// Sends what comes next, over `among` sources and not quite in order, but within the window.
void event_players::feed(int events, int among) {
  in_.trace([&](auto& out) { out << "feed " << events << " from " << at_.second; });
  ahead_ = quiet() ? events : ahead_ + events;
  if (ahead_ > 700) return;
  std::vector<std::string> parts(static_cast<std::size_t>(among));
  std::deque<std::string> next;
  for (; events != 0; --events) {
    if (at_.second > script_.epoch(at_.first).size()) {
      if (at_.first != script_.epochs()) break;
      script_.add();
    }
    next.push_back(script_.epoch(at_.first)[at_.second - 1]);
    ++at_.second;
  }
  while (!next.empty()) {
    const auto one = static_cast<std::ptrdiff_t>(in_.any(std::min<std::size_t>(next.size(), 4)));
    parts[in_.any(parts.size())] += next.begin()[one] + "\n";
    next.erase(next.begin() + one);
  }
  for (std::size_t i = 0; i != parts.size(); ++i) {
    if (!parts[i].empty()) sources_[i]->says_on(parts[i]);
  }
}

bool event_players::sent_all() const {
  return at_.first == script_.epochs() && at_.second > script_.epoch(at_.first).size();
}

/// Events that wait: for others, or with a source of which it is not decided whether it starts
/// again.
std::uint64_t event_players::held() {
  std::uint64_t held = 0;
  in_.system.spawn([&](caf::event_based_actor* self) {
    self->request(caf::actor_cast<sequencer_actor>(in_.the("sequencer")), caf::infinite,
                  status_wanted{})
        .then([&](const status& s) {
          for (const auto& [name, value] : s.facts) {
            if (name == "held") held = value;
          }
        });
  });
  in_.run();
  return held;
}

/// Whether everything that was sent has been read and has had its turn, when what may be decided
/// has been.
bool event_players::settled() {
  in_.run();
  if (held() != 0) in_.pass(in_.options.sequence.restart_wait);
  return quiet() && held() == 0;
}

/// The operator begins an epoch, if everything before it has had its turn: a source that may
/// start again would belong to it.
void event_players::begin_epoch() {
  if (!settled() || at_.second <= script_.epoch(at_.first).size()) return;
  if (at_.first == script_.epochs()) script_.begin_epoch();
  caf::anon_send(caf::actor_cast<sequencer_actor>(in_.the("sequencer")), skein::begin_epoch{});
  at_ = {at_.first + 1, 1};
}

// --- users ---

void event_players::connect(durable_user& u) {
  u.stream = std::make_shared<fake_stream>();
  u.began_known = false;
  u.said = 0;
  std::string first = std::to_string(u.user) + "|";
  if (!in_.engine->fails && in_.random.one_in(6) && settled()) {
    in_.pass(1300ms);  // whatever the store has failed at, it has done by now
    const auto number = in_.any(at_.second);
    first += std::to_string(number);
    u.has = {script_.upto(u.user, {static_cast<core::epoch_number>(at_.first),
                                   static_cast<core::sequence_number>(number)})};
  }
  in_.trace([&](auto& out) { out << "connect " << first << " at " << at_.second; });
  u.stream->says(first + "\r\n");
  if (in_.random.one_in(3)) u.stream->limit_writes(in_.random.between<std::size_t>(1, 5000));
  in_.connect_client(u.stream);
}

void event_players::acknowledge(durable_user& u) {
  if (!check().empty() || !u.began_known) return;
  const std::size_t heard = u.began + u.heard();
  const std::size_t from = std::max(u.said, u.began);
  if (from == heard) return;
  const std::size_t upto = in_.random.between(from + 1, heard);
  const auto& all = script_.of(u.user);
  // The last one of every epoch on the way, for a number alone does not tell its epoch.
  for (std::size_t i = from; i != upto; ++i) {
    if (i + 1 != upto && all[i + 1].where.first == all[i].where.first) continue;
    const auto number = all[i].where.second;
    // Said again, it is a repetition, whatever epoch it is of.
    if (u.said != 0 && all[u.said - 1].where.second == number) return;
    u.stream->says("A|" + std::to_string(number) + "\n");
    u.said = i + 1;
    u.has.insert(u.said);
  }
}

void event_players::disconnect(durable_user& u) {
  if (!check().empty()) return;
  if (in_.random.one_in(2)) {
    u.stream->ends();
    in_.run();
    for (durable_user& other : durables_) {
      if (other.stream && other.said != 0) other.has = {other.said};
    }
  } else {
    u.stream->breaks();
    in_.run();
  }
  u.stream.reset();
  u.said = 0;
}

/// A user who is told only what comes while they are there.
void event_players::come_or_go() {
  if (lives_.size() < 3) {
    lives_.emplace_back();
    lives_.back().user = in_.random.between(1, users);
    lives_.back().stream = std::make_shared<fake_stream>();
    lives_.back().stream->says(std::to_string(lives_.back().user) + "\n");
    in_.connect_client(lives_.back().stream);
  } else if (check().empty()) {
    lives_.front().stream->ends();
    lives_.erase(lives_.begin());
  }
}

std::string event_players::check() {
  for (durable_user& u : durables_) {
    if (broken_.empty() && u.stream) {
      broken_ = u.broken_by(whole_lines(u.stream->heard()), script_);
    }
  }
  for (const live_user& u : lives_) {
    if (broken_.empty()) broken_ = u.broken_by(whole_lines(u.stream->heard()), script_);
  }
  return broken_;
}

void event_players::step() {
  durable_user& u = durables_[in_.any(durables_.size())];
  switch (in_.random.between(0, 15)) {
    case 0:
    case 1:
    case 2:
    case 3:
      feed(in_.random.between(1, 20), 2);
      break;
    case 4:
    case 5:
    case 6:
      u.stream ? acknowledge(u) : connect(u);
      if (!in_.random.one_in(4)) break;
      for (durable_user& other : durables_) {
        if (!other.stream) connect(other);
      }
      for (int i = in_.random.between(0, 30); i != 0; --i) {
        feed(in_.random.between(0, 2), 1);
        in_.run_some(10);
      }
      break;
    case 7:
      if (u.stream) disconnect(u);
      break;
    case 8:
    case 9:
      if (u.stream) u.stream->takes(in_.random.between<std::size_t>(0, 3000));
      break;
    case 10:
    case 11:
      if (u.stream) u.stream->takes_all();
      break;
    case 12:
      if (in_.random.one_in(4)) begin_epoch();
      break;
    case 13:
      come_or_go();
      break;
    case 14:
      if (in_.random.one_in(3)) lose_source();
      break;
    default:
      send_wrong_number();
  }
}

std::string event_players::finish() {
  for (int i = 0; i != 200 && (!sent_all() || i < 3); ++i) {
    feed(600, 1);
    in_.pass(1s);
    if (at_.first != script_.epochs()) begin_epoch();
    for (durable_user& u : durables_) {
      if (!u.stream) connect(u);
      u.stream->takes_all();
    }
  }
  in_.pass(3s);
  if (!quiet()) return "events are not read";
  for (durable_user& u : durables_) {
    if (!check().empty()) return broken_;
    const std::size_t from = u.began_known ? u.began : *u.has.rbegin();
    const std::string who = "user " + std::to_string(u.user);
    if (from + u.heard() != script_.of(u.user).size()) return who + " has not heard everything";
    if (u.stream->closed()) return who + " was closed";
    acknowledge(u);
  }
  in_.pass(100ms);
  return {};
}

std::string event_players::check_store() {
  const core::follower_graph graph = store::recover_graph(*in_.engine, [](auto, auto) {});
  std::set<std::pair<int, int>> edges;
  graph.for_each_edge([&](core::user_id a, core::user_id b) {
    edges.insert({static_cast<int>(a), static_cast<int>(b)});
  });
  return edges == script_.follows() ? "" : "the stored graph is another one";
}

}  // namespace skein::simulation
