/// Which actor answers what a door asks. Nothing stands between the two: the door asks it itself.
#pragma once

#include <caf/timespan.hpp>
#include <string>
#include <utility>
#include <variant>

#include "actors/base/io_unit.hpp"
#include "calls/hand_over.hpp"
#include "core/events/durable_position.hpp"
#include "core/expects.hpp"
#include "doors/gather_status.hpp"

namespace skein {

struct switchboard {
  topics_actor topics;
  router_actor router;
  status_sources parts;
};

/// Where the sequence is, as the sequencer tells it.
inline api::epoch_description epoch_of(const status& told) {
  api::epoch_description d;
  core::epoch_number durable_epoch = 0;
  for (const auto& [name, value] : told.facts) {
    if (name == "epoch") d.epoch = static_cast<core::epoch_number>(value);
    if (name == "next") d.next = static_cast<core::sequence_number>(value);
    if (name == "durable_epoch") durable_epoch = static_cast<core::epoch_number>(value);
    if (name == "durable_next") d.durable_next = static_cast<core::sequence_number>(value);
  }
  if (d.durable_next) {
    d.durable_next = core::durable_next_of(d.epoch, durable_epoch, *d.durable_next);
  }
  return d;
}

namespace detail {

template <class Self, class Then, class Failed>
struct asking {
  Self* self;
  const switchboard& board;
  Then then;
  Failed failed;

  template <class Actor, class Call>
  void pass(const Actor& whom, Call&& call) {
    self->request(whom, caf::infinite, std::forward<Call>(call)).then(then, failed);
  }

  void operator()(api::topic_call& call) { pass(board.topics, std::move(call)); }
  void operator()(api::list_topics& call) { pass(board.topics, std::move(call)); }
  void operator()(api::list_follows& call) { pass(board.router, std::move(call)); }
  void operator()(api::publish_events&) {
    core::expects(false, "a door opens a source for events");
  }
  void operator()(api::describe_epoch&) {
    self->request(board.parts.sequencer, caf::infinite, status_wanted{})
        .then([then = then](const status& told) { answer(then, epoch_of(told)); }, failed);
  }
  void operator()(api::new_epoch&) {
    self->request(board.parts.sequencer, caf::infinite, begin_epoch{})
        .then(
            [then = then](epoch_begun begun) {
              answer(then, api::epoch_description{begun.epoch, begun.next, {}});
            },
            failed);
  }
  void operator()(api::statistics&) {
    gather_status(
        self, board.parts,
        [then = then](const status& all) { answer(then, api::statistics_list{all.facts}); },
        failed);
  }

  static void answer(const Then& then, api::answer what) {
    answered a{std::move(what)};
    then(a);
  }
};

}  // namespace detail

/// Calls `then(answered&)` or `failed(caf::error&)`.
/// \pre the call is no `publish_events`: it takes a source, which the door opens
template <class Self, class Then, class Failed>
void ask(Self* self, const switchboard& board, api::call&& what, Then then, Failed failed) {
  using asking = detail::asking<Self, Then, Failed>;
  std::visit(asking{self, board, std::move(then), std::move(failed)}, what);
}

/// Tells the topic what has become of its leases. Also in the end of an actor.
inline void tell(const switchboard& board, const std::string& topic, const std::string& subscriber,
                 core::lease_hand::report&& what) {
  for (auto& call : api::calls_of(topic, subscriber, std::move(what))) {
    send_from_here(board.topics, std::move(call));
  }
}

}  // namespace skein
