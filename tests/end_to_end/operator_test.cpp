/// What an operator asks and orders with `skein`, of a daemon that runs and of one that does not.

#include <atomic>
#include <fstream>
#include <future>
#include <map>
#include <regex>

#include "operating.hpp"

namespace skein::test {
namespace {

using words = std::vector<std::string>;

/// The names of all files with their bytes.
std::map<std::string, std::string> files_in(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file{entry.path(), std::ios::binary};
    files[entry.path().filename()] = {std::istreambuf_iterator<char>{file}, {}};
  }
  return files;
}

/// A command that must fail, in one line.
void expect_refused(const words& command, int status, const std::string& reason) {
  SCOPED_TRACE(testing::PrintToString(command));
  const auto done = run(SKEIN_PATH, {command});
  EXPECT_EQ(done.status, status);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err, "skein: " + reason + "\n");
}

TEST(OperatorStatus, TellsHowTheDaemonIsDoing) {
  daemon broker{{{"sequence.gap-timeout", "1h"}}};
  auto one = broker.client(1);
  auto two = broker.client(2);
  auto source = broker.source();
  source.send("1|B\r\n2|P|1|1\n+003|B\n5|B\n");
  broker.await_status("held", 1);
  broker.await_status("notifications_sent", 5);
  broker.await_status("events_received", 4);
  broker.await_status("durable_next", 4);
  const auto status = printed(broker.store(), {"status"});
  for (const auto& [key, number] : std::map<std::string, std::uint64_t>{
           {"epoch", 1},
           {"next", 4},
           {"held", 1},
           {"sources", 1},
           {"durable_epoch", 1},
           {"durable_next", 4},
           {"clients", 2},
           {"events_received", 4},
           {"events_received_broadcast", 3},
           {"events_received_private", 1},
           {"events_duplicate", 0},
           {"notifications_sent", 5},
           {"messages_published", 0},
           {"malformed", 0},
           {"malformed_unterminated", 0},
           {"log_begin", 0},
           {"log_end", 19},
           {"log_events", 3},
           {"checkpoints", 0},
           {"inboxes", 0},
           {"store_failing", 0},
       }) {
    EXPECT_EQ(number_of(key, status), number) << key;
  }
  EXPECT_NE(text_of("store_bytes", status), "0");
  const auto keys = std::regex_replace(status, std::regex{": [0-9]+\n"}, " ");
  EXPECT_EQ(keys.rfind("epoch next held gap_ms sources durable_epoch durable_next events_received "
                       "events_received_follow ",
                       0),
            0u)
      << keys;
  EXPECT_NE(keys.find(" log_omitted handled_"), std::string::npos) << keys;
  EXPECT_NE(
      keys.find(" log_begin log_end log_events checkpoints inboxes store_failing store_bytes "),
      std::string::npos)
      << keys;
  EXPECT_EQ(status.find("\nsources: "), status.rfind("\nsources: ")) << "each key comes once";
  for (const char* kind : {"control", "router", "sequencer", "session", "source", "statistics"}) {
    EXPECT_NE(status.find(std::string{"\nhandled_"} + kind + "_"), std::string::npos) << kind;
  }
}

TEST(OperatorStatus, IsJsonIfThatIsWanted) {
  daemon broker;
  for (const char* command : {"status", "epoch"}) {
    const auto told = printed(broker.store(), {command, "--json"});
    EXPECT_EQ(told.rfind(R"({"ok":true,"epoch":1,"next":1,"held":0,"gap_ms":0,"sources":0,)"
                         R"("durable_epoch":1,"durable_next":1,"events_received":0,)",
                         0),
              0u)
        << told;
    EXPECT_NE(told.find(R"("log_begin":0,"log_end":0,"log_events":0,"checkpoints":0,"inboxes":0,)"
                        R"("store_failing":0,"store_bytes":)" +
                        std::to_string(broker.status("store_bytes")) + "}\n"),
              std::string::npos)
        << told;
  }
  EXPECT_EQ(printed(broker.store(), {"epoch", "new", "--json"}),
            "{\"ok\":true,\"epoch\":2,\"next\":1}\n");
}

