#include "actors/events/recorder.hpp"

#include <caf/send.hpp>
#include <deque>

#include "store/events/log_reader.hpp"
#include "store/events/recovery.hpp"
#include "support/actor_test.hpp"
#include "support/failing_call_engine.hpp"
#include "support/fragile_engine.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using news = session_news::kind;

class Recorder : public actor_test {
 protected:
  struct peer {
    core::user_id user;
    session_record heard;
    session_actor actor;
  };

  void start(durability level = durability::async) {
    options.level = level;
    calls = std::make_shared<test::failing_call_engine>(engine);
    sequencer = system.spawn(sequencer_stand_in, &sequenced);
    router = system.spawn(router_stand_in, &routed);
    actor = system.spawn(
        recorder,
        std::make_shared<const recorder_environment>(recorder_environment{
            options, *calls, router, system.spawn(replayer_stand_in, &replayed),
            system.spawn(statistics_stand_in, &statistics), 100ms, [this] { return wall; }}),
        std::make_shared<store::event_log>(*calls, options.log, false));
    run();
  }

  /// Does not run: what is sent without running is in the mailbox at once.
  void send(lines events, core::epoch_number epoch = 1) {
    const ordered_events block = ordered(flow, events, epoch, end);
    end = end_of(block);
    caf::send_as(sequencer, actor, block);
  }
  peer& open(core::user_id user, std::optional<core::sequence_number> beyond = std::nullopt,
             std::optional<core::epoch_number> epoch = std::nullopt) {
    peer& p = peers.emplace_back();
    p.user = user;
    p.actor = system.spawn(session_stand_in, &p.heard);
    caf::send_as(p.actor, actor, open_inbox{user, beyond, epoch});
    return p;
  }
  template <class Message>
  void tell(Message message) {
    caf::anon_send(actor, std::move(message));
  }
  void heal() {
    engine->fails = false;
    pass(core::group_commit::retry_interval);
  }

  /// What is in the store, on disk or not.
  std::string log() {
    std::string text;
    store::log_reader reader{*engine, core::line_ending::lf};
    while (const auto block = reader.next()) text += block->text;
    return text;
  }
  std::optional<store::inbox> inbox(core::user_id user) {
    return store::event_log{*engine, options.log, false}.inbox_of(user);
  }
  std::size_t edges() {
    return store::recover_graph(*engine, [](auto, auto) {}).edges();
  }
  /// The answer to a request, if it has come.
  template <class Answer, class Request>
  std::shared_ptr<std::optional<Answer>> ask(Request request) {
    auto answer = std::make_shared<std::optional<Answer>>();
    system.spawn([this, answer, request](caf::event_based_actor* self) {
      self->request(actor, caf::infinite, request)
          .then([answer](const Answer& a) { *answer = a; },
                [this](caf::error& e) { errors.push_back(system.render(e)); });
    });
    run();
    return answer;
  }

  event_options options;
  std::shared_ptr<test::fragile_engine> engine = std::make_shared<test::fragile_engine>();
  std::shared_ptr<test::failing_call_engine> calls;  ///< to the engine
  store::wall_time wall = 1'000'000;
  core::log_position end = 0;
  recorder_actor actor;
  sequencer_actor sequencer;
  router_actor router;
  std::deque<peer> peers;
  sequencer_record sequenced;
  router_record routed;
  replayer_record replayed;
  statistics_record statistics;
  std::vector<std::string> errors;
};

// --- async ---

TEST_F(Recorder, WritesWithinTheCommitIntervalAndRoutesNothing) {
  start();
  send({"1|B", "2|S|1"});
  pass(30ms);
  send({"3|B"});
  pass(options.commit_interval - 30ms - 1ns);
  EXPECT_EQ(log(), "");
  pass(1ns);
  EXPECT_EQ(log(), "1|B\n2|S|1\n3|B\n");
  EXPECT_EQ(engine->unsynced(), 0u);
  EXPECT_EQ(engine->commits, 1);
  EXPECT_EQ(replayed.grew, std::vector<core::log_position>{end});
  EXPECT_TRUE(routed.blocks.empty());
  EXPECT_EQ(sequenced.taken, 0);
  pass(1s);
  EXPECT_EQ(engine->commits, 1);
  EXPECT_FALSE(timer_is_left());
  EXPECT_EQ(statistics.counted[core::counter::events_recorded], 3u);
  EXPECT_EQ(statistics.counted[core::counter::commits], 1u);
}

