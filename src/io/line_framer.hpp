/// Cuts a byte stream into lines that end in LF or CRLF, in bounded memory.
///
/// Reads go straight into its buffer: `space()` says where to, `commit(n)` hands out the lines
/// that are complete by then. A line longer than `max_line` is reported once and skipped to its
/// end. The views it hands out are valid until the next call.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace skein::io {

class line_framer {
 public:
  /// `capacity` bytes are read at most at a time; at least `max_line` + 2.
  line_framer(std::size_t max_line, std::size_t capacity)
      : max_line_(max_line), capacity_(capacity), buffer_(new char[capacity]) {}

  struct space {
    char* data;
    std::size_t size;
  };
  space space() { return {buffer_.get() + filled_, capacity_ - filled_}; }

  /// `n` bytes were put into `space()`. Calls `on_line(view)` for each complete line, without its
  /// end, and `on_too_long()` for each line beyond `max_line`.
  template <class Line, class TooLong>
  void commit(std::size_t n, Line&& on_line, TooLong&& on_too_long) {
    const char* begin = buffer_.get();
    const char* const end = begin + filled_ + n;
    const char* scan = begin + filled_;
    while (const auto* lf = static_cast<const char*>(
               std::memchr(scan, '\n', static_cast<std::size_t>(end - scan)))) {
      if (skipping_) {
        skipping_ = false;
      } else {
        auto size = static_cast<std::size_t>(lf - begin);
        if (size != 0 && lf[-1] == '\r') --size;
        if (size > max_line_) {
          on_too_long();
        } else {
          on_line(std::string_view{begin, size});
        }
      }
      begin = scan = lf + 1;
    }
    filled_ = static_cast<std::size_t>(end - begin);
    if (!skipping_ && filled_ > max_line_ + 1) {
      on_too_long();
      skipping_ = true;
    }
    if (skipping_) filled_ = 0;
    if (filled_ != 0 && begin != buffer_.get()) std::memmove(buffer_.get(), begin, filled_);
  }

  /// Whether the stream stands within a line that is not being skipped.
  bool mid_line() const { return filled_ != 0; }

  /// Bytes of the line within which it stands; they lie at `data()`.
  std::size_t begun() const { return filled_; }

  /// Start of the buffer; lines of the last `commit` lie in it.
  const char* data() const { return buffer_.get(); }

 private:
  std::size_t max_line_;
  std::size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  std::size_t filled_ = 0;
  bool skipping_ = false;
};

}  // namespace skein::io
