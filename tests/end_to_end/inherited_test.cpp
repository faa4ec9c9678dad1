/// What the programs inherit from whoever starts them: streams, signals, limits.

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "audience.hpp"
#include "operating.hpp"
#include "support/program.hpp"

namespace skein::test {
namespace {

namespace fs = std::filesystem;

/// Where nobody reads: a pipe that is full.
int unread_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  const std::string text(1 << 12, 'x');
  while (::write(ends[1], text.data(), text.size()) > 0) {
  }
  ::fcntl(ends[1], F_SETFL, 0);
  return ends[1];
}

const std::vector<std::string> own_doors{
    "--source.listen", "127.0.0.1:0", "--client.listen",  "127.0.0.1:0",
    "--http.listen",   "127.0.0.1:0", "--log.level",      "debug",
    "--config",        "/dev/null",   "--store.directory"};

std::vector<std::string> with_store(const fs::path& store) {
  auto arguments = own_doors;
  arguments.push_back(store);
  return arguments;
}

void await_control(const fs::path& store) {
  await("the control door", [&] { return operate(store, {"status"}).status == 0; });
}

/// Expects one line, and no other words.
void expect_one_line(const finished& done, int status, const std::string& words) {
  EXPECT_EQ(done.status, status) << done.err;
  EXPECT_EQ(done.out, "");
  EXPECT_NE(done.err.find(words), std::string::npos) << done.err;
  EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
}

void limit(int what, rlim_t to) {
  const rlimit both{to, to};
  ::setrlimit(static_cast<__rlimit_resource>(what), &both);
}

TEST(Inherited, AnUnreadStandardErrorDoesNotStopTheEnd) {
  for (const char* durability : {"async", "none"}) {
    temporary_directory own;
    const int unread = unread_pipe();
    auto arguments = with_store(own.path() / "store");
    arguments.insert(arguments.end(),
                     {"--event.durability", durability, "--statistics.interval", "1ms"});
    process quiet{SKEIND_PATH,
                  {arguments, {}, own.path(), 0, [=] { ::dup2(unread, STDERR_FILENO); }}};
    await_control(own.path() / "store");
    quiet.signal(SIGTERM);
    EXPECT_EQ(quiet.wait(), 0);
    ::close(unread);
  }
}

TEST(Inherited, AnUnreadStandardErrorDoesNotHoldUpAStartThatFails) {
  temporary_directory own;
  const taken_port taken;
  const int unread = unread_pipe();
  const auto failing = [&](const std::vector<std::string>& more) {
    auto arguments = own_doors;
    arguments.pop_back();
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(SKEIND_PATH, {arguments, {}, own.path(), 0, [=] { ::dup2(unread, STDERR_FILENO); }})
        .status;
  };
  EXPECT_EQ(failing({"--nonsense"}), 2);
  EXPECT_EQ(failing({"--store.directory", own.path() / "none" / "store"}), 1);
  EXPECT_EQ(run(SKEIND_PATH, {{"--config", "/dev/null", "--http.listen",
                               "127.0.0.1:" + std::to_string(taken.number())},
                              {},
                              own.path(),
                              0,
                              [=] { ::dup2(unread, STDERR_FILENO); }})
                .status,
            1);
  ::close(unread);
}

TEST(Inherited, AnUnreadOutputIsNotWaitedForWithoutEnd) {
  const int unread = unread_pipe();
  const auto help =
      run(SKEIND_PATH, {{"--help"}, {}, "/", 0, [=] { ::dup2(unread, STDOUT_FILENO); }});
  EXPECT_EQ(help.status, 1);
  EXPECT_EQ(help.err, "skeind: cannot write to standard output\n");
  ::close(unread);
}

TEST(Inherited, ClosedStandardStreamsTakeNoFileOfTheDaemon) {
  temporary_directory own;
  const auto store = own.path() / "store";
  process quiet{SKEIND_PATH, {with_store(store), {}, own.path(), 0, [] {
                                for (int stream = 0; stream != 3; ++stream) ::close(stream);
                              }}};
  await_control(store);
  for (int stream = 0; stream != 3; ++stream) {
    EXPECT_EQ(
        fs::read_symlink("/proc/" + std::to_string(quiet.id()) + "/fd/" + std::to_string(stream)),
        "/dev/null");
  }
  quiet.signal(SIGTERM);
  EXPECT_EQ(quiet.wait(), 0);
  for (const auto& entry : fs::recursive_directory_iterator{store}) {
    if (entry.path().filename() == "LOCK") EXPECT_EQ(entry.file_size(), 0u);
  }
}

TEST(Inherited, SkeinDoesNotTakeAClosedOutputForItsConnection) {
  daemon broker;
  program work{broker};
  work.create("t");
  work.subscribe("t", "s");
  work.publish("t", "precious");
  const std::vector<std::string> fetch{"fetch", "--port", std::to_string(broker.http_port()), "t",
                                       "s"};
  const auto closed = run(SKEIN_PATH, {fetch, {}, "/", 0, [] { ::close(STDOUT_FILENO); }});
  EXPECT_EQ(closed.status, 1);
  EXPECT_NE(closed.err.find("cannot write"), std::string::npos) << closed.err;
  // It was given back.
  const std::vector<std::string> sub{
      "sub", "--port", std::to_string(broker.http_port()), "--count", "1", "t", "s"};
  EXPECT_EQ(run(SKEIN_PATH, {sub}).out, "precious\n");
  const std::vector<std::string> pub{"pub", "--port", std::to_string(broker.http_port()), "t"};
  EXPECT_EQ(run(SKEIN_PATH, {pub, {}, "/", 0, [] { ::close(STDIN_FILENO); }}).status, 1);
  broker.stop();
}

TEST(Inherited, SignalsThatTheParentBlocksAreHeard) {
  temporary_directory own;
  process deaf{SKEIND_PATH, {with_store(own.path() / "store"), {}, own.path(), 0, [] {
                               sigset_t all;
                               ::sigfillset(&all);
                               ::sigprocmask(SIG_BLOCK, &all, nullptr);
                             }}};
  await_control(own.path() / "store");
  deaf.signal(SIGTERM);
  EXPECT_EQ(deaf.wait(), 0);
}

TEST(Inherited, ALimitOfFileSizesIsAFullDisk) {
  if (SKEIN_SANITIZED) GTEST_SKIP() << "sanitizers write files of their own";
  temporary_directory own;
  const auto started_with = [&](rlim_t bytes) {
    return process::start{
        with_store(own.path() / "store"), {}, own.path(), 0, [=] { limit(RLIMIT_FSIZE, bytes); }};
  };
  EXPECT_EQ(run(SKEIND_PATH, started_with(0)).status, 1);
  process limited{SKEIND_PATH, started_with(3000)};
  await_control(own.path() / "store");
  const auto log = limited.err();
  const std::string door = "door=source address=127.0.0.1:";
  peer source{static_cast<std::uint16_t>(std::stoi(log.substr(log.find(door) + door.size())))};
  source.send(sent(broadcasts(1, 1000)));
  await("a store that cannot be written", [&] {
    return text_of("store_failing", operate(own.path() / "store", {"status"}).out) == "1";
  });
  EXPECT_TRUE(limited.lives());
}

/// The program as a user that has no other processes, and what it may do.
class AsStranger : public testing::Test {
 protected:
  void SetUp() override {
    if (::getuid() != 0) GTEST_SKIP() << "needs a user that has no other processes";
    if (SKEIN_SANITIZED) GTEST_SKIP() << "sanitizers take threads of their own";
    // Where strangers may reach it, wherever this was built.
    fs::permissions(shared.path(), fs::perms::all);
    fs::copy_file(SKEIND_PATH, program());
  }

