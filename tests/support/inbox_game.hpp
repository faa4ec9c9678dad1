/// A durable session and everybody it talks to, played by one who picks what happens next: events
/// come, log and router get on, messages of all are under way, the client takes bytes or not,
/// acknowledges, goes away and comes back. Whatever the order, the client is told every event from
/// where it asked, once, in order; and nothing grows beyond its bound. Throws what does not hold.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/events/inbox_session.hpp"

namespace skein::test {

/// `pick(n)` is one of 0..n-1.
template <class Pick>
class inbox_game final : public core::inbox_session::intents {
 public:
  explicit inbox_game(Pick pick) : pick_(std::move(pick)) {
    options_.room = 64 + pick_(200);
    options_.most_kept = pick_(200);
    connect();
  }

  void step() {
    if (is_broken_ && pick_(4) == 0) connect();
    switch (pick_(16)) {
      case 0:
      case 1:
      case 2:
        publish();
        break;
      case 3:
        logged_ += pick_(events_.size() - logged_ + 1);
        break;
      case 4:
        route(pick_(6));
        break;
      case 5:
        replay_step();
        break;
      case 6:
        take(pick_(120));
        break;
      case 7:
        capacity_ = pick_(100);
        break;
      case 8:
        acknowledge();
        break;
      case 9:
        now_ += std::chrono::milliseconds{pick_(600)};
        look();
        break;
      case 10:
        if (pass_) session_->hurry(pass_->ticket, now_);
        break;
      case 11:
        if (pick_(8) == 0) breaks_in_write_ = true;
        if (pick_(8) == 0) connect();
        break;
      case 12:
        if (pick_(4) == 0) stuck_ = pick_(2 * queues_.size());
        break;
      default:
        if (const std::size_t q = pick_(queues_.size()); q != stuck_) deliver(q);
    }
    check();
  }

  /// Lets everything come to its end, then all must have been told.
  void finish() {
    breaks_in_write_ = false;
    if (is_broken_) connect();
    for (int i = 0; i != 100'000 && !is_over(); ++i) {
      logged_ = events_.size();
      route(100);
      replay_step();
      take(options_.room);
      for (std::size_t q = 0; q != queues_.size(); ++q) deliver(q);
      check();
    }
    require(is_over(), "it does not come to an end");
    skip_untold();
    require(received_ == events_.size(), "the client was not told everything");
  }

  std::size_t times_lagged() const { return lags_; }
  std::size_t times_live() const { return times_live_; }

 private:
  using place = core::session_cursor::place;
  using stage = core::inbox_session::stage;

  struct event {
    place at;
    core::log_position end;
    std::string line;
    bool is_told;  ///< it concerns the user
  };
  struct replay_pass {
    core::ticket_number ticket;
    std::size_t next;  ///< event
    place after;
    bool is_at_head = false;
    std::optional<core::log_position> until = std::nullopt;
  };
  struct membership {
    core::ticket_number ticket;
    core::log_position from;
    bool has_joined = false;
  };
  enum queue { to_router, to_replayer, to_recorder, from_router, from_replayer, from_recorder };

  static void require(bool holds, const char* what) {
    if (!holds) throw std::logic_error{what};
  }
  static bool is_upto(place a, place b) {
    return a.epoch < b.epoch || (a.epoch == b.epoch && a.number <= b.number);
  }

  // --- the world ---

  void publish() {
    place at = events_.empty() ? place{1, 0} : events_.back().at;
    if (pick_(20) == 0) at = {at.epoch + 1 + static_cast<core::epoch_number>(pick_(2)), 0};
    at.number += 1 + static_cast<core::sequence_number>(pick_(3));
    std::string line = std::to_string(at.number) + "|" + std::string(pick_(30), 'x') + "\r\n";
    const core::log_position end = end_of(events_.size()) + line.size() - 1;
    events_.push_back({at, end, std::move(line), pick_(4) != 0});
  }

  /// The position before event `index`.
  core::log_position end_of(std::size_t index) const {
    return index == 0 ? 0 : events_[index - 1].end;
  }
  std::size_t event_at(core::log_position position) const {
    std::size_t index = 0;
    while (index != events_.size() && end_of(index) < position) ++index;
    return index;
  }

  void post(queue q, std::function<void()> message) { queues_[q].push_back(std::move(message)); }

  /// What the session wants done; it matters until the client has a newer connection.
  void ask(queue q, std::function<void()> message) {
    require(!is_broken_, "it asks for something after its end");
    post(q, [this, message = std::move(message), id = connection_] {
      if (id == connection_) message();
    });
  }
  void deliver(std::size_t q) {
    if (queues_[q].empty()) return;
    const auto message = std::move(queues_[q].front());
    queues_[q].pop_front();
    message();
  }

