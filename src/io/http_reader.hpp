/// Cuts the bytes of a connection into requests of HTTP/1.0 and 1.1 (RFC 9112), in bounded memory.
///
/// Reads go straight into its buffer: `space_for_reading()` says where to, `commit(n)` that they
/// are there; then `next()` until it says `more`. What comes out does not depend on how the bytes
/// arrive.
///
/// It is strict wherever two readers of the same bytes could disagree about where a request ends:
/// lines end in CRLF, never in LF alone; no header is folded; there is no space before a colon or
/// after a chunk's size; `Content-Length` comes once, as digits, and never with
/// `Transfer-Encoding`, which is `chunked` and nothing else, and not in 1.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "io/http.hpp"

namespace skein::io {

/// In bytes.
struct http_limits {
  std::size_t target = 8 * 1024;
  std::size_t headers = 16 * 1024;      ///< all lines after the first, with their ends; 431 beyond
  std::size_t body = 16 * 1024 * 1024;  ///< without framing
};

class http_head;

class http_reader {
 public:
  explicit http_reader(const http_limits& limits = {});
  ~http_reader();

  struct space {
    char* data;
    std::size_t size;
  };
  /// Where the next read goes, until the next call of `next`: never empty once that has said
  /// `more`. It grows with what comes, not with what a client announces.
  space space_for_reading();

  /// `n` bytes were put there.
  void commit(std::size_t n);

  enum class result : std::uint8_t {
    more,     ///< everything is used up; read on
    request,  ///< `request()` is complete
    /// The client waits for `100 Continue` before it sends the body. Said at most once a request,
    /// and not if some of the body is already here.
    expects_continue,
    /// `error()` is to be answered and the connection closed. `next()` stays at this, and drops
    /// whatever is read.
    failed,
  };
  result next();

  /// After `request`, until the next call of `next`; may be moved from. A body of more than 256 KiB
  /// is in pieces: putting it together takes as long as reading it again.
  http_request& request() { return request_; }

  /// After `failed`.
  const http_error& error() const { return error_; }

  /// Whether the connection is between two requests, and nothing of the next one has come. If not,
  /// after `more`, it is within a request.
  bool idle() const { return state_ == state::start && begin_ == end_; }

  /// After `request`: bytes after it that have been read.
  std::size_t ahead() const { return end_ - begin_; }

  /// Bytes of memory held for what was read: next to nothing while `idle()`, else the buffer, from
  /// 4 KiB to 64 KiB (or the longest line or head that the limits allow), and the request, whose
  /// body may take up to 256 KiB more than its size.
  std::size_t held() const;

 private:
  enum class state : std::uint8_t {
    start,  ///< in the first line, or before it
    headers,
    body,  ///< `left_` bytes are missing
    chunk_size,
    chunk,  ///< `left_` bytes are missing
    chunk_end,
    trailers,
    complete,
    failed,
  };

  // Those that read go as far as they can and return whether there may be more to do; they return
  // false when bytes are missing or the request has failed.
  bool fail(const http_error& error);
  std::size_t line_end(std::size_t limit, const http_error& beyond);
  bool read_first_line();
  bool read_headers();
  void append_to_body(std::string_view bytes);
  bool read_body();
  bool read_chunk_size();
  bool read_chunk_end();
  bool read_trailers();
  bool waits_for_continue() const;
  void begin_request();
  void forget_request();
  void consume(std::size_t n);
  std::string_view unread() const { return {buffer_.get() + begin_, end_ - begin_}; }

  http_limits limits_;
  std::size_t max_capacity_;
  std::size_t capacity_ = 0;
  std::unique_ptr<char[]> buffer_;  ///< none while idle
  std::size_t begin_ = 0;           ///< what is unread begins here
  std::size_t end_ = 0;
  std::size_t line_ = 0;     ///< where in `unread()` the current line begins
  std::size_t scanned_ = 0;  ///< up to where in `unread()` there is no end of it
  std::uint64_t left_ = 0;
  std::size_t body_size_ = 0;
  std::size_t framing_left_ = 0;  ///< bytes that extensions and trailers may still have
  state state_ = state::start;
  bool blank_line_ = false;  ///< one was skipped before the first line
  bool continue_wanted_ = false;
  std::unique_ptr<http_head> head_;  ///< from the first line to the last header
  http_request request_;
  http_error error_;
};

}  // namespace skein::io
