/// `skein source`: what it says of what became of its lines, against the real daemon.

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "support/daemon.hpp"

namespace skein::test {
namespace {

class SourceCommand : public testing::Test {
 protected:
  process::start with(const daemon& broker, std::vector<std::string> more) const {
    std::vector<std::string> arguments{"source", "--host", "127.0.0.1", "--port",
                                       std::to_string(broker.source_port())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {arguments};
  }
  finished send(const daemon& broker, const std::string& text,
                std::vector<std::string> more = {}) const {
    more.push_back(file(text));
    return run(SKEIN_PATH, with(broker, more));
  }
  std::string file(const std::string& text) const {
    const auto name = (own_.path() / "events").string();
    std::ofstream{name, std::ios::binary} << text;
    return name;
  }
  const std::filesystem::path& here() const { return own_.path(); }

 private:
  temporary_directory own_;
};

std::string broadcasts(int first, int last) {
  std::string lines;
  for (int i = first; i <= last; ++i) lines += std::to_string(i) + "|B\n";
  return lines;
}

TEST_F(SourceCommand, SaysThatAllIsDurable) {
  daemon broker;
  const auto sent = send(broker, broadcasts(1, 50'000) + "50001|B");
  EXPECT_EQ(sent.status, 0) << sent.err;
  EXPECT_EQ(sent.err.rfind("durable: 50001 lines, ", 0), 0u) << sent.err;
  broker.kill();
  broker.start_again();
  EXPECT_EQ(broker.status("next"), 50'002u);
}

TEST_F(SourceCommand, NamesWhatIsRefusedAndWhy) {
  daemon broker{{{"sequence.max-jump", "5000"}}};
  const auto sent = send(broker, "1|B\nhello\n\n2|B\n2|B\n3|X|1\n3|B\n9000|B\n4|P|1|" +
                                     std::string(5000, '1') + "\n4|B\n");
  EXPECT_EQ(sent.status, 1);
  for (const char* const line :
       {"refused 0: no_separator\n", "refused 0: empty_line\n", "refused 2: duplicate\n",
        "refused 3: unknown_type\n", "refused 9000: beyond\n", "refused 0: line_too_long\n",
        "durable: 4 of 10 lines, ",
        "refused: 6 lines: 1 beyond, 1 duplicate, 1 empty_line, 1 line_too_long, 1 no_separator, "
        "1 unknown_type\n"}) {
    EXPECT_NE(sent.err.find(line), std::string::npos) << line << sent.err;
  }
  EXPECT_EQ(sent.err.find("without a receipt"), std::string::npos) << sent.err;
}

TEST_F(SourceCommand, NamesAFewAndCountsTheRest) {
  daemon broker;
  ASSERT_EQ(send(broker, broadcasts(1, 5000)).status, 0);
  // Another event 1 would be another stream.
  const auto again = send(broker, broadcasts(2, 5000));
  EXPECT_EQ(again.status, 1);
  EXPECT_LT(again.err.size(), 2000u);
  EXPECT_NE(again.err.find("refused: 4999 lines: 4999 duplicate\n"), std::string::npos)
      << again.err;
}

TEST_F(SourceCommand, SaysWhatHasNoReceiptWhenTheDaemonIsGone) {
  daemon broker{{{"sequence.gap-policy", "wait"}}};
  process sender{SKEIN_PATH, with(broker, {file("1|B\n2|B\n4|B\n5|B\n")})};
  broker.await_status("durable_next", 3);
  broker.await_status("held", 2);
  broker.kill();
  EXPECT_EQ(sender.wait(), 1);
  EXPECT_NE(sender.err().find("durable: 2 of 4 lines"), std::string::npos) << sender.err();
  EXPECT_NE(sender.err().find(
                "without a receipt: 2 lines; to be sent again: everything after 2 in epoch 1\n"),
            std::string::npos)
      << sender.err();
  EXPECT_NE(sender.err().find("skein: the "), std::string::npos) << sender.err();
}

TEST_F(SourceCommand, NoticesThatTheDaemonEndsWhileItsInputIsQuiet) {
  daemon broker;
  const auto pipe = (here() / "pipe").string();
  ASSERT_EQ(run("/usr/bin/mkfifo", {{pipe}}).status, 0);
  process sender{SKEIN_PATH, with(broker, {pipe})};
  std::ofstream input{pipe};
  input << "1|B\n" << std::flush;
  broker.await_status("durable_next", 2);
  broker.program().signal(SIGTERM);
  EXPECT_EQ(sender.wait(), 1);
  EXPECT_NE(sender.err().find("durable: 1 lines"), std::string::npos) << sender.err();
}

TEST_F(SourceCommand, GivesUpWaitingForAGapThatNobodyFills) {
  daemon broker{{{"sequence.gap-policy", "wait"}}};
  const auto sent = send(broker, "1|B\n3|B\n", {"--timeout", "300ms"});
  EXPECT_EQ(sent.status, 1);
  EXPECT_NE(sent.err.find("without a receipt: 1 lines"), std::string::npos) << sent.err;
  EXPECT_NE(sent.err.find("(see --timeout)"), std::string::npos) << sent.err;
}

TEST_F(SourceCommand, GoesWithoutReceiptsWhereNothingIsStored) {
  daemon broker{{{"event.durability", "none"}}};
  const auto refused = send(broker, "1|B\n");
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.err,
            "skein: the server says: nothing is stored here, there are no receipts "
            "(see --no-receipts)\n");
  const auto sent = send(broker, "1|B\n2|B\n", {"--no-receipts"});
  EXPECT_EQ(sent.status, 0) << sent.err;
  EXPECT_EQ(sent.err.rfind("written: 2 lines, 8 bytes ", 0), 0u) << sent.err;
  broker.await_counter("events_received", 2);
}

TEST_F(SourceCommand, SendsNoFasterThanItsRate) {
  daemon broker;
  const auto sent = send(broker, broadcasts(1, 21), {"--rate", "100"});
  EXPECT_EQ(sent.status, 0) << sent.err;
  const auto seconds = std::stod(sent.err.substr(sent.err.find(" in ") + 4));
  EXPECT_GE(seconds, 0.2) << sent.err;
}

}  // namespace
}  // namespace skein::test
