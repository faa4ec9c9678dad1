#include <gtest/gtest.h>

#include "store/events/replay.hpp"
#include "support/log_rig.hpp"
#include "support/told.hpp"

namespace skein::store {
namespace {

using lines = std::vector<std::string>;

/// A log of many records and some checkpoints, which were made while it grew.
class world {
 public:
  world(std::uint64_t seed, int commits, bool keep_graph)
      : rig({}, keep_graph), keep_graph_(keep_graph) {
    test::random_source random{seed};
    test::random_lines make{random, {1, 2, 3, 4, -5, 1'000'000'000'000}};
    test::slow_router router{{}, 1, 0};
    core::sequence_number number = 0;
    for (int n = 0; n != commits; ++n) {
      if (random.one_in(25)) {
        rig.stream.begin_epoch(keep_graph_);
        number = 0;
      }
      rig.add_and_commit(make.lines(random.between<std::size_t>(1, 12), number));
      router.route(rig.stream, random.between<std::size_t>(2, 12));
      if (router.is_at_checkpoint()) {
        if (const auto made = router.continue_checkpoint(*rig.log, 25)) {
          rig.log->put(*made);
          rig.log->commit(true);
        }
      } else if (random.one_in(6)) {
        router.begin_checkpoint(rig.log->next_generation());
      }
    }
    users = make.users();
  }

  struct outcome {
    std::map<core::session_index, lines> told;
    int damaged = 0;
    bool started = true;
  };

  /// Everybody gets everything.
  outcome play() const {
    outcome seen;
    test::told to;
    try {
      replay pass{*rig.engine, core::line_ending::lf, to};
      for (std::size_t m = 0; m != users.size(); ++m) {
        pass.add(static_cast<core::session_index>(m), users[m], 0);
      }
      pass.start();
      run(pass, seen);
    } catch (const error&) {
      seen.started = false;
    }
    seen.told = to.lines;
    return seen;
  }

  test::log_rig rig;
  std::vector<core::user_id> users;

 private:
  /// As the replayer does: a pass that fails otherwise than by a damaged record goes no further.
  static void run(replay& pass, outcome& seen) {
    for (;;) {
      try {
        const auto what = pass.step();
        if (what == replay::stepped::at_head || what == replay::stepped::lost) return;
      } catch (const error& e) {
        if (e.what_kind() == error::kind::failed) return;
        EXPECT_EQ(e.what_kind(), error::kind::corrupted) << e.what();
        ++seen.damaged;
      }
    }
  }

  bool keep_graph_;
};

bool is_part_in_order(const lines& part, const lines& whole) {
  auto at = whole.begin();
  for (const std::string& line : part) {
    at = std::find(at, whole.end(), line);
    if (at == whole.end()) return false;
    ++at;
  }
  return true;
}

/// Nobody is told anything that is not theirs, nor anything twice or out of order.
void expect_parts(const world& w, const world::outcome& seen) {
  for (const auto& [m, told] : seen.told) {
    ASSERT_TRUE(is_part_in_order(told, w.rig.stream.told(w.users[m], 0, ~0ull, "\n")))
        << "user " << w.users[m];
  }
}

constexpr family families_of_the_log[] = {family::meta, family::log, family::index, family::graph};

TEST(DamagedReplay, WhicheverBitIsFlippedTellsEachUserPartOfTheirStreamInOrder) {
  for (const bool keep_graph : {false, true}) {
    const world w{3, 10, keep_graph};
    ASSERT_GE(w.rig.log->checkpoints().size(), 1u) << keep_graph;
    for (const family f : families_of_the_log) {
      for (const std::string& key : w.rig.keys(f)) {
        const std::string value = w.rig.engine->get(f, key).value();
        for (std::size_t bit = 0; bit != 8 * value.size(); ++bit) {
          SCOPED_TRACE(std::string{name_of(f)} + " value of " + std::to_string(key.size()) +
                       " bytes of key, bit " + std::to_string(bit));
          std::string damaged = value;
          damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
          test::overwrite(*w.rig.engine, f, key, damaged);
          ASSERT_NO_FATAL_FAILURE(expect_parts(w, w.play()));
        }
        test::overwrite(*w.rig.engine, f, key, value);
      }
    }
  }
}

TEST(DamagedReplay, WhicheverKeyIsLostTellsEachUserPartOfTheirStreamInOrder) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SKEIN_TRACE_SEED(seed);
    const world w{seed, 40, seed % 2 == 0};
    for (const family f : families_of_the_log) {
      for (const std::string& key : w.rig.keys(f)) {
        const std::string value = w.rig.engine->get(f, key).value();
        test::erase(*w.rig.engine, f, key);
        ASSERT_NO_FATAL_FAILURE(expect_parts(w, w.play()));
        test::overwrite(*w.rig.engine, f, key, value);
      }
    }
  }
}

