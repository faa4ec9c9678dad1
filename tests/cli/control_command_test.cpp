#include <gtest/gtest.h>

#include <string>

#include "cli/commands.hpp"
#include "cli/fake_control.hpp"

namespace skein::cli::test {
namespace {

constexpr const char* status =
    "{\"ok\":true,\"epoch\":2,\"next\":18446744073709551615,\"uptime\":1.5,\"state\":\"good\","
    "\"reasons\":{\"no_separator\":3}}\n";

/// What a command that must go well prints.
std::string printed_by(int (*command)(const arguments&), const arguments& args) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(command(args), exit_good);
  return testing::internal::GetCapturedStdout();
}

TEST(ControlCommands, PrintTheAnswerLineByLineInItsOrder) {
  const fake_control daemon{status};
  EXPECT_EQ(printed_by(status_command, {"--directory", daemon.directory()}),
            "epoch: 2\n"
            "next: 18446744073709551615\n"
            "uptime: 1.5\n"
            "state: good\n"
            "reasons: {\"no_separator\":3}\n");
  EXPECT_EQ(daemon.requests(), arguments{"status"});
}

TEST(ControlCommands, PrintJsonAsItCame) {
  const fake_control daemon{"{\"ok\": true,  \"uptime\": 1.50}\n"};
  EXPECT_EQ(printed_by(status_command, {"--socket", daemon.socket(), "--json"}),
            "{\"ok\": true,  \"uptime\": 1.50}\n");
}

TEST(ControlCommands, TellTheEpochAndTheNextNumber) {
  const fake_control daemon{status};
  EXPECT_EQ(printed_by(epoch_command, {"--directory", daemon.directory()}),
            "epoch: 2\nnext: 18446744073709551615\n");
  EXPECT_EQ(daemon.requests(), arguments{"status"});
}

TEST(ControlCommands, BeginANewEpoch) {
  const fake_control daemon{"{\"ok\":true,\"epoch\":3}\n"};
  EXPECT_EQ(printed_by(epoch_command, {"new", "--directory", daemon.directory()}), "epoch: 3\n");
  EXPECT_EQ(daemon.requests(), arguments{"epoch new"});
}

TEST(ControlCommands, RefuseWrongArguments) {
  EXPECT_THROW(status_command({"new"}), usage_error);
  EXPECT_THROW(status_command({"--timeout", "-1"}), usage_error);
  EXPECT_THROW(status_command({"--directory", "a", "--socket", "b"}), usage_error);
  EXPECT_THROW(epoch_command({"old"}), usage_error);
  EXPECT_THROW(epoch_command({"new", "new"}), usage_error);
}

TEST(ControlCommands, ExplainThemselvesWithoutADaemon) {
  EXPECT_EQ(printed_by(status_command, {"--help"}).substr(0, 13), "usage: skein ");
  EXPECT_EQ(printed_by(epoch_command, {"--help"}).substr(0, 13), "usage: skein ");
}

}  // namespace
}  // namespace skein::cli::test
