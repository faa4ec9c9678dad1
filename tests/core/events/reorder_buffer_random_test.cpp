#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/events/reorder_buffer.hpp"
#include "support/events.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using test::random_source;
using numbers = std::vector<sequence_number>;

/// 1..count, each at most `window` from where it would be next.
numbers shuffled_within(std::int64_t window, sequence_number count, random_source& random) {
  numbers all;
  std::vector<sequence_number> open;
  sequence_number first_open = 1;
  for (sequence_number n = 1; n <= count || !open.empty();) {
    while (n <= count && n - first_open <= window) open.push_back(n++);
    // Sometimes the one that all wait for, so that the window moves.
    const std::size_t i = random.one_in(4) ? 0 : random.between<std::size_t>(0, open.size() - 1);
    all.push_back(open[i]);
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
    first_open = open.empty() ? n : std::min(n, open.front());
  }
  return all;
}

TEST(ReorderBufferAtRandom, PutsEveryPermutationWithinTheWindowInExactOrder) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SKEIN_TRACE_SEED(seed);
    random_source random{seed};
    sequence_options options;
    options.window = random.between<std::int64_t>(1, 600);
    options.max_jump = options.window + random.between<std::int64_t>(0, 100);
    options.on_gap = random.one_in(2) ? gap_policy::wait : gap_policy::skip;
    const sequence_number count = random.between<sequence_number>(1, 3000);
    const numbers input = shuffled_within(options.window, count, random);
    ASSERT_EQ(input.size(), static_cast<std::size_t>(count));
    reorder_buffer buffer{options, line_ending::lf};
    event_block out;
    for (std::size_t i = 0; i != input.size();) {
      const std::size_t n = std::min(random.between<std::size_t>(1, 200), input.size() - i);
      const auto first = input.begin() + static_cast<std::ptrdiff_t>(i);
      const auto block = test::block_of(numbers(first, first + static_cast<std::ptrdiff_t>(n)));
      ASSERT_EQ(buffer.push(block, 0, time_point{}, out), n);
      ASSERT_LE(buffer.held(), static_cast<std::size_t>(options.window));
      i += n;
    }
    ASSERT_EQ(test::numbers_of(out), test::numbers_between(1, count));
    ASSERT_TRUE(test::texts_are_intact(out, "\n"));
    ASSERT_EQ(buffer.counts().gaps + buffer.counts().late + buffer.counts().duplicate, 0u);
  }
}

// Numbers that nothing is near: whatever they are, the stream does not suffer.
TEST(ReorderBufferAtRandom, LosesNothingByNumbersFarAheadThatAreAlone) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SKEIN_TRACE_SEED(seed);
    random_source random{seed};
    sequence_options options;
    options.window = random.between<std::int64_t>(1, 100);
    options.max_jump = 1'000'000;
    options.gap_timeout = 20ms;
    options.on_gap = random.one_in(2) ? gap_policy::wait : gap_policy::skip;
    const sequence_number count = 1000;
    const numbers stream = shuffled_within(options.window, count, random);
    reorder_buffer buffer{options, line_ending::lf};
    event_block out;
    time_point now{};
    std::set<sequence_number> wrong;
    for (std::size_t i = 0; i != stream.size();) {
      numbers input;
      for (std::size_t n = random.between<std::size_t>(1, 30); n != 0 && i != stream.size(); --n) {
        input.push_back(stream[i++]);
        // The stream has begun, or one could be taken for the place where it is joined.
        if (buffer.next() == 1 || wrong.size() == 60 || !random.one_in(20)) continue;
        const auto far = count + 300 * random.between<sequence_number>(1, 1000);
        if (wrong.insert(far).second) input.push_back(far);
      }
      ASSERT_EQ(buffer.push(test::block_of(input), 0, now, out), input.size());
      now += 1ms;
      if (random.one_in(2)) buffer.refuse_overdue(now);
    }
    ASSERT_EQ(test::numbers_of(out), test::numbers_between(1, count));
    ASSERT_EQ(buffer.counts().gaps + buffer.counts().duplicate + buffer.counts().late, 0u);
    ASSERT_EQ(buffer.counts().beyond + buffer.held(), wrong.size());
    if (options.on_gap == gap_policy::skip) {
      buffer.advance(now + 20ms, out);
      ASSERT_EQ(buffer.counts().beyond, wrong.size());
    }
  }
}

TEST(ReorderBufferAtRandom, AccountsForEveryEventExactlyOnce) {
  for (std::uint64_t seed = 1; seed <= 80; ++seed) {
    SKEIN_TRACE_SEED(seed);
    random_source random{seed};
    sequence_options options;
    options.window = random.between<std::int64_t>(1, 100);
    options.max_jump = options.window + random.between<std::int64_t>(0, 200);
    options.gap_timeout = 20ms;
    options.on_gap = random.one_in(3) ? gap_policy::wait : gap_policy::skip;
    options.on_late = random.one_in(2) ? late_policy::deliver : late_policy::drop;
    reorder_buffer buffer{options, line_ending::lf};
    event_block out;
    time_point now{};
    std::uint64_t taken = 0;
    for (int step = 0; step != 400; ++step) {
      numbers input;
      for (int i = random.between(0, 20); i != 0; --i) {
        const auto ahead = random.one_in(10) ? random.between<std::int64_t>(-100, 400)
                                             : random.between<std::int64_t>(-3, 12);
        input.push_back(std::max<sequence_number>(1, buffer.next() + ahead));
      }
      const auto block = test::block_of(input);
      taken += buffer.push(block, 0, now, out);
      now += std::chrono::milliseconds{random.between(0, 10)};
      if (random.one_in(2)) {
        buffer.advance(now, out);
        ASSERT_GT(buffer.next_deadline(), now);
      }
      const reorder_counts& counts = buffer.counts();
      const bool late_is_released = options.on_late == late_policy::deliver;
      ASSERT_EQ(counts.released, out.events.size());
      ASSERT_EQ(taken, counts.released + counts.duplicate + counts.beyond + buffer.held() +
                           (late_is_released ? 0 : counts.late));
      ASSERT_LE(buffer.held(), static_cast<std::size_t>(options.window) + 64);
      // Every number passed was released or lies in a gap given up.
      const std::uint64_t in_turn = counts.released - (late_is_released ? counts.late : 0);
      ASSERT_EQ(static_cast<std::uint64_t>(buffer.next() - 1), in_turn + counts.missing);
    }
    ASSERT_TRUE(test::texts_are_intact(out, "\n"));
    const numbers released = test::numbers_of(out);
    const std::set<sequence_number> distinct(released.begin(), released.end());
    ASSERT_EQ(distinct.size(), released.size()) << "released twice";
    if (options.on_late == late_policy::drop) {
      ASSERT_TRUE(std::is_sorted(released.begin(), released.end()));
    }
  }
}

}  // namespace
}  // namespace skein::core
