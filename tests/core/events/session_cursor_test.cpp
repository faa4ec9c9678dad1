#include "core/events/session_cursor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "support/random.hpp"

namespace skein::core {

bool operator==(const session_cursor::place& a, const session_cursor::place& b) {
  return a.epoch == b.epoch && a.number == b.number;
}
std::ostream& operator<<(std::ostream& out, const session_cursor::place& p) {
  return out << '(' << p.epoch << ", " << p.number << ')';
}

namespace {

using place = session_cursor::place;
using outcome = session_cursor::outcome;

TEST(SessionCursor, KnowsEverythingUpToWhereItBegins) {
  const session_cursor cursor{{2, 10}};
  EXPECT_EQ(cursor.acknowledged(), (place{2, 10}));
  EXPECT_EQ(cursor.last(), (place{2, 10}));
  EXPECT_TRUE(cursor.covers(1, 1'000'000));
  EXPECT_TRUE(cursor.covers(2, 10));
  EXPECT_FALSE(cursor.covers(2, 11));
  EXPECT_FALSE(cursor.covers(3, 1));
}

TEST(SessionCursor, CoversWhatWasSentOrAcknowledged) {
  session_cursor cursor{{1, 0}};
  cursor.sent(1, 10);
  EXPECT_TRUE(cursor.covers(1, 10));
  EXPECT_FALSE(cursor.covers(1, 11));
  cursor.sent(1, 4);
  EXPECT_TRUE(cursor.covers(1, 10));
  cursor.sent(2, 3);
  EXPECT_TRUE(cursor.covers(1, 11));
  EXPECT_TRUE(cursor.covers(2, 3));
  EXPECT_FALSE(cursor.covers(2, 4));
}

TEST(SessionCursor, TakesAnAcknowledgementForAllUpToIt) {
  session_cursor cursor{{1, 0}};
  cursor.sent(1, 10);
  EXPECT_EQ(cursor.acknowledge(4), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{1, 4}));
  EXPECT_EQ(cursor.acknowledge(10), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{1, 10}));
}

TEST(SessionCursor, TakesNumbersThatWereNotTheirsToo) {
  // A client acknowledges what it has seen of the stream, not each line of its own.
  session_cursor cursor{{1, 0}};
  cursor.sent(1, 10);
  EXPECT_EQ(cursor.acknowledge(7), outcome::moved);
}

TEST(SessionCursor, KnowsWhatWasAcknowledgedBefore) {
  session_cursor cursor{{1, 3}};
  EXPECT_EQ(cursor.acknowledge(3), outcome::old);
  cursor.sent(1, 10);
  EXPECT_EQ(cursor.acknowledge(2), outcome::old);
  EXPECT_EQ(cursor.acknowledge(8), outcome::moved);
  EXPECT_EQ(cursor.acknowledge(8), outcome::old);
  EXPECT_EQ(cursor.acknowledged(), (place{1, 8}));
}

TEST(SessionCursor, IsNotMovedBeyondWhatWasSent) {
  session_cursor cursor{{1, 3}};
  EXPECT_EQ(cursor.acknowledge(4), outcome::beyond);
  cursor.sent(1, 10);
  EXPECT_EQ(cursor.acknowledge(11), outcome::beyond);
  EXPECT_EQ(cursor.acknowledged(), (place{1, 3}));
  EXPECT_EQ(cursor.acknowledge(10), outcome::moved);
  EXPECT_EQ(cursor.acknowledge(11), outcome::beyond);
}

TEST(SessionCursor, TakesANumberForTheOldestEpochOfWhichSomethingIsOpen) {
  session_cursor cursor{{1, 0}};
  cursor.sent(1, 5);
  cursor.sent(2, 5);
  EXPECT_EQ(cursor.acknowledge(3), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{1, 3}));
  EXPECT_EQ(cursor.acknowledge(2), outcome::old);
  EXPECT_EQ(cursor.acknowledge(5), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{1, 5}));
  EXPECT_EQ(cursor.acknowledge(2), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{2, 2}));
}

TEST(SessionCursor, TakesANumberThatOnlyALaterEpochHasForThatOne) {
  session_cursor cursor{{1, 0}};
  cursor.sent(1, 5);
  cursor.sent(2, 3);
  cursor.sent(3, 9);
  EXPECT_EQ(cursor.acknowledge(7), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{3, 7}));
  EXPECT_EQ(cursor.acknowledge(5), outcome::old);
}

TEST(SessionCursor, GoesOnWithTheNextEpochWhenNothingIsOpenOfOne) {
  session_cursor cursor{{1, 100}};
  cursor.sent(2, 4);
  EXPECT_EQ(cursor.acknowledge(100), outcome::beyond);
  EXPECT_EQ(cursor.acknowledge(4), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{2, 4}));
}

TEST(SessionCursor, DoesNotAskAgainForWhatIsSentOnceMore) {
  session_cursor cursor{{2, 8}};
  cursor.sent(1, 50);
  cursor.sent(2, 8);
  EXPECT_EQ(cursor.acknowledge(50), outcome::beyond);
  EXPECT_EQ(cursor.acknowledge(8), outcome::old);
  cursor.sent(2, 9);
  cursor.sent(2, 6);  // after an interruption it is sent from further back
  EXPECT_EQ(cursor.acknowledge(9), outcome::moved);
}

TEST(SessionCursor, RemembersTheHighestPlaceThatWasSent) {
  session_cursor cursor{{1, 5}};
  cursor.sent(1, 3);
  EXPECT_EQ(cursor.last(), (place{1, 5}));
  cursor.sent(1, 9);
  EXPECT_EQ(cursor.last(), (place{1, 9}));
  cursor.sent(2, 1);
  EXPECT_EQ(cursor.last(), (place{2, 1}));
  cursor.sent(1, 20);
  EXPECT_EQ(cursor.last(), (place{2, 1}));
  cursor.acknowledge(9);
  EXPECT_EQ(cursor.last(), (place{2, 1}));
}

