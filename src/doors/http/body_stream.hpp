/// The body of a request as a connection, to be read by a source.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "actors/base/byte_budget.hpp"
#include "io/stream.hpp"

namespace skein {

class body_stream final : public io::stream {
 public:
  /// `read(all, settled)` is called once, from any thread, when nobody reads it any more.
  /// \param settled  it was closed in good order
  body_stream(std::string body, budget_share share, std::string peer,
              std::function<void(bool all, bool settled)> read)
      : body_(std::move(body)),
        size_(body_.size()),
        share_(std::move(share)),
        peer_(std::move(peer)),
        read_(std::move(read)) {}
  ~body_stream() override { read_(at_ == size_, settled_); }

  io::io_result read(char* to, std::size_t size) override {
    const std::size_t bytes = std::min(size, size_ - at_);
    if (bytes == 0) {
      std::string{}.swap(body_);
      share_.resize(0);
      return {io::io_result::status::ended, 0};
    }
    std::memcpy(to, body_.data() + at_, bytes);
    at_ += bytes;
    return {io::io_result::status::ok, bytes};
  }
  /// Receipts: that there are no more says all.
  io::io_result write(std::string_view receipts) override {
    return {io::io_result::status::ok, receipts.size()};
  }

  void observe(std::unique_ptr<io::readiness> observer) override {
    observer_ = std::move(observer);
  }
  void await_readable() override { observer_->readable(); }
  void await_writable() override { observer_->writable(); }
  void close(ending how) override {
    if (!std::exchange(closed_, true)) settled_ = how == ending::graceful;
  }
  std::string peer() const override { return peer_; }

 private:
  std::string body_;
  std::size_t size_;
  budget_share share_;  ///< for the body
  std::string peer_;
  std::function<void(bool all, bool settled)> read_;
  std::size_t at_ = 0;
  bool closed_ = false;
  bool settled_ = false;
  std::unique_ptr<io::readiness> observer_;
};

}  // namespace skein