  /// A round of one epoch.
  void route(std::size_t most) {
    std::string text;
    const std::size_t begin = routed_;
    while (routed_ != events_.size() && most-- != 0 &&
           events_[routed_].at.epoch == events_[begin].at.epoch) {
      if (events_[routed_].is_told) text += events_[routed_].line;
      ++routed_;
    }
    if (member_ && member_->has_joined && !text.empty()) {
      tell(from_router, member_->ticket, events_[begin].at.epoch, end_of(routed_), text);
    }
    take_up();
  }

  /// The router lets in who has waited for it to come so far.
  void take_up() {
    if (!member_ || member_->has_joined || end_of(routed_) < member_->from) return;
    member_->has_joined = true;
    post(from_router, [this, t = member_->ticket, p = end_of(routed_)] { session_->joined(t, p); });
  }

  void replay_step() {
    if (!pass_ || (pass_->is_at_head && !pass_->until)) return;
    const std::size_t end = pass_->until ? std::min(logged_, event_at(*pass_->until)) : logged_;
    if (pass_->next >= end) {
      at_end();
      return;
    }
    // One round is in flight.
    if (!queues_[from_replayer].empty() || session_->holds_round()) return;
    std::string text;
    std::size_t most = 1 + pick_(6);
    const core::epoch_number epoch = events_[pass_->next].at.epoch;
    for (; pass_->next != end && most != 0 && events_[pass_->next].at.epoch == epoch; --most) {
      const event& e = events_[pass_->next++];
      // It need not know how far the user is in what has just come into the log.
      const bool is_known = is_upto(e.at, pass_->after) && pick_(2) == 0;
      if (e.is_told && !is_known) text += e.line;
    }
    // For others it goes on.
    const bool is_done = pass_->until && end_of(pass_->next) >= *pass_->until;
    const core::log_position beyond = is_done ? pick_(50) : 0;
    if (!text.empty()) {
      tell(from_replayer, pass_->ticket, epoch, end_of(pass_->next) + beyond, text);
    }
  }

  void at_end() {
    const core::ticket_number ticket = pass_->ticket;
    if (!pass_->until) {
      pass_->is_at_head = true;
      post(from_replayer,
           [this, ticket, p = end_of(pass_->next)] { session_->at_head(ticket, p); });
    } else if (end_of(pass_->next) >= *pass_->until) {
      pass_.reset();
      post(from_replayer, [this, ticket] {
        session_->done(ticket);
        if (session_->where() == stage::live) ++times_live_;
      });
    }
  }

  void tell(queue q, core::ticket_number ticket, core::epoch_number epoch, core::log_position upto,
            const std::string& text) {
    post(q, [=] { session_->told(ticket, epoch, upto, text, now_); });
  }

  bool is_over() const {
    const auto all_empty =
        std::all_of(queues_.begin(), queues_.end(), [](const auto& q) { return q.empty(); });
    return all_empty && routed_ == events_.size() && session_->where() == stage::live &&
           waiting_.empty();
  }

  void check() const {
    require(waiting_.size() <= options_.room, "more waits than may");
    require(session_->kept_bytes() <= options_.most_kept, "more is kept than may be");
    require(!session_->holds_round() || !waiting_.empty(), "a round is held for nothing");
    if (session_->where() == stage::lagging || is_broken_) {
      require(!member_ || !queues_[to_router].empty(), "the router goes on");
      require(!pass_ || !queues_[to_replayer].empty(), "the replay goes on");
    }
  }

  // --- the client ---

  /// A new connection, by a new session: what was under way to the old one is lost.
  void connect() {
    if (session_) session_->end();
    for (const queue q : {from_router, from_replayer, from_recorder}) queues_[q].clear();
    waiting_.clear();
    line_.clear();
    pass_.reset();
    member_.reset();
    capacity_ = pick_(100);
    is_open_ = false;
    is_broken_ = false;
    session_.emplace(*this, options_);
    std::optional<core::named_position> beyond;
    if (pick_(2) == 0) beyond = core::named_position{has_.epoch, has_.number};
    session_->begin(beyond);
  }

  void receive(std::string_view bytes) {
    for (const char c : bytes) {
      line_ += c;
      if (c != '\n') continue;
      require(is_open_, "it is told before it is there");
      skip_untold();
      require(received_ != events_.size(), "it is told what does not concern it");
      require(line_ == events_[received_].line, "it is told something else, or twice");
      has_ = events_[received_++].at;
      line_.clear();
    }
  }

