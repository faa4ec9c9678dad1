#include "cli/events/receipt_ledger.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <stdexcept>

#include "core/events/event_line.hpp"

namespace skein::cli {

namespace {

// An event without leading zeros is shorter.
constexpr std::size_t longest_usual_line = 64;
constexpr std::size_t most_reasons = 32;

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end ||
      value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return std::nullopt;
  }
  return value;
}

[[noreturn]] void fail(std::string_view line) {
  constexpr std::string_view refusal = "ERR ";
  const bool refuses = line.substr(0, refusal.size()) == refusal;
  throw std::runtime_error{
      refuses
          ? "the server says: " + std::string{line.substr(refusal.size())} + " (see --no-receipts)"
          : "the server does not speak of receipts (see --no-receipts), but says: " +
                std::string{line}};
}

}  // namespace

void receipt_ledger::sent(std::string_view line) {
  ++lines_;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const auto number = core::parse_event(line).value.sequence;
  if (number == 0) {
    ++unnumbered_;
    return;
  }
  const auto at = numbers_.empty() || numbers_.back().number <= number
                      ? numbers_.end()
                      : std::upper_bound(numbers_.begin(), numbers_.end(), number,
                                         [](auto n, const open_line& o) { return n < o.number; });
  numbers_.insert(at, {number, line.size()});
}

std::optional<std::string> receipt_ledger::told(std::string_view line) {
  if (line.size() < 3 || line[1] != '|') fail(line);
  const char kind = line[0];
  const auto fields = line.substr(2);
  const auto bar = fields.find('|');
  const auto number = read_number(fields.substr(0, bar));
  const bool has_reason = bar != fields.npos && bar + 1 != fields.size();
  if (!number || has_reason != (kind == 'R') || (kind != 'E' && !begun())) fail(line);
  switch (kind) {
    case 'E':
      epoch_ = *number;
      last_ = 0;
      return std::nullopt;
    case 'A':
      last_ = static_cast<core::sequence_number>(*number);
      while (!numbers_.empty() && numbers_.front().number <= last_) numbers_.pop_front();
      return std::nullopt;
    case 'R':
      refuse(static_cast<core::sequence_number>(*number), fields.substr(bar + 1));
      return std::to_string(*number) + ": " + std::string{fields.substr(bar + 1)};
    default:
      fail(line);
  }
}

void receipt_ledger::refuse(core::sequence_number number, std::string_view reason) {
  ++refused_;
  const auto known = reasons_.find(reason);
  if (known != reasons_.end()) {
    ++known->second;
  } else {
    ++reasons_[reasons_.size() < most_reasons ? std::string{reason} : "for other reasons"];
  }
  if (number == 0 && reason == core::name_of(core::malformed::line_too_long)) {
    // The receipt does not say which line; it may name a number.
    const auto longest =
        std::max_element(numbers_.begin(), numbers_.end(),
                         [](const auto& a, const auto& b) { return a.length < b.length; });
    if (longest != numbers_.end() && longest->length > longest_usual_line) {
      numbers_.erase(longest);
      return;
    }
  }
  if (number == 0) {
    unnumbered_ -= unnumbered_ != 0 ? 1 : 0;
    return;
  }
  const auto at = std::lower_bound(numbers_.begin(), numbers_.end(), number,
                                   [](const open_line& o, auto n) { return o.number < n; });
  if (at != numbers_.end() && at->number == number) numbers_.erase(at);
}

std::uint64_t receipt_ledger::durable() const {
  const auto others = refused_ + open();
  return lines_ - std::min(lines_, others);
}

std::string receipt_ledger::reasons() const {
  std::string result;
  for (const auto& [reason, lines] : reasons_) {
    if (!result.empty()) result += ", ";
    result += std::to_string(lines) + " " + reason;
  }
  return result;
}

std::string receipt_ledger::last() const {
  if (last_ == 0) return {};
  return std::to_string(last_) + " in epoch " + std::to_string(*epoch_);
}

}  // namespace skein::cli
