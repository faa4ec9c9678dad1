#include "store/check.hpp"

#include <gtest/gtest.h>

#include "core/hash.hpp"
#include "store/events/log_reader.hpp"
#include "store/format.hpp"
#include "support/log_rig.hpp"

namespace skein::store {
namespace {

using lines = std::vector<std::string>;

lines findings(engine& where, check_counts* counts = nullptr) {
  lines found;
  const check_counts all = check(where, [&](const std::string& text) { found.push_back(text); });
  if (counts) *counts = all;
  return found;
}

/// Whether one of the findings has `text` in it.
::testing::AssertionResult names(const lines& found, const std::string& text) {
  for (const std::string& f : found) {
    if (f.find(text) != std::string::npos) return ::testing::AssertionSuccess();
  }
  auto failure = ::testing::AssertionFailure() << "not found: " << text << "; but";
  for (const std::string& f : found) failure << "\n  " << f;
  return failure;
}

/// Three records, two epochs, two checkpoints, an inbox.
class Check : public ::testing::Test {
 protected:
  Check() {
    rig.add_and_commit({"1|F|1|2", "2|F|3|4"});  // [0, 16)
    rig.checkpoint();
    rig.now += 1000;
    rig.add_and_commit({"3|U|1|2", "4|B", "5|F|5|6"});  // [16, 36)
    rig.checkpoint();
    rig.now += 1000;
    rig.begin_epoch();
    rig.add({"1|F|7|8", "2|S|9"});  // [36, 50)
    rig.log->put(7, {2, 1, rig.now});
    rig.log->mark_over();
    rig.log->commit(true);
  }

  engine& store() { return *rig.engine; }

  entry entry_of(core::log_position position) {
    const std::string key = position_key(position);
    value_ = store().get(family::index, key).value();
    return decode_entry(key, value_);
  }
  void put(core::log_position position, const entry& e) {
    const std::string key = position_key(position);
    test::overwrite(store(), family::index, key, encode_head(key, e) + std::string{e.filter});
  }
  void put(core::log_position position, record r, const std::string& text) {
    const std::string key = position_key(position);
    r.text = text;
    test::overwrite(store(), family::log, key, encode_head(key, r) + text);
  }
  void put(const checkpoint& c) {
    test::overwrite(store(), family::meta, checkpoint_key(c.generation), encode(c));
  }
  void put(const epoch_begin& e) {
    test::overwrite(store(), family::meta, epoch_key(e.epoch), encode(e));
  }
  /// The only finding has this text in it.
  void expect_only(const std::string& text) {
    const lines found = findings(store());
    EXPECT_TRUE(names(found, text));
    EXPECT_EQ(found.size(), 1u) << ::testing::PrintToString(found);
  }

  test::log_rig rig;

