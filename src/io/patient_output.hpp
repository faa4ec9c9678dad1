/// Output to a place where perhaps nobody reads: a pipe, a terminal that was stopped, a socket.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

namespace skein::io {

class patient_output {
 public:
  /// Of a pipe or terminal it opens a description of its own where it may, so that writing never
  /// waits and nobody else's writing changes.
  explicit patient_output(int descriptor);
  ~patient_output();
  patient_output(const patient_output&) = delete;
  patient_output& operator=(const patient_output&) = delete;

  /// Whether all of `text` was written. While it has to wait, `give_up` is asked ten times a
  /// second.
  bool write(std::string_view text, const std::function<bool()>& give_up) const;
  /// The same; gives up when nothing was taken for this time.
  bool write(std::string_view text, std::chrono::milliseconds patience) const;

 private:
  int descriptor_;
  bool own_ = false;
  bool socket_ = false;
};

}  // namespace skein::io