TEST_F(Recorder, WritesAMebibyteAtOnceAndSyncsItAtTheInterval) {
  start();
  const std::string line = std::string(4000, '0') + "1|B";
  for (int i = 0; i != 300; ++i) send({line});
  run();
  EXPECT_EQ(engine->commits, 1);
  EXPECT_EQ(engine->syncs, 0);
  pass(options.commit_interval);
  EXPECT_EQ(engine->unsynced(), 0u);
  EXPECT_EQ(replayed.grew.back(), end);
  EXPECT_EQ(log().size(), end);
}

TEST_F(Recorder, TheLastOfManyAcknowledgementsIsWrittenOnce) {
  start();
  for (core::sequence_number n = 1; n <= 100; ++n) tell(acknowledged{7, 1, n});
  tell(acknowledged{8, 2, 5});
  pass(options.commit_interval);
  EXPECT_EQ(engine->commits, 1);
  EXPECT_EQ(inbox(7)->number, 100);
  EXPECT_EQ(inbox(8)->epoch, 2u);
  pass(100ms);
  EXPECT_EQ(statistics.counted[core::counter::acknowledgements], 101u);
}

// --- inboxes ---

TEST_F(Recorder, ANewInboxBeginsNowAndIsAnsweredWhenItIsOnDisk) {
  start();
  send({"1|B", "2|B", "3|B"});
  engine->fails = true;
  peer& one = open(7);
  run();
  EXPECT_TRUE(one.heard.news.empty());
  heal();
  ASSERT_EQ(one.heard.kinds(), std::vector<news>{news::opened});
  EXPECT_EQ(one.heard.news[0].epoch, 1u);
  EXPECT_EQ(one.heard.news[0].number, 3);
  EXPECT_EQ(inbox(7)->number, 3);
  EXPECT_EQ(engine->unsynced(), 0u);
}

TEST_F(Recorder, AnInboxThatIsThereIsToldAtOnceAsItWasAcknowledgedLast) {
  start();
  peer& first = open(7, 0);
  run();
  EXPECT_EQ(first.heard.news.at(0).number, 0);
  const int commits = engine->commits;
  tell(acknowledged{7, 1, 5});
  peer& second = open(7);
  run();
  EXPECT_EQ(second.heard.news.at(0).number, 5);
  EXPECT_EQ(engine->commits, commits);
  pass(options.commit_interval);
  peer& third = open(7);
  run();
  EXPECT_EQ(third.heard.news.at(0).number, 5);
  EXPECT_EQ(inbox(7)->number, 5);
}

TEST_F(Recorder, ANewInboxIsOnDiskBeforeAnyConnectionIsTold) {
  start();
  engine->fails = true;
  open(7);
  run();
  peer& other = open(7);
  run();
  EXPECT_TRUE(other.heard.news.empty());
  heal();
  EXPECT_EQ(other.heard.kinds(), std::vector<news>{news::opened});
}

TEST_F(Recorder, AnInboxThatCannotBeReadForTheMomentIsNotMovedBack) {
  for (const auto what : {store::error::kind::closed, store::error::kind::failed}) {
    engine = std::make_shared<test::fragile_engine>();
    start();
    open(7, 0);
    tell(acknowledged{7, 1, 5});
    pass(options.commit_interval);
    calls->fail(1, 1, what);
    tell(acknowledged{7, 1, 3});
    tell(acknowledged{7, 1, 2});
    pass(options.commit_interval);
    EXPECT_EQ(calls->failures(), 1u);
    EXPECT_EQ(inbox(7)->number, 5);
    pass(core::group_commit::retry_interval);
    EXPECT_EQ(inbox(7)->number, 5);
    calls->fail(1, 1, what);
    tell(acknowledged{7, 1, 8});
    pass(core::group_commit::retry_interval + options.commit_interval);
    EXPECT_EQ(inbox(7)->number, 8);
    pass(100ms);  // it reports
    EXPECT_FALSE(timer_is_left());
    kill_all();
  }
}

TEST_F(Recorder, WhoseInboxCannotBeReadForTheMomentIsToldWhenItCan) {
  start();
  open(7, 0);
  tell(acknowledged{7, 1, 5});
  pass(options.commit_interval);
  calls->fail(1, 3, store::error::kind::failed);
  tell(acknowledged{7, 1, 6});  // the first that fails; the session comes behind it
  peer& again = open(7);
  pass(2 * core::group_commit::retry_interval);
  EXPECT_TRUE(again.heard.news.empty());
  pass(2 * core::group_commit::retry_interval);
  ASSERT_EQ(again.heard.kinds(), std::vector<news>{news::opened});
  EXPECT_EQ(again.heard.news[0].number, 6);
}

