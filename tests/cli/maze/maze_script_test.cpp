#include "cli/maze/maze_script.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "cli/maze/naive_routing.hpp"

namespace skein::cli::test {
namespace {

recipe small(mix m, std::uint64_t seed = 666) {
  recipe r;
  r.mix = m;
  r.events = 30'000;
  r.clients = 30;
  r.users = m == mix::a || m == mix::b ? 30 : 300;
  r.seed = seed;
  return r;
}

/// Every client's stream, put together from the compact form.
std::map<std::int64_t, std::string> spelled_out(const maze_script& script) {
  std::map<std::int64_t, std::string> streams;
  const auto end = core::text_of(script.made_from().received_ending);
  for (const auto& client : script.clients()) {
    auto& stream = streams[client.user];
    std::size_t done = 0;
    for (const auto& own : client.own) {
      stream += script.broadcast_text().substr(done, own.broadcast_end - done);
      stream += std::string{script.line(own.event)}.append(end);
      done = own.broadcast_end;
    }
    stream += script.broadcast_text().substr(done);
  }
  return streams;
}

std::map<std::int64_t, std::string> routed_naively(const maze_script& script) {
  std::set<std::int64_t> connected;
  for (const auto& client : script.clients()) connected.insert(client.user);
  std::map<std::int64_t, std::string> streams;
  for (const auto user : connected) streams[user] = "";
  naive_routing routing;
  const auto end = core::text_of(script.made_from().received_ending);
  for (std::uint32_t e = 0; e < script.events(); ++e) {
    const std::string line{script.line(e)};
    for (const auto user : routing.route(plain_event::parse(line), connected)) {
      streams[user].append(line).append(end);
    }
  }
  return streams;
}

class EveryMix : public testing::TestWithParam<mix> {};

TEST_P(EveryMix, ExpectsWhatNaiveRoutingGives) {
  for (const std::uint64_t seed : {1U, 666U, 4711U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto script = write_script(small(GetParam(), seed));
    const auto expected = routed_naively(script);
    EXPECT_EQ(spelled_out(script), expected);
    std::uint64_t bytes = 0;
    std::uint64_t lines = 0;
    for (const auto& [user, stream] : expected) {
      bytes += stream.size();
      lines += static_cast<std::uint64_t>(std::count(stream.begin(), stream.end(), '\n'));
    }
    EXPECT_EQ(script.delivered_bytes(), bytes);
    EXPECT_EQ(script.deliveries(), lines);
  }
}

TEST_P(EveryMix, FollowsAndUnfollowsOnlyWhatIsPossible) {
  const auto script = write_script(small(GetParam()));
  std::set<std::pair<std::int64_t, std::int64_t>> edges;
  for (std::uint32_t i = 0; i < script.events(); ++i) {
    const auto e = plain_event::parse(std::string{script.line(i)});
    EXPECT_EQ(e.number, i + 1);
    if (e.kind != 'B') {
      EXPECT_GE(e.from, 1);
      EXPECT_LE(e.from, script.made_from().users);
    }
    if (e.kind == 'F') {
      EXPECT_NE(e.from, e.to);
      EXPECT_TRUE(edges.emplace(e.from, e.to).second) << script.line(i);
    } else if (e.kind == 'U') {
      EXPECT_EQ(edges.erase({e.from, e.to}), 1U) << script.line(i);
    }
  }
}

TEST_P(EveryMix, HasTheSharesItPromises) {
  auto r = small(GetParam());
  r.events = 400'000;
  const auto script = write_script(r);
  const auto rules = rules_of(GetParam());
  const std::uint32_t first = rules.first_followers * r.users;
  std::map<char, double> share;
  for (auto i = first; i < script.events(); ++i) {
    share[plain_event::parse(std::string{script.line(i)}).kind] += 1.0 / (r.events - first);
  }
  const auto promised = [&](core::event_kind kind) {
    return rules.share[static_cast<std::size_t>(kind)] / 10'000.0;
  };
  EXPECT_NEAR(share['B'], promised(core::event_kind::broadcast), 0.002);
  EXPECT_NEAR(share['P'], promised(core::event_kind::private_message), 0.005);
  EXPECT_NEAR(share['S'], promised(core::event_kind::status_update), 0.005);
  EXPECT_NEAR(share['F'] + share['U'],
              promised(core::event_kind::follow) + promised(core::event_kind::unfollow), 0.005);
}

TEST_P(EveryMix, FollowsFromTheSeedAlone) {
  const auto one = write_script(small(GetParam()));
  const auto same = write_script(small(GetParam()));
  const auto other = write_script(small(GetParam(), 667));
  ASSERT_EQ(one.batches(), same.batches());
  for (std::size_t b = 0; b < one.batches(); ++b) EXPECT_EQ(one.batch_text(b), same.batch_text(b));
  EXPECT_NE(one.batch_text(0), other.batch_text(0));
}

INSTANTIATE_TEST_SUITE_P(Mixes, EveryMix, testing::Values(mix::maze, mix::fan, mix::a, mix::b),
                         [](const auto& tested) { return std::string{name_of(tested.param)}; });

double deliveries_per_event(mix m, std::uint32_t clients, std::uint32_t users) {
  recipe r;
  r.mix = m;
  r.events = 500'000;
  r.clients = clients;
  r.users = users;
  const auto script = write_script(r);
  return static_cast<double>(script.deliveries()) / r.events;
}

TEST(Mixes, DeliverAsManyLinesAsPromised) {
  EXPECT_NEAR(deliveries_per_event(mix::fan, 100, 1000), 6.85, 0.2);
  EXPECT_NEAR(deliveries_per_event(mix::a, 1000, 1000), 50 + 2.6, 0.5);
  EXPECT_NEAR(deliveries_per_event(mix::b, 1000, 1000), 1 + 2.6, 0.2);
}

TEST(MazeScript, SendsTheSameBytesOnEveryMachine) {
  recipe r;
  r.events = 6;
  r.max_batch = 3;
  r.users = 20;
  r.clients = 2;
  const auto script = write_script(r);
  std::string text;
  for (std::size_t b = 0; b < script.batches(); ++b) text += script.batch_text(b);
  EXPECT_EQ(text, "2|P|1|20\n1|P|7|19\n3|F|20|7\n4|S|14\n5|P|7|8\n6|F|12|17\n");
}

TEST(MazeScript, ShufflesInsideBatchesOnly) {
  auto r = small(mix::maze);
  r.max_batch = 40;
  const auto script = write_script(r);
  bool shuffled = false;
  std::uint32_t next = 0;
  for (std::size_t b = 0; b < script.batches(); ++b) {
    ASSERT_EQ(script.first_event(b), next);
    const auto size = script.end_event(b) - next;
    ASSERT_GE(size, 1U);
    ASSERT_LE(size, 40U);
    std::vector<std::int64_t> numbers;
    std::string line;
    for (const char c : script.batch_text(b)) {
      if (c != '\n') {
        line += c;
        continue;
      }
      numbers.push_back(plain_event::parse(line).number);
      line.clear();
    }
    shuffled = shuffled || !std::is_sorted(numbers.begin(), numbers.end());
    std::sort(numbers.begin(), numbers.end());
    ASSERT_EQ(numbers.size(), size);
    for (std::uint32_t i = 0; i < size; ++i) {
      ASSERT_EQ(numbers[i], next + i + 1);
      ASSERT_EQ(script.batch_of(next + i), b);
    }
    next += size;
  }
  EXPECT_EQ(next, r.events);
  EXPECT_TRUE(shuffled);
}

TEST(MazeScript, NumbersFromTheFirstNumber) {
  auto r = small(mix::maze);
  r.events = 10;
  r.first_number = 9'000'000'000'000'000'000;
  const auto script = write_script(r);
  EXPECT_EQ(plain_event::parse(std::string{script.line(9)}).number, 9'000'000'000'000'000'009);
}

TEST(MazeScript, KnowsTheLastEventThatSomebodyGets) {
  const auto script = write_script(small(mix::maze));
  std::set<std::int64_t> told;
  for (const auto& client : script.clients()) {
    for (const auto& own : client.own) told.insert(own.event);
  }
  for (std::uint32_t b = 0; b < script.broadcasts(); ++b) told.insert(script.broadcast_event(b));
  std::int64_t last = -1;
  for (std::int64_t e = -3; e < script.events(); ++e) {
    if (told.count(e) != 0) last = e;
    ASSERT_EQ(script.last_told(e), last) << "event " << e;
  }
}

TEST(EdgeSet, KeepsPairsApartAndForgetsWhatIsTaken) {
  edge_set edges;
  std::set<std::pair<std::uint32_t, std::uint32_t>> model;
  random_source random{7};
  for (int i = 0; i < 200'000; ++i) {
    if (random.below(100) < 55 || model.empty()) {
      const edge e{1 + random.below(200), 1 + random.below(200)};
      ASSERT_EQ(edges.insert(e), model.emplace(e.from, e.to).second);
    } else {
      const auto e = edges.take_random(random);
      ASSERT_EQ(model.erase({e.from, e.to}), 1U);
    }
    ASSERT_EQ(edges.size(), model.size());
  }
}

TEST(PositionIndex, FindsThePartOfEveryPosition) {
  position_index index;
  std::vector<std::uint32_t> part_of;
  random_source random{3};
  for (std::uint32_t part = 0; part < 2000; ++part) {
    index.push_back(static_cast<std::uint32_t>(part_of.size()));
    part_of.resize(part_of.size() + 1 + random.below(part % 7 == 0 ? 300 : 9), part);
  }
  for (std::uint32_t p = 0; p < part_of.size(); ++p) ASSERT_EQ(index.find(p), part_of[p]);
}

}  // namespace
}  // namespace skein::cli::test
