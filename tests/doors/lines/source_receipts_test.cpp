/// What a source that asks for receipts is told, and when a program is that publishes events.

#include "support/whole_daemon.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using ending = io::stream::ending;

class SourceReceipts : public storing_daemon {
 protected:
  stream_pointer connect_told_source() {
    const auto source = connect_source();
    source->says("ACK\n");
    run();
    return source;
  }
  static std::string events(const std::string& lines) {
    return post("/v1/events", lines, "text/plain");
  }
};

TEST_F(SourceReceipts, ComeToNobodyWhoHasNotAskedForThem) {
  for (const char* first : {"1|B\n", "ACK|1\n", "ack\n", "2|B\nACK\n"}) {
    finished.clear();
    engine = std::make_shared<test::fragile_engine>();
    start();
    const auto source = connect_source();
    source->says(first);
    settle();
    source->says("1|B\n3|X\n");
    settle();
    source->ends();
    settle();
    EXPECT_EQ(source->heard(), "") << first;
    EXPECT_TRUE(source->closed());
    kill_all();
  }
}

TEST_F(SourceReceipts, ComeWhenEventsAreOnDisk) {
  for (const auto level : {durability::async, durability::sync}) {
    options.event.level = level;
    engine = std::make_shared<test::fragile_engine>();
    finished.clear();
    start();
    const auto source = connect_told_source();
    EXPECT_EQ(source->heard(), "E|1\n");
    engine->fails = true;
    source->says("1|B\n2|B\n");
    settle();
    EXPECT_EQ(source->heard(), "E|1\n");
    engine->fails = false;
    pass(1s);
    EXPECT_EQ(source->heard(), "E|1\nA|2\n");
    source->says("3|B\n5|B\n");
    settle();
    EXPECT_EQ(source->heard(), "E|1\nA|2\nA|3\n");
    kill_all();
  }
}

TEST_F(SourceReceipts, SayWhatIsRefusedAndWhy) {
  start();
  const auto source = connect_told_source();
  source->says("1|B\n1|B\n2|X|1\nhello\n2000000|B\n");
  settle();
  EXPECT_EQ(source->heard().substr(0, 4), "E|1\n");
  for (const char* line : {"R|1|duplicate\n", "R|2|unknown_type\n", "R|0|no_separator\n",
                           "R|2000000|beyond\n", "A|1\n"}) {
    EXPECT_TRUE(has(source, line)) << line << " in " << source->heard();
  }
}

TEST_F(SourceReceipts, ComeToASourceThatHasSentAllThenItIsClosed) {
  start();
  const auto other = connect_source();
  const auto source = connect_told_source();
  source->says("2|B\n");
  source->ends();
  settle();
  EXPECT_FALSE(source->closed()) << "1 is missing";
  other->says("1|B\n");
  settle();
  EXPECT_EQ(source->heard(), "E|1\nA|2\n");
  EXPECT_EQ(source->closed(), ending::graceful);
}

TEST_F(SourceReceipts, SayThatALastLineHasNoEnd) {
  start();
  const auto source = connect_told_source();
  source->says("1|B\n2|B");
  source->ends();
  settle();
  EXPECT_TRUE(has(source, "R|0|unterminated\n")) << source->heard();
  EXPECT_TRUE(has(source, "A|1\n"));
  EXPECT_EQ(source->closed(), ending::graceful);
}

TEST_F(SourceReceipts, NameTheEpochOfWhatFollows) {
  start();
  const auto first = connect_told_source();
  first->says("1|B\n2|B\n");
  settle();
  first->ends();
  settle();
  const auto second = connect_told_source();
  second->says("1|S|1\n");
  settle();
  EXPECT_EQ(first->heard(), "E|1\nA|2\n");
  EXPECT_EQ(second->heard(), "E|1\nE|2\nA|1\n");
}

TEST_F(SourceReceipts, AreNoneWhereNothingIsStored) {
  engine = nullptr;
  start();
  const auto source = connect_told_source();
  EXPECT_EQ(source->heard().substr(0, 4), "ERR ");
  EXPECT_TRUE(source->closed());
}