TEST_F(Recorder, APlaceThatAUserAsksForIsNotOverruledByAnEarlierAcknowledgement) {
  start();
  send({"1|B", "2|B", "3|B", "4|B", "5|B", "6|B", "7|B", "8|B", "9|B"});
  open(7, 0);
  pass(options.commit_interval);
  calls->fail(1, 1, store::error::kind::failed);
  tell(acknowledged{7, 1, 9});
  open(7, 4);
  pass(2 * core::group_commit::retry_interval);
  EXPECT_EQ(inbox(7)->number, 4);
}

TEST_F(Recorder, RecordsTheRestAlsoIfTheFirstTryFailsAtTheEnd) {
  start();
  send({"1|B"});
  run();
  calls->fail(1, 1, store::error::kind::closed);
  const auto answer = ask<drained>(drain{});
  pass(core::group_commit::retry_interval);
  ASSERT_TRUE(answer->has_value());
  EXPECT_FALSE((*answer)->lost);
  EXPECT_EQ(log(), "1|B\n");
}

TEST_F(Recorder, WhoHasGoneMeanwhileIsNotToldOfTheirInbox) {
  start();
  engine->fails = true;
  peer& gone = open(7);
  run();
  gone.actor = nullptr;
  heal();
  EXPECT_EQ(inbox(7)->number, 0);
}

TEST_F(Recorder, AnInboxMayBeSetBack) {
  start();
  send({"1|B"});
  send({"1|B", "12|B"}, 2);
  peer& one = open(7, 12);
  run();
  EXPECT_EQ(one.heard.news.at(0).epoch, 2u);
  EXPECT_EQ(one.heard.news.at(0).number, 12);
  peer& again = open(7, 3);
  run();
  EXPECT_EQ(again.heard.news.at(0).number, 3);
  EXPECT_EQ(inbox(7)->number, 3);
}

TEST_F(Recorder, AnInboxIsNotSetToAPositionThatDoesNotExist) {
  start();
  send({"1|B", "5|B"});
  peer& earlier = open(7);
  run();
  EXPECT_EQ(earlier.heard.news.at(0).text, "");
  send({"1|B", "3|B"}, 4);
  const auto refused = [](const std::string& position) {
    return position + " is beyond the end of the stream, it is ignored";
  };
  peer& numbers = open(7, 5);
  peer& next = open(7, 4);
  peer& another = open(8, 1'000'000);
  run();
  for (const auto& [who, text] : {std::pair{&numbers, "7|5"}, std::pair{&next, "7|4"}}) {
    EXPECT_EQ(who->heard.news.at(0).epoch, 1u);
    EXPECT_EQ(who->heard.news.at(0).number, 5);
    EXPECT_EQ(who->heard.news.at(0).text, refused(text));
  }
  EXPECT_EQ(inbox(7)->number, 5);
  EXPECT_EQ(another.heard.news.at(0).epoch, 4u);
  EXPECT_EQ(another.heard.news.at(0).number, 3);
  EXPECT_EQ(another.heard.news.at(0).text, refused("8|1000000"));

  for (const auto& [epoch, number] : {std::pair{0u, 1}, std::pair{1u, 6}, std::pair{2u, 1},
                                      std::pair{3u, 1}, std::pair{4u, 4}, std::pair{5u, 0}}) {
    peer& named = open(7, number, epoch);
    run();
    const std::string text = "7|" + std::to_string(epoch) + "." + std::to_string(number);
    EXPECT_EQ(named.heard.news.at(0).text, refused(text));
    EXPECT_EQ(inbox(7)->number, 5);
  }
  for (const auto& [epoch, number] :
       {std::pair{1u, 5}, std::pair{1u, 2}, std::pair{4u, 3}, std::pair{2u, 0}}) {
    peer& named = open(7, number, epoch);
    run();
    EXPECT_EQ(named.heard.news.at(0).text, "");
    EXPECT_EQ(inbox(7)->epoch, epoch);
    EXPECT_EQ(inbox(7)->number, number);
  }
}

TEST_F(Recorder, APositionMayBeOfEventsThatAreNotCommittedYet) {
  start();
  send({"1|B", "5|B"});
  send({"1|B"}, 2);
  peer& ended = open(7, 5, 1);
  peer& current = open(8, 1);
  run();
  EXPECT_EQ(ended.heard.news.at(0).text, "");
  EXPECT_EQ(current.heard.news.at(0).text, "");
}

