#include "doors/lines/source.hpp"

#include <caf/send.hpp>

#include "support/actor_test.hpp"
#include "support/fake_stream.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;

class Source : public actor_test {
 protected:
  source_actor connect() {
    source_options options;
    options.max_line = 64;
    auto environment = std::make_shared<const source_environment>(
        source_environment{options, flow, system.spawn(sequencer_stand_in, &sequencer),
                           system.spawn(statistics_stand_in, &statistics), 100ms});
    const auto actor = system.spawn(source, environment, core::source_id{7}, connection);
    run();
    return actor;
  }

  core::counts::value malformed(core::malformed reason) const {
    return statistics.counted.at(core::counter::malformed, static_cast<std::size_t>(reason));
  }
  core::counts::value received(core::event_kind kind) const {
    return statistics.counted.at(core::counter::events_received, static_cast<std::size_t>(kind));
  }

  std::shared_ptr<fake_stream> connection = std::make_shared<fake_stream>();
  sequencer_record sequencer;
  statistics_record statistics;
};

TEST_F(Source, SendsTheEventsItReads) {
  connect();
  EXPECT_EQ(sequencer.opened, std::vector<core::source_id>{7});
  connection->says("2|B\r\n1|F|46|68\n3|P|1|");
  run();
  EXPECT_EQ(sequencer.text, "2|B\n1|F|46|68\n");
  connection->says("2\r\n4|S|9\r\n");
  run();
  EXPECT_EQ(sequencer.text, "2|B\n1|F|46|68\n3|P|1|2\n4|S|9\n");
  EXPECT_EQ(sequencer.blocks, (std::vector<std::size_t>{2, 2}));
  pass(1s);
  EXPECT_EQ(received(core::event_kind::broadcast), 1u);
  EXPECT_EQ(received(core::event_kind::follow), 1u);
  EXPECT_EQ(received(core::event_kind::private_message), 1u);
  EXPECT_EQ(received(core::event_kind::status_update), 1u);
  EXPECT_EQ(statistics.counted[core::counter::bytes_read], 31u);
  EXPECT_EQ(statistics.counted[core::counter::sources_total], 1u);
  EXPECT_FALSE(timer_is_left());
}

TEST_F(Source, SendsNothingForAReadWithoutAnEvent) {
  connect();
  connection->says("\r\nhello\n");
  run();
  EXPECT_TRUE(sequencer.blocks.empty());
  EXPECT_TRUE(connection->awaits_reading());
}

TEST_F(Source, ThatIsABrowserIsToldSoAndClosedBeforeALineCounts) {
  connect();
  connection->says("POST / HTTP/1.1\r\nHost: localhost:9090\r\n\r\n1|B\n2|B\n");
  run();
  EXPECT_EQ(connection->heard().rfind("HTTP/1.1 400 ", 0), 0u) << connection->heard();
  EXPECT_EQ(connection->closed(), io::stream::ending::graceful);
  EXPECT_TRUE(sequencer.blocks.empty());
  EXPECT_EQ(sequencer.closed, std::vector<core::source_id>{7});
  EXPECT_EQ(statistics.counted[core::counter::sources_refused], 1u);
  EXPECT_EQ(received(core::event_kind::broadcast), 0u);
}

TEST_F(Source, StopsReadingWithoutCreditAndGoesOnWithIt) {
  const auto actor = connect();
  const auto limit = static_cast<std::size_t>(source_state::credit_limit);
  std::string text;
  for (std::size_t i = 1; i <= limit + 3; ++i) {
    const std::string line = std::to_string(i) + "|B\n";
    connection->says(line);
    text += line;
  }
  run();
  EXPECT_EQ(sequencer.blocks.size(), limit);
  EXPECT_FALSE(connection->awaits_reading());
  pass(1s);
  EXPECT_EQ(sequencer.blocks.size(), limit);

  caf::anon_send(actor, block_taken{});
  run();
  EXPECT_EQ(sequencer.blocks.size(), limit + 1);
  caf::anon_send(actor, block_taken{});
  caf::anon_send(actor, block_taken{});
  run();
  EXPECT_EQ(sequencer.text, text);
  EXPECT_EQ(connection->awaited_twice(), 0u);
}

