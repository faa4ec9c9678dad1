/// The end: whoever dies, fails or does not answer at whatever moment of it, the daemon ends in
/// time, and what one plane does is not changed by a peer of the other.

#include <algorithm>

#include "actors/events/recorder.hpp"
#include "support/whole_daemon.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using ending = io::stream::ending;

class Drain : public storing_daemon {
 protected:
  stream_pointer connect_operator() {
    auto connection = std::make_shared<fake_stream>();
    caf::anon_send(parent, accepted{"control", connection});
    run();
    return connection;
  }

  /// Something of everything is going on.
  void start_busy() {
    engine = std::make_shared<test::fragile_engine>();
    finished.clear();
    start();
    connect_operator();
    connect_client(1);
    connect_client(2, "|0");
    connect_client(3, "|0")->takes(3);
    connect_source()->says("1|B\n2|B\n4|B\n");
    connect_http()->says("GET /ready HTTP/1.1\r\nHos");
    connect_http()->says(post("/v1/events", "6|B\n", "text/plain"));
    connect_http()->says("PUT /v1/topics/a/subscribers/one HTTP/1.1\r\nHost: a\r\n\r\n");
    connect_http()->says(post("/v1/topics/a/messages", "{\"payload\":\"hello\"}"));
    connect_http()->says(post("/v1/topics/a/subscribers/one/lease", "{\"wait_ms\":30000}"));
    connect_http()->says(post("/v1/topics/a/subscribers/one/lease", "{\"wait_ms\":30000}"));
    leap(50ms);
    connect_http()->says(post("/v1/topics/a/messages?wait=accepted", "{\"payload\":\"again\"}"));
  }

  void begin_to_drain(std::size_t messages) {
    caf::anon_send(parent, skein::drain{});
    run_some(messages, [](std::size_t) { return 0; });
  }

  void TearDown() override {
    finished.clear();
    whole_daemon::TearDown();
  }
};

// --- much that is asked for ---

