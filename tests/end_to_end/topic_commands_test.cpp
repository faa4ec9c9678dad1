/// What people do with topics by `skein`, while the daemon runs and while it does not.

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <sstream>

#include "resuming.hpp"

namespace skein::test {
namespace {

using words = std::vector<std::string>;

/// A daemon, and `skein` for its topics.
struct topic_world {
  daemon broker;

  explicit topic_world(const daemon::options& options = {}) : broker{options} {}

  words command(words given) const {
    given.insert(given.begin() + 1, {"--port", std::to_string(broker.http_port())});
    return given;
  }
  finished skein(const words& given) const { return run(SKEIN_PATH, {command(given)}); }
  /// What a command prints that must go well.
  std::string printed(const words& given) const {
    const auto done = skein(given);
    EXPECT_EQ(done.status, 0) << given.front() << ": " << done.err;
    return done.out;
  }
  process begin(const words& given) const { return process{SKEIN_PATH, {command(given)}}; }
  /// A line of the shell; `skein COMMAND` is the program for this daemon.
  finished shell(const std::string& line) const {
    const std::string script = "skein() { c=$1; shift; '" SKEIN_PATH "' $c --port " +
                               std::to_string(broker.http_port()) + " \"$@\"; }\n" + line;
    return run("/bin/bash", {{"-c", script}});
  }
  /// Of `topics show`: what it says of the subscriber behind its name.
  std::string subscriber(const std::string& topic, const std::string& name) const {
    const auto all = printed({"topics", "show", topic});
    const std::string begin = "subscriber: name=" + name + " idle_expiry=0ms ";
    const auto at = all.find(begin);
    if (at == std::string::npos) return {};
    return all.substr(at + begin.size(), all.find('\n', at) - at - begin.size());
  }
  void await_subscriber(const std::string& topic, const std::string& name) const {
    await(name, [&] { return skein({"topics", "show", topic}).out.find("name=" + name) != npos; });
  }