TEST_F(Recorder, WhileTheStoreFailsAPositionWaitsForTheEventsItSpeaksOf) {
  start();
  engine->fails = true;
  send({"1|B", "2|B"});
  run();
  pass(options.commit_interval);
  send({"3|B"});
  peer& one = open(7, 3);
  run();
  EXPECT_TRUE(one.heard.news.empty());
  heal();
  ASSERT_EQ(one.heard.news.size(), 1u);
  EXPECT_EQ(one.heard.news[0].text, "");
  EXPECT_EQ(inbox(7)->number, 3);
}

TEST_F(Recorder, AnInboxThatCannotBeReadIsAFailureOfItsSessionOnly) {
  start();
  const auto changes = engine->new_batch();
  changes->put(store::family::inbox, store::user_key(7), {"nonsense"});
  engine->commit(*changes, true);
  peer& one = open(7);
  peer& two = open(8);
  run();
  EXPECT_EQ(one.heard.kinds(), std::vector<news>{news::failed});
  EXPECT_EQ(two.heard.kinds(), std::vector<news>{news::opened});
  send({"5|B"});
  peer& again = open(7, 5);
  run();
  EXPECT_EQ(again.heard.news.at(0).number, 5) << "it may be set anew";
}

TEST_F(Recorder, AnAcknowledgementOfLessThanIsKnownChangesNothing) {
  start();
  tell(acknowledged{7, 2, 5});
  tell(acknowledged{7, 2, 4});
  tell(acknowledged{7, 1, 100});
  pass(options.commit_interval);
  tell(acknowledged{7, 2, 3});
  pass(options.commit_interval);
  EXPECT_EQ(inbox(7)->epoch, 2u);
  EXPECT_EQ(inbox(7)->number, 5);
}

// --- sync ---

TEST_F(Recorder, AtLevelSyncRoutesWhatIsOnDiskByOneCommitForTheWholeMailbox) {
  start(durability::sync);
  send({"1|B"});
  send({"2|B"});
  peer& one = open(7, 0);
  send({"3|B"});
  run();
  EXPECT_EQ(engine->commits, 1);
  EXPECT_EQ(engine->unsynced(), 0u);
  EXPECT_EQ(log(), "1|B\n2|B\n3|B\n");
  EXPECT_EQ(routed.text(), "1|B\r\n2|B\r\n3|B\r\n");
  EXPECT_EQ(routed.blocks.size(), 3u);
  EXPECT_EQ(sequenced.taken, 3) << "the router takes blocks from the sequencer";
  EXPECT_EQ(one.heard.kinds(), std::vector<news>{news::opened});
  EXPECT_FALSE(has_ended(actor));
}

TEST_F(Recorder, AtLevelSyncNothingIsRoutedOrReadBeforeItIsOnDisk) {
  start(durability::sync);
  engine->fails = true;
  send({"1|B"});
  run();
  send({"2|B"});
  run();
  EXPECT_TRUE(routed.blocks.empty());
  EXPECT_GT(flow.bytes(), 0u);
  EXPECT_TRUE(replayed.grew.empty());
  pass(3s);
  EXPECT_TRUE(routed.blocks.empty());
  EXPECT_GE(engine->failures, 6);
  send({"3|B"});
  heal();
  EXPECT_EQ(routed.text(), "1|B\r\n2|B\r\n3|B\r\n");
  EXPECT_EQ(log(), "1|B\n2|B\n3|B\n");
  EXPECT_EQ(flow.bytes(), 0u);
  EXPECT_EQ(statistics.counted[core::counter::commit_failures],
            static_cast<std::size_t>(engine->failures));
}

TEST_F(Recorder, AtLevelSyncALargeCheckpointDoesNotMakeEventsReadableEarly) {
  start(durability::sync);
  send({"1|B"});
  tell(graph_slice{store::slice_key(1, 0), std::string(2u << 20, 'x')});
  run();
  EXPECT_EQ(engine->syncs, engine->commits);
}

// --- a store that fails ---

