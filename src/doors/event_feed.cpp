#include "doors/event_feed.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_message.hpp>
#include <utility>
#include <vector>

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

void event_feed::begin(core::user_id user) {
  user_ = user;
  send(self_, all_.router, skein::join{user, 0, std::nullopt});
}

void event_feed::begin_durable(core::user_id user,
                               const std::optional<core::named_position>& beyond) {
  user_ = user;
  intents& mine = *this;
  inbox_ = std::make_unique<core::inbox_session>(mine, all_.inbox);
  inbox_->begin(beyond);
}

void event_feed::tell(const portion& message) {
  if (draining_ || user_ == core::no_user) return;
  const round_in_flight& of = *message.of;
  if (!inbox_) {
    const std::string_view text = text_of(message);
    if (!text.empty()) door_.tell(of.epoch, text);
  } else if (inbox_->awaits(message.ticket)) {
    const bool holds =
        inbox_->told(message.ticket, of.epoch, of.upto, text_of(message), self_->clock().now());
    if (holds) held_ = message.of;
    let_go_of_round();
  }
}

void event_feed::tell(const session_news& news) {
  if (draining_ || !inbox_) return;
  using kind = session_news::kind;
  switch (news.what) {
    case kind::opened:
      inbox_->opened({news.epoch, news.number}, news.text);
      break;
    case kind::missing:
      inbox_->missing(news.ticket, news.text);
      break;
    case kind::at_head:
      inbox_->at_head(news.ticket, news.position);
      break;
    case kind::joined:
      inbox_->joined(news.ticket, news.position);
      break;
    case kind::done:
      inbox_->done(news.ticket);
      break;
    case kind::failed:
      inbox_->failed(news.ticket, news.text);
      break;
    case kind::hurry:
      inbox_->hurry(news.ticket, self_->clock().now());
      break;
  }
  let_go_of_round();
}

void event_feed::all_written() {
  if (!inbox_) return;
  held_.reset();
  if (!draining_) inbox_->all_written();
}

void event_feed::look() {
  if (!inbox_ || draining_) return;
  inbox_->look(self_->clock().now());
  let_go_of_round();
}

void event_feed::end() {
  if (inbox_) {
    inbox_->end();
    let_go_of_round();
  } else if (user_ != core::no_user) {
    leave();
  }
  user_ = core::no_user;
}

void event_feed::replaced() {
  if (inbox_) {
    inbox_->replaced();
    let_go_of_round();
  }
  user_ = core::no_user;
}

/// The others who are told by the round wait no longer for this one.
void event_feed::let_go_of_round() {
  if (!inbox_->holds_round()) held_.reset();
}

void event_feed::open(const std::optional<core::named_position>& beyond) {
  open_inbox wanted{user_, std::nullopt};
  if (beyond) wanted = {user_, beyond->number, beyond->epoch};
  send(self_, all_.recorder, wanted);
}

void event_feed::record(core::session_cursor::place upto) {
  send(self_, all_.recorder, acknowledged{user_, upto.epoch, upto.number});
}

void event_feed::replay(ticket_number ticket, core::log_position from,
                        core::session_cursor::place after) {
  send(self_, all_.replayer, replay_wanted{user_, ticket, from, after.epoch, after.number});
}

void event_feed::replay_until(core::log_position position) {
  send(self_, all_.replayer, skein::replay_until{position});
}

void event_feed::stop_replay() {
  send(self_, all_.replayer, skein::stop_replay{});
}

void event_feed::join(ticket_number ticket, core::log_position from) {
  send(self_, all_.router, skein::join{user_, ticket, from});
}

void event_feed::leave() {
  send(self_, all_.router, skein::leave{user_});
}

void event_feed::lag_begins() {
  send(self_, all_.statistics, report{{{core::counter::clients_lagging, 1}}});
}

void event_feed::lag_ends() {
  send(self_, all_.statistics, report{{{core::counter::clients_lagging, core::minus(1)}}});
}

}  // namespace skein
