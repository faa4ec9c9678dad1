/// The body of a request as a connection, to be read by a source.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "actors/byte_budget.hpp"
#include "io/stream.hpp"

namespace skein {

class body_stream final : public io::stream {
 public:
  /// `read(all)` is called once, from any thread, when nobody reads it any more.
  body_stream(std::string body, budget_share share, std::string peer,
              std::function<void(bool all)> read)
      : body_(std::move(body)),
        share_(std::move(share)),
        peer_(std::move(peer)),
        read_(std::move(read)) {}
  ~body_stream() override { read_(at_ == body_.size()); }

  io::io_result read(char* to, std::size_t size) override {
    const std::size_t bytes = std::min(size, body_.size() - at_);
    if (bytes == 0) return {io::io_result::status::ended, 0};
    std::memcpy(to, body_.data() + at_, bytes);
    at_ += bytes;
    return {io::io_result::status::ok, bytes};
  }
  io::io_result write(std::string_view) override { return {io::io_result::status::failed, 0}; }

  void observe(std::unique_ptr<io::readiness> observer) override {
    observer_ = std::move(observer);
  }
  void await_readable() override { observer_->readable(); }
  void await_writable() override { observer_->writable(); }
  void close(ending) override {}
  std::string peer() const override { return peer_; }

 private:
  std::string body_;
  budget_share share_;  ///< for the body
  std::string peer_;
  std::function<void(bool all)> read_;
  std::size_t at_ = 0;
  std::unique_ptr<io::readiness> observer_;
};

}  // namespace skein
