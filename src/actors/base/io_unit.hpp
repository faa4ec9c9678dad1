/// Runs actors on the I/O thread for as long as that is quicker than waking a worker.
///
/// An event on a quiet system passes from the socket it is read from to the socket it is written
/// to without a change of thread. What is not done within the budget, which is looked at between
/// two actors, goes to CAF's scheduler, so that under load all cores work and the I/O thread
/// returns to its sockets.
#pragma once

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_message.hpp>
#include <caf/resumable.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <utility>

#include "actors/base/messages.hpp"
#include "io/stream.hpp"

namespace skein {

class io_unit final : public caf::execution_unit {
 public:
  static constexpr std::chrono::microseconds budget{100};

  explicit io_unit(caf::actor_system& system) : execution_unit(&system) {}

  /// Those who may wait for files are left to the scheduler.
  void exec_later(caf::resumable* job) override;

  /// The unit that runs an actor on this thread now, or null.
  static io_unit* current();

  /// Sends `message` and runs what follows from it; on the I/O thread.
  template <class Handle, class Message>
  void send(const Handle& receiver, Message message) {
    const auto to = caf::actor_cast<caf::strong_actor_ptr>(receiver);
    to->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::move(message)),
                this);
    run();
  }

 private:
  void run();

  std::deque<caf::resumable*> jobs_;
};

/// Sends from outside any actor, e.g. from a destructor, to run where the caller runs.
template <class Handle, class Message>
void send_from_here(const Handle& receiver, Message message) {
  const auto to = caf::actor_cast<caf::strong_actor_ptr>(receiver);
  to->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::move(message)),
              io_unit::current());
}

/// Tells an actor that its stream is ready: on the I/O thread if there is one, else through the
/// scheduler.
class actor_readiness final : public io::readiness {
 public:
  actor_readiness(caf::strong_actor_ptr receiver, io_unit* unit)
      : receiver_(std::move(receiver)), unit_(unit) {}

  void readable() override { tell(skein::readable{}); }
  void writable() override { tell(skein::writable{}); }

 private:
  template <class Message>
  void tell(Message message) {
    if (unit_) {
      unit_->send(receiver_, message);
    } else {
      receiver_->enqueue(nullptr, caf::make_message_id(), caf::make_message(message), nullptr);
    }
  }

  caf::strong_actor_ptr receiver_;
  io_unit* unit_;
};

/// Closes the stream with its owner, however that ends.
class owned_stream {
 public:
  /// Lets `receiver` be told of readiness.
  owned_stream(std::shared_ptr<io::stream> stream, caf::strong_actor_ptr receiver, io_unit* unit)
      : stream_(std::move(stream)) {
    stream_->observe(std::make_unique<actor_readiness>(std::move(receiver), unit));
  }
  owned_stream(owned_stream&&) = default;
  owned_stream& operator=(owned_stream&&) = delete;
  ~owned_stream() {
    if (stream_) stream_->close(io::stream::ending::graceful);
  }

  io::stream* operator->() const { return stream_.get(); }

 private:
  std::shared_ptr<io::stream> stream_;
};

}  // namespace skein
