/// A sequence with a clock that stands still, and what it has brought forth so far. Each call has
/// an output of its own, as in the daemon.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/events/sequence.hpp"
#include "support/events.hpp"

namespace skein::core {

class sequence_rig {
 public:
  using numbers = std::vector<sequence_number>;

  explicit sequence_rig(const sequence_options& options, const sequence_start& start = {},
                        line_ending ending = line_ending::lf)
      : sequence(options, ending, start) {}

  void open(source_id source, source_kind kind = source_kind::connection) {
    sequence.open(source, kind);
  }
  void close(source_id source, source_end how = source_end::finished) {
    keep([&](sequence_output& out) { sequence.close(source, how, now, out); });
  }
  /// A broadcast for each number.
  void push(source_id source, const numbers& n) { push_block(source, test::block_of(n)); }
  void push_lines(source_id source, const std::vector<std::string_view>& lines) {
    event_block block;
    for (const std::string_view line : lines) test::append_line(block, line);
    push_block(source, std::move(block));
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    keep([&](sequence_output& out) { sequence.advance(now, out); });
  }
  void begin_epoch() {
    keep([&](sequence_output& out) { sequence.begin_epoch(now, out); });
  }
  void release_all() {
    keep([&](sequence_output& out) { sequence.release_all(now, out); });
  }

  const std::vector<ordered_block>& blocks() const { return blocks_; }

  /// Released in `epoch`, in order.
  numbers released(epoch_number epoch = 1) const {
    numbers all;
    for (const ordered_block& block : blocks_) {
      if (block.epoch != epoch) continue;
      for (const event& e : block.events) all.push_back(e.sequence);
    }
    return all;
  }

  /// Blocks of `source` that were taken.
  std::ptrdiff_t taken(source_id source) const {
    return std::count(taken_.begin(), taken_.end(), source);
  }

  bool texts_are_intact() const {
    return std::all_of(blocks_.begin(), blocks_.end(), [](const ordered_block& block) {
      return test::texts_are_intact(block, text_of(block.ending));
    });
  }

  time_point now = time_point{} + std::chrono::hours{1};
  core::sequence sequence;

 private:
  void push_block(source_id source, event_block block) {
    auto shared = std::make_shared<const event_block>(std::move(block));
    keep([&](sequence_output& out) { sequence.push(source, std::move(shared), now, out); });
  }

  template <class call>
  void keep(call c) {
    sequence_output out;
    c(out);
    std::move(out.blocks.begin(), out.blocks.end(), std::back_inserter(blocks_));
    taken_.insert(taken_.end(), out.taken.begin(), out.taken.end());
  }

  std::vector<ordered_block> blocks_;
  std::vector<source_id> taken_;
};

}  // namespace skein::core
