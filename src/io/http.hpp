/// Requests and responses of HTTP/1.1, as values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skein::io {

enum class http_method : std::uint8_t { get, head, post, put, delete_, options, patch, other };

/// Names and values in the order in which they came; a name may come several times. One piece of
/// text, so that a message costs two allocations however many headers it has.
class http_headers {
 public:
  void add(std::string_view name, std::string_view value);

  /// The first value of `name`, without regard to case; empty if there is none.
  std::string_view find(std::string_view name) const;

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  /// `i` < `size()`. Both are valid until the next `add`.
  std::string_view name(std::size_t i) const {
    return std::string_view{text_}.substr(entries_[i].begin, entries_[i].name);
  }
  std::string_view value(std::size_t i) const {
    return std::string_view{text_}.substr(entries_[i].begin + entries_[i].name, entries_[i].value);
  }

  /// Room for `bytes` of names and values.
  void reserve(std::size_t bytes);
  /// Bytes of memory.
  std::size_t held() const { return text_.capacity() + entries_.capacity() * sizeof(entry); }

 private:
  struct entry {
    std::uint32_t begin, name, value;  ///< where the name begins; the sizes of both
  };
  std::string text_;
  std::vector<entry> entries_;
};

/// Whether both are the same except for the case of ASCII letters.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// -1 if `c` is no hexadecimal digit.
int hex_digit(char c);

/// The part of a request that decides how its response is written.
struct http_reply_form {
  std::uint8_t version = 11;  ///< 10 or 11
  bool head = false;          ///< no body goes out, whatever the response has
  bool keep_alive = false;
};

struct http_request {
  http_method method = http_method::get;
  /// As sent, not decoded; begins with `/`, or is `*` (only OPTIONS). `http://host?x` is `/?x`.
  std::string target;
  /// Host and port that the request is for: those of the target if it has some, else `Host`; may be
  /// empty.
  std::string authority;
  std::uint8_t version = 11;  ///< 10 or 11
  bool keep_alive = true;     ///< what the client wants, by its version and `Connection`
  http_headers headers;       ///< without trailers
  std::string body;           ///< without the framing of chunks; the last piece of a large body
  std::vector<std::string> pieces;  ///< of the body, before `body`; none after `join_body`

  /// The target up to the first `?`, and what comes after it.
  std::string_view path() const { return std::string_view{target}.substr(0, target.find('?')); }
  std::string_view query() const {
    const auto at = target.find('?');
    return at == target.npos ? std::string_view{} : std::string_view{target}.substr(at + 1);
  }

  std::size_t body_size() const;
  /// Puts the pieces of the body together.
  void join_body();

  std::string_view content_type() const { return headers.find("Content-Type"); }
  bool is_head() const { return method == http_method::head; }
  http_reply_form reply_form() const { return {version, is_head(), keep_alive}; }
};

/// Why a request is refused.
struct http_error {
  unsigned status = 0;
  const char* reason = "";  ///< a few words for people
};

struct http_response {
  unsigned status = 200;     ///< 200..599
  std::string content_type;  ///< not sent if empty
  std::string body;
  /// For example `Allow`, `Location`, `Retry-After`; not `Transfer-Encoding`, and not what the
  /// writer makes: `Content-Type`, `Content-Length`, `Date`, `Connection`.
  http_headers headers;
};

}  // namespace skein::io