TEST_F(Source, DoesNotReadWhileTooMuchIsInFlight) {
  connect();
  io::charge others{flow, high_mark};
  connection->says("1|B\n");
  pass(1s);
  EXPECT_EQ(connection->reads(), 0u);
  others.set(low_mark);
  pass(1s);
  EXPECT_EQ(connection->reads(), 0u);
  others.set(low_mark - 1);
  run();
  EXPECT_EQ(sequencer.text, "1|B\n");
  EXPECT_TRUE(connection->awaits_reading());
  EXPECT_EQ(connection->awaited_twice(), 0u);
}

TEST_F(Source, HoldsItsBytesInTheFlowUntilTheyAreTaken) {
  sequencer.keeps = true;
  connect();
  connection->says("1|B\n");
  run();
  EXPECT_GT(flow.bytes(), 3u);
  sequencer.kept.clear();
  EXPECT_EQ(flow.bytes(), 0u);
}

TEST_F(Source, CountsWhatIsMalformedByReason) {
  connect();
  connection->says("\r\nabc\nx|B\n0|B\n1|Z\n1|F|1\n1|B|2\n1|P|a|2\n1|P|99999999999999999999|2\n" +
                   std::string(65, '1') + "\n5|B\n");
  connection->says(std::string(200, '1'));
  connection->says("1|B\n6|B\n");
  connection->says("7|");
  connection->ends();
  run();
  using core::malformed;
  EXPECT_EQ(sequencer.text, "5|B\n6|B\n");
  for (const auto reason : {malformed::empty_line, malformed::no_separator, malformed::bad_sequence,
                            malformed::sequence_out_of_range, malformed::unknown_type,
                            malformed::missing_field, malformed::extra_field, malformed::bad_user,
                            malformed::user_out_of_range, malformed::unterminated}) {
    EXPECT_EQ(this->malformed(reason), 1u) << core::name_of(reason);
  }
  EXPECT_EQ(this->malformed(malformed::line_too_long), 2u);
}

TEST_F(Source, EndsWithItsConnection) {
  const auto actor = connect();
  connection->says("1|B\n");
  connection->ends();
  run();
  EXPECT_EQ(sequencer.text, "1|B\n");
  EXPECT_EQ(sequencer.closed, std::vector<core::source_id>{7});
  EXPECT_EQ(sequencer.ends, std::vector{core::source_end::finished});
  EXPECT_EQ(malformed(core::malformed::unterminated), 0u);
  EXPECT_EQ(statistics.counted[core::counter::sources], 0u);
  EXPECT_TRUE(has_ended(actor));
  EXPECT_EQ(connection->closed(), io::stream::ending::graceful);
}

TEST_F(Source, EndsWhenItsConnectionIsLost) {
  const auto actor = connect();
  connection->breaks();
  run();
  EXPECT_TRUE(has_ended(actor));
  EXPECT_EQ(sequencer.ends, std::vector{core::source_end::broken});
}

TEST_F(Source, CountsTheLineItEndsWithin) {
  connect();
  connection->says("1|B\n2|");
  connection->ends();
  run();
  EXPECT_EQ(malformed(core::malformed::unterminated), 1u);
}

TEST_F(Source, DrainEndsIt) {
  const auto actor = connect();
  caf::anon_send(actor, drain{});
  run();
  EXPECT_TRUE(has_ended(actor));
  EXPECT_TRUE(sequencer.closed.empty()) << "it has not ended by itself";
  EXPECT_TRUE(connection->closed());
  EXPECT_EQ(statistics.counted[core::counter::sources], 0u);
}

TEST_F(Source, DrainEndsItWithoutCreditAndWhileTooMuchIsInFlight) {
  const auto actor = connect();
  for (int i = 1; i <= source_state::credit_limit; ++i) connection->says("1|B\n");
  run();
  const io::charge others{flow, high_mark};
  connection->says("5|B\n");
  caf::anon_send(actor, block_taken{});
  run();
  caf::anon_send(actor, drain{});
  run();
  EXPECT_TRUE(has_ended(actor));
}  // the flow tells an actor that has ended

