/// Everybody is told in the order of the numbers, whatever the order of arrival.

#include <algorithm>
#include <random>

#include "audience.hpp"

namespace skein::test {
namespace {

TEST(Order, ANumberFarAheadIsRefused) {
  daemon broker{{{"sequence.max-jump", "5000"}}};
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|B\n9223372036854775807|B\n5003|B\n1000000000000|F|1|2\n2|S|2\n3|B\n");
  users.expect({"1|B", "2|S|2", "3|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["events_beyond"], 3u);
  EXPECT_EQ(totals["gaps"], 0u);
  EXPECT_EQ(broker.lines_with("events refused, too far ahead"), 1u);
}

TEST(Order, OneWrongNumberFarAheadMakesNothingLate) {
  daemon broker;
  audience users{broker, {7}};
  auto source = broker.source();
  source.send("1|P|1|7\n2|P|1|7\n900000|P|1|7\n");
  users.expect({"1|P|1|7", "2|P|1|7"});
  std::vector<std::string> rest;
  for (int n = 3; n <= 50'002; ++n) rest.push_back(std::to_string(n) + "|P|1|7");
  source.send(sent(rest));
  users.expect(rest);
  auto totals = users.verify();
  for (const char* key : {"gaps", "events_late", "events_duplicate"})
    EXPECT_EQ(totals[key], 0u) << key;
}

TEST(Order, WhereTwoNumbersFarAheadAgreeTheStreamGoesOn) {
  daemon broker{{{"sequence.gap-timeout", "50ms"}}};
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|B\n900000|B\n500000|B\n900001|B\n");
  users.expect({"1|B", "500000|B", "900000|B", "900001|B"});
  EXPECT_EQ(users.verify()["events_missing"], 899'997u);
}

TEST(Order, AFloodOfNumbersFarAheadTakesNoMemory) {
  daemon broker;
  audience users{broker, {1}};
  auto source = broker.source();
  source.send("1|B\n");
  users.expect({"1|B"});
  users.await();
  const auto before = broker.program().peak_memory_kib();
  std::string flood;
  for (std::int64_t n = 1; n <= 1'000'000; ++n) flood += std::to_string(n * 1'000'000'007) + "|B\n";
  source.send(flood);
  source.send("2|B\n");
  users.expect({"2|B"});
  users.await();
  EXPECT_LT(broker.program().peak_memory_kib(), before + 16384);
  EXPECT_EQ(users.verify()["events_beyond"], 1'000'000u);
}

TEST(Order, ADuplicateIsDropped) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|P|1|2\n1|P|1|2\n3|B\n3|P|2|1\n2|B\n1|B\n");
  users.expect({"1|P|1|2", "2|B", "3|B"});
  users.await();
  source.send("2|B\n3|B\n4|B\n");
  users.expect({"4|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["events_duplicate"], 5u);
  EXPECT_EQ(totals["events_late"], 0u);
}

TEST(Order, AGapIsGivenUpInTimeAndWhatComesLaterIsLate) {
  daemon broker{{{"sequence.gap-timeout", "100ms"}}};
  audience users{broker, {1, 2}};
  auto source = broker.source();
  const auto begin = std::chrono::steady_clock::now();
  source.send("1|B\n3|B\n4|P|1|2\n");
  users.expect({"1|B", "3|B", "4|P|1|2"});
  users.await();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
  source.send("2|F|1|2\n5|S|2\n6|B\n");
  users.expect({"5|S|2", "6|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["gaps"], 1u);
  EXPECT_EQ(totals["events_missing"], 1u);
  EXPECT_EQ(totals["events_late"], 1u);
  EXPECT_EQ(totals["events_duplicate"], 0u);
  EXPECT_EQ(broker.lines_with("gap given up"), 1u);
}

TEST(Order, ALateEventMayBeDelivered) {
  daemon broker{{{"sequence.gap-timeout", "50ms"}, {"sequence.late-policy", "deliver"}}};
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|B\n3|B\n");
  users.expect({"1|B", "3|B"});
  users.await();
  source.send("2|F|1|2\n4|S|2\n");
  users.expect({"2|F|1|2", "4|S|2"});
  EXPECT_EQ(users.verify()["events_late"], 1u);
}

TEST(Order, AGapWiderThanTheWindowIsGivenUpAtOnce) {
  daemon broker{{{"sequence.window", "10"}, {"sequence.gap-timeout", "1h"}}};
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|B\n" + sent(broadcasts(3, 12)));
  source.send("13|B\n");
  users.expect({"1|B"});
  users.expect(broadcasts(3, 13));
  const auto totals = users.verify();
  EXPECT_EQ(totals["gaps"], 1u);
  EXPECT_EQ(totals["events_missing"], 1u);
}

TEST(Order, AGapMayBeWaitedForWithBackpressure) {
  daemon broker{{{"sequence.gap-policy", "wait"}, {"sequence.gap-timeout", "50ms"}}};
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|B\n");
  users.expect({"1|B"});
  users.await();
  const auto before = broker.program().peak_memory_kib();
  // 500,000 events behind a gap: more than all buffers between here and the daemon hold.
  std::string flood;
  for (int n = 3; n <= 500'000; ++n) {
    flood += std::to_string(n) + "|P|1000000000000000|2000000000000000\n";
  }
  const std::size_t taken = source.send_some(flood, 500ms);
  EXPECT_LT(taken, flood.size()) << "the source is held up";
  EXPECT_LT(broker.program().peak_memory_kib(), before + 8192);
  EXPECT_EQ(users[0].receive_now(), "1|B\r\n") << "nobody gets what is behind the gap";
  EXPECT_EQ(broker.lines_with("gap given up"), 0u);

  auto other = broker.source();
  other.send("2|B\n");
  source.send(std::string_view{flood}.substr(taken));
  source.send("500001|B\n");
  users.expect({"2|B", "500001|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["events_received"], 500'001u);
  for (const char* key :
       {"gaps", "events_missing", "events_late", "events_duplicate", "events_beyond"}) {
    EXPECT_EQ(totals[key], 0u) << key;
  }
}

/// A maze of its own kind: follows, unfollows, status updates, private messages, broadcasts.
std::vector<std::string> mixed_events(std::size_t count, int users, unsigned seed) {
  std::mt19937 random{seed};
  const auto user = [&] {
    return std::to_string(1 + static_cast<int>(random() % static_cast<unsigned>(users)));
  };
  std::vector<std::string> lines;
  for (std::size_t n = 1; n <= count; ++n) {
    const auto number = std::to_string(n);
    switch (random() % 10) {
      case 0:
        lines.push_back(number + "|B");
        break;
      case 1:
      case 2:
        lines.push_back(number + "|U|" + user() + "|" + user());
        break;
      case 3:
      case 4:
        lines.push_back(number + "|P|" + user() + "|" + user());
        break;
      case 5:
      case 6:
      case 7:
        lines.push_back(number + "|F|" + user() + "|" + user());
        break;
      default:
        lines.push_back(number + "|S|" + user());
    }
  }
  return lines;
}

TEST(Order, OfOneShuffledSourceIsThatOfTheNumbers) {
  daemon broker;
  audience users{broker, {1, 2, 3, 4, 5}};
  auto source = broker.source();
  auto lines = mixed_events(50'000, 20, 1);
  users.expect(lines);
  std::mt19937 random{2};
  for (std::size_t i = 0; i < lines.size(); i += 100) {
    const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(i);
    std::shuffle(begin, begin + 100, random);
  }
  source.send(sent(lines));
  const auto totals = users.verify();
  EXPECT_EQ(totals["events_received"], 50'000u);
  EXPECT_EQ(totals["events_missing"], 0u);
}

TEST(Order, OfTwoSourcesIsThatOfTheNumbers) {
  // Nothing keeps one source from running ahead of the other by all it sends.
  daemon broker{{{"sequence.window", "20000"}}};
  audience users{broker, {1, 2, 3, 4, 5}};
  peer sources[] = {broker.source(), broker.source()};
  const auto lines = mixed_events(20'000, 20, 3);
  users.expect(lines);
  std::string pending[2];
  for (std::size_t i = 0; i != lines.size(); ++i) {
    pending[i % 2] += lines[i] + "\r\n";
    if (i % 200 != 199) continue;
    for (const int s : {1, 0}) sources[s].send(std::exchange(pending[s], {}));
  }
  const auto totals = users.verify();
  EXPECT_EQ(totals["sources_total"], 2u);
  EXPECT_EQ(totals["events_missing"], 0u);
  EXPECT_EQ(totals["events_duplicate"], 0u);
}

TEST(Order, OfTwoSourcesThatOverlapHasEachNumberOnce) {
  // The second starts below what is expected, yet the first one lives: the stream does not start
  // again.
  daemon broker{{{"sequence.window", "10000"}, {"sequence.restart-wait", "50ms"}}};
  audience users{broker, {1, 2, 3, 4, 5}};
  auto first = broker.source();
  auto second = broker.source();
  const auto lines = mixed_events(10'000, 20, 4);
  users.expect(lines);
  const auto part = [&](std::size_t begin, std::size_t end) {
    return sent({lines.begin() + static_cast<std::ptrdiff_t>(begin),
                 lines.begin() + static_cast<std::ptrdiff_t>(end)});
  };
  for (std::size_t i = 0; i != lines.size(); i += 500) {
    first.send(part(i, i + 400));
    second.send(part(i, i + 500));
  }
  const auto totals = users.verify();
  EXPECT_EQ(totals["events_received"], 18'000u);
  EXPECT_EQ(totals["events_duplicate"], 8'000u);
  EXPECT_EQ(totals["events_missing"], 0u);
  EXPECT_EQ(totals["epochs"], 0u);
}

TEST(Order, OfASourceThatLeavesMidLineIsCompletedByAnother) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto first = broker.source();
  first.send("1|B\n3|B\n4|");
  users.expect({"1|B"});
  users.await();
  auto second = broker.source();
  first.close();
  second.send("2|P|1|2\n4|P|2|1\n5|B\n");
  users.expect({"2|P|1|2", "3|B", "4|P|2|1", "5|B"});
  EXPECT_EQ(users.verify().text("malformed_by_reason"), "unterminated:1");
}

}  // namespace
}  // namespace skein::test