TEST(OperatorReplay, PrintsRangesAsSourcesSentThemWhetherTheDaemonRunsOrNot) {
  for (const char* ending : {"crlf", "lf"}) {
    daemon broker{{{"client.line-ending", ending}, {"sequence.gap-timeout", "1ms"}}};
    play(broker, {"1|F|1|2", "+0002|S|+2", "3|P|-7|9223372036854775807", "5|B"}, 6);
    broker.command("epoch new");
    play(broker, {"1|B\r", "2|U|01|02"}, 3);
    await_stored(broker, 3);
    for (const bool runs : {true, false}) {
      const auto& store = broker.store();
      EXPECT_EQ(printed(store, {"replay"}),
                "1|F|1|2\n+0002|S|+2\n3|P|-7|9223372036854775807\n5|B\n1|B\n2|U|01|02\n");
      EXPECT_EQ(printed(store, {"replay", "--epoch", "1"}),
                "1|F|1|2\n+0002|S|+2\n3|P|-7|9223372036854775807\n5|B\n");
      EXPECT_EQ(printed(store, {"replay", "--epoch", "2"}), "1|B\n2|U|01|02\n");
      EXPECT_EQ(printed(store, {"replay", "--from", "2", "--to", "4"}),
                "+0002|S|+2\n3|P|-7|9223372036854775807\n2|U|01|02\n");
      EXPECT_EQ(printed(store, {"replay", "--epoch", "1", "--from", "4"}), "5|B\n");
      EXPECT_EQ(printed(store, {"replay", "--epoch", "1", "--to", "1"}), "1|F|1|2\n");
      for (const words& none :
           {words{"--epoch", "3"}, words{"--from", "6"}, words{"--from", "2", "--to", "1"},
            words{"--epoch", "1", "--from", "4", "--to", "4"}}) {
        words command{"replay"};
        command.insert(command.end(), none.begin(), none.end());
        EXPECT_EQ(printed(store, command), "");
      }
      if (runs) broker.stop();
    }
  }
}

TEST(OperatorReplay, PrintsAlsoWhatCameLate) {
  daemon broker{{{"sequence.late-policy", "deliver"}, {"sequence.gap-timeout", "1ms"}}};
  auto source = broker.source();
  source.send("1|B\n2|B\n5|B\n");
  broker.await_status("next", 6);
  await_stored(broker, 6);
  source.send("3|B\n");
  await("the late one", [&] {
    return number_of("events", printed(broker.store(), {"store", "info"})) == 4;
  });
  EXPECT_EQ(printed(broker.store(), {"replay", "--to", "3"}), "1|B\n2|B\n3|B\n");
  EXPECT_EQ(printed(broker.store(), {"replay", "--epoch", "1", "--to", "3"}), "1|B\n2|B\n3|B\n");
}

TEST(OperatorInbox, TellsWhatWaitsWhetherTheDaemonRunsOrNot) {
  daemon broker;
  auto client = broker.durable(-7, 0);
  auto source = broker.source();
  source.send("1|F|-7|2\n2|S|2\n3|P|1|-7\n4|P|1|2\n");
  expect_told(client, "2|S|2\r\n3|P|1|-7\r\n");
  acknowledge(client, 2);
  client.close();
  source.send("5|S|2\n+06|B\n7|S|3\n");
  await("the rest", [&] {
    return number_of("pending", printed(broker.store(), {"inbox", "--", "-7"})) == 3;
  });
  for (const bool runs : {true, false}) {
    const auto all = printed(broker.store(), {"inbox", "--peek", "9", "--", "-7"});
    EXPECT_EQ(all, "epoch: 1\nacknowledged: 2\nchanged: " + text_of("changed", all) +
                       "\npending: 3\npending_bytes: 21\n3|P|1|-7\n5|S|2\n+06|B\n");
    const auto two = printed(broker.store(), {"inbox", "--peek", "2", "--", "-7"});
    EXPECT_EQ(two, all.substr(0, all.size() - 6));
    const auto none = operate(broker.store(), {"inbox", "8"});
    EXPECT_EQ(none.status, 1);
    EXPECT_EQ(none.err, "skein: user 8 has no inbox\n");
    if (runs) broker.stop();
  }
}

TEST(OperatorInbox, SpansEpochs) {
  daemon broker;
  play(broker, broadcasts(1, 5), 6);
  auto client = broker.durable(1, 3);
  expect_told(client, told(4, 5));
  client.close();
  broker.command("epoch new");
  play(broker, broadcasts(1, 2), 3);
  await_stored(broker, 3);
  const auto inbox = printed(broker.store(), {"inbox", "1", "--peek", "9"});
  EXPECT_EQ(text_of("epoch", inbox), "1");
  EXPECT_EQ(text_of("acknowledged", inbox), "3");
  EXPECT_EQ(inbox.substr(inbox.find("pending:")),
            "pending: 4\npending_bytes: 16\n4|B\n5|B\n1|B\n2|B\n");
}