TEST(SessionCursor, TakesTheNumberThatWasSaidLastForARepetition) {
  session_cursor cursor{{1, 0}};
  cursor.sent(1, 5);
  EXPECT_EQ(cursor.acknowledge(5), outcome::moved);
  cursor.sent(2, 10);
  EXPECT_EQ(cursor.acknowledge(5), outcome::old);
  EXPECT_EQ(cursor.acknowledged(), (place{1, 5}));
  EXPECT_EQ(cursor.acknowledge(6), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{2, 6}));
  EXPECT_EQ(cursor.acknowledge(5), outcome::old);
}

TEST(SessionCursor, TakesALowerNumberForTheNextEpochOnceNothingElseIsOpen) {
  session_cursor cursor{{1, 0}};
  cursor.sent(1, 5);
  EXPECT_EQ(cursor.acknowledge(5), outcome::moved);
  cursor.sent(2, 10);
  EXPECT_EQ(cursor.acknowledge(4), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{2, 4}));
  EXPECT_EQ(cursor.acknowledge(5), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{2, 5}));
}

TEST(SessionCursor, TakesAClientAtItsWordThatNamesTheEpoch) {
  session_cursor cursor{{1, 2}};
  cursor.sent(1, 5);
  cursor.sent(3, 10);
  EXPECT_EQ(cursor.acknowledge({1, 5}), outcome::moved);
  EXPECT_EQ(cursor.acknowledge({1, 5}), outcome::old);
  EXPECT_EQ(cursor.acknowledge({1, 4}), outcome::old);
  EXPECT_EQ(cursor.acknowledge({1, 6}), outcome::beyond);
  EXPECT_EQ(cursor.acknowledge({2, 0}), outcome::beyond);
  EXPECT_EQ(cursor.acknowledge({3, 11}), outcome::beyond);
  EXPECT_EQ(cursor.acknowledge({4, 1}), outcome::beyond);
  EXPECT_EQ(cursor.acknowledged(), (place{1, 5}));
  EXPECT_EQ(cursor.acknowledge({3, 5}), outcome::moved);
  EXPECT_EQ(cursor.acknowledge({3, 5}), outcome::old);
  EXPECT_EQ(cursor.acknowledge({3, 10}), outcome::moved);
  EXPECT_EQ(cursor.acknowledged(), (place{3, 10}));
}

TEST(SessionCursor, ForgetsTheOldestOfTooManyOpenEpochs) {
  session_cursor cursor{{1, 0}};
  constexpr epoch_number epochs = session_cursor::most_epochs + 10;
  const auto last_of = [](epoch_number e) { return sequence_number{4 + e % 2}; };
  for (epoch_number e = 1; e <= epochs; ++e) cursor.sent(e, last_of(e));
  EXPECT_EQ(cursor.last(), (place{epochs, last_of(epochs)}));
  for (epoch_number e = 11; e <= epochs; ++e) {
    EXPECT_EQ(cursor.acknowledge(last_of(e)), outcome::moved);
    EXPECT_EQ(cursor.acknowledged(), (place{e, last_of(e)}));
  }
  EXPECT_EQ(cursor.acknowledge(last_of(epochs)), outcome::old);
}

/// Every number that was sent, by itself.
class naive_cursor {
 public:
  explicit naive_cursor(place acknowledged) : acknowledged_(acknowledged) {}

  void sent(epoch_number epoch, sequence_number number) {
    sent_[epoch] = std::max(sent_[epoch], number);
  }
  outcome acknowledge(sequence_number number) {
    if (said_ == number) return outcome::old;
    for (const auto& [epoch, upto] : sent_) {
      const bool open = epoch > acknowledged_.epoch ||
                        (epoch == acknowledged_.epoch && upto > acknowledged_.number);
      if (!open) continue;
      if (epoch == acknowledged_.epoch && number <= acknowledged_.number) return outcome::old;
      if (number > upto) continue;
      acknowledged_ = {epoch, number};
      said_ = number;
      return outcome::moved;
    }
    const auto last =
        sent_.empty() ? place{} : place{sent_.rbegin()->first, sent_.rbegin()->second};
    const bool open = last.epoch > acknowledged_.epoch ||
                      (last.epoch == acknowledged_.epoch && last.number > acknowledged_.number);
    return !open && number <= acknowledged_.number ? outcome::old : outcome::beyond;
  }
  place acknowledged() const { return acknowledged_; }

 private:
  place acknowledged_;
  sequence_number said_ = -1;
  std::map<epoch_number, sequence_number> sent_;
};

TEST(SessionCursor, IsAsItsRulesSayInAnyOrderOfThings) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    const place begin{random.between<epoch_number>(1, 3), random.between<sequence_number>(0, 9)};
    session_cursor cursor{begin};
    naive_cursor model{begin};
    epoch_number epoch = begin.epoch;
    sequence_number number = begin.number;
    for (int step = 0; step != 200; ++step) {
      if (random.one_in(2)) {
        const auto acknowledged = random.between<sequence_number>(0, 20);
        ASSERT_EQ(cursor.acknowledge(acknowledged), model.acknowledge(acknowledged));
        ASSERT_EQ(cursor.acknowledged(), model.acknowledged());
        continue;
      }
      if (random.one_in(8)) {
        ++epoch;
        number = 0;
      }
      number += random.between<sequence_number>(0, 3);
      cursor.sent(epoch, number);
      model.sent(epoch, number);
    }
  }
}

}  // namespace
}  // namespace skein::core
