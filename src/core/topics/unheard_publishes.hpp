/// Publishes that were answered before their topic has taken them: how many, and how large, since
/// they take memory until the topic has answered.
#pragma once

#include <cstddef>

#include "core/expects.hpp"

namespace skein::core {

class unheard_publishes {
 public:
  static constexpr std::size_t most = 64;  ///< of one client

  void begin(std::size_t bytes) {
    ++count_;
    bytes_ += bytes;
  }
  void heard(std::size_t bytes) {
    expects(count_ != 0 && bytes <= bytes_, "what is heard of was unheard");
    --count_;
    bytes_ -= bytes;
  }

  bool is_full() const { return count_ >= most; }
  bool empty() const { return count_ == 0; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace skein::core
