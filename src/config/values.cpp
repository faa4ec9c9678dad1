#include "config/values.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace skein::config {
namespace {

struct unit {
  std::string_view name;
  std::int64_t factor;
};

// From large to small; the first that divides a value writes it.
constexpr unit time_units[] = {
    {"h", 3'600'000'000'000}, {"min", 60'000'000'000}, {"s", 1'000'000'000},
    {"ms", 1'000'000},        {"us", 1'000},           {"ns", 1}};
constexpr unit size_units[] = {{"TiB", 1ll << 40},
                               {"TB", 1'000'000'000'000},
                               {"GiB", 1ll << 30},
                               {"GB", 1'000'000'000},
                               {"MiB", 1ll << 20},
                               {"MB", 1'000'000},
                               {"KiB", 1ll << 10},
                               {"kB", 1'000},
                               {"B", 1}};

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::int64_t> times(std::string_view digits, std::int64_t factor) {
  const auto count = is_digits(digits) ? read_number(digits) : std::nullopt;
  if (!count || *count > std::numeric_limits<std::int64_t>::max() / factor) return std::nullopt;
  return *count * factor;
}

bool is_host(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const auto inside = bracketed ? text.substr(1, text.size() - 2) : text;
  return std::all_of(inside.begin(), inside.end(), [&](char c) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return alphanumeric || c == '.' || c == '-' || c == '_' ||
           (bracketed && (c == ':' || c == '%'));
  });
}

}  // namespace

std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t value = 0;
  const auto end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, value);
  if (status != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<std::chrono::nanoseconds> read_duration(std::string_view text) {
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto name = digits.size() == text.size() ? "ms" : text.substr(digits.size());
  for (const auto& u : time_units) {
    if (u.name != name) continue;
    const auto value = times(digits, u.factor);
    return value ? std::optional{std::chrono::nanoseconds{*value}} : std::nullopt;
  }
  return std::nullopt;
}

std::string write_duration(std::chrono::nanoseconds value) {
  if (value.count() == 0) return "0ms";
  const auto u = std::find_if(std::begin(time_units), std::end(time_units),
                              [&](const unit& x) { return value.count() % x.factor == 0; });
  return std::to_string(value.count() / u->factor).append(u->name);
}

std::optional<std::int64_t> read_size(std::string_view text) {
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto name = digits.size() == text.size() ? "B" : text.substr(digits.size());
  for (const auto& u : size_units)
    if (same_letters(u.name, name)) return times(digits, u.factor);
  return std::nullopt;
}

std::string write_size(std::int64_t bytes) {
  for (const auto& u : size_units)
    if (u.factor > 1000 && bytes != 0 && bytes % u.factor == 0)
      return std::to_string(bytes / u.factor).append(u.name);
  return std::to_string(bytes);
}

std::optional<address> read_address(std::string_view text, std::uint16_t default_port) {
  if (text.empty()) return std::nullopt;
  std::string_view host = text;
  std::string_view port;
  if (is_digits(text)) {
    host = {};
    port = text;
  } else if (const auto colon = text.rfind(':');
             colon != std::string_view::npos && text.back() != ']') {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (!is_host(host)) return std::nullopt;
  if (port.empty()) return address{std::string{host}, default_port};
  const auto number = is_digits(port) ? read_number(port) : std::nullopt;
  if (!number || *number > 65535) return std::nullopt;
  return address{std::string{host}, static_cast<std::uint16_t>(*number)};
}

std::string write_address(const address& value) {
  return value.host + ':' + std::to_string(value.port);
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.front() != '[' && is_host(text);
}

bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_letters(text.substr(0, scheme.size()), scheme)) continue;
    const auto rest = text.substr(scheme.size());
    const auto host = read_address(rest, 80);
    return host && !host->host.empty() && rest.back() != ':';
  }
  return false;
}

std::vector<std::string> read_list(std::string_view text) {
  std::vector<std::string> words;
  constexpr auto blanks = " \t";
  if (text == "none") return words;
  for (;;) {
    const auto comma = text.find(',');
    auto word = text.substr(0, comma);
    word.remove_prefix(std::min(word.find_first_not_of(blanks), word.size()));
    word = word.substr(0, word.find_last_not_of(blanks) + 1);
    words.emplace_back(word);
    if (comma == text.npos) return words;
    text.remove_prefix(comma + 1);
  }
}

std::string write_list(const std::vector<std::string>& words) {
  if (words.empty()) return "none";
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace skein::config
