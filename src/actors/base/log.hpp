/// The log of the daemon: one line per fact, on standard error, e.g.
///
///   time=2026-01-02T03:04:05.678Z level=info msg="source connected" peer=127.0.0.1:4711 id=3
///
/// Lines are written by a thread of the log's own. Its queue is bounded: when the disk or the
/// terminal of standard error is slow, the oldest waiting lines are dropped and counted, and
/// logging never waits. Every function may be called from every thread.
///
/// Never log per event, and never a payload.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "options/daemon_options.hpp"

namespace skein::log {

/// A value of a line. It refers to its text, which must live as long as the statement.
class value {
 public:
  template <class T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0>
  value(T number) : kept_{widened(number)} {}  // NOLINT: fields are written {"id", 3}
  template <class T, std::enable_if_t<std::is_convertible_v<const T&, std::string_view>, int> = 0>
  value(const T& text) : kept_{std::string_view{text}} {}  // NOLINT

  void append_to(std::string& line) const;

 private:
  template <class T>
  static auto widened(T number) {
    if constexpr (std::is_same_v<T, bool>)
      return number;
    else if constexpr (std::is_floating_point_v<T>)
      return static_cast<double>(number);
    else if constexpr (std::is_signed_v<T>)
      return static_cast<std::int64_t>(number);
    else
      return static_cast<std::uint64_t>(number);
  }

  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> kept_;
};

struct field {
  std::string_view key;  ///< a word of letters, digits and `_`
  log::value value;
};

/// Those of a line, in their order. It refers to them.
class fields {
 public:
  fields() = default;
  fields(std::initializer_list<field> all)  // NOLINT: they are written {{"id", 3}}
      : first_{std::data(all)}, size_{all.size()} {}
  fields(const std::vector<field>& all) : first_{all.data()}, size_{all.size()} {}  // NOLINT

  const field* begin() const { return first_; }
  const field* end() const { return first_ + size_; }

 private:
  const field* first_ = nullptr;
  std::size_t size_ = 0;
};

/// Lines that may wait to be written.
inline constexpr std::size_t queue_capacity = 8192;

/// How long the end of the log waits for the reader of standard error.
inline constexpr std::chrono::seconds patience{2};

/// Lines of one kind, that is with one message, in a second; no more are written, unless everything
/// down to `debug` is. A stranger can cause most of them as often as they like.
inline constexpr std::uint32_t most_of_a_kind = 20;

/// Writes lines of `least` and above from now on, to standard error or to `out`, which must live
/// until `stop`. Before `start` nothing is written. Starting again changes level and place.
void start(log_level least);
void start(log_level least, std::ostream& out);

/// Writes what waits, tells how many lines were dropped if any were, and ends the log. What is not
/// read within `patience` is given up.
void stop();

/// Lines omitted since `start` because there were too many of their kind: the next one of it says
/// how many, `omitted=3`.
std::uint64_t omitted();

/// Lines dropped since `start` because they came faster than they could be written, or could not
/// be.
std::uint64_t dropped();

/// `level=info msg="source connected" id=3`. Values with blanks, quotes, `=`, backslashes or
/// control characters, and empty ones, are quoted and escaped as in JSON.
std::string format(log_level level, std::string_view message, fields all);

namespace detail {

inline constexpr int off = 100;
inline std::atomic<int> threshold{off};

void write(log_level level, std::string_view message, fields all);

}  // namespace detail

inline bool enabled(log_level level) {
  return static_cast<int>(level) >= detail::threshold.load(std::memory_order_relaxed);
}

inline void debug(std::string_view message, fields all = {}) {
  if (enabled(log_level::debug)) detail::write(log_level::debug, message, all);
}
inline void info(std::string_view message, fields all = {}) {
  if (enabled(log_level::info)) detail::write(log_level::info, message, all);
}
inline void warn(std::string_view message, fields all = {}) {
  if (enabled(log_level::warn)) detail::write(log_level::warn, message, all);
}
inline void error(std::string_view message, fields all = {}) {
  if (enabled(log_level::error)) detail::write(log_level::error, message, all);
}

}  // namespace skein::log
