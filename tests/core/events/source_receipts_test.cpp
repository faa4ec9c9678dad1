#include "core/events/source_receipts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "core/events/sequence.hpp"
#include "support/events.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using test::block_of;

void take(source_receipts& r, const std::vector<sequence_number>& numbers, log_position position,
          epoch_number epoch = 1) {
  const event_block block = block_of(numbers);
  r.take(block, 0, block.events.size(), epoch, position);
}

TEST(SourceReceipts, TellTheEpochFirst) {
  source_receipts r{3};
  EXPECT_EQ(r.take_told(), "E|3\n");
  EXPECT_EQ(r.take_told(), "");
  EXPECT_TRUE(r.settled());
}

TEST(SourceReceipts, TellOnlyWhatIsDurableAndTheHighestOfIt) {
  source_receipts r{1};
  r.take_told();
  take(r, {1, 3, 2}, 12);
  r.settle({1, 1, 0});
  EXPECT_EQ(r.take_told(), "");
  r.settle({1, 3, 12});
  EXPECT_EQ(r.take_told(), "A|2\n");
  EXPECT_FALSE(r.settled());
  r.settle({1, 4, 16});
  EXPECT_EQ(r.take_told(), "A|3\n");
  EXPECT_TRUE(r.settled());
}

TEST(SourceReceipts, SpeakOnlyOfTheNumbersOfTheirSource) {
  source_receipts r{1};
  r.take_told();
  take(r, {2, 6}, 0);
  r.settle({1, 6, 20});
  EXPECT_EQ(r.take_told(), "A|2\n") << "3, 4 and 5 are of others";
}

TEST(SourceReceipts, WaitForAnEventThatWasTakenOutOfOrderToBeDurable) {
  source_receipts r{1};
  r.take_told();
  take(r, {5}, 40);  // late, and delivered: it stands behind the others
  r.settle({1, 9, 36});
  EXPECT_EQ(r.take_told(), "");
  r.settle({1, 9, 40});
  EXPECT_EQ(r.take_told(), "A|5\n");
}

TEST(SourceReceipts, TellWhatWasRefusedAndWaitForItNoLonger) {
  source_receipts r{1};
  r.take_told();
  take(r, {2, 900'000}, 0);
  EXPECT_TRUE(r.waits_for(1, 900'000));
  r.refuse(1, 900'000, "beyond", false);
  EXPECT_FALSE(r.waits_for(1, 900'000));
  r.refuse(1, 2, "duplicate", true);
  EXPECT_EQ(r.take_told(), "R|900000|beyond\nR|2|duplicate\n");
  EXPECT_FALSE(r.settled()) << "the 2 that came before is not durable yet";
}

TEST(SourceReceipts, TellOfANewEpochWhenTheOldOneIsSettled) {
  source_receipts r{1};
  r.take_told();
  take(r, {1}, 4);
  take(r, {2}, 8);
  r.begin(2);
  take(r, {1}, 12, 2);
  r.refuse(2, 1, "duplicate", true);
  r.settle({1, 2, 4});
  EXPECT_EQ(r.take_told(), "A|1\n");
  r.settle({2, 1, 8});
  EXPECT_EQ(r.take_told(), "A|2\nE|2\nR|1|duplicate\n");
  r.settle({2, 2, 12});
  EXPECT_EQ(r.take_told(), "A|1\n");
}

TEST(SourceReceipts, TellAnEpochOfWhichNothingComes) {
  source_receipts r{1};
  r.take_told();
  r.begin(2);
  r.begin(2);
  r.settle({2, 1, 0});
  EXPECT_EQ(r.take_told(), "E|2\n");
}

/// Several sources play anything; the disk lags behind. What is told is looked at with the numbers
/// of each source, and what has become of each.
TEST(SourceReceipts, NeverClaimMoreThanIsTrueAndInTheEndAll) {
  const auto seed = std::random_device{}();
  for (unsigned round = 0; round != 60; ++round) {
    SKEIN_TRACE_SEED(seed + round);
    test::random_source random{seed + round};
    sequence_options options;
    options.window = random.between(1, 20);
    options.on_gap = random.between(0, 1) == 0 ? gap_policy::skip : gap_policy::wait;
    options.on_restart = restart_policy::off;
    sequence all{options, line_ending::lf};
    all.keep_accounts(true);
    time_point now{std::chrono::hours{1}};
    struct one {
      source_receipts told{1};
      std::set<sequence_number> sent;
      sequence_number highest = 0;
    };
    std::map<source_id, one> sources;
    for (source_id id = 1; id != 4; ++id) {
      all.open(id, source_kind::connection);
      sources[id];
    }
    std::deque<sequence_place> recorded;
    sequence_place durable;
    const auto keep = [&](sequence_output& out) {
      for (const auto& account : out.accounts) {
        if (account.events) {
          sources[account.source].told.take(*account.events, account.first, account.last,
                                            account.epoch, account.position);
        }
        for (const auto& e : account.refused) {
          for (auto& [id, s] : sources) {
            const bool own = e.why != refusal::beyond && id == account.source;
            const bool any = e.why == refusal::beyond && s.told.waits_for(1, e.sequence);
            if (!own && !any) continue;
            s.told.refuse(1, e.sequence, name_of(e.why), e.why == refusal::duplicate);
          }
        }
      }
      recorded.push_back({all.epoch(), all.next(), all.position()});
    };
    const auto look = [&] {
      for (auto& [id, s] : sources) {
        s.told.settle(durable);
        std::istringstream lines{s.told.take_told()};
        for (std::string line; std::getline(lines, line);) {
          if (line.substr(0, 2) != "A|") continue;
          const sequence_number upto = std::stoll(line.substr(2));
          EXPECT_LT(upto, durable.next);
          EXPECT_TRUE(s.sent.count(upto) != 0) << "its own number";
          EXPECT_GE(upto, s.highest);
          s.highest = upto;
        }
      }
    };
    const int last = random.between(20, 200);
    for (int n = 1; n <= last;) {
      const auto id = static_cast<source_id>(random.between(1, 3));
      std::vector<sequence_number> numbers;
      for (int k = random.between(1, 5); k != 0; --k) {
        const int kind = random.between(0, 9);
        numbers.push_back(kind == 0   ? random.between(1, n)
                          : kind == 1 ? n + random.between(1, 30)
                                      : n++);
      }
      sources[id].sent.insert(numbers.begin(), numbers.end());
      sequence_output out;
      all.push(id, test::shared_block_of(numbers), now, out);
      keep(out);
      while (!recorded.empty() && random.between(0, 2) != 0) {
        durable = recorded.front();
        recorded.pop_front();
      }
      look();
    }
    // What is missing comes, and the disk.
    for (int turn = 0; turn != 3; ++turn) {
      std::vector<sequence_number> numbers;
      for (sequence_number n = all.next(); n <= last + 40; ++n) numbers.push_back(n);
      sequence_output out;
      const source_id id = 4 + static_cast<source_id>(turn);
      all.open(id, source_kind::connection);
      sources[id].sent.insert(numbers.begin(), numbers.end());
      all.push(id, test::shared_block_of(numbers), now, out);
      keep(out);
      now += options.gap_timeout;
      sequence_output later;
      all.advance(now, later);
      keep(later);
    }
    durable = recorded.back();
    look();
    for (auto& [id, s] : sources) {
      EXPECT_TRUE(s.told.settled()) << "source " << id << " round " << round;
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace skein::core
