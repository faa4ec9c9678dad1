/// A sequence with a clock that stands still, and what it has brought forth so far.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "core/sequence.hpp"
#include "support/events.hpp"

namespace skein::core {

class sequence_rig {
 public:
  using numbers = std::vector<sequence_number>;

  explicit sequence_rig(const sequence_options& options) : sequence(options, line_ending::lf) {}

  void open(source_id source) { sequence.open(source, now, out_); }
  void close(source_id source) { sequence.close(source, now, out_); }
  void push(source_id source, const numbers& n) {
    sequence.push(source, test::shared_block_of(n), now, out_);
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    sequence.advance(now, out_);
  }
  void release_all() { sequence.release_all(now, out_); }

  /// Released in `epoch`, in order.
  numbers released(epoch_number epoch = 1) const {
    numbers all;
    for (const ordered_block& block : out_.blocks) {
      if (block.epoch != epoch) continue;
      for (const event& e : block.events) all.push_back(e.sequence);
    }
    return all;
  }

  /// Blocks of `source` that were taken.
  std::ptrdiff_t taken(source_id source) const {
    return std::count(out_.taken.begin(), out_.taken.end(), source);
  }

  bool texts_are_intact() const {
    return std::all_of(out_.blocks.begin(), out_.blocks.end(), [](const ordered_block& block) {
      return test::texts_are_intact(block, "\n");
    });
  }

  time_point now = time_point{} + std::chrono::hours{1};
  core::sequence sequence;

 private:
  sequence_output out_;
};

}  // namespace skein::core
