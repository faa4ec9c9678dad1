#include "io/lingering.hpp"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <utility>

#include "io/connection.hpp"

namespace skein::io {

boost::asio::execution_context::id lingering::id;

lingering::lingering(boost::asio::execution_context& context)
    : service(context),
      context_(static_cast<boost::asio::io_context&>(context)),
      timer_(context_) {}

lingering& lingering::of(boost::asio::execution_context& context) {
  return boost::asio::use_service<lingering>(context);
}

void lingering::take(std::shared_ptr<connection> closed) {
  boost::asio::dispatch(context_,
                        [this, closed = std::move(closed)]() mutable { begin(std::move(closed)); });
}

void lingering::end() {
  boost::asio::dispatch(context_, [this] {
    ended_ = true;
    while (!all_.empty()) drop(all_.begin());
    timer_.cancel();
  });
}

void lingering::begin(std::shared_ptr<connection> closed) {
  closed->wake_all();
  if (ended_) {
    closed->end();
    return;
  }
  if (all_.size() >= limits_.most && !all_.empty()) drop(all_.begin());
  const auto now = clock::now();
  all_.push_back({closed, now, now + limits_.all});
  await(closed, std::prev(all_.end()));
  watch();
}

void lingering::await(const std::shared_ptr<connection>& closed, place at) {
  closed->await_input([this, closed, at] {
    if (closed->has_ended()) return;  // it was dropped
    if (!closed->discard()) {
      drop(at);
      return;
    }
    at->heard = clock::now();
    await(closed, at);
  });
}

void lingering::drop(place at) {
  at->closed->end();
  all_.erase(at);
}

void lingering::watch() {
  if (all_.empty() || std::exchange(watching_, true)) return;
  timer_.expires_after(std::min(limits_.silent, limits_.all) / 4);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    watching_ = false;
    if (cancelled) return;
    const auto now = clock::now();
    for (auto at = all_.begin(); at != all_.end();) {
      const auto next = std::next(at);
      if (at->until <= now || at->heard + limits_.silent <= now) drop(at);
      at = next;
    }
    watch();
  });
}

}  // namespace skein::io
