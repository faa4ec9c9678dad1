/// `skein` as a command of the shell: what it reads, where it writes, and which daemon it finds.

#include "shell.hpp"

namespace skein::test {
namespace {

TEST_F(Shell, FindsTheDaemonByItsVariables) {
  work_.create("t");
  EXPECT_EQ(shell("skein topics").out, "t durable\n");
  EXPECT_EQ(shell("skein epoch").status, 0);
  EXPECT_EQ(shell("skein store info").status, 0);
  EXPECT_EQ(shell("skein replay").status, 0);
  const auto told = shell(
      "skein client 7 --count 1 --timeout 10s & "
      "until skein status | grep -q 'clients: 1'; do sleep 0.05; done; "
      "echo '1|B' | skein source; wait $!");
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_EQ(told.out, "1|B\n");
}

TEST_F(Shell, FindsTheDaemonByItsFile) {
  set({});
  work_.create("t");
  std::ofstream{here() / "daemon.conf"} << "[http]\nlisten = 127.0.0.1:" << broker_.http_port()
                                        << "\n[store]\ndirectory = " << broker_.store().string()
                                        << "\n";
  EXPECT_EQ(shell("skein topics --config daemon.conf").out, "t durable\n");
  EXPECT_EQ(shell("skein status --config daemon.conf").status, 0);
  EXPECT_EQ(shell("skein store info --config daemon.conf").status, 0);
  std::filesystem::rename(here() / "daemon.conf", here() / "caf-application.conf");
  EXPECT_EQ(shell("skein topics").out, "t durable\n");
  EXPECT_EQ(shell("skein status").status, 0);
  // What is given is stronger than the file, and needs none.
  expect_failure("skein status --directory nowhere", "no daemon listens at nowhere/control");
  std::ofstream{here() / "caf-application.conf"} << "nonsense\n";
  expect_failure("skein topics", "caf-application.conf:1: must be ");
  EXPECT_EQ(
      shell("skein topics --host localhost --port " + std::to_string(broker_.http_port())).out,
      "t durable\n");
}

TEST_F(Shell, SaysHowToNameADaemonElsewhere) {
  set({});
  expect_failure("skein status",
                 "no daemon listens at skein-data/control (see --directory and --config)");
}

TEST_F(Shell, ADirectoryIsNoInput) {
  work_.create("t");
  work_.subscribe("t", "s");
  expect_failure("skein pub t --file folder", "cannot read folder: it is a directory");
  expect_failure("skein pub t < folder", "cannot read standard input");
  expect_failure("skein pub t <&-", "cannot read standard input");
  expect_failure("skein source folder", "cannot read folder: it is a directory");
  expect_failure("skein source < folder", "cannot read standard input");
  expect_failure("skein source nothing", "cannot read nothing: No such file or directory");
}

TEST_F(Shell, PublishesAWholeFileAsOneMessage) {
  work_.create("t");
  work_.subscribe("t", "s");
  const std::string bytes{"one\ntwo\n\0\xff", 10};
  std::ofstream{here() / "file", std::ios::binary} << bytes;
  EXPECT_EQ(shell("skein pub t --file file --whole").status, 0);
  EXPECT_EQ(shell("skein fetch t s").out, bytes + "\n");
  EXPECT_EQ(shell("printf 'a\\nb' | skein pub t --whole && skein fetch t s").out, "a\nb\n");
  EXPECT_EQ(shell("skein pub t --whole payload").status, 2);
}

TEST_F(Shell, ASubscriberWithoutANameIsGoneWithItsCommand) {
  const auto got = shell(
      "skein sub t --count 2 & "
      "until skein topics show t | grep -q subscriber:; do sleep 0.05; done; "
      "skein pub t one two; wait $!");
  EXPECT_EQ(got.out, "one\ntwo\n") << got.err;
  EXPECT_EQ(work_.number("/v1/topics/t", "subscribers"), 0u);
  const auto ended = shell(
      "skein sub t & "
      "until skein topics show t | grep -q subscriber:; do sleep 0.05; done; "
      "kill %1; wait %1");
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(work_.number("/v1/topics/t", "subscribers"), 0u);
  EXPECT_EQ(shell("skein sub t --unsubscribe").status, 2);
}

TEST_F(Shell, AcknowledgesIntoAPipeOnlyWhatWasReadThere) {
  work_.create("t");
  work_.subscribe("t", "s");
  for (int i = 1; i <= 9; ++i) work_.publish("t", "message " + std::to_string(i));
  EXPECT_EQ(shell("skein sub t s | head -n 3").out, "message 1\nmessage 2\nmessage 3\n");
  EXPECT_EQ(shell("skein fetch t s --max 2 | cat").out, "message 4\nmessage 5\n");
  EXPECT_EQ(shell("skein sub t s --count 4 | cat").out,
            "message 6\nmessage 7\nmessage 8\nmessage 9\n");
}

TEST_F(Shell, AFullDeviceIsSaid) {
  work_.create("t");
  for (const std::string line :
       {"topics", "status", "status --json", "topics show t", "help", "store info", "epoch"}) {
    expect_failure("skein " + line + " > /dev/full", "skein: cannot write");
  }
}

TEST_F(Shell, SendsALastLineWithoutAnEnd) {
  auto client = broker_.client(1);
  EXPECT_EQ(shell("printf '1|B\\n2|B' | skein source").status, 0);
  EXPECT_EQ(client.receive(10), "1|B\r\n2|B\r\n");
  EXPECT_EQ(broker_.stop()["malformed"], 0u);
}

TEST_F(Shell, APayloadIsNotActedOnByATerminal) {
  work_.create("t");
  work_.subscribe("t", "s");
  work_.publish("t", "\x1b[2J\u009b31m\ttab");
  EXPECT_EQ(shell("skein sub --count 1 t s").out, "\x1b[2J\u009b31m\ttab\n");
  work_.publish("t", "\x1b[2J\u009b31m\ttab");
  EXPECT_EQ(shell("script -qec 'skein sub --count 1 t s' /dev/null").out,
            "\\u001b[2J\\u009b31m\ttab\r\n");
}

}  // namespace
}  // namespace skein::test
