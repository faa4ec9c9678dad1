#include "io/http_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/expects.hpp"
#include "io/http_head.hpp"

namespace skein::io {
namespace {

constexpr std::size_t first_capacity = 4 * 1024;
constexpr std::size_t full_capacity = 64 * 1024;
/// Most bytes of the first line besides the target: method, two spaces, version, line end.
constexpr std::size_t beside_target = 64;
/// Of a chunk's line: 16 digits and the line end. What is beyond that is framing of no use.
constexpr std::size_t plain_chunk_line = 18;
constexpr std::size_t largest_piece = 256 << 10;  ///< of a body

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

bool has_control(std::string_view s) {
  return std::any_of(s.begin(), s.end(), is_control);
}

}  // namespace

http_reader::http_reader(const http_limits& limits)
    : limits_(limits),
      max_capacity_(std::max({full_capacity, limits.target + beside_target + 1,
                              limits.headers + plain_chunk_line + 1})) {}

http_reader::~http_reader() = default;

std::size_t http_reader::held() const {
  std::size_t pieces = 0;
  for (const auto& piece : request_.pieces) pieces += piece.capacity();
  return capacity_ + (head_ ? sizeof(http_head) : 0) + request_.target.capacity() +
         request_.headers.held() + request_.body.capacity() + pieces;
}

http_reader::space http_reader::space_for_reading() {
  const std::size_t size = end_ - begin_;
  const bool full = end_ == capacity_;  // or not there
  if (full && capacity_ < max_capacity_) {
    const std::size_t capacity = std::clamp(2 * capacity_, first_capacity, max_capacity_);
    std::unique_ptr<char[]> bigger{new char[capacity]};
    std::copy_n(buffer_.get() + begin_, size, bigger.get());
    buffer_ = std::move(bigger);
    capacity_ = capacity;
    begin_ = 0;
  } else if (full || size == 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, size);
    begin_ = 0;
  }
  end_ = begin_ + size;
  return {buffer_.get() + end_, capacity_ - end_};
}

void http_reader::commit(std::size_t n) {
  core::expects(n <= capacity_ - end_, "no more is read than there is space for");
  end_ += n;
}

http_reader::result http_reader::next() {
  if (state_ == state::complete) begin_request();
  for (;;) {
    bool on = false;
    switch (state_) {
      case state::start:
        on = read_first_line();
        break;
      case state::headers:
        on = read_headers();
        break;
      case state::body:
      case state::chunk:
        on = read_body();
        break;
      case state::chunk_size:
        on = read_chunk_size();
        break;
      case state::chunk_end:
        on = read_chunk_end();
        break;
      case state::trailers:
        on = read_trailers();
        break;
      case state::complete:
        return result::request;
      case state::failed:
        begin_ = end_ = 0;
        return result::failed;
    }
    if (on || state_ == state::failed) continue;
    if (idle()) {
      buffer_.reset();
      capacity_ = begin_ = end_ = 0;
    }
    if (!waits_for_continue()) return result::more;
    continue_wanted_ = false;
    return result::expects_continue;
  }
}

bool http_reader::waits_for_continue() const {
  return continue_wanted_ && (state_ == state::body || state_ == state::chunk_size) &&
         unread().empty() && body_size_ == 0;
}

bool http_reader::fail(const http_error& error) {
  state_ = state::failed;
  error_ = error;
  forget_request();
  return false;
}

void http_reader::consume(std::size_t n) {
  begin_ += n;
  line_ = scanned_ = 0;
}

/// Where `unread()` goes on after the current line; 0 if the line is not complete, or has failed:
/// also if its end is not within the first `limit` bytes.
std::size_t http_reader::line_end(std::size_t limit, const http_error& beyond) {
  const std::string_view bytes = unread();
  const std::size_t lf = bytes.find('\n', scanned_);
  const bool complete = lf != bytes.npos;
  scanned_ = complete ? lf + 1 : bytes.size();
  if (scanned_ > limit) {
    fail(beyond);
    return 0;
  }
  if (!complete) return 0;
  if (lf == line_ || bytes[lf - 1] != '\r') {
    fail({400, "a line that does not end in CRLF"});
    return 0;
  }
  return scanned_;
}