  std::string program() const { return (shared.path() / "skeind").string(); }

  static void become() {
    if (::setgid(61'234) != 0 || ::setuid(61'234) != 0) ::_exit(125);
  }

  process::start started_with(const fs::path& own, rlim_t threads) {
    fs::permissions(own, fs::perms::all);
    return {with_store(own / "store"), {}, own, 0, [threads] {
              limit(RLIMIT_NPROC, threads);
              become();  // whoever may pass the limit has none
            }};
  }

  temporary_directory shared;
};

TEST_F(AsStranger, TooFewThreadsAreOneLine) {
  for (rlim_t threads = 1; threads != 13; ++threads) {
    temporary_directory own;
    const auto done = run(program(), started_with(own.path(), threads), 5s);
    if (!done.status) break;  // enough
    expect_one_line(done, 1, "skeind: not enough threads");
    EXPECT_FALSE(fs::exists(own.path() / "store"));
  }
}

TEST_F(AsStranger, TooFewThreadsWhenItHasServedAreAFailure) {
  const auto most = std::thread::hardware_concurrency() + 20;
  temporary_directory own;
  process served{program(), started_with(own.path(), most)};
  await_control(own.path() / "store");
  std::vector<std::unique_ptr<process>> others;  // of the same user, to whom the limit belongs
  while (others.size() < most) {
    others.push_back(std::make_unique<process>(
        "/bin/sleep", process::start{{"600"}, {}, "/", 0, [] { become(); }}));
  }
  served.signal(SIGTERM);  // the end takes one more thread
  EXPECT_EQ(served.wait(), 3);
  EXPECT_NE(served.err().find("skeind: not enough threads"), std::string::npos) << served.err();
}

TEST(Inherited, TooLittleAddressSpaceIsOneLine) {
  if (SKEIN_SANITIZED) GTEST_SKIP() << "sanitizers take address space of their own";
  for (rlim_t mebibytes = 60; mebibytes < 400; mebibytes += 20) {
    SCOPED_TRACE(mebibytes);
    temporary_directory own;
    const auto done = run(SKEIND_PATH,
                          {with_store(own.path() / "store"),
                           {},
                           own.path(),
                           0,
                           [=] { limit(RLIMIT_AS, mebibytes << 20); }},
                          5s);
    if (!done.status) break;           // enough
    if (done.status == 127) continue;  // not even for the loader
    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.err.find("skeind: not enough "), std::string::npos) << done.err;
    EXPECT_EQ(done.err.find("terminate"), std::string::npos) << done.err;
  }
}

}  // namespace
}  // namespace skein::test
