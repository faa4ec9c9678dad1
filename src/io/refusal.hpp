/// Ends a connection that may not come in, so that its client learns why.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "io/connection.hpp"

namespace skein::io {

/// On the I/O thread.
class refusal {
 public:
  /// \param text  is said to the client; empty: nothing
  explicit refusal(std::string text) : text_(std::move(text)) {}

  /// What the client has sent is read for a while, since the kernel resets a connection that ends
  /// with something unread, and throws away what was said. At most this many at a time; others end
  /// at once.
  static constexpr std::size_t most_leaving = 8;

  void say_to(stream_socket socket);

 private:
  class leaving;

  std::string text_;
  std::shared_ptr<std::size_t> leaving_ = std::make_shared<std::size_t>(0);
};

}  // namespace skein::io
