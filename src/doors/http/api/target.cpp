#include "doors/http/api/target.hpp"

#include <charconv>

#include "core/utf8.hpp"
#include "io/http.hpp"

namespace skein::api {
namespace {

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

bool is_well_encoded(std::string_view text) {
  for (auto at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
    if (text.size() - at < 3 || io::hex_digit(text[at + 1]) < 0 || io::hex_digit(text[at + 2]) < 0)
      return false;
  }
  return true;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i != text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
    } else {
      result += static_cast<char>(io::hex_digit(text[i + 1]) << 4 | io::hex_digit(text[i + 2]));
      i += 2;
    }
  }
  return result;
}

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 0xF];
    }
  }
}

std::optional<std::uint64_t> number_in(std::string_view digits) {
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end || (digits.front() == '0' && digits.size() != 1))
    return {};
  return value;
}

query_fields::query_fields(std::string_view query, field_errors& errors) : errors_{errors} {
  // More than there can be mistakes told of are never needed.
  while (!query.empty() && parameters_.size() <= 2 * field_errors::most) {
    const auto one = query.substr(0, query.find('&'));
    query.remove_prefix(one.size() == query.size() ? one.size() : one.size() + 1);
    if (one.empty()) continue;
    const auto equals = one.find('=');
    parameters_.push_back({percent_decoded(one.substr(0, equals)),
                           equals == one.npos ? "" : percent_decoded(one.substr(equals + 1))});
  }
}

bool query_fields::text(std::string_view name, std::size_t most, std::string& to) {
  auto* const found = find(name);
  if (found == nullptr) return false;
  if (found->value.size() > most || !core::is_utf8(found->value))
    return wrong(name, "must be UTF-8, no longer than " + std::to_string(most) + " bytes");
  to = std::move(found->value);
  return true;
}

bool query_fields::wrong(std::string_view name, std::string detail) {
  errors_.in_target(name, std::move(detail));
  return false;
}

void query_fields::end() {
  for (const auto& p : parameters_)
    if (!p.taken) wrong(p.name, "is unknown");
}

query_fields::parameter* query_fields::find(std::string_view name) {
  parameter* found = nullptr;
  bool twice = false;
  for (auto& p : parameters_) {
    if (p.name != name) continue;
    twice = found != nullptr;
    p.taken = true;
    found = &p;
  }
  if (!twice) return found;
  wrong(name, "is there more than once");
  return nullptr;
}

std::optional<std::uint64_t> query_fields::integer(std::string_view name, std::uint64_t least,
                                                   std::uint64_t most) {
  const auto* const found = find(name);
  if (found == nullptr) return {};
  const auto value = number_in(found->value);
  if (value && *value >= least && *value <= most) return value;
  wrong(name, "must be an integer, " + std::to_string(least) + ".." + std::to_string(most));
  return {};
}

}  // namespace skein::api