TEST_F(Recorder, WhileTheStoreFailsBlocksWaitWithTheirBytesAndInOrder) {
  start();
  send({"1|B"});
  engine->fails = true;
  pass(options.commit_interval);
  send({"2|B"});
  send({"3|B"});
  run();
  EXPECT_GT(flow.bytes(), 0u);
  pass(2s);
  EXPECT_EQ(engine->commits, 0);
  engine->fails = false;
  send({"4|B"});
  run();
  EXPECT_EQ(engine->commits, 0);
  pass(core::group_commit::retry_interval);
  EXPECT_EQ(log(), "1|B\n2|B\n3|B\n4|B\n");
  EXPECT_EQ(engine->unsynced(), 0u);
  EXPECT_EQ(flow.bytes(), 0u);
  send({"5|B"});
  pass(options.commit_interval);
  EXPECT_EQ(log(), "1|B\n2|B\n3|B\n4|B\n5|B\n");
}

TEST_F(Recorder, AFlushIsAnsweredWhenWhatCameBeforeItIsOnDiskStalledOrNot) {
  start();
  engine->fails = true;
  send({"1|B"});
  pass(options.commit_interval);
  send({"2|B"});
  run();
  const auto answer = ask<drained>(flush_log{});
  EXPECT_FALSE(answer->has_value());
  engine->fails = false;
  std::string at_answer;
  for (int i = 0; i != 10'000 && !answer->has_value(); ++i) {
    if (!scheduler.has_job()) scheduler.advance_time(1ms);
    run_some(1, [](std::size_t) { return 0; });
    at_answer = log();
  }
  EXPECT_TRUE(answer->has_value());
  EXPECT_EQ(at_answer, "1|B\n2|B\n");
  EXPECT_EQ(engine->unsynced(), 0u);
}

TEST_F(Recorder, NoInboxIsOnDiskBeforeTheEventsItSpeaksOf) {
  start();
  engine->fails = true;
  send({"1|B"});
  pass(options.commit_interval);
  send({"2|B"}, 2);  // it is routed, and the client has it
  tell(acknowledged{7, 2, 2});
  heal();
  EXPECT_EQ(inbox(7)->epoch, 2u);
  // A machine that crashes at any commit has the events if it has the inbox.
  const auto survives = engine->crash(engine->unsynced(), false);
  EXPECT_EQ(store::event_log(*survives, options.log, false).epoch(), 2u);
}

TEST_F(Recorder, RetriesDoNotGatherTheSameInboxesAgainAndAgain) {
  start();
  engine->fails = true;
  for (core::user_id u = 1; u <= 1000; ++u) tell(acknowledged{u, 1, u});
  pass(options.commit_interval);
  const int failures = engine->failures;
  const std::size_t operations = engine->failed_operations();
  pass(10s);
  EXPECT_GT(engine->failures, failures);
  EXPECT_EQ(engine->failed_operations(), operations);
  heal();
  EXPECT_EQ(inbox(1000)->number, 1000);
}

TEST_F(Recorder, AStreamIsOverBehindItsLastEventsThoughTheyWereStalled) {
  start();
  engine->fails = true;
  send({"1|B"});
  pass(options.commit_interval);
  send({"2|B"});
  tell(stream_over{});
  heal();
  const store::event_log log{*engine, options.log, false};
  EXPECT_EQ(log.end(), end);
  EXPECT_FALSE(log.start().interrupted);
}

TEST_F(Recorder, NothingIsLostOfWhatComesWhileTheStoreCanNotEvenBeRead) {
  start();
  open(7, 0);
  send({"1|B", "2|B"});
  pass(options.commit_interval);
  engine->fails = true;
  send({"3|B"});
  pass(options.commit_interval + core::group_commit::retry_interval);
  tell(acknowledged{7, 1, 2});
  tell(acknowledged{7, 1, 1});
  tell(graph_slice{store::slice_key(1, 0), "x"});
  tell(stream_over{});
  peer& back = open(7);
  run();
  EXPECT_EQ(routed.slices_taken, 0);
  EXPECT_TRUE(back.heard.news.empty());
  heal();
  pass(options.commit_interval);
  EXPECT_EQ(inbox(7)->number, 2);
  ASSERT_EQ(back.heard.kinds(), std::vector<news>{news::opened});
  EXPECT_EQ(back.heard.news[0].number, 2);
  EXPECT_EQ(engine->get(store::family::graph, store::slice_key(1, 0)), "x");
  EXPECT_EQ(routed.slices_taken, 1);
  EXPECT_FALSE((store::event_log{*engine, options.log, false}.start().interrupted));
  pass(1s);
  EXPECT_EQ(statistics.counted[core::counter::acknowledgements], 1u);
}

TEST_F(Recorder, TheEndOfAStreamIsKept) {
  start();
  send({"1|B"});
  pass(options.commit_interval);
  EXPECT_TRUE(store::event_log(*engine, options.log, false).start().interrupted);
  tell(stream_over{});
  pass(options.commit_interval);
  EXPECT_FALSE(store::event_log(*engine, options.log, false).start().interrupted);
}