TEST(OperatorStore, IsDescribed) {
  daemon broker;
  auto info = printed(broker.store(), {"store", "info"});
  EXPECT_EQ(info,
            "begin: 0\nend: 0\nevents: 0\nepoch: 1\nnext: 1\ncheckpoints: 0\ninboxes: 0\n"
            "bytes_on_disk: " +
                text_of("bytes_on_disk", info) + "\n");
  auto client = broker.durable(1, 0);
  await_heard(client);
  play(broker, broadcasts(1, 5), 6);
  broker.command("epoch new");
  play(broker, broadcasts(1, 2), 3);
  broker.stop();
  info = printed(broker.store(), {"store", "info"});
  EXPECT_EQ(info, "begin: 0\nend: 28\nevents: 7\nepoch: 2\nnext: 3\nfirst_time: " +
                      text_of("first_time", info) + "\nlast_time: " + text_of("last_time", info) +
                      "\ncheckpoints: 0\ninboxes: 1\nbytes_on_disk: " +
                      text_of("bytes_on_disk", info) + "\n");
}

TEST(OperatorStore, IsGoodAfterAKill) {
  daemon broker{{{"event.max-events", "4000"}, {"event.commit-interval", "5ms"}}};
  play(broker, {"1|B"}, 2);
  broker.durable(1, 0).receive_until("1|B\r\n");
  for (int life = 0; life != 3; ++life) {
    auto source = broker.source();
    auto next = static_cast<std::int64_t>(broker.status("next"));
    for (int i = 0; i != 20; ++i, next += 250) {
      const auto number = std::to_string(next);
      source.send(number + "|F|1|" + number + "\n" + sent(broadcasts(next + 1, next + 249)));
      broker.await_status("next", static_cast<std::uint64_t>(next + 250));
    }
    await("a cut", [&] { return broker.status("log_begin") != 0; });
    broker.kill();
    const auto found = printed(broker.store(), {"store", "check"});
    EXPECT_EQ(text_of("findings", found), "0");
    EXPECT_EQ(text_of("inboxes", found), "1");
    EXPECT_EQ(text_of("events", found),
              text_of("events", printed(broker.store(), {"store", "info"})));
    broker.start_again();
  }
}

TEST(OperatorStore, IsNotChangedByWhoeverReadsIt) {
  daemon broker;
  auto client = broker.durable(1, 0);
  play(broker, broadcasts(1, 5000), 5001);
  client.receive_until("\n5000|B\r\n");
  broker.kill();
  const auto before = files_in(broker.store());
  for (const words& command : {words{"replay"}, words{"inbox", "1", "--peek", "5"},
                               words{"store", "info"}, words{"store", "check"}}) {
    printed(broker.store(), command);
  }
  EXPECT_TRUE(files_in(broker.store()) == before);
}

TEST(OperatorBackup, OfARunningDaemonIsAStoreToGoOnWith) {
  const temporary_directory place;
  const auto copy = place.path() / "a copy";
  daemon broker;
  auto source = broker.source();
  source.send("1|F|1|2\n" + sent(broadcasts(2, 1000)));
  broker.await_status("next", 1001);
  auto client = broker.durable(1, 0);
  expect_told(client, told(2, 1000));
  acknowledge(client, 700);
  client.close();
  broker.durable(2, 0).receive_until("1000|B\r\n");  // with this cursor that of user 1 is on disk
  std::atomic<bool> stop{false};
  auto sender = std::async(std::launch::async, [&] {
    std::int64_t next = 1001;
    for (; !stop; next += 100) source.send(sent(broadcasts(next, next + 99)));
    return static_cast<std::uint64_t>(next);
  });
  EXPECT_EQ(printed(broker.store(), {"store", "backup", copy}), "");
  stop = true;
  broker.await_status("next", sender.get());
  broker.stop();
  EXPECT_EQ(text_of("findings", printed(copy, {"store", "check"})), "0");
  const auto original = printed(broker.store(), {"replay"});
  const auto copied = printed(copy, {"replay"});
  EXPECT_GE(copied.size(), 1000u);
  EXPECT_TRUE(original.substr(0, copied.size()) == copied);
  EXPECT_EQ(text_of("acknowledged", printed(copy, {"inbox", "1"})), "700");

  daemon restored{{{"store.directory", copy}}};
  EXPECT_EQ(restored.lines_with("interrupted=true"), 1u);
  const auto next = static_cast<std::int64_t>(restored.status("next"));
  auto again = restored.durable(1);
  expect_told(again, told(701, next - 1));
  restored.source().send(std::to_string(next) + "|S|2\n");
  expect_told(again, std::to_string(next) + "|S|2\r\n");
  restored.stop();
  EXPECT_TRUE(printed(broker.store(), {"replay"}) == original) << "the original is left alone";
}

