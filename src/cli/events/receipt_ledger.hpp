/// What a source knows about its lines from its receipts (docs/protocol.md).
///
/// Memory: 16 bytes for each line without a receipt; the refusals that are named, and a count for
/// each reason, both bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/events/event.hpp"

namespace skein::cli {

class receipt_ledger {
 public:
  /// A line, given without its end, was sent.
  void sent(std::string_view line);

  /// A line of the server has come. Returns the refusal that it tells, for example "7: duplicate".
  /// \throws std::runtime_error if it is no receipt
  std::optional<std::string> told(std::string_view line);

  /// Whether the server has answered that it gives receipts.
  bool begun() const { return epoch_.has_value(); }

  std::uint64_t lines() const { return lines_; }
  std::uint64_t open() const { return numbers_.size() + unnumbered_; }  ///< without a receipt
  std::uint64_t refused() const { return refused_; }
  std::uint64_t durable() const;

  /// "2 duplicate, 1 late"
  std::string reasons() const;
  /// "7 in epoch 1", the last that is durable; empty: none in this epoch.
  std::string last() const;

 private:
  struct open_line {
    core::sequence_number number;
    std::size_t length;
  };

  void refuse(core::sequence_number number, std::string_view reason);

  std::deque<open_line> numbers_;  ///< rising, equal ones too
  std::uint64_t unnumbered_ = 0;   ///< lines that name no number
  std::uint64_t lines_ = 0;
  std::uint64_t refused_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> reasons_;
  std::optional<std::uint64_t> epoch_;
  core::sequence_number last_ = 0;
};

}  // namespace skein::cli