TEST_F(SourceReceipts, ThatNobodyReadsStopTheSourceAndNobodyElse) {
  start();
  const auto client = connect_client(1);
  const auto source = connect_told_source();
  source->takes(0);
  std::string duplicates = "1|B\n";
  for (int i = 0; i != 8000; ++i) duplicates += "1|B\n";
  source->says(duplicates);
  settle();
  for (int i = 0; i != 100; ++i) source->says("1|B\n");
  settle();
  EXPECT_TRUE(source->unread());
  const auto other = connect_source();
  other->says("3|B\n");
  pass(options.sequence.gap_timeout);
  EXPECT_EQ(client->heard(), "1|B\r\n3|B\r\n") << "the gap is given up though it is not read";
  source->takes_all();
  settle();
  EXPECT_FALSE(source->unread());
}

TEST_F(SourceReceipts, OfWhatADrainLeavesUnfinishedAreNotGiven) {
  start();
  const auto source = connect_told_source();
  source->says("1|B\n3|B\n");
  settle();
  drain();
  EXPECT_EQ(source->heard(), "E|1\nA|1\n");
  EXPECT_EQ(source->closed(), ending::abort);
  EXPECT_EQ(finished, statuses{exit_ok});
}

TEST_F(SourceReceipts, AnswersAtSyncComeWhenTheEventsAreOnDisk) {
  options.event.level = durability::sync;
  start();
  const auto program = connect_http();
  engine->fails = true;
  program->says(events("1|B\n2|B\n"));
  settle();
  EXPECT_EQ(program->heard(), "");
  engine->fails = false;
  pass(1s);
  EXPECT_TRUE(has(program, "\"durable\":true,\"epoch\":1,\"next\":3,\"durable_next\":3}"))
      << program->heard();
  program->says(events("4|B\n"));
  settle();
  EXPECT_FALSE(has(program, "\"next\":4")) << "3 is missing";
  connect_source()->says("3|B\n");
  pass(options.sequence.gap_timeout);  // 4 might have begun another stream
  EXPECT_TRUE(has(program, "\"next\":5,\"durable_next\":5}"));
}

TEST_F(SourceReceipts, AnswersAtSyncAreARefusalIfTheEventsAreNotOnDiskInTime) {
  options.event.level = durability::sync;
  options.http.max_wait = 1s;
  options.http.request_timeout = 1s;
  start();
  const auto program = connect_http();
  engine->fails = true;
  program->says(events("1|B\n2|B\n"));
  pass(4s);
  EXPECT_TRUE(has(program, "503 Service Unavailable")) << program->heard();
  EXPECT_FALSE(has(program, "200 OK"));
}

TEST_F(SourceReceipts, AnswersAtAsyncSayHowFarTheyGo) {
  start();
  const auto program = connect_http();
  program->says(events("1|B\n3|B\n"));
  run();
  EXPECT_TRUE(has(program, "\"durable\":false,\"epoch\":1,\"next\":2,\"durable_next\":1}"))
      << program->heard();
}

TEST_F(SourceReceipts, TheStatusSaysWhatIsDurable) {
  start();
  const auto source = connect_source();
  source->says("1|B\n2|B\n");
  run();
  const auto ask = [this](const char* what = "status\n") {
    const auto connection = std::make_shared<fake_stream>();
    connection->says(what);
    caf::anon_send(parent, accepted{"control", connection});
    run();
    return connection->heard();
  };
  EXPECT_NE(ask().find("\"durable_epoch\":1,\"durable_next\":1,"), std::string::npos) << ask();
  settle();
  EXPECT_NE(ask().find("\"durable_epoch\":1,\"durable_next\":3,"), std::string::npos) << ask();
  engine->fails = true;
  ask("epoch new\n");
  EXPECT_NE(ask().find("\"epoch\":2,"), std::string::npos) << ask();
  EXPECT_NE(ask().find("\"durable_epoch\":1,\"durable_next\":3,"), std::string::npos) << ask();
  const auto program = connect_http();
  program->says("GET /v1/epochs/current HTTP/1.1\r\nHost: a\r\n\r\n");
  run();
  EXPECT_TRUE(has(program, "{\"epoch\":2,\"next\":1,\"durable_next\":1}")) << program->heard();
  engine->fails = false;
  pass(1s);
  EXPECT_NE(ask().find("\"durable_epoch\":2,\"durable_next\":1,"), std::string::npos) << ask();
}

}  // namespace
}  // namespace skein