TEST(OperatorBackup, GoesWhereNothingIs) {
  const temporary_directory place;
  daemon broker;
  play(broker, broadcasts(1, 10), 11);
  const auto back_up = [&](const std::string& to) {
    process::start how{{"store", "backup", to, "--directory", broker.store()}};
    how.directory = place.path();
    return run(SKEIN_PATH, how);
  };
  EXPECT_EQ(back_up("relative").status, 0);
  EXPECT_EQ(printed(place.path() / "relative", {"replay"}), sent(broadcasts(1, 10)));
  const auto twice = back_up("relative");
  EXPECT_EQ(twice.status, 1);
  EXPECT_EQ(twice.err, "skein: " + (place.path() / "relative").string() + ": exists already\n");
  const auto nowhere = back_up("no/where");
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_EQ(nowhere.err, "skein: " + (place.path() / "no/where").string() +
                             ": its parent directory does not exist\n");
  EXPECT_EQ(broker.stop()["commit_failures"], 0u);
}

TEST(OperatorCommands, FailInOneLine) {
  const temporary_directory place;
  const std::string nothing = place.path() / "nothing";
  const std::string other = place.path() / "other";
  std::filesystem::create_directories(other + "/file");
  for (const words& asking :
       {words{"status"}, words{"epoch"}, words{"epoch", "new"}, words{"store", "backup", "/x"}}) {
    auto command = asking;
    command.insert(command.end(), {"--directory", nothing});
    expect_refused(command, 1,
                   "no daemon listens at " + nothing + "/control (see --directory and --config)");
  }
  for (const words& reading :
       {words{"replay"}, words{"inbox", "1"}, words{"store", "info"}, words{"store", "check"}}) {
    auto command = reading;
    command.insert(command.end(), {"--directory", nothing});
    expect_refused(command, 1, nothing + ": does not exist");
    command.back() = other;
    expect_refused(command, 1, other + ": is neither empty nor a store (it has no file CURRENT)");
  }
}

TEST(OperatorCommands, RefuseWrongArgumentsWithStatusTwo) {
  const std::vector<words> wrong{{"status", "now"},
                                 {"status", "--timeout", "x"},
                                 {"status", "--wrong"},
                                 {"epoch", "old"},
                                 {"epoch", "new", "new"},
                                 {"replay", "1"},
                                 {"replay", "--from", "0"},
                                 {"replay", "--to", "x"},
                                 {"replay", "--epoch", "-1"},
                                 {"inbox"},
                                 {"inbox", "1", "2"},
                                 {"inbox", "x"},
                                 {"inbox", "9223372036854775808"},
                                 {"inbox", "1", "--peek", "-1"},
                                 {"store"},
                                 {"store", "destroy"},
                                 {"store", "info", "more"},
                                 {"store", "backup"},
                                 {"nothing"},
                                 {}};
  for (const words& command : wrong) {
    SCOPED_TRACE(testing::PrintToString(command));
    const auto done = run(SKEIN_PATH, {command});
    EXPECT_EQ(done.status, 2);
    EXPECT_EQ(done.out, "");
    EXPECT_EQ(done.err.rfind("skein: ", 0), 0u);
    EXPECT_EQ(done.err.find('\n'), done.err.size() - 1) << done.err;
  }
}

TEST(OperatorCommands, OfASecondDaemonOnTheStoreAreRefused) {
  daemon broker;
  for (const auto& [directory, reason] : std::map<std::string, std::string>{
           {broker.store(), "another process has it open"},
           {broker.store().parent_path(), "is neither empty nor a store"},
           {broker.store() / "no/where", "its parent directory does not exist"}}) {
    const auto second =
        run(SKEIND_PATH, {{"--source.listen", "127.0.0.1:0", "--client.listen", "127.0.0.1:0",
                           "--http.listen", "127.0.0.1:0", "--store.directory", directory}});
    EXPECT_EQ(second.status, 1) << second.err;
    EXPECT_NE(second.err.find(reason), std::string::npos) << second.err;
    EXPECT_EQ(second.err.find('\n'), second.err.size() - 1) << second.err;
  }
  play(broker, broadcasts(1, 3), 4);
  broker.stop();
}

}  // namespace
}  // namespace skein::test