constexpr const char* subscribing = "PUT /v1/topics/a/subscribers/one HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(Drain, IsNotHeldUpByAThousandPages) {
  start();
  connect_http()->says(subscribing);
  run();
  const auto topic = the("topic");
  hold_up(topic);
  std::vector<stream_pointer> all;
  for (int i = 0; i != 1000; ++i) {
    all.push_back(connect_http());
    all.back()->says("GET /v1/topics/a/subscribers/one/dead-letters HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  run();
  drain();
  const auto refused =
      std::count_if(all.begin(), all.end(), [](const auto& s) { return has(s, "HTTP/1.1 503"); });
  EXPECT_GE(refused, 998) << "all but those whose turn had come";
  let_go(topic);
  settle();
  EXPECT_EQ(finished, statuses{exit_ok});
}

TEST_F(Drain, ReadsNothingForLeasesThatStandInLine) {
  start();
  connect_http()->says(subscribing);
  connect_http()->says(post("/v1/topics/a/messages", "{\"payload\":\"hello\"}"));
  run();
  const auto topic = the("topic");
  hold_up(topic);
  std::vector<stream_pointer> all;
  for (int i = 0; i != 100; ++i) {
    all.push_back(connect_http());
    all.back()->says(post("/v1/topics/a/subscribers/one/lease", "{}"));
  }
  const auto publishes = connect_http();
  publishes->says(post("/v1/topics/a/messages", "{\"payload\":\"more\"}"));
  run();
  drain();
  let_go(topic);
  settle();
  for (const auto& s : all) EXPECT_TRUE(has(s, "HTTP/1.1 503"));
  EXPECT_TRUE(has(publishes, "HTTP/1.1 200"));
  EXPECT_EQ(finished, statuses{exit_ok});
}

enum class harm { exception, kill, late, never };

class DrainWithOneWhoHarms : public Drain, public testing::WithParamInterface<const char*> {};

TEST_P(DrainWithOneWhoHarms, EndsInTimeWhateverItDoesAtWhateverMoment) {
  for (const harm how : {harm::exception, harm::kill, harm::late, harm::never}) {
    for (std::size_t moment = 0;; ++moment) {
      SCOPED_TRACE("harm " + std::to_string(static_cast<int>(how)) + " moment " +
                   std::to_string(moment));
      options.event.level =
          (moment + static_cast<std::size_t>(how)) % 2 == 0 ? durability::async : durability::sync;
      start_busy();
      begin_to_drain(moment);
      const bool was_last = !scheduler.has_job();
      const auto victims = all_named(GetParam());
      for (const auto& victim : victims) {
        if (how == harm::exception || how == harm::kill) {
          caf::anon_send_exit(victim, how == harm::kill ? caf::exit_reason::kill
                                                        : caf::exit_reason::unhandled_exception);
        } else {
          hold_up(victim);
        }
      }
      leap(options.drain_timeout / 2);
      if (how == harm::late) {
        for (const auto& victim : victims) let_go(victim);
      }
      leap(options.drain_timeout / 2);
      if (how == harm::never) {
        leap(supervisor_state::last_try);
      } else {
        EXPECT_EQ(alive(), 0u);
      }
      ASSERT_EQ(finished.size(), 1u);
      kill_all();
      if (was_last || victims.empty()) break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Is, DrainWithOneWhoHarms,
                         testing::Values("source", "session", "http_session", "control", "topic",
                                         "topics", "topic_recorder", "sequencer", "router",
                                         "recorder", "replayer", "statistics"),
                         [](const auto& instance) { return std::string{instance.param}; });

/// Peers of the doors that are slow or say nothing when the daemon ends.
class DrainBesideASlowPeer : public Drain, public testing::WithParamInterface<const char*> {
 protected:
  /// Most of them end only by the drain timeout.
  void connect_slow_peer() {
    const std::string what = GetParam();
    if (what == "half_request") connect_http()->says("GET /ready HTTP/1.1\r\nHos");
    if (what == "half_body")
      connect_http()->says(
          "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: "
          "100\r\n\r\n9|B");
    if (what == "silent_http") connect_http();
    if (what == "unread_answer") {
      const auto program = connect_http();
      program->takes(0);
      program->says("GET /v1/topics HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    if (what == "silent_client")
      caf::anon_send(parent, accepted{"client", std::make_shared<fake_stream>()});
    if (what == "unread_events") connect_client(9)->takes(0);
    if (what == "unread_replay") connect_client(9, "|0")->takes(0);
    if (what == "silent_operator") connect_operator();
    run();
  }
};

TEST_P(DrainBesideASlowPeer, EventsThatWereReadAreKeptAndToldAndAStreamThatWasOverIsOver) {
  for (const auto level : {durability::async, durability::sync}) {
    options.event.level = level;
    engine = std::make_shared<test::fragile_engine>();
    finished.clear();
    start();
    const auto client = connect_client(1);
    connect_slow_peer();
    const auto source = connect_source();
    source->says("1|B\n2|B\n");
    source->ends();
    run();
    drain();
    leap(options.drain_timeout);
    EXPECT_EQ(finished, statuses{exit_ok});
    EXPECT_EQ(client->heard(), "1|B\r\n2|B\r\n");
    kill_all();
    finished.clear();
    start();
    const auto again = connect_client(1);
    connect_source()->says("1|B\n2|S|1\n");
    settle();
    EXPECT_EQ(again->heard(), "1|B\r\n") << "the next stream is no repetition";
    kill_all();
  }
}

TEST_P(DrainBesideASlowPeer, MessagesThatWereAcceptedAreKept) {
  engine = std::make_shared<test::fragile_engine>();
  start();
  const auto program = connect_http();
  program->says("PUT /v1/topics/a/subscribers/one HTTP/1.1\r\nHost: a\r\n\r\n");
  settle();
  connect_slow_peer();
  program->says(post("/v1/topics/a/messages?wait=accepted", "{\"payload\":\"hello\"}"));
  run();
  EXPECT_TRUE(has(program, "\"outcome\":\"published\""));
  drain();
  leap(options.drain_timeout);
  EXPECT_EQ(finished, statuses{exit_ok});
  kill_all();
  finished.clear();
  start();
  const auto again = connect_http();
  again->says(post("/v1/topics/a/subscribers/one/lease", "{}"));
  settle();
  EXPECT_TRUE(has(again, "\"payload\":\"hello\""));
}

INSTANTIATE_TEST_SUITE_P(Of, DrainBesideASlowPeer,
                         testing::Values("half_request", "half_body", "silent_http",
                                         "unread_answer", "silent_client", "unread_events",
                                         "unread_replay", "silent_operator"),
                         [](const auto& instance) { return std::string{instance.param}; });

TEST_F(Drain, SaysByItsStatusWhetherMessagesAreLostThatWereAccepted) {
  for (const bool accepted : {false, true}) {
    engine = std::make_shared<test::fragile_engine>();
    finished.clear();
    start();
    const auto program = connect_http();
    program->says("PUT /v1/topics/a/subscribers/one HTTP/1.1\r\nHost: a\r\n\r\n");
    settle();
    engine->fails = true;
    const std::string wait = accepted ? "accepted" : "durable";
    program->says(post("/v1/topics/a/messages?wait=" + wait, "{\"payload\":\"hello\"}"));
    run();
    EXPECT_TRUE(has(program, accepted ? "\"outcome\":\"published\"" : "507 ")) << program->heard();
    drain();
    leap(options.drain_timeout);
    EXPECT_EQ(finished, statuses{accepted ? exit_lost : exit_failed});
    kill_all();
  }
}

/// A store that fails when the end begins.
class DrainWithAStoreThatFails : public Drain {
 protected:
  enum traffic { nothing = 0, events = 1, messages = 2 };

  void begin(int what, durability level) {
    options.event.level = level;
    engine = std::make_shared<test::fragile_engine>();
    finished.clear();
    start();
    client = connect_client(1);
    const auto program = connect_http();
    program->says("PUT /v1/topics/a/subscribers/one HTTP/1.1\r\nHost: a\r\n\r\n");
    settle();
    engine->fails = true;
    if ((what & events) != 0) connect_source()->says("1|B\n");
    if ((what & messages) != 0) {
      program->says(post("/v1/topics/a/messages?wait=accepted", "{\"payload\":\"hello\"}"));
      run();
      EXPECT_TRUE(has(program, "\"outcome\":\"published\""));
    }
    caf::anon_send(parent, skein::drain{});
    run();
  }

  void expect_kept(int what) {
    kill_all();
    finished.clear();
    start();
    const auto program = connect_http();
    program->says(post("/v1/topics/a/subscribers/one/lease", "{}"));
    connect_source()->says("1|B\n2|B\n");
    const auto again = connect_client(2, "|0");
    settle();
    EXPECT_EQ(has(program, "\"payload\":\"hello\""), (what & messages) != 0);
    EXPECT_EQ(again->heard(), "1|B\r\n2|B\r\n");
    kill_all();
  }

  stream_pointer client;
};

TEST_F(DrainWithAStoreThatFails, LosesNothingIfItRecoversBeforeTheDrainTimeoutWhoeverWritesToIt) {
  for (const auto level : {durability::async, durability::sync}) {
    for (const int what : {nothing + 0, events + 0, messages + 0, events | messages}) {
      for (const auto after : {1ms, 1000ms, 2250ms, 4999ms}) {
        SCOPED_TRACE("level " + std::to_string(static_cast<int>(level)) + " traffic " +
                     std::to_string(what) + " after " + std::to_string(after.count()) + " ms");
        begin(what, level);
        pass(after);
        EXPECT_TRUE(finished.empty()) << "it goes on trying";
        engine->fails = false;
        pass(options.drain_timeout - after);
        EXPECT_EQ(finished, statuses{exit_ok});
        // At the timeout clients are cut.
        const bool hears = level == durability::async ||
                           options.drain_timeout - after > core::group_commit::retry_interval;
        EXPECT_EQ(client->heard(), (what & events) != 0 && hears ? "1|B\r\n" : "");
        expect_kept(what);
      }
    }
  }
}

TEST_F(DrainWithAStoreThatFails, EndsWithTheDrainTimeoutIfItDoesNotRecoverAndSaysWhatIsLost) {
  for (const auto level : {durability::async, durability::sync}) {
    for (const int what : {nothing + 0, events + 0, messages + 0, events | messages}) {
      SCOPED_TRACE("level " + std::to_string(static_cast<int>(level)) + " traffic " +
                   std::to_string(what));
      begin(what, level);
      pass(options.drain_timeout - 1ms);
      EXPECT_TRUE(finished.empty());
      pass(1ms);
      const bool told = (what & events) != 0 && level == durability::async;
      const bool lost = told || (what & messages) != 0;
      EXPECT_EQ(finished, statuses{lost ? exit_lost : exit_failed});
      engine->fails = false;
      kill_all();
    }
  }
}

TEST_F(Drain, AHalfSentRequestIsRefusedAtOnce) {
  start();
  const auto program = connect_http();
  program->says("GET /ready HTTP/1.1\r\nHos");
  run();
  drain();
  EXPECT_EQ(finished, statuses{exit_ok});
  EXPECT_TRUE(has(program, "503 Service Unavailable"));
}

TEST_F(Drain, WhatSourcesSendAgainFromNextIsNotTakenForADuplicate) {
  options.sequence.window = 100'000;
  options.sequence.gap_timeout = 10s;
  options.event.level = durability::sync;
  start();
  connect_source()->says("1|B\n3|B\n5|B\n7|B\n");
  connect_source()->says("2|B\n");
  settle();
  restart();
  const auto client = connect_client(1);
  connect_source()->says("5|B\n7|B\n9|B\n");
  connect_source()->says("4|B\n6|B\n8|B\n10|B\n");
  leap(options.sequence.gap_timeout);  // the first might have started again
  EXPECT_EQ(client->heard(), "4|B\r\n5|B\r\n6|B\r\n7|B\r\n8|B\r\n9|B\r\n10|B\r\n");
}

}  // namespace
}  // namespace skein
