/// Which part of a long sequence a position lies in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skein::cli {

/// Parts that follow each other without gaps, each known by where it starts. Finding one costs one
/// look-up by blocks of 64 positions and a few steps; parts are best about that long.
class position_index {
 public:
  /// Starts ascend; the first is 0. An empty part is not allowed.
  void push_back(std::uint32_t start) {
    starts_.push_back(start);
    for (; std::uint64_t{blocks_.size()} << shift <= start;) {
      const auto begin = std::uint64_t{blocks_.size()} << shift;
      const auto part = static_cast<std::uint32_t>(starts_.size() - 1);
      blocks_.push_back(begin == start || part == 0 ? part : part - 1);
    }
  }

  std::size_t size() const { return starts_.size(); }
  std::uint32_t start(std::size_t part) const { return starts_[part]; }

  /// The part that holds the position (the last part for any position after its start); there must
  /// be at least one part.
  std::uint32_t find(std::uint32_t position) const {
    const auto block = std::size_t{position} >> shift;
    auto part = block < blocks_.size() ? blocks_[block] : blocks_.back();
    while (part + 1 < starts_.size() && starts_[part + 1] <= position) ++part;
    return part;
  }

 private:
  static constexpr unsigned shift = 6;

  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> blocks_;  ///< the part that each 64th position lies in
};

}  // namespace skein::cli