bool http_reader::read_first_line() {
  const std::size_t end = line_end(limits_.target + beside_target, {414, "the target is too long"});
  if (end == 0) return false;
  if (end == 2 && !blank_line_) {  // some clients end a body with one too many
    blank_line_ = true;
    consume(end);
    return true;
  }
  head_ = std::make_unique<http_head>(request_);
  const auto error = head_->read_first_line(unread().substr(0, end), limits_.target);
  if (error) return fail(*error);
  consume(end);
  state_ = state::headers;
  return true;
}

bool http_reader::read_headers() {
  for (;;) {
    const std::size_t end = line_end(limits_.headers, {431, "the headers are too large"});
    if (end == 0) return false;
    const std::size_t begin = std::exchange(line_, end);
    if (end - begin == 2) break;
    const char first = unread()[begin];
    if (first == ' ' || first == '\t') return fail({400, "a header is folded"});
  }
  const std::size_t size = line_;
  request_.headers.reserve(size);
  const auto error = head_->read_headers(unread().substr(0, size));
  if (error) return fail(*error);
  consume(size);
  continue_wanted_ = head_->expects_continue();
  left_ = head_->content_length();
  framing_left_ = limits_.headers;
  state_ = head_->chunked() ? state::chunk_size : left_ == 0 ? state::complete : state::body;
  head_.reset();
  return left_ <= limits_.body || fail({413, "the body is too large"});
}

/// A body that grew in one piece would be copied again and again, up to half of it at once.
void http_reader::append_to_body(std::string_view bytes) {
  body_size_ += bytes.size();
  while (!bytes.empty()) {
    if (request_.body.size() == largest_piece) {
      request_.pieces.push_back(std::exchange(request_.body, {}));
    }
    const std::size_t n = std::min(bytes.size(), largest_piece - request_.body.size());
    const std::size_t needed = request_.body.size() + n;
    if (needed > request_.body.capacity()) {
      // A string that grows by itself may become twice as large as a piece.
      request_.body.reserve(needed <= full_capacity ? needed : largest_piece);
    }
    request_.body.append(bytes.data(), n);
    bytes.remove_prefix(n);
  }
}

bool http_reader::read_body() {
  const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, unread().size()));
  append_to_body(unread().substr(0, n));
  left_ -= n;
  consume(n);
  if (left_ != 0) return false;
  state_ = state_ == state::body ? state::complete : state::chunk_end;
  return true;
}

bool http_reader::read_chunk_size() {
  const std::size_t end =
      line_end(plain_chunk_line + framing_left_, {431, "extensions of chunks are too large"});
  if (end == 0) return false;
  const std::string_view line = unread().substr(0, end - 2);
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (int digit; digits != line.size() && (digit = hex_digit(line[digits])) >= 0; ++digits) {
    if (digits == 16) return fail({400, "a chunk's size has too many digits"});
    size = size * 16 + static_cast<unsigned>(digit);
  }
  const std::string_view extensions = line.substr(digits);
  if (digits == 0 || (!extensions.empty() && extensions.front() != ';') ||
      has_control(extensions)) {
    return fail({400, "a chunk's size is malformed"});
  }
  if (size > limits_.body - body_size_) return fail({413, "the body is too large"});
  framing_left_ -= end - std::min(end, plain_chunk_line);
  consume(end);
  left_ = size;
  state_ = size == 0 ? state::trailers : state::chunk;
  return true;
}

bool http_reader::read_chunk_end() {
  const std::string_view bytes = unread().substr(0, 2);
  if (bytes != std::string_view{"\r\n"}.substr(0, bytes.size())) {
    return fail({400, "a chunk is longer than its size"});
  }
  if (bytes.size() != 2) return false;
  consume(2);
  state_ = state::chunk_size;
  return true;
}

/// They are of no use here, and dropped.
bool http_reader::read_trailers() {
  const std::size_t end =
      line_end(std::max<std::size_t>(framing_left_, 2), {431, "trailers are too large"});
  if (end == 0) return false;
  const std::string_view line = unread().substr(0, end - 2);
  if (line.empty()) {
    state_ = state::complete;
  } else {
    const std::string_view name = line.substr(0, line.find(':'));
    if (name.empty() || name.size() == line.size() || name.find_first_of(" \t") != name.npos ||
        has_control(line)) {
      return fail({400, "a trailer is malformed"});
    }
    framing_left_ -= end;
  }
  consume(end);
  return true;
}

void http_reader::begin_request() {
  state_ = state::start;
  blank_line_ = false;
  forget_request();
}

void http_reader::forget_request() {
  head_.reset();
  body_size_ = 0;
  std::exchange(request_, {});  // an assignment would keep its memory
}

}  // namespace skein::io