  static constexpr auto npos = std::string::npos;
};

std::multiset<std::string> lines_of(const std::string& text) {
  std::multiset<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.insert(line);
  return lines;
}

const std::string nothing_left = "pending=0 unread=0 leased=0 waiting=0 dead=0";

TEST(TopicCommands, ASubscriberGetsWhatIsPublished) {
  const topic_world world;
  auto sub = world.begin({"sub", "orders.new", "billing"});
  world.await_subscriber("orders.new", "billing");
  EXPECT_EQ(world.printed({"pub", "orders.new", "--wait", "delivered", "first", "second"}), "");
  EXPECT_EQ(world.shell("printf 'third\\n\\nfourth' | skein pub orders.new").status, 0);
  await("all", [&] { return sub.out() == "first\nsecond\nthird\n\nfourth\n"; });
  sub.signal(SIGINT);
  EXPECT_EQ(sub.wait(), 0);
  EXPECT_EQ(sub.err(), "");
  EXPECT_EQ(world.subscriber("orders.new", "billing"), nothing_left);
}

TEST(TopicCommands, EndingInTheMiddleLosesNothingAndRepeatsNothing) {
  const topic_world world;
  world.printed({"topics", "create", "t", "--no-subscribers", "hold", "--lease", "5s"});
  EXPECT_EQ(world.shell("seq 1000 3999 | skein pub t").status, 0);
  std::multiset<std::string> expected;
  for (int i = 1000; i != 4000; ++i) expected.insert(std::to_string(i));
  std::multiset<std::string> all;
  for (int round = 0; round != 10 && all.size() < expected.size(); ++round) {
    auto sub = world.begin({"sub", "t", "n", "--max", "7"});
    await("something", [&] { return !sub.out().empty(); });
    sub.signal(SIGTERM);
    ASSERT_EQ(sub.wait(), 0) << sub.err();
    all.merge(lines_of(sub.out()));
  }
  if (const auto left = expected.size() - all.size(); left != 0) {
    all.merge(lines_of(world.printed({"sub", "t", "n", "--count", std::to_string(left)})));
  }
  EXPECT_TRUE(all == expected) << all.size();
  EXPECT_EQ(world.subscriber("t", "n"), nothing_left);
}

TEST(TopicCommands, WhatNobodyReadsIsNotAcknowledged) {
  const topic_world world;
  world.printed({"topics", "create", "t", "--no-subscribers", "hold", "--retry-delay", "0",
                 "--max-pending", "100000"});
  EXPECT_EQ(world.shell("seq 10000 69999 | skein pub t --batch 1000").status, 0);
  // More than a pipe holds: some of it cannot have been written when `head` ends.
  const auto done = world.shell("skein sub t n | head -1; echo ${PIPESTATUS[0]}");
  EXPECT_EQ(done.out, "10000\n0\n");
  EXPECT_EQ(done.err, "");
  const auto rest = lines_of(world.printed({"fetch", "t", "n"}));
  ASSERT_FALSE(rest.empty());
  EXPECT_EQ(*rest.rbegin(), "69999");
  // It goes on where the pipe broke, between two messages.
  EXPECT_EQ(rest.size(), static_cast<std::size_t>(70'000 - std::stoi(*rest.begin())));
}

TEST(TopicCommands, ASubscriptionOutlivesTheDaemon) {
  for (const char* storage : {"durable", "memory"}) {
    topic_world world;
    world.printed({"topics", "create", "t", "--storage", storage});
    auto sub = world.begin({"sub", "t", "n", "--retry", "10ms"});
    world.await_subscriber("t", "n");
    EXPECT_EQ(world.skein({"pub", "t", "before"}).status, 0);
    await("the first", [&] { return sub.out() == "before\n"; });
    const auto port = "127.0.0.1:" + std::to_string(world.broker.http_port());
    world.broker.kill();
    await("it to notice", [&] { return sub.err().find("; trying again\n") != std::string::npos; });
    world.broker.start_again({{"http.listen", port}});
    const auto back = "skein: the daemon at " + port + " is there again\n";
    await("it to come back", [&] { return sub.err().find(back) != std::string::npos; });
    EXPECT_EQ(world.skein({"pub", "t", "behind"}).status, 0);
    await("the second", [&] {
      const auto out = sub.out();
      return out.size() >= 7 && out.substr(out.size() - 7) == "behind\n";
    });
    sub.signal(SIGTERM);
    EXPECT_EQ(sub.wait(), 0) << sub.err();
    world.broker.stop();
  }
}

TEST(TopicCommands, TopicsAreMadeShownListedAndDeleted) {
  const topic_world world;
  EXPECT_EQ(world.printed({"topics"}), "");
  world.printed({"topics", "create", "a", "--storage", "memory", "--priorities", "3", "--lease",
                 "90s", "--dedupe", "first", "--dedupe-window", "2min", "--expire", "false"});
  const auto shown = world.printed({"topics", "show", "a"});
  for (const char* line : {"name: a\n", "storage: memory\n", "priorities: 3\n", "lease: 90s\n",
                           "dedupe: first\n", "dedupe-window: 2min\n", "expire: false\n"}) {
    EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
  }
  for (int i = 0; i != 30; ++i) world.printed({"topics", "create", "b" + std::to_string(i)});
  const auto list = world.printed({"topics"});
  EXPECT_EQ(list.substr(0, 31), "a memory\nb0 durable\nb1 durable\n");
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 31);
  EXPECT_EQ(world.printed({"topics", "delete", "a"}), "");
  const auto gone = world.skein({"topics", "show", "a"});
  EXPECT_EQ(gone.status, 1);
  EXPECT_EQ(gone.err, "skein: There is no such topic: there is no topic a\n");
  const auto other = world.skein({"topics", "create", "b0", "--batch", "7"});
  EXPECT_EQ(other.status, 1);
  EXPECT_EQ(other.err.rfind("skein: It is there with other options", 0), 0u) << other.err;
  const auto wrong = world.skein({"topics", "create", "c", "--order", "odd", "--lease", "48h"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_EQ(wrong.err.rfind("skein: The request is not valid: /order must be ", 0), 0u);
  EXPECT_NE(wrong.err.find("; /lease_ms must be "), std::string::npos) << wrong.err;
}

TEST(TopicCommands, RefusalsNameTheMessage) {
  const topic_world world;
  world.printed({"topics", "create", "t", "--max-pending", "2"});
  EXPECT_EQ(world.skein({"pub", "t", "x"})
                .err.rfind("skein: message 1 is refused: the topic has no subscribers\n", 0),
            0u);
  auto sub = world.begin({"sub", "t", "n", "--no-ack"});
  world.await_subscriber("t", "n");
  const auto done = world.shell(
      "printf '{\"payload\":\"a\"}\\n{\"payload\":\"b\",\"priority\":\"c\"}\\n{}\\nd\\n"
      "{\"payload\":\"e\",\"priority\":9}\\n{\"payload_base64\":\"/w==\"}\\n{\"payload\":\"f\"}' |"
      " skein pub t --json");
  EXPECT_EQ(done.status, 1);
  EXPECT_EQ(done.err.substr(0, done.err.rfind("skein: line 7")),
            "skein: line 2 is refused: /priority must be an integer, 0..31\n"
            "skein: line 3 is refused: /payload must be there, or payload_base64, not both\n"
            "skein: line 4 is refused: it is no JSON object\n"
            "skein: line 5 is refused: the topic has no such priority\n");
  EXPECT_NE(done.err.find("line 7 is refused: a subscriber has too many messages pending\n"),
            std::string::npos);
  await("both", [&] { return sub.out() == "a\n\xff\n"; });
  EXPECT_EQ(std::count(done.out.begin(), done.out.end(), '\n'), 7);
}

TEST(TopicCommands, DeadLettersAreListedReplayedAndPurged) {
  const topic_world world;
  world.printed({"topics", "create", "t", "--max-deliveries", "1", "--lease", "20ms",
                 "--no-subscribers", "hold"});
  EXPECT_EQ(world.skein({"pub", "t", "--key", "k", "a", "b c", "d"}).status, 0);
  EXPECT_EQ(world.printed({"sub", "t", "n", "--no-ack", "--count", "3"}), "a\nb c\nd\n");
  await("three to be dead", [&] {
    return world.subscriber("t", "n") == "pending=3 unread=0 leased=0 waiting=0 dead=3";
  });
  const auto list = world.printed({"dlq", "list", "t", "n"});
  const std::string id = list.substr(3, list.find(' ') - 3);
  EXPECT_EQ(list.rfind("id=" + id + " priority=0 attempts=1 key=k published=", 0), 0u) << list;
  EXPECT_NE(list.find(" payload=\"b c\"\n"), std::string::npos) << list;
  EXPECT_EQ(world.printed({"dlq", "replay", "t", "n", id}), "replayed: 1\n");
  EXPECT_EQ(world.printed({"fetch", "t", "n"}), "a\n");
  const auto unknown =
      world.skein({"dlq", "purge", "t", "n", id, std::to_string(std::stoull(id) + 32)});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_EQ(unknown.out, "purged: 1\n");
  EXPECT_EQ(unknown.err, "skein: " + id + " is no dead letter of n\n");
  EXPECT_EQ(world.printed({"dlq", "purge", "t", "n"}), "purged: 1\n");
  EXPECT_EQ(world.printed({"dlq", "list", "t", "n"}), "");
  EXPECT_EQ(world.subscriber("t", "n"), nothing_left);
}

TEST(TopicCommands, ManyDeadLettersAreSettledPageByPage) {
  const topic_world world;
  world.printed({"topics", "create", "t", "--max-deliveries", "1", "--lease", "20ms", "--batch",
                 "1000", "--no-subscribers", "hold", "--priorities", "2"});
  EXPECT_EQ(world.shell("seq 1000 2499 | skein pub t --batch 1000").status, 0);
  EXPECT_EQ(world.shell("seq 2500 3999 | skein pub t --batch 1000 --priority 1").status, 0);
  const auto die = [&] {
    world.printed({"sub", "t", "n", "--no-ack", "--count", "3000", "--max", "1000"});
    await("all to be dead", [&] {
      return world.subscriber("t", "n") == "pending=3000 unread=0 leased=0 waiting=0 dead=3000";
    });
  };
  die();
  EXPECT_EQ(world.printed({"dlq", "replay", "t", "n"}), "replayed: 3000\n");
  die();
  EXPECT_EQ(world.printed({"dlq", "purge", "t", "n", "--json"}),
            "{\"messages\":3000,\"unknown\":[]}\n");
  EXPECT_EQ(world.subscriber("t", "n"), nothing_left);
  EXPECT_EQ(world.printed({"dlq", "purge", "t", "n"}), "purged: 0\n");
}

TEST(TopicCommands, LongWorkSaysHowFarItIs) {
  const topic_world world;
  world.printed({"topics", "create", "t", "--storage", "memory", "--no-subscribers", "drop"});
  const temporary_directory directory;
  const std::string pipe = directory.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  auto pub = world.begin({"pub", "t", "--file", pipe});
  std::fstream input{pipe};  // both ways: does not wait for a reader
  await("a line while it goes on", [&] {
    input << "a message" << std::endl;
    return pub.err().find(" messages in ") != std::string::npos;
  });
  EXPECT_TRUE(pub.lives());
  input.close();
  EXPECT_EQ(pub.wait(), 0);
}

TEST(TopicCommands, ASubscriberCanBeRemoved) {
  const topic_world world;
  EXPECT_EQ(world.skein({"sub", "t", "n", "--unsubscribe"}).err,
            "skein: There is no such topic: there is no topic t\n");
  auto sub = world.begin({"sub", "t", "n"});
  world.await_subscriber("t", "n");
  EXPECT_EQ(world.printed({"sub", "t", "n", "--unsubscribe"}), "");
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_EQ(sub.err(), "skein: There is no such subscriber: there is no subscriber n\n");
}

}  // namespace
}  // namespace skein::test
