#include "cli/commands.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "cli/maze/naive_server.hpp"

namespace skein::cli::test {
namespace {

/// A file with the text, removed at the end.
class text_file {
 public:
  explicit text_file(const std::string& text) : name_{testing::TempDir() + "skein_cli_events"} {
    std::ofstream{name_, std::ios::binary} << text;
  }
  ~text_file() { std::remove(name_.c_str()); }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

TEST(Commands, WhatASourceSendsTheClientsPrint) {
  const naive_server server;
  const text_file events{"2|B\n1|F|8|7\n3|S|7\n4|P|1|9\n5|P|1|8"};
  testing::internal::CaptureStdout();
  int listening = -1;
  std::thread clients{[&] {
    listening = client_command({"--port", std::to_string(server.client_port()), "7", "8", "--count",
                                "4", "--timeout", "10000"});
  }};
  while (server.identified() < 2) std::this_thread::yield();
  testing::internal::CaptureStderr();
  const auto sending = source_command({"--port", std::to_string(server.source_port()),
                                       "--no-receipts", "--timeout", "10s", events.name()});
  const auto report = testing::internal::GetCapturedStderr();
  clients.join();
  const auto printed = testing::internal::GetCapturedStdout();
  EXPECT_EQ(sending, exit_good);
  EXPECT_EQ(listening, exit_good);
  EXPECT_EQ(report.substr(0, 27), "written: 5 lines, 34 bytes ");
  for (const auto* line : {"7: 1|F|8|7\n", "7: 2|B\n", "8: 2|B\n", "8: 3|S|7\n"}) {
    EXPECT_NE(printed.find(line), std::string::npos) << printed;
  }
}

TEST(Commands, AClientThatWaitsInVainSaysSo) {
  const naive_server server;
  EXPECT_EQ(client_command({"--port", std::to_string(server.client_port()), "7", "--count", "1",
                            "--timeout", "30"}),
            exit_bad);
}

TEST(Commands, ASourceSendsNothingToAServerThatDoesNotSpeakOfReceipts) {
  const naive_server server;
  const text_file events{"1|B\n"};
  testing::internal::CaptureStderr();
  try {
    source_command(
        {"--port", std::to_string(server.source_port()), "--timeout", "50ms", events.name()});
    ADD_FAILURE();
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "the server does not answer that it gives receipts (see --no-receipts)");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(server.greatest_distance(), 0);
}

TEST(Commands, RefuseWrongArguments) {
  EXPECT_THROW(client_command({}), usage_error);
  EXPECT_THROW(client_command({"7", "--port", "0"}), usage_error);
  EXPECT_THROW(client_command({"7", "--port", "65536"}), usage_error);
  EXPECT_THROW(source_command({"one", "two"}), usage_error);
  EXPECT_THROW(source_command({"--rate", "fast"}), usage_error);
  EXPECT_THROW(source_command({"/does/not/exist"}), std::runtime_error);
}

TEST(Commands, RefuseAnEmptyValueWhereItWouldMeanTheDefault) {
  const std::pair<int (*)(const arguments&), arguments> cases[] = {
      {status_command, {"--config", ""}},
      {status_command, {"--directory", ""}},
      {status_command, {"--socket", ""}},
      {epoch_command, {"--directory", ""}},
      {replay_command, {"--directory", ""}},
      {inbox_command, {"--directory", "", "7"}},
      {store_command, {"--directory", "", "info"}},
      {store_command, {"backup", ""}},
      {source_command, {"--host", ""}},
      {source_command, {""}},
      {client_command, {"--host", "", "7"}},
      {topics_command, {"--host", ""}},
      {pub_command, {"--host", "", "t"}},
      {pub_command, {"--file", "", "t"}},
      {pub_command, {"--key", "", "t", "x"}},
      {sub_command, {"--host", "", "t", "s"}},
      {fetch_command, {"--host", "", "t", "s"}},
      {dlq_command, {"--host", "", "list", "t", "s"}}};
  for (const auto& [command, args] : cases) {
    EXPECT_THROW(command(args), usage_error) << args[0];
  }
}

}  // namespace
}  // namespace skein::cli::test
