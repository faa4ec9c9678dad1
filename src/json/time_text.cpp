#include "json/time_text.hpp"

#include <algorithm>
#include <cstdint>

namespace skein::api {
namespace {

constexpr std::int64_t day = 86'400'000;  // milliseconds

/// Days since 1970-01-01. H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
constexpr std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t d) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + d - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

struct date {
  std::int64_t year, month, day;
};

/// The same, back.
constexpr date date_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t m = (5 * day_of_year + 2) / 153;
  const std::int64_t month = m < 10 ? m + 3 : m - 9;
  return {year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * m + 2) / 5 + 1};
}

constexpr core::wall_time first_time = days_of(0, 1, 1) * day;
constexpr core::wall_time last_time = days_of(10'000, 1, 1) * day - 1;

constexpr std::int64_t days_in(std::int64_t year, std::int64_t month) {
  return days_of(month == 12 ? year + 1 : year, month % 12 + 1, 1) - days_of(year, month, 1);
}

/// Reads from the front of a text. Once something is wrong, it stays so.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_{text} {}

  bool ok = true;

  std::int64_t digits(std::size_t n, std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    ok = ok && rest_.size() >= n;
    for (std::size_t i = 0; ok && i != n; ++i) {
      ok = rest_[i] >= '0' && rest_[i] <= '9';
      value = value * 10 + (rest_[i] - '0');
    }
    ok = ok && value >= least && value <= most;
    if (ok) rest_.remove_prefix(n);
    return value;
  }
  bool one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == characters.npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(std::string_view characters) { ok = ok && one_of(characters); }
  bool at_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// `value` < 10^n.
void append_digits(std::string& out, std::int64_t value, std::size_t n) {
  const std::size_t begin = out.size();
  out.resize(begin + n);
  for (std::size_t i = begin + n; i-- != begin; value /= 10)
    out[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::optional<core::wall_time> time_in(std::string_view text) {
  scanner in{text};
  const auto year = in.digits(4, 0, 9999);
  in.need("-");
  const auto month = in.digits(2, 1, 12);
  in.need("-");
  const auto d = in.digits(2, 1, 31);
  in.need("Tt");
  const auto hour = in.digits(2, 0, 23);
  in.need(":");
  const auto minute = in.digits(2, 0, 59);
  in.need(":");
  const auto second = in.digits(2, 0, 60);
  std::int64_t fraction = 0;
  if (in.ok && in.one_of(".")) {
    in.ok = in.at_digit();
    for (std::int64_t unit = 100; in.at_digit(); unit /= 10) fraction += unit * in.digits(1, 0, 9);
  }
  std::int64_t offset = 0;  // minutes
  if (in.ok && !in.one_of("Zz")) {
    const bool behind = in.one_of("-");
    if (!behind) in.need("+");
    offset = in.digits(2, 0, 23) * 60;
    in.need(":");
    offset += in.digits(2, 0, 59);
    if (behind) offset = -offset;
  }
  if (!in.ok || !in.at_end() || d > days_in(year, month)) return {};
  return days_of(year, month, d) * day + (((hour * 60 + minute - offset) * 60) + second) * 1000 +
         fraction;
}

std::string time_text(core::wall_time time) {
  time = std::clamp(time, first_time, last_time);
  const std::int64_t days = (time >= 0 ? time : time - day + 1) / day;
  const std::int64_t rest = time - days * day;
  const date on = date_of(days);
  std::string text;
  text.reserve(24);
  append_digits(text, on.year, 4);
  text += '-';
  append_digits(text, on.month, 2);
  text += '-';
  append_digits(text, on.day, 2);
  text += 'T';
  append_digits(text, rest / 3'600'000, 2);
  text += ':';
  append_digits(text, rest / 60'000 % 60, 2);
  text += ':';
  append_digits(text, rest / 1000 % 60, 2);
  text += '.';
  append_digits(text, rest % 1000, 3);
  text += 'Z';
  return text;
}

}  // namespace skein::api
