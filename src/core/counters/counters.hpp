/// What is counted, as the table says. Every actor counts for itself and reports differences; the
/// statistics collector knows the sums.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "core/counters/table.hpp"
#include "core/events/event.hpp"
#include "core/events/event_line.hpp"

namespace skein::core {

enum class counter : std::uint8_t {
#define SKEIN_ROW(name, ...) name,
  SKEIN_COUNTERS(SKEIN_ROW)
#undef SKEIN_ROW
};

/// What tells the numbers of one counter apart.
enum class counter_labels : std::uint8_t { none, event_kind, malformed };
enum class counter_kind : std::uint8_t { counter, gauge };
enum class counter_plane : std::uint8_t { events, topics, store, doors, daemon };

struct counter_row {
  counter id;
  std::string_view name;
  counter_labels labels;
  std::string_view unit;
  counter_kind kind;
  counter_plane plane;
  std::string_view help;
};

inline constexpr counter_row counter_table[] = {
#define SKEIN_ROW(name, labels, unit, kind, plane, help)                          \
  {counter::name,        #name, counter_labels::labels, unit, counter_kind::kind, \
   counter_plane::plane, help},
    SKEIN_COUNTERS(SKEIN_ROW)
#undef SKEIN_ROW
};

constexpr const counter_row& row_of(counter c) {
  return counter_table[static_cast<std::size_t>(c)];
}

/// How many numbers there are for each of them; 1 without labels.
constexpr std::size_t size_of(counter_labels labels) {
  if (labels == counter_labels::event_kind) return event_kinds;
  if (labels == counter_labels::malformed) return malformed_reasons;
  return 1;
}

/// What the labels are, as in `malformed_by_reason`. \pre there are some
constexpr std::string_view name_of(counter_labels labels) {
  return labels == counter_labels::malformed ? "reason" : "kind";
}

/// \pre label < size_of(labels), and there are some
std::string_view name_of(counter_labels labels, std::size_t label);

/// Numbers, one for each counter and label. Sums are modulo 2^64, so that a difference may be ///
/// negative.
class counts {
 public:
  using value = std::uint64_t;

  counts() = default;
  counts(std::initializer_list<std::pair<counter, value>> all);

  /// \pre the counter has no labels
  value& operator[](counter c) { return numbers_[begin_of(c)]; }
  value operator[](counter c) const { return numbers_[begin_of(c)]; }

  /// \pre label < size_of(row_of(c).labels)
  value& at(counter c, std::size_t label) { return numbers_[begin_of(c) + label]; }
  value at(counter c, std::size_t label) const { return numbers_[begin_of(c) + label]; }

  /// Of all labels.
  value sum(counter c) const;

  counts& operator+=(const counts& other);
  bool operator==(const counts& other) const { return numbers_ == other.numbers_; }
  bool operator!=(const counts& other) const { return numbers_ != other.numbers_; }

 private:
  static constexpr auto begins = [] {
    std::array<std::size_t, std::size(counter_table)> all{};
    for (std::size_t i = 1; i != all.size(); ++i) {
      all[i] = all[i - 1] + size_of(counter_table[i - 1].labels);
    }
    return all;
  }();
  static constexpr std::size_t begin_of(counter c) { return begins[static_cast<std::size_t>(c)]; }

  std::array<value, begins.back() + size_of(counter_table[begins.size() - 1].labels)> numbers_{};
};

/// For a gauge: this many have gone.
constexpr counts::value minus(counts::value n) {
  return counts::value{0} - n;
}

}  // namespace skein::core