TEST_F(Source, LetsTheConnectionSayThatThereIsMore) {
  connect();
  std::string text;
  while (text.size() < io::event_decoder::read_size + 100) text += "1|P|10|20\n";
  connection->says(text);
  run();
  EXPECT_EQ(connection->reads(), 2u);
  EXPECT_TRUE(connection->awaits_reading());
  EXPECT_EQ(connection->awaited_twice(), 0u);
  EXPECT_EQ(sequencer.text, text);
}

TEST_F(Source, HasCaughtUpWhenThereIsNothingToRead) {
  const auto actor = connect();
  caf::anon_send(actor, catch_up{});
  run();
  EXPECT_EQ(sequencer.caught_up, 1);
  EXPECT_EQ(connection->reads(), 1u);
  EXPECT_EQ(connection->reading_awaited(), 1u);
  connection->says("1|B\n");
  run();
  EXPECT_EQ(sequencer.text, "1|B\n");
  EXPECT_EQ(sequencer.caught_up, 1);
}

TEST_F(Source, HasCaughtUpWhenItHasReadEverything) {
  const auto actor = connect();
  io::charge others{flow, high_mark};
  for (int i = 1; i <= 4; ++i) {
    connection->says(std::to_string(i) + "|P|1|2\n" + std::string(i == 4 ? 0 : 70'000, '\n'));
  }
  caf::anon_send(actor, catch_up{});
  run();
  EXPECT_EQ(sequencer.caught_up, 0) << "it may not read";
  others.set(0);
  run();
  EXPECT_EQ(sequencer.text, "1|P|1|2\n2|P|1|2\n3|P|1|2\n4|P|1|2\n");
  EXPECT_EQ(sequencer.caught_up, 1);
  EXPECT_EQ(connection->awaited_twice(), 0u);
}

TEST_F(Source, CatchesUpOnceItHasCredit) {
  const auto actor = connect();
  for (int i = 1; i <= source_state::credit_limit; ++i) connection->says("1|B\n");
  run();
  caf::anon_send(actor, catch_up{});
  connection->says("2|B\n");
  run();
  EXPECT_EQ(sequencer.caught_up, 0);
  caf::anon_send(actor, block_taken{});
  run();
  EXPECT_EQ(sequencer.caught_up, 1);
  EXPECT_EQ(sequencer.blocks.size(), source_state::credit_limit + 1u);
}

TEST_F(Source, CatchesUpWithNothingOnceItHasCredit) {
  const auto actor = connect();
  for (int i = 1; i <= source_state::credit_limit; ++i) connection->says("1|B\n");
  run();
  caf::anon_send(actor, catch_up{});
  run();
  EXPECT_EQ(sequencer.caught_up, 0) << "it may not look";
  caf::anon_send(actor, block_taken{});
  run();
  EXPECT_EQ(sequencer.caught_up, 1);
  EXPECT_EQ(connection->awaited_twice(), 0u);
}

TEST_F(Source, CatchesUpWithNothingOnceThereIsRoom) {
  const auto actor = connect();
  io::charge others{flow, high_mark};
  caf::anon_send(actor, catch_up{});
  run();
  EXPECT_EQ(sequencer.caught_up, 0) << "it may not look";
  others.set(0);
  run();
  EXPECT_EQ(sequencer.caught_up, 1);
  EXPECT_EQ(connection->awaited_twice(), 0u);
}

TEST_F(Source, LooksAgainWhenThereIsNothingToReadAfterAll) {
  connect();
  connection->wake_reader();
  run();
  EXPECT_EQ(connection->reads(), 1u);
  connection->says("1|B\n");
  run();
  EXPECT_EQ(sequencer.text, "1|B\n");
}

TEST_F(Source, ReportsOnceForManyReads) {
  connect();
  pass(100ms);
  const std::size_t before = statistics.reports;
  for (int i = 1; i <= 4; ++i) connection->says(std::to_string(i) + "|B\n");
  pass(99ms);
  EXPECT_EQ(statistics.reports, before);
  pass(1ms);
  EXPECT_EQ(statistics.reports, before + 1);
  EXPECT_EQ(received(core::event_kind::broadcast), 4u);
}

TEST_F(Source, AFailureClosesItsConnection) {
  const auto actor = connect();
  fail(the("source"));
  EXPECT_TRUE(has_ended(actor));
  EXPECT_TRUE(connection->closed());
}

}  // namespace
}  // namespace skein