  /// The connection takes bytes of what waits.
  void take(std::size_t bytes) {
    if (waiting_.empty()) return;
    const std::size_t taken = std::min(bytes, waiting_.size());
    receive(std::string_view{waiting_}.substr(0, taken));
    waiting_.erase(0, taken);
    if (waiting_.empty()) session_->all_written();
  }

  void skip_untold() {
    while (received_ != events_.size() && !events_[received_].is_told) ++received_;
  }

  void acknowledge() {
    if (is_broken_) return;
    const core::sequence_number number = has_.number + static_cast<int>(pick_(3)) - 1;
    if (number < 0) return;
    core::named_position said{std::nullopt, number};
    if (pick_(2) == 0) said.epoch = has_.epoch;
    session_->acknowledge(said);
  }

  void look() {
    if (session_->next_deadline() <= now_) session_->look(now_);
    require(!session_->holds_round() || session_->next_deadline() > now_,
            "a round is held for too long");
  }

  // --- what the session wants ---

  void open(const std::optional<core::named_position>& beyond) override {
    post(to_recorder, [this, beyond, id = ++connection_] {
      if (beyond) recorded_ = {*beyond->epoch, beyond->number};
      post(from_recorder, [this, at = recorded_, id] {
        if (id != connection_) return;
        is_open_ = true;
        has_ = at;
        received_ = 0;
        while (received_ != events_.size() && is_upto(events_[received_].at, at)) ++received_;
        session_->opened(at, "");
      });
    });
  }
  void record(place upto) override {
    require(!is_broken_, "it records something after its end");
    require(is_upto(upto, sent_), "it records what was not sent");
    post(to_recorder, [this, upto] {
      if (!is_upto(upto, recorded_)) recorded_ = upto;
    });
  }
  void replay(core::ticket_number ticket, core::log_position from, place after) override {
    ask(to_replayer, [=] { pass_.emplace(replay_pass{ticket, event_at(from), after}); });
  }
  void replay_until(core::log_position position) override {
    ask(to_replayer, [this, position] {
      if (pass_) pass_->until = position;
    });
  }
  void stop_replay() override {
    ask(to_replayer, [this] { pass_.reset(); });
  }
  void join(core::ticket_number ticket, core::log_position from) override {
    ask(to_router, [=] {
      member_.emplace(membership{ticket, from});
      take_up();
    });
  }
  void leave() override {
    ask(to_router, [this] { member_.reset(); });
  }

  std::size_t write(core::epoch_number epoch, std::string_view lines) override {
    require(!lines.empty(), "it writes nothing");
    if (std::exchange(breaks_in_write_, false)) {
      session_->end();
      is_broken_ = true;
      return 0;
    }
    std::size_t done = 0;
    while (done != lines.size()) {
      const std::string_view line = lines.substr(done, lines.find('\n', done) + 1 - done);
      const std::size_t now = waiting_.empty() ? std::min(capacity_, line.size()) : 0;
      if (now == 0 && waiting_.size() + line.size() > options_.room) break;
      capacity_ -= now;
      done += line.size();
      sent_ = {epoch, std::stoll(std::string{line})};
      waiting_ += line.substr(now);
      receive(line.substr(0, now));
    }
    return done;
  }
  std::size_t waiting() const override { return waiting_.size(); }
  void warn(std::string_view) override {}
  void refuse(std::string_view) override {}
  void lag_begins() override { ++lags_; }
  void lag_ends() override {}

  Pick pick_;
  core::inbox_options options_;
  std::optional<core::inbox_session> session_;
  core::time_point now_{std::chrono::hours{1}};

  std::vector<event> events_;
  std::size_t logged_ = 0;  ///< events that the replayer can read
  std::size_t routed_ = 0;  ///< events
  place recorded_{1, 0};    ///< the inbox
  std::optional<replay_pass> pass_;
  std::optional<membership> member_;
  std::vector<std::deque<std::function<void()>>> queues_{6};

  int connection_ = 0;
  std::size_t stuck_ = 6;  ///< messages of this queue are not delivered
  bool is_open_ = false;
  bool is_broken_ = false;
  bool breaks_in_write_ = false;
  std::size_t capacity_ = 0;  ///< bytes that the connection takes at once
  std::string waiting_;
  std::string line_;          ///< of which a part was received
  std::size_t received_ = 0;  ///< events, from the first on, that need not be told any more
  place has_{1, 0};           ///< the last event of the client
  place sent_{1, 0};
  std::size_t lags_ = 0;
  std::size_t times_live_ = 0;
};

}  // namespace skein::test
