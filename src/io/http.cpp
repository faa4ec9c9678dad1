#include "io/http.hpp"

#include <utility>

namespace skein::io {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i != a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void http_headers::add(std::string_view name, std::string_view value) {
  entries_.push_back({static_cast<std::uint32_t>(text_.size()),
                      static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
  text_.append(name).append(value);
}

std::string_view http_headers::find(std::string_view name_wanted) const {
  for (std::size_t i = 0; i != size(); ++i) {
    if (equal_ignoring_case(name(i), name_wanted)) return value(i);
  }
  return {};
}

std::size_t http_request::body_size() const {
  std::size_t size = body.size();
  for (const auto& piece : pieces) size += piece.size();
  return size;
}

void http_request::join_body() {
  if (pieces.empty()) return;
  std::string whole;
  whole.reserve(body_size());
  for (auto& piece : pieces) {
    whole += piece;
    std::string{}.swap(piece);
  }
  whole += body;
  pieces.clear();
  body = std::move(whole);
}

void http_headers::reserve(std::size_t bytes) {
  text_.reserve(bytes);
  entries_.reserve(8);
}

}  // namespace skein::io
