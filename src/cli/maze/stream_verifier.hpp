/// Compares what one client receives with what it must receive, while it arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/maze/maze_script.hpp"

namespace skein::cli {

/// The first place where a client's stream is not as expected.
struct difference {
  std::uint32_t user = 0;
  std::uint64_t position = 0;  ///< of the line in the client's stream, counted from 1
  std::string expected;        ///< with its end; empty after the last line
  std::string received;        ///< with its end if that came
  std::string what;            ///< "altered line", "missing line(s) before event 17", ...
};

/// One line of text with control characters spelled out.
std::string sentence_of(const difference& d);

/// Lines that ended in one piece of input.
struct fed_lines {
  std::uint32_t count = 0;
  std::uint32_t first_event = 0;  ///< event of the first of them, if there is any
  std::uint32_t last_event = 0;
};

/// A cursor in a client's expected stream. Input may be cut anywhere; nothing is copied. After a
/// difference it only collects the rest of the wrong line. The script must outlive it.
class stream_verifier {
 public:
  stream_verifier(const maze_script& script, std::size_t client);

  fed_lines feed(const char* data, std::size_t size);

  /// Everything expected came, and so far nothing more.
  bool complete() const {
    return !wrong_ && next_ == end_ && broadcast_position_ == broadcast_size_;
  }
  /// A difference was found (its line may still be incomplete).
  bool wrong() const { return wrong_ != nullptr; }
  /// A difference was found and its line is complete.
  bool wrong_line_ended() const;
  /// What the difference is; only when `wrong()`.
  difference first_difference() const;

  std::uint32_t user() const { return client_->user; }
  std::uint64_t lines() const;  ///< whole lines received as expected
  /// Event of the line the cursor is in; only when neither `complete()` nor `wrong()`.
  std::uint32_t next_event() const;

 private:
  struct wrong_line {
    std::uint64_t position;
    std::int64_t event;  ///< -1 after the last line
    std::string expected;
    std::string received;
  };

  void note_difference(const char* data, std::size_t size);
  void collect(const char* data, std::size_t size);
  std::string classify(const wrong_line& line) const;
  bool is_own(std::uint32_t event) const;

  const maze_script* script_;
  const client_script* client_;
  const own_delivery* next_;
  const own_delivery* end_;
  std::uint32_t broadcast_size_;
  std::uint32_t broadcast_position_ = 0;
  std::uint32_t broadcasts_done_ = 0;
  std::uint32_t line_position_ = 0;  ///< bytes of the next own line that came
  std::unique_ptr<wrong_line> wrong_;
};

}  // namespace skein::cli
