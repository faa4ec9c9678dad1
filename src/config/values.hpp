/// Texts of values: numbers, durations, sizes and addresses, read strictly and written canonically.
/// What is written reads back as the same value.
///
///   number   = digit, {digit} | "-", digit, {digit}
///   duration = digit, {digit}, ["ns" | "us" | "ms" | "s" | "min" | "h"]   (no unit: milliseconds)
///   size     = digit, {digit}, ["B" | "kB" | "MB" | "GB" | "TB" | "KiB" | "MiB" | "GiB" | "TiB"]
///   address  = [host], [":", [port]] | port
///   host     = name or IPv4 address | "[", IPv6 address, "]"
///   list     = "none" | word, {",", word}   (blanks around words do not count)
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein::config {

std::optional<std::int64_t> read_number(std::string_view text);

/// Less than 2^63 ns.
std::optional<std::chrono::nanoseconds> read_duration(std::string_view text);

/// The largest unit that gives a whole number: `500ms`, `2s`, `1min`; zero is `0ms`.
std::string write_duration(std::chrono::nanoseconds value);

/// Bytes, less than 2^63. Units in any letter case; `16MB` is 16,000,000, `16MiB` 16,777,216.
std::optional<std::int64_t> read_size(std::string_view text);

/// The largest unit above kB that gives a whole number: `64MiB`, `16MB`, `4KiB`, `4000`.
std::string write_size(std::int64_t bytes);

/// An address to listen at. No host is every interface, no port is `default_port`.
struct address {
  std::string host;  ///< empty: every interface; an IPv6 address keeps its brackets
  std::uint16_t port = 0;
};

std::optional<address> read_address(std::string_view text, std::uint16_t default_port);

/// `host:port` or `:port`.
std::string write_address(const address& value);

/// Letters, digits, `.`, `-`, `_`; no port.
bool is_host_name(std::string_view text);

/// Of a web page: `http://host` or `https://host`, with or without `:port`.
bool is_origin(std::string_view text);

/// The words between the commas, without the blanks around them; no words for `none`.
std::vector<std::string> read_list(std::string_view text);
std::string write_list(const std::vector<std::string>& words);

}  // namespace skein::config
