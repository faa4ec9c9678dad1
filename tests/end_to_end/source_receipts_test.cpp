/// Sources and programs that are told what is on disk, and daemons that are killed.

#include <gtest/gtest.h>

#include "harm.hpp"
#include "support/program.hpp"

namespace skein::test {
namespace {

/// The lines after the first that begin with `kind`, and the number of the last of them.
std::int64_t last_of(const std::string& told, char kind) {
  const auto at = told.rfind(std::string{"\n"} + kind + "|");
  return at == std::string::npos ? 0 : std::stoll(told.substr(at + 3));
}

class ReceiptsOfASource : public testing::TestWithParam<const char*> {};

TEST_P(ReceiptsOfASource, SpeakOfWhatAKillLeaves) {
  daemon broker{{{"event.durability", GetParam()}, {"event.commit-interval", "5ms"}}};
  auto source = broker.source();
  source.send("ACK\n");
  source.receive(4);
  std::int64_t sent = 0;
  for (int turn = 0; turn != 5; ++turn) {
    std::string lines;
    for (int i = 0; i != 2000; ++i) lines += std::to_string(++sent) + "|B\n";
    source.send(lines);
    source.receive(source.received().size() + 4);
  }
  broker.kill();
  source.receive_all();
  const std::int64_t receipted = last_of(source.received(), 'A');
  EXPECT_GT(receipted, 0);
  broker.start_again();
  EXPECT_GT(static_cast<std::int64_t>(broker.status("next")), receipted);
}

INSTANTIATE_TEST_SUITE_P(At, ReceiptsOfASource, testing::Values("async", "sync"),
                         [](const auto& instance) { return std::string{instance.param}; });

TEST(ReceiptsOfASourceThatEnds, AreAllThereBeforeItIsClosed) {
  daemon broker;
  auto source = broker.source();
  source.send("ACK\n1|B\n2|X|1\n3|B\n2|B\n");
  source.half_close();
  EXPECT_EQ(source.receive_all(), "E|1\nR|2|unknown_type\nA|3\n");
  EXPECT_FALSE(source.was_reset());
}

TEST(AnswersAtSync, SpeakOfWhatAKillLeaves) {
  daemon broker{{{"event.durability", "sync"}}};
  std::int64_t answered = 0;
  {
    program client{broker};
    for (int i = 0; i != 20; ++i) {
      std::string lines;
      for (int k = 0; k != 1000; ++k) lines += std::to_string(answered + k + 1) + "|B\n";
      EXPECT_EQ(client.ask({"POST", "/v1/events", lines, "text/plain"}).status, 200u);
      answered += 1000;
    }
  }
  broker.kill();
  broker.start_again();
  EXPECT_EQ(broker.status("next"), static_cast<std::uint64_t>(answered) + 1);
}

}  // namespace
}  // namespace skein::test