// --- bounds ---

TEST_F(Recorder, AsksForACheckpointAtATenthOfTheBoundAndOnce) {
  options.log.max_events = 80;
  start();
  for (int i = 1; i <= 7; ++i) send({std::to_string(i) + "|B"});
  pass(options.commit_interval);
  EXPECT_TRUE(routed.checkpoints_wanted.empty());
  send({"8|B"});
  pass(options.commit_interval);
  EXPECT_EQ(routed.checkpoints_wanted, std::vector<store::generation_number>{1});
  send({"9|B"});
  pass(options.commit_interval);
  EXPECT_EQ(routed.checkpoints_wanted.size(), 1u);

  core::follower_graph graph;
  graph.follow(1, 2);
  const std::string key = store::slice_key(1, 0);
  const auto places = static_cast<std::uint32_t>(graph.places());
  tell(graph_slice{key, store::encode_slice(key, graph, 0, places)});
  run();
  EXPECT_EQ(routed.slices_taken, 1);
  store::checkpoint made;
  made.generation = 1;
  made.from = made.upto = end;
  made.places = places;
  made.edges = 1;
  tell(checkpoint_made{made});
  run();
  EXPECT_EQ(engine->unsynced(), 0u);
  EXPECT_EQ(store::read_checkpoints(*engine).size(), 1u);
  EXPECT_EQ(edges(), 1u);
  pass(100ms);
  EXPECT_EQ(statistics.counted[core::counter::checkpoints_made], 1u);
  for (int i = 12; i <= 21; ++i) send({std::to_string(i) + "|B"});
  pass(options.commit_interval);
  EXPECT_EQ(routed.checkpoints_wanted, (std::vector<store::generation_number>{1, 2}));
}

TEST_F(Recorder, ACheckpointThatFallsIntoAFailureIsAskedForAgain) {
  options.log.max_events = 80;
  start();
  for (int i = 1; i <= 10; ++i) send({std::to_string(i) + "|B"});
  pass(options.commit_interval);
  engine->fails = true;
  tell(graph_slice{store::slice_key(1, 0), "x"});
  send({"11|B"});
  pass(options.commit_interval);
  tell(checkpoint_made{});
  run();
  heal();
  EXPECT_TRUE(store::read_checkpoints(*engine).empty());
  EXPECT_EQ(routed.checkpoints_wanted, (std::vector<store::generation_number>{1, 1}));
}

TEST_F(Recorder, WhileTheStoreFailsACheckpointWaits) {
  start();
  engine->fails = true;
  send({"1|B"});
  pass(options.commit_interval);
  tell(graph_slice{store::slice_key(1, 0), "x"});
  pass(2s);
  EXPECT_EQ(routed.slices_taken, 0);
  heal();
  EXPECT_EQ(routed.slices_taken, 1);
}

TEST_F(Recorder, ACheckpointThatBeginsAgainLeavesNothingOfTheFirstAttempt) {
  start();
  core::follower_graph old;
  for (core::user_id u = 1; u <= 500; ++u) old.follow(u, 9);
  const auto places = static_cast<std::uint32_t>(old.places());
  for (std::uint32_t p = 0; p + 1 < places; p += places / 4) {
    const std::string key = store::slice_key(1, p);
    tell(graph_slice{key, store::encode_slice(key, old, p, std::min(places, p + places / 4))});
  }
  run();
  core::follower_graph graph;
  graph.follow(1, 2);
  const std::string key = store::slice_key(1, 0);
  const auto few = static_cast<std::uint32_t>(graph.places());
  tell(graph_slice{key, store::encode_slice(key, graph, 0, few)});
  store::checkpoint made;
  made.generation = 1;
  made.places = few;
  tell(checkpoint_made{made});
  run();
  EXPECT_EQ(edges(), 1u);
}

TEST_F(Recorder, CutsTheLogAtACheckpointAndKeepsWhatIsWithinTheBound) {
  options.log.max_events = 80;
  start();
  store::generation_number generation = 0;
  for (int i = 1; i <= 200; ++i) {
    send({std::to_string(i) + "|B"});
    pass(options.commit_interval);
    if (routed.checkpoints_wanted.size() == generation) continue;
    store::checkpoint made;
    made.generation = routed.checkpoints_wanted.back();
    ++generation;
    made.from = made.upto = end;
    tell(checkpoint_made{made});
    run();
  }
  pass(1s);
  EXPECT_GT(store::read_begin(*engine).position, 0u);
  const store::event_log log{*engine, options.log, false};
  EXPECT_LE(log.events(), 90u);
  EXPECT_GE(log.events(), 80u);
  EXPECT_GT(statistics.counted[core::counter::cuts], 0u);
}

