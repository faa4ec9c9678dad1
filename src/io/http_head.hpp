/// What the first line and the headers of a request say.
///
/// Beast's parser reads them. Lines are cut and bodies are read outside of it: it unfolds headers,
/// and bounds neither the lines of chunks nor trailers.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "io/http.hpp"

namespace skein::io {

class http_head : private boost::beast::http::basic_parser<true> {
 public:
  /// What is read goes into `to`.
  explicit http_head(http_request& to);

  /// With its end. The target is refused beyond `max_target` bytes.
  std::optional<http_error> read_first_line(std::string_view line, std::size_t max_target);

  /// All headers, with the empty line at their end; none is folded.
  std::optional<http_error> read_headers(std::string_view lines);

  // What is true once the headers have been read.
  bool chunked() const { return encoded_; }
  /// 0 if there is none.
  std::uint64_t content_length() const { return length_; }
  bool expects_continue() const { return expects_continue_ && to_.version == 11; }

 private:
  using error_code = boost::beast::error_code;
  using text = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, text, text, int, error_code&) override;
  void on_field_impl(boost::beast::http::field, text, text, error_code&) override;

  // It never gets to see a body or a response.
  void on_response_impl(int, text, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(text, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  error_code put_all(std::string_view bytes);

  http_request& to_;
  std::size_t target_size_ = 0;  ///< as sent
  unsigned hosts_ = 0;
  unsigned origins_ = 0;
  unsigned lengths_ = 0;
  std::uint64_t length_ = 0;
  bool plain_host_ = true;
  bool plain_length_ = true;  ///< digits only
  bool encoded_ = false;      ///< `Transfer-Encoding` is there
  bool only_chunked_ = true;  ///< and says nothing else
  bool expects_continue_ = false;
  bool expects_other_ = false;
  bool close_ = false;
};

}  // namespace skein::io