TEST(DamagedReplay, SeveralDamagesLeaveEachUserPartOfTheirStreamInOrder) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    const world w{seed, 60, seed % 2 == 0};
    for (const family f : {family::log, family::index, family::graph}) {
      const auto keys = w.rig.keys(f);
      for (int n = random.between(0, 3); n > 0 && !keys.empty(); --n) {
        test::damage(*w.rig.engine, f, keys[random.between<std::size_t>(0, keys.size() - 1)]);
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_parts(w, w.play()));
  }
}

/// What a user must get though the record in [begin, end) is damaged: all but what is in it, and,
/// until the graph is known again, status updates.
lines must_get(const world& w, core::user_id user, core::log_position begin,
               core::log_position end) {
  core::log_position known = ~core::log_position{0};
  for (const checkpoint& c : read_checkpoints(*w.rig.engine)) {
    if (c.from >= end) known = std::min(known, c.upto);
  }
  for (const epoch_begin& e : read_epochs(*w.rig.engine)) {
    if (!e.keeps_graph && e.begin >= end) known = std::min(known, e.begin);
  }
  lines must;
  for (const auto& i : w.rig.stream.items()) {
    const bool is_there = i.position < begin || i.position >= end;
    const bool is_certain =
        i.position < begin || i.position >= known || i.e.kind != core::event_kind::status_update;
    if (i.is_for(user) && is_there && is_certain) must.push_back(i.line + "\n");
  }
  return must;
}

TEST(DamagedReplay, LosesWhatIsInTheRecordAndStatusUpdatesUntilTheGraphIsKnownAgain) {
  int certain_again = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SKEIN_TRACE_SEED(seed);
    const world w{seed, 60, seed % 2 == 0};
    for (const std::string& key : w.rig.keys(family::log)) {
      const std::string value = w.rig.engine->get(family::log, key).value();
      test::damage(*w.rig.engine, family::log, key);
      const auto at = entry_at(*w.rig.engine, position_of(key));
      const auto seen = w.play();
      ASSERT_NO_FATAL_FAILURE(expect_parts(w, seen));
      ASSERT_TRUE(seen.started);
      for (std::size_t m = 0; m != w.users.size(); ++m) {
        const auto told = seen.told.find(static_cast<core::session_index>(m));
        const lines got = told == seen.told.end() ? lines{} : told->second;
        const lines must = must_get(w, w.users[m], at->begin, at->end);
        ASSERT_TRUE(is_part_in_order(must, got))
            << "user " << w.users[m] << ", record at " << at->begin;
        certain_again += must.size() > 20 ? 1 : 0;
      }
      test::overwrite(*w.rig.engine, family::log, key, value);
    }
  }
  EXPECT_GT(certain_again, 100);
}

TEST(DamagedReplay, KnowsTheGraphOnWhenTheDamagedRecordChangedNothingOfIt) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  rig.add_and_commit({"2|P|2|1", "3|F|7|8", "4|S|2"});
  rig.add_and_commit({"5|S|2", "6|B"});
  test::damage(*rig.engine, family::log, position_key(8));
  test::told to;
  replay pass{*rig.engine, core::line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.start();
  int damaged = 0;
  EXPECT_EQ(test::run(pass, &damaged), replay::stepped::at_head);
  EXPECT_EQ(damaged, 1);
  EXPECT_EQ(to.lines[0], (lines{"5|S|2\n", "6|B\n"}));
}

}  // namespace
}  // namespace skein::store
