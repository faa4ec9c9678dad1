/// Streams one after the other at random, each over connections and requests that end, break off,
/// fall silent and repeat, with wrong numbers in between: each epoch is one stream, exactly.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/events/sequence.hpp"
#include "core/events/sequence_rig.hpp"
#include "support/events.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using test::numbers_between;

class stream_game {
 public:
  explicit stream_game(std::uint64_t seed) : random_(seed), rig_(options_for(random_)) {}

  void play() {
    for (int streams = random_.between(1, 6); streams != 0; --streams) {
      begin_stream();
      int attempts = random_.between(1, 6);
      do {
        attempt();
        if (::testing::Test::HasFatalFailure()) return;
        // The next one would be a new stream.
        if (is_over() && random_.one_in(2)) break;
      } while (--attempts > 0);
    }
  }

 private:
  struct silent_source {
    source_id id;
    epoch_number brought_to;  ///< 0: nothing
  };

  static sequence_options options_for(test::random_source& random) {
    sequence_options options;
    options.window = random.between<std::int64_t>(2, 30);
    return options;
  }

  /// As docs/protocol.md says it: of a daemon that runs, and of one that drains.
  bool is_over() const { return !interrupted_ && silent_.empty(); }
  bool is_over_at_the_end() const {
    return !interrupted_ && std::none_of(silent_.begin(), silent_.end(),
                                         [&](const auto& s) { return s.brought_to == epoch_; });
  }

  void begin_stream() {
    ++epoch_;
    last_ = random_.between<sequence_number>(2, 80);
    sent_ = 0;
    // Only a stream that begins after the end of another may begin like it.
    is_like_the_last_ = epoch_ != 1 && is_over() && random_.one_in(2);
    if (!is_like_the_last_) type_ = "|S|" + std::to_string(epoch_);
    interrupted_ = false;
    made_good_ = false;
  }

  /// One connection or request: it sends a part of the stream, from 1 or from somewhere below what
  /// is missing.
  void attempt() {
    // A request would repeat the stream before.
    const bool by_request = random_.one_in(4) && !(sent_ == 0 && is_like_the_last_);
    const bool may_begin_at_1 = sent_ == 0 || by_request || !is_over();
    sequence_number n = sent_ == 0 || (may_begin_at_1 && random_.one_in(2))
                            ? 1
                            : random_.between<sequence_number>(may_begin_at_1 ? 1 : 2, sent_ + 1);
    if (n > last_) return;
    const sequence_number end =
        std::max(random_.one_in(2) ? last_ : random_.between(n, last_), std::min(n + 1, last_));
    const source_id id = ++id_;
    rig_.open(id, by_request ? source_kind::request : source_kind::connection);
    while (n <= end) {
      const sequence_number count = random_.between<sequence_number>(1, 12);
      push(id, n, std::min(end, n + count - 1));
      n += count;
      if (random_.one_in(6)) wait(random_.between(0, 400) * 1ms);
    }
    const epoch_number brought_to = end > sent_ ? epoch_ : 0;
    sent_ = std::max(sent_, end);
    end_attempt({id, brought_to}, by_request);
    wait(3s);
    wait(500ms);  // for wrong numbers of those that had to wait
    while (!silent_.empty() && random_.one_in(3)) {
      break_off(silent_.front());
      silent_.erase(silent_.begin());
      wait(3s);
    }
    if (made_good_ && silent_.empty()) interrupted_ = false;
    ASSERT_EQ(rig_.sequence.epoch(), epoch_);
    ASSERT_EQ(rig_.released(epoch_), numbers_between(1, sent_));
    ASSERT_EQ(rig_.sequence.over(), is_over_at_the_end());
    ASSERT_EQ(rig_.sequence.held(), 0u);
    ASSERT_EQ(rig_.sequence.next_deadline(), never);
    ASSERT_EQ(rig_.sequence.counts().gaps, 0u);
    ASSERT_EQ(rig_.sequence.counts().late, 0u);
    ASSERT_EQ(rig_.taken(id), blocks_);
    for (const ordered_block& block : rig_.blocks()) {
      if (block.epoch != epoch_) continue;
      for (const event& e : block.events) {
        ASSERT_EQ(block.text_of(e), std::to_string(e.sequence) + type_ + "\n");
      }
    }
  }

  void end_attempt(const silent_source& source, bool by_request) {
    if (by_request) {
      rig_.close(source.id);
      interrupt(source);
    } else if (random_.one_in(3)) {
      silent_.push_back(source);
    } else if (random_.one_in(2)) {
      break_off(source);
    } else {
      rig_.close(source.id, source_end::finished);
      made_good_ = true;
    }
  }

  void break_off(const silent_source& source) {
    rig_.close(source.id, source_end::broken);
    interrupt(source);
  }

  void interrupt(const silent_source& source) {
    if (source.brought_to != epoch_) return;
    interrupted_ = true;
    made_good_ = false;
  }

  void push(source_id id, sequence_number first, sequence_number last) {
    std::vector<std::string> lines;
    for (sequence_number n = first; n <= last; ++n) lines.push_back(std::to_string(n) + type_);
    // Within the window, in any order.
    if (last - first < 3 && first != 1) std::shuffle(lines.begin(), lines.end(), random_.engine());
    if (sent_ > 0 && random_.one_in(8)) {
      lines.push_back(std::to_string(1000 * random_.between(1, 900)) + "|P|1|1");
    }
    blocks_ = first == 1 || id != pusher_ ? 1 : blocks_ + 1;
    pusher_ = id;
    rig_.push_lines(id, std::vector<std::string_view>(lines.begin(), lines.end()));
  }

  /// As a daemon that is quick, or one that is busy all the while.
  void wait(std::chrono::milliseconds time) {
    const time_point until = rig_.now + time;
    while (random_.one_in(2) && rig_.sequence.next_deadline() <= until) {
      rig_.pass(std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(
                                  rig_.sequence.next_deadline() - rig_.now)));
    }
    rig_.pass(std::chrono::ceil<std::chrono::milliseconds>(until - rig_.now));
    // What one decision leads to.
    for (int i = 0; i != 4 && rig_.sequence.next_deadline() <= rig_.now; ++i) rig_.pass(0ms);
  }

  test::random_source random_;
  sequence_rig rig_;
  source_id id_ = 0;
  source_id pusher_ = 0;
  std::ptrdiff_t blocks_ = 0;
  std::vector<silent_source> silent_;
  epoch_number epoch_ = 0;
  std::string type_;  ///< of the events
  sequence_number last_ = 0;
  sequence_number sent_ = 0;
  bool interrupted_ = false;
  bool made_good_ = false;
  bool is_like_the_last_ = false;
};

TEST(StreamsAtRandom, AreEachAnEpochHoweverTheirSourcesEnd) {
  const char* const more = std::getenv("SKEIN_SEEDS");
  const std::uint64_t seeds = more ? std::strtoull(more, nullptr, 10) : 300;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SKEIN_TRACE_SEED(seed);
    stream_game{seed}.play();
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace skein::core
