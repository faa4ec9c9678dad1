#include "doors/event_feed.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_message.hpp>
#include <utility>
#include <vector>

#include "core/expects.hpp"

namespace skein {

namespace {

/// As any actor does, whatever its type.
template <class Handle, class Message>
void send(caf::local_actor* self, const Handle& to, Message message) {
  caf::actor_cast<caf::abstract_actor*>(to)->enqueue(
      caf::make_mailbox_element(self->ctrl(), caf::make_message_id(), {}, std::move(message)),
      self->context());
}

/// The text of a portion; valid until the next call on this thread.
std::string_view text_of(const portion& message) {
  const core::round& round = *message.of->round;
  const std::string_view text = round.in_one_piece(message.group);
  if (!text.empty()) return text;
  thread_local std::vector<char> gathered;
  const std::size_t size = round.size_of(message.group);
  if (gathered.size() < size) gathered.resize(size);
  round.copy_to(gathered.data(), message.group);
  return {gathered.data(), size};
}

}  // namespace

/// Says to the others what a durable session wants, and holds the round that it holds.
class event_feed::inbox final : core::inbox_session::intents {
 public:
  explicit inbox(event_feed& feed) : feed_(feed), session_(*this, feed.all_.inbox) {}

  core::inbox_session& session() { return session_; }

  void tell(const portion& message) {
    if (!session_.awaits(message.ticket)) return;
    const round_in_flight& of = *message.of;
    const bool holds = session_.told(message.ticket, of.epoch, of.upto, text_of(message), now());
    if (holds) held_ = message.of;
    let_go_of_round();
  }
  void tell(const session_news& news);

  core::time_point now() const { return feed_.self_->clock().now(); }

  /// The other sessions of the round do not wait for this one any more.
  void let_go_of_round() {
    if (!session_.holds_round()) held_.reset();
  }

 private:
  void open(const std::optional<core::named_position>& beyond) override {
    open_inbox wanted{feed_.user_, std::nullopt};
    if (beyond) wanted = {feed_.user_, beyond->number, beyond->epoch};
    to(feed_.all_.recorder, wanted);
  }
  void record(core::session_cursor::place upto) override {
    to(feed_.all_.recorder, acknowledged{feed_.user_, upto.epoch, upto.number});
  }
  void replay(ticket_number ticket, core::log_position from,
              core::session_cursor::place after) override {
    to(feed_.all_.replayer, replay_wanted{feed_.user_, ticket, from, after.epoch, after.number});
  }
  void replay_until(core::log_position position) override {
    to(feed_.all_.replayer, skein::replay_until{position});
  }
  void stop_replay() override { to(feed_.all_.replayer, skein::stop_replay{}); }
  void join(ticket_number ticket, core::log_position from) override {
    to(feed_.all_.router, skein::join{feed_.user_, ticket, from});
  }
  void leave() override { to(feed_.all_.router, skein::leave{feed_.user_}); }

  std::size_t write(core::epoch_number epoch, std::string_view lines) override {
    return feed_.door_.tell(epoch, lines);
  }
  std::size_t waiting() const override { return feed_.door_.waiting(); }
  void warn(std::string_view reason) override { feed_.door_.warn(reason); }
  void refuse(std::string_view reason) override { feed_.door_.refuse(reason); }

  void lag_begins() override {
    to(feed_.all_.statistics, report{{{core::counter::clients_lagging, 1}}});
  }
  void lag_ends() override {
    to(feed_.all_.statistics, report{{{core::counter::clients_lagging, core::minus(1)}}});
  }

  template <class Handle, class Message>
  void to(const Handle& receiver, Message message) {
    send(feed_.self_, receiver, std::move(message));
  }

  event_feed& feed_;
  core::inbox_session session_;
  std::shared_ptr<const round_in_flight> held_;
};

void event_feed::inbox::tell(const session_news& news) {
  using kind = session_news::kind;
  switch (news.what) {
    case kind::opened:
      session_.opened({news.epoch, news.number}, news.text);
      break;
    case kind::missing:
      session_.missing(news.ticket, news.text);
      break;
    case kind::at_head:
      session_.at_head(news.ticket, news.position);
      break;
    case kind::joined:
      session_.joined(news.ticket, news.position);
      break;
    case kind::done:
      session_.done(news.ticket);
      break;
    case kind::failed:
      session_.failed(news.ticket, news.text);
      break;
    case kind::hurry:
      session_.hurry(news.ticket, now());
      break;
  }
  let_go_of_round();
}

event_feed::event_feed(caf::local_actor* self, const event_feeds& all, feed_client& door)
    : self_(self), all_(all), door_(door) {}

event_feed::~event_feed() = default;

void event_feed::begin(core::user_id user) {
  user_ = user;
  send(self_, all_.router, join{user, 0, std::nullopt});
}

void event_feed::begin_durable(core::user_id user,
                               const std::optional<core::named_position>& beyond) {
  core::expects(all_.stores(), "durable feeds are where something is stored");
  user_ = user;
  inbox_ = std::make_unique<inbox>(*this);
  inbox_->session().begin(beyond);
}

void event_feed::tell(const portion& message) {
  if (inbox_) {
    inbox_->tell(message);
  } else if (user_ != core::no_user) {
    const std::string_view text = text_of(message);
    if (!text.empty()) door_.tell(message.of->epoch, text);
  }
}

void event_feed::tell(const session_news& news) {
  if (inbox_) inbox_->tell(news);
}

void event_feed::all_written() {
  if (!inbox_) return;
  inbox_->session().all_written();
  inbox_->let_go_of_round();
}

core::session_cursor::outcome event_feed::acknowledge(const core::named_position& said) {
  core::expects(inbox_ != nullptr, "what is acknowledged came by a durable feed");
  return inbox_->session().acknowledge(said);
}

core::time_point event_feed::next_deadline() const {
  return inbox_ ? inbox_->session().next_deadline() : core::never;
}

void event_feed::look() {
  if (!inbox_) return;
  inbox_->session().look(inbox_->now());
  inbox_->let_go_of_round();
}

void event_feed::end() {
  if (inbox_) {
    inbox_->session().end();
    inbox_->let_go_of_round();
  } else if (user_ != core::no_user) {
    send(self_, all_.router, leave{user_});
  }
  user_ = core::no_user;
}

void event_feed::replaced() {
  if (inbox_) {
    inbox_->session().replaced();
    inbox_->let_go_of_round();
  }
  user_ = core::no_user;
}

}  // namespace skein