 private:
  std::string value_;
};

TEST_F(Check, FindsNothingInAGoodStoreAndCountsWhatIsThere) {
  check_counts counts;
  EXPECT_EQ(findings(store(), &counts), lines{});
  EXPECT_EQ(counts.records, 3u);
  EXPECT_EQ(counts.events, 7u);
  EXPECT_EQ(counts.epochs, 2u);
  EXPECT_EQ(counts.checkpoints, 2u);
  EXPECT_EQ(counts.edges, 1u);
  EXPECT_EQ(counts.inboxes, 1u);
}

TEST_F(Check, FindsNothingInAnEmptyStore) {
  const auto empty = open_memory();
  EXPECT_EQ(findings(*empty), lines{});
}

TEST_F(Check, FindsEachFlippedBitOfAnyValue) {
  for (std::size_t f = 0; f != families; ++f) {
    for (const std::string& key : rig.keys(static_cast<family>(f))) {
      if (key == format_key) continue;
      const std::string good = store().get(static_cast<family>(f), key).value();
      for (std::size_t byte = 0; byte != good.size(); ++byte) {
        std::string bad = good;
        bad[byte] = static_cast<char>(bad[byte] ^ 1 << byte % 8);
        test::overwrite(store(), static_cast<family>(f), key, bad);
        EXPECT_NE(findings(store()), lines{}) << name_of(static_cast<family>(f)) << ' ' << byte;
      }
      test::overwrite(store(), static_cast<family>(f), key, good);
    }
  }
  EXPECT_EQ(findings(store()), lines{});
}

TEST_F(Check, FindsEachValueThatIsMissing) {
  for (const family f : {family::log, family::index, family::graph}) {
    for (const std::string& key : rig.keys(f)) {
      const std::string good = store().get(f, key).value();
      test::erase(store(), f, key);
      EXPECT_NE(findings(store()), lines{}) << name_of(f);
      test::overwrite(store(), f, key, good);
    }
  }
  EXPECT_EQ(findings(store()), lines{});
}

TEST_F(Check, NamesADamagedRecordAndNothingElse) {
  test::damage(store(), family::log, position_key(16));
  expect_only("the record with the key 0000000000000010 is damaged: its checksum is wrong");
}

TEST_F(Check, NamesADamagedEntryAndNothingElse) {
  test::damage(store(), family::index, position_key(16));
  expect_only("the index entry with the key 0000000000000010 is damaged");
}

TEST_F(Check, NamesAHole) {
  test::erase(store(), family::log, position_key(16));
  test::erase(store(), family::index, position_key(16));
  expect_only("position 36: there is nothing from 16 on up to here");
}

TEST_F(Check, NamesARecordWithoutEntryAndAnEntryWithoutRecord) {
  test::erase(store(), family::index, position_key(16));
  expect_only("position 16: the record has no index entry");
  rig.add_and_commit({"3|B"});
  test::erase(store(), family::log, position_key(50));
  EXPECT_TRUE(names(findings(store()), "position 50: the index entry has no record"));
}

TEST_F(Check, NamesARecordBeforeTheBegin) {
  test::overwrite(store(), family::meta, begin_key, encode(log_begin{16, 2, 3, 0}));
  EXPECT_TRUE(names(findings(store()), "position 0: a record begins before 16"));
}

TEST_F(Check, NamesWhatIsWrongInAnEntry) {
  const entry good = entry_of(16);
  const auto expect = [&](const char* what, auto&& change) {
    entry bad = good;
    change(bad);
    put(16, bad);
    EXPECT_TRUE(
        names(findings(store()), std::string{"position 16: the index entry is wrong: "} + what));
    put(16, good);
  };
  expect("epoch", [](entry& e) { e.epoch = 2; });
  expect("next", [](entry& e) { ++e.next; });
  expect("time", [](entry& e) { e.time = 1; });
  expect("before", [](entry& e) { ++e.before; });
  expect("events", [](entry& e) { ++e.events; });
  expect("broadcasts", [](entry& e) { ++e.broadcasts; });
  expect("bytes", [](entry& e) { ++e.bytes; });
  expect("filter", [](entry& e) { e.filter = {}; });
  const std::string full(32, '\xff'), empty(32, '\0');
  expect("filter", [&](entry& e) { e.filter = empty; });
  entry more = good;
  more.filter = full;
  put(16, more);
  EXPECT_EQ(findings(store()), lines{});  // a filter may say more
}

TEST_F(Check, NamesATextThatIsNoEvent) {
  put(16, {1, 3, 1, {}}, "3|U|1|2\n4|X\n5|F|5|6\n");
  EXPECT_TRUE(names(findings(store()), "the record at position 16 of the log is damaged: a line"));
  put(16, {1, 4, 1, {}}, "3|U|1|2\n4|B\n5|F|5|6\n");
  EXPECT_TRUE(names(findings(store()), "more or fewer events"));
}

TEST_F(Check, NamesARecordOfAnotherEpoch) {
  put(16, {2, 3, 1, {}}, "3|U|1|2\n4|B\n5|F|5|6\n");
  EXPECT_TRUE(names(findings(store()), "position 16: the record is of epoch 2, here is epoch 1"));
  put(16, {9, 3, 1, {}}, "3|U|1|2\n4|B\n5|F|5|6\n");
  EXPECT_TRUE(
      names(findings(store()), "position 16: the record is of epoch 9, which has not begun"));
}

TEST_F(Check, NamesEpochsThatDoNotFitTheLog) {
  const auto good = read_epochs(store());
  epoch_begin bad = good[1];
  bad.begin = 40;
  put(bad);
  EXPECT_TRUE(names(findings(store()), "position 36: the record is of epoch 2, here is epoch 1"));
  bad.begin = 30;
  put(bad);
  EXPECT_TRUE(names(findings(store()), "position 16: an epoch begins within the record"));
  bad.begin = 51;
  put(bad);
  EXPECT_TRUE(names(findings(store()), "epoch 2: it begins after the end of the log"));
  put(good[1]);
  bad = good[0];
  bad.begin = 37;
  put(bad);
  EXPECT_TRUE(names(findings(store()), "epoch 2: it begins before the one before"));
  put(good[0]);
  test::erase(store(), family::meta, epoch_key(1));
  EXPECT_TRUE(
      names(findings(store()), "position 0: the record is of epoch 1, which has not begun"));
}

TEST_F(Check, NamesAFingerprintThatIsNotThatOfEventOne) {
  epoch_begin bad = read_epochs(store())[1];
  ++bad.first_event;
  put(bad);
  expect_only("epoch 2: the fingerprint of its event 1 is not that of the log");
  bad.first_event = 0;
  put(bad);
  expect_only("epoch 2: the fingerprint of its event 1 is not that of the log");
}

TEST_F(Check, NamesAStreamThatIsOverElsewhere) {
  test::overwrite(store(), family::meta, over_key, encode_over(36));
  expect_only("the stream is said to be over at position 36, but the log ends at 50");
}

TEST_F(Check, NamesAnUnknownFormatAndUnknownKeys) {
  test::overwrite(store(), family::meta, "later", "value");
  expect_only("family meta has an unknown key");
  test::overwrite(store(), family::meta, format_key, "1");
  EXPECT_TRUE(names(findings(store()), "format"));
}

TEST_F(Check, NamesCheckpointsThatDoNotFitTheLog) {
  const checkpoint good = rig.log->checkpoints()[1];
  const auto expect = [&](const char* what, auto&& change) {
    checkpoint bad = good;
    change(bad);
    put(bad);
    EXPECT_TRUE(names(findings(store()), std::string{"checkpoint 2"} + what));
    put(good);
  };
  expect(": the number of events before it is wrong", [](checkpoint& c) { c.from = 0; });
  expect(": it does not end within the log", [](checkpoint& c) { c.upto = 20; });
  expect(": it does not end within the log", [](checkpoint& c) { c.upto = 51; });
  expect(": it is not of the epoch", [](checkpoint& c) { c.epoch = 7; });
  expect(": it is not of the epoch", [](checkpoint& c) { c.upto = 50; });
  expect(": the number of events before it", [](checkpoint& c) { ++c.before; });
  expect(", of position 36: it has 2 edges, not 3", [](checkpoint& c) { ++c.edges; });
  expect(": its last slices are missing", [](checkpoint& c) { ++c.places; });
}

TEST_F(Check, FindsNothingInCheckpointsThatOverlap) {
  test::log_rig two;
  two.add_and_commit({"1|F|1|2"});  // [0, 8)
  two.checkpoint();
  two.add_and_commit({"2|F|3|4"});  // [8, 16)
  two.checkpoint();
  two.add_and_commit({"3|F|5|6"});  // [16, 24)
  checkpoint longer = two.log->checkpoints()[0];
  longer.upto = 24;
  longer.edges = 3;
  test::overwrite(*two.engine, family::meta, checkpoint_key(longer.generation), encode(longer));
  EXPECT_EQ(findings(*two.engine), lines{});
}

TEST_F(Check, FindsNothingInCheckpointsOfEpochsWithoutARecord) {
  for (const bool keeps_graph : {false, true}) {
    test::log_rig two{{}, keeps_graph};
    two.add_and_commit({"1|F|1|2"});
    two.begin_epoch();
    two.checkpoint();
    two.begin_epoch();
    two.add_and_commit({"1|F|3|4"});
    EXPECT_EQ(findings(*two.engine), lines{}) << "what ended where it began";

    log_options young;
    young.max_age = std::chrono::milliseconds{1000};
    test::log_rig old{young, keeps_graph};
    old.add_and_commit({"1|B"});
    old.begin_epoch();
    old.add_and_commit({"1|F|1|2"});
    old.now += 10'000;
    ASSERT_TRUE(old.log->trim(old.now));
    old.log->commit(true);
    ASSERT_EQ(old.log->checkpoints().size(), 1u);
    old.begin_epoch();
    old.log->commit(true);
    old.checkpoint();
    ASSERT_EQ(old.log->checkpoints().size(), 2u);
    test::erase(*old.engine, family::meta, epoch_key(2));
    EXPECT_EQ(findings(*old.engine), lines{}) << "whose events are gone";
  }
}

TEST_F(Check, NamesAnEdgeInWhichACheckpointAndTheLogDiffer) {
  const checkpoint c = rig.log->checkpoints()[1];
  core::follower_graph graph;
  graph.follow(3, 4);
  graph.follow(5, 77);
  ASSERT_EQ(graph.places(), c.places);
  for (const std::string& key : rig.keys(family::graph)) {
    if (place_of_slice(key).generation == 2) test::erase(store(), family::graph, key);
  }
  const std::string key = slice_key(2, 0);
  test::overwrite(store(), family::graph, key, encode_slice(key, graph, 0, c.places));
  const lines found = findings(store());
  EXPECT_TRUE(names(found, "checkpoint 2, of position 36: the log does not say that 5 follows 77"));
  EXPECT_TRUE(names(found, "checkpoint 2, of position 36: it does not say that 5 follows 6"));
  EXPECT_EQ(found.size(), 2u);
}

TEST_F(Check, NamesAFollowerWhoIsNotAtHome) {
  const checkpoint c = rig.log->checkpoints()[1];
  core::follower_graph then;
  then.follow(3, 4);
  then.follow(5, 6);
  ASSERT_EQ(then.places(), c.places);
  const auto middle = std::max(core::place_of(3, c.places), core::place_of(5, c.places));
  ASSERT_NE(middle, 0u);
  for (const std::string& key : rig.keys(family::graph)) {
    if (place_of_slice(key).generation == 2) test::erase(store(), family::graph, key);
  }
  const std::string low = slice_key(2, 0), high = slice_key(2, middle);
  test::overwrite(store(), family::graph, low, encode_slice(low, then, 0, middle));
  test::overwrite(store(), family::graph, high, encode_slice(high, then, middle, c.places));
  EXPECT_EQ(findings(store()), lines{});
  test::overwrite(store(), family::graph, high, encode_slice(high, then, 0, c.places));
  expect_only("checkpoint 2, slice of place " + std::to_string(middle) +
              ": a follower is not at home in it");
}

TEST_F(Check, NamesSlicesOfNoCheckpoint) {
  const std::string value = store().get(family::graph, slice_key(1, 0)).value();
  test::overwrite(store(), family::graph, slice_key(0, 0), value);
  expect_only("checkpoint 0, slice of place 0: there is no such checkpoint");
  test::erase(store(), family::graph, slice_key(0, 0));
  test::overwrite(store(), family::graph, slice_key(3, 0), value);
  EXPECT_EQ(findings(store()), lines{});  // it is being made
}

TEST_F(Check, NamesInboxesOfEpochsThatHaveNotBegun) {
  rig.log->put(-8, {3, 1, 0});
  rig.log->commit(true);
  expect_only("inbox of user -8: it is of epoch 3, which has not begun");
}

TEST_F(Check, ChecksAStoreOfWhichMuchWasCutOff) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    log_options options;
    options.max_events = random.between<std::uint64_t>(50, 400);
    const bool keep_graph = random.one_in(2);
    test::log_rig made{options, keep_graph};
    test::random_lines make{random, {1, 2, 3, 4, 5, 6, 7}};
    test::slow_router router{{}, 1, 0};
    core::sequence_number number = 0;
    for (auto n = random.between(1, 100); n > 0; --n) {
      made.now += random.between(0, 9);
      if (random.one_in(15)) {
        made.stream.begin_epoch(keep_graph);
        number = 0;
        if (random.one_in(2)) made.add({});
      }
      made.add(make.lines(random.between<std::size_t>(1, 20), number),
               random.one_in(2) ? core::line_ending::lf : core::line_ending::crlf);
      made.log->commit(false);
      if (made.log->trim(made.now)) made.log->commit(false);
      router.route(made.stream, random.between<std::size_t>(0, 20));
      if (router.is_at_checkpoint()) {
        if (const auto c = router.continue_checkpoint(*made.log, 7)) made.log->put(*c);
      } else if (random.one_in(4)) {
        router.begin_checkpoint(made.log->next_generation());
      }
    }
    made.log->commit(true);
    check_counts counts;
    EXPECT_EQ(findings(*made.engine, &counts), lines{});
    EXPECT_EQ(counts.events, made.log->events());
    EXPECT_EQ(counts.edges, made.stream.edges().size());
  }
}

}  // namespace
}  // namespace skein::store