TEST_F(Recorder, CutsWhatIsTooOldThoughNothingHappens) {
  options.log.max_age = 8000ms;
  start();
  for (const char* line : {"1|B", "2|B"}) {
    send({line});
    pass(options.commit_interval);
  }
  pass(1s);
  ASSERT_EQ(routed.checkpoints_wanted.size(), 1u);
  store::checkpoint made;
  made.generation = 1;
  made.from = made.upto = end;
  tell(checkpoint_made{made});
  run();
  EXPECT_EQ(log(), "1|B\n2|B\n");
  pass(6s);
  EXPECT_EQ(log(), "1|B\n2|B\n");
  pass(2s);
  EXPECT_EQ(log(), "");
  EXPECT_EQ(statistics.counted[core::counter::cuts], 1u);
}

TEST_F(Recorder, TakesNothingForOldBecauseTheClockIsSet) {
  options.log.max_age = 8000ms;
  start();
  for (const auto jump : {86'400'000, -86'400'000, -86'400'000}) {
    send({"1|B"});
    pass(options.commit_interval);
    wall += jump;
    pass(100ms);
  }
  EXPECT_EQ(log(), "1|B\n1|B\n1|B\n");
  pass(10s);
  EXPECT_EQ(log(), "");
}

TEST_F(Recorder, KeepsTheNewestOfABurstForWhichNoCheckpointComes) {
  options.log.max_events = 80;
  start();
  send({"1|F|1|2"});
  for (int i = 2; i <= 1000; ++i) {
    send({std::to_string(i) + "|B"});
    if (i % 50 == 0) pass(options.commit_interval);
  }
  pass(1s);
  const store::event_log log{*engine, options.log, false};
  EXPECT_GE(log.events(), 80u);
  EXPECT_LE(log.events(), 80u + 10 + 50);
  EXPECT_EQ(edges(), 1u);
}

// --- the operator, and the end ---

TEST_F(Recorder, TellsWhatTheLogHolds) {
  start();
  send({"1|B", "2|B"});
  pass(options.commit_interval);
  const auto told = ask<status>(status_wanted{});
  ASSERT_TRUE(told->has_value());
  std::map<std::string, std::uint64_t> facts{(*told)->facts.begin(), (*told)->facts.end()};
  EXPECT_EQ(facts["log_events"], 2u);
  EXPECT_EQ(facts["log_end"], end);
  EXPECT_EQ(facts["log_begin"], 0u);
  EXPECT_EQ(facts["store_failing"], 0u);
  EXPECT_EQ(facts["store_bytes"], 4711u);
}

TEST_F(Recorder, CountsInboxes) {
  const auto inboxes = [&] {
    const auto told = ask<status>(status_wanted{});
    std::map<std::string, std::uint64_t> facts{(*told)->facts.begin(), (*told)->facts.end()};
    return facts["inboxes"];
  };
  start();
  send({"1|B", "2|B"});
  EXPECT_EQ(inboxes(), 0u);
  open(7);
  open(7, 1);
  open(8, 1);
  tell(acknowledged{7, 1, 2});
  EXPECT_EQ(inboxes(), 2u);
  pass(options.commit_interval);
  open(8, 0);
  EXPECT_EQ(inboxes(), 2u);
  pass(options.commit_interval);
  EXPECT_EQ((store::event_log{*engine, options.log, false}).inboxes_at_start(), 2u);
  ask<inbox_deleted>(delete_inbox{7});
  ask<inbox_deleted>(delete_inbox{7});
  EXPECT_EQ(inboxes(), 1u);
  tell(acknowledged{7, 1, 2});  // of a session that is still there
  EXPECT_EQ(inboxes(), 2u);
}

TEST_F(Recorder, ADeletedInboxIsGoneFromTheDiskWhenThatIsAnswered) {
  start();
  send({"1|B", "2|B"});
  open(7, 1);
  run();
  tell(acknowledged{7, 1, 2});
  const auto deleted = ask<inbox_deleted>(delete_inbox{7});
  ASSERT_TRUE(deleted->has_value());
  EXPECT_TRUE((*deleted)->was_there);
  EXPECT_FALSE(inbox(7));
  EXPECT_EQ(engine->unsynced(), 0u);
  const auto again = ask<inbox_deleted>(delete_inbox{7});
  EXPECT_FALSE((*again)->was_there);
  peer& back = open(7);
  run();
  EXPECT_EQ(back.heard.news.at(0).number, 2);
  engine->fails = true;
  ask<inbox_deleted>(delete_inbox{7});
  EXPECT_EQ(errors.size(), 1u);
}

TEST_F(Recorder, ADeletedInboxDoesNotComeBackByAnAcknowledgementThatWaits) {
  start();
  send({"1|B", "2|B"});
  open(7, 1);
  pass(options.commit_interval);
  calls->fail(1, 1, store::error::kind::failed);
  tell(acknowledged{7, 1, 2});
  ask<inbox_deleted>(delete_inbox{7});
  pass(2 * core::group_commit::retry_interval);
  EXPECT_FALSE(inbox(7));
}

TEST_F(Recorder, ABackupHasWhatWasRecorded) {
  start(durability::sync);
  send({"1|B"});
  const auto answer = ask<backup_made>(backup_wanted{"/somewhere"});
  EXPECT_TRUE(answer->has_value());
  EXPECT_EQ(engine->backups, std::vector<std::string>{"/somewhere"});
  EXPECT_EQ(log(), "1|B\n");
  EXPECT_EQ(routed.text(), "1|B\r\n");
}

TEST_F(Recorder, WhatABackupHasWrittenIsNotLostAtTheEnd) {
  start();
  send({"1|B"});
  ask<backup_made>(backup_wanted{"/somewhere"});
  EXPECT_FALSE((*ask<drained>(drain{}))->lost);
}

TEST_F(Recorder, ABackupThatFailsSaysSoAndLosesNothing) {
  start(durability::sync);
  engine->fails = true;
  send({"1|B"});
  const auto answer = ask<backup_made>(backup_wanted{"/somewhere"});
  EXPECT_FALSE(answer->has_value());
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].find("no space"), std::string::npos);
  heal();
  EXPECT_EQ(routed.text(), "1|B\r\n");
}

TEST_F(Recorder, DrainWritesTheRestAnswersAndEnds) {
  start();
  send({"1|B"});
  tell(acknowledged{7, 1, 1});
  tell(stream_over{});
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(log(), "1|B\n");
  EXPECT_EQ(inbox(7)->number, 1);
  EXPECT_FALSE(store::event_log(*engine, options.log, false).start().interrupted);
  EXPECT_TRUE(has_ended(actor));
  EXPECT_EQ(statistics.counted[core::counter::events_recorded], 1u);
}

TEST_F(Recorder, DrainTriesOnceMoreToWriteToAStoreThatHasFailed) {
  start();
  engine->fails = true;
  send({"1|B"});
  pass(options.commit_interval);
  send({"2|B"});
  run();
  engine->fails = false;
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(log(), "1|B\n2|B\n");
}

TEST_F(Recorder, DrainGoesOnTryingToWriteToAStoreThatFails) {
  start();
  engine->fails = true;
  send({"1|B"});
  const auto answer = ask<drained>(drain{});
  pass(3 * core::group_commit::retry_interval);
  EXPECT_FALSE(has_ended(actor));
  EXPECT_EQ(engine->failures, 4) << "one try an interval";
  heal();
  EXPECT_TRUE(has_ended(actor));
  ASSERT_TRUE(answer->has_value());
  EXPECT_FALSE((*answer)->lost);
  EXPECT_EQ(log(), "1|B\n");
}

TEST_F(Recorder, DrainEndsWhenItIsOverdueThoughTheStoreFailsAndRoutesNothingThatIsNotOnDisk) {
  start(durability::sync);
  engine->fails = true;
  send({"1|B"});
  run();
  send({"2|B"});
  const auto flushed = ask<drained>(flush_log{});
  const auto answer = ask<drained>(drain{});
  pass(3 * core::group_commit::retry_interval);
  EXPECT_FALSE(has_ended(actor));
  tell(drain_overdue{});
  run();
  ASSERT_TRUE(answer->has_value());
  EXPECT_TRUE((*answer)->failed);
  EXPECT_TRUE(has_ended(actor));
  EXPECT_TRUE(routed.blocks.empty());
  EXPECT_FALSE(flushed->has_value());
  EXPECT_EQ(errors.size(), 1u);
  EXPECT_EQ(flow.bytes(), 0u);
}

}  // namespace
}  // namespace skein
