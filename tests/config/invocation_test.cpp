/// Where settings come from, which one wins, and what is written back.
#include "config/invocation.hpp"

#include <gtest/gtest.h>

#include "config/sandbox.hpp"

namespace skein::config {
namespace {

using namespace std::chrono_literals;
using action = invocation::action;

TEST(Start, WithNothingAtAllHasTheDefaults) {
  const auto asked = sandbox{}.start({});
  EXPECT_EQ(asked.what, action::run);
  EXPECT_EQ(asked.config_file, "");
  EXPECT_EQ(render(asked.options), render(daemon_options{}));
  EXPECT_EQ(asked.options.source.listen, "localhost:9090");
  EXPECT_EQ(asked.options.sequence.window, 1000);
}

TEST(Precedence, IsFlagThenEnvironmentThenFileThenDefault) {
  const sandbox here;
  const environment variables = {{"SKEIN_SEQUENCE_WINDOW", "30"}, {"QUEUE_LIMIT", "40"}};
  EXPECT_EQ(here.start({}).options.sequence.window, 1000);
  here.write("caf-application.conf", "[sequence]\nwindow = 20\n");
  EXPECT_EQ(here.start({}).options.sequence.window, 20);
  EXPECT_EQ(here.start({}, {{"QUEUE_LIMIT", "40"}}).options.sequence.window, 40);
  EXPECT_EQ(here.start({}, variables).options.sequence.window, 30);
  EXPECT_EQ(here.start({"--sequence.window", "10"}, variables).options.sequence.window, 10);
  EXPECT_EQ(here.start({"--sequence.window=10"}, variables).options.sequence.window, 10);
}

TEST(Precedence, OfOneOptionLeavesTheOthersAlone) {
  const sandbox here;
  here.write("caf-application.conf", "[sequence]\nwindow = 20\ngap-timeout = 7\n");
  const auto all = here.start({"--log.level", "debug"}, {{"SKEIN_SEQUENCE_WINDOW", "30"}}).options;
  EXPECT_EQ(all.sequence.window, 30);
  EXPECT_EQ(all.sequence.gap_timeout, 7ms);
  EXPECT_EQ(all.level, log_level::debug);
  EXPECT_EQ(all.client.listen, "localhost:9099");
}

TEST(File, NamedByConfigReplacesTheUsualOne) {
  const sandbox here;
  here.write("caf-application.conf", "[sequence]\nwindow = 20\n");
  const auto other = here.write("other.conf", "drain-timeout = 1s\n");
  const auto asked = here.start({"--config", other});
  EXPECT_EQ(asked.config_file, other);
  EXPECT_EQ(asked.options.sequence.window, 1000);
  EXPECT_EQ(asked.options.drain_timeout, 1s);
}

TEST(File, HasSectionsCommentsBlanksAndWindowsLineEnds) {
  const sandbox here;
  here.write("caf-application.conf",
             "# all of it\r\n"
             "drain-timeout=3s # before the first section\r\n"
             "\r\n"
             "  [ client ]  # a section\r\n"
             "\tlisten   =   :7000\r\n"
             "[sequence]\n"
             "keep-graph = true\n"
             "[client]\n"
             "line-ending = LF");
  const auto all = here.start({}).options;
  EXPECT_EQ(all.drain_timeout, 3s);
  EXPECT_EQ(all.client.listen, ":7000");
  EXPECT_EQ(all.client.ending, core::line_ending::lf);
  EXPECT_TRUE(all.keep_graph);
}

TEST(File, MayBeEmpty) {
  const sandbox here;
  here.write("caf-application.conf", "");
  EXPECT_EQ(render(here.start({}).options), render(daemon_options{}));
}

TEST(LegacyEnvironment, MeansWhatItMeantToQueServer) {
  const auto all = sandbox{}
                       .start({}, {{"EVENT_SOURCE", "10.0.0.1"},
                                   {"CLIENT", ":7001"},
                                   {"QUEUE_LIMIT", "77"},
                                   {"QUEUE_TTL", "250"},
                                   {"LOG_LEVEL", "Warning"}})
                       .options;
  EXPECT_EQ(all.source.listen, "10.0.0.1:9090");
  EXPECT_EQ(all.client.listen, ":7001");
  EXPECT_EQ(all.sequence.window, 77);
  EXPECT_EQ(all.sequence.gap_timeout, 250ms);
  EXPECT_EQ(all.level, log_level::warn);
}

TEST(LegacyEnvironment, HasALargerLimitThanTheLargestJump) {
  const auto all = sandbox{}.start({}, {{"QUEUE_LIMIT", "1048000"}}).options;
  EXPECT_EQ(all.sequence.window, 1'048'000);
  EXPECT_EQ(all.sequence.max_jump, 1'048'000);
  EXPECT_EQ(sandbox{}.start({"--sequence.window", "5"}).options.sequence.max_jump, 1'000'000);
}

TEST(LegacyEnvironment, GivesAMissingPortTheDoorsOwnAndTakesABareNumberAsPort) {
  EXPECT_EQ(sandbox{}.start({}, {{"CLIENT", "0.0.0.0"}}).options.client.listen, "0.0.0.0:9099");
  EXPECT_EQ(sandbox{}.start({}, {{"CLIENT", "3456"}}).options.client.listen, ":3456");
}

TEST(LegacyEnvironment, WhenEmptyIsTheDefault) {
  const auto all = sandbox{}.start({}, {{"EVENT_SOURCE", ""}, {"QUEUE_TTL", ""}}).options;
  EXPECT_EQ(all.source.listen, "localhost:9090");
  EXPECT_EQ(all.sequence.gap_timeout, 500ms);
}

TEST(LegacyEnvironment, IsNotLookedAtWhereTheNewNameIsSet) {
  const environment variables = {{"CLIENT", "not an address"}, {"SKEIN_CLIENT_LISTEN", ":7"}};
  EXPECT_EQ(sandbox{}.start({}, variables).options.client.listen, ":7");
}

TEST(Environment, OfTheProcessIsReadByName) {
  const char* const variables[] = {"A=1", "B=x=y", "EMPTY=", nullptr};
  EXPECT_EQ(environment_of(variables), (environment{{"A", "1"}, {"B", "x=y"}, {"EMPTY", ""}}));
}

TEST(JsonFile, GivesBothDoorsOnEveryInterface) {
  const sandbox here;
  const auto file = here.write("config.json",
                               "{\n  \"eventListenerPort\": 5000,\n"
                               "  \"clientListenerPort\": 5001\n}\n");
  const auto asked = here.start({"--config", file});
  EXPECT_EQ(asked.options.source.listen, ":5000");
  EXPECT_EQ(asked.options.client.listen, ":5001");
  EXPECT_EQ(asked.options.sequence.on_gap, core::gap_policy::wait);
  EXPECT_EQ(asked.options.sequence.window, 100'000);
  EXPECT_EQ(here.start({"--config", file, "--sequence.window", "7"}).options.sequence.window, 7);
  EXPECT_EQ(here.start({"--config", file, "--client.listen", "7"}).options.client.listen, ":7");
}

TEST(JsonFile, HasItsKeysInAnyLetterCase) {
  const sandbox here;
  const auto file =
      here.write("config.json", "{\"EventListenerPort\": 5000, \"CLIENTLISTENERPORT\": 5001}");
  for (const auto& flags : std::vector<std::vector<std::string>>{
           {"-config", file}, {"-config=" + file}, {"--config=" + file}}) {
    const auto asked = here.start(flags);
    EXPECT_EQ(asked.options.source.listen, ":5000");
    EXPECT_EQ(asked.options.client.listen, ":5001");
  }
}

TEST(Door, IsClosedByNone) {
  const auto all = sandbox{}.start({"--source.listen", "none", "--client.listen=none"}).options;
  EXPECT_EQ(all.source.listen, no_door);
  EXPECT_EQ(all.client.listen, no_door);
  EXPECT_EQ(all.http.listen, "localhost:8082");
}

TEST(ShortFlags, AreThoseThatPeopleTry) {
  EXPECT_EQ(sandbox{}.start({"-h"}).what, action::help);
  EXPECT_EQ(sandbox{}.start({"-V"}).what, action::version);
  EXPECT_EQ(sandbox{}.start({"--store.directory", "-h"}).options.store.directory, "-h");
}

TEST(CafSettings, AreAllThereWithOurDefaults) {
  const auto caf = sandbox{}.start({}).options.caf;
  const std::map<std::string, std::string> all(caf.begin(), caf.end());
  EXPECT_EQ(all,
            (std::map<std::string, std::string>{{"scheduler.policy", "stealing"},
                                                {"scheduler.max-threads", "0"},
                                                {"scheduler.max-throughput", "300"},
                                                {"work-stealing.aggressive-poll-attempts", "100"},
                                                {"work-stealing.aggressive-steal-interval", "10"},
                                                {"work-stealing.moderate-poll-attempts", "0"},
                                                {"work-stealing.moderate-steal-interval", "5"},
                                                {"work-stealing.moderate-sleep-duration", "50us"},
                                                {"work-stealing.relaxed-steal-interval", "1"},
                                                {"work-stealing.relaxed-sleep-duration", "10ms"}}));
  EXPECT_EQ(caf.size(), all.size());
}

TEST(CafSettings, AreCheckedAndKeptOnceInCanonicalForm) {
  const sandbox here;
  here.write("caf-application.conf", "[scheduler]\nmax-threads = 2\npolicy = sharing\n");
  const auto caf = here.start({"--scheduler.max-threads", "3",
                               "--work-stealing.relaxed-sleep-duration", "2000us"})
                       .options.caf;
  const std::multimap<std::string, std::string> all(caf.begin(), caf.end());
  EXPECT_EQ(all.count("scheduler.max-threads"), 1u);
  EXPECT_EQ(all.find("scheduler.max-threads")->second, "3");
  EXPECT_EQ(all.find("scheduler.policy")->second, "sharing");
  EXPECT_EQ(all.find("work-stealing.relaxed-sleep-duration")->second, "2ms");
}

TEST(ShippedFile, IsExactlyTheDefaults) {
  std::ifstream file{SKEIN_ROOT "/caf-application.conf"};
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), render(daemon_options{}))
      << "write it anew: skeind --config /dev/null --print-config > caf-application.conf";
}

/// For each option a value that is allowed and is not its default.
const std::map<std::string, std::string> changed = {
    {"drain-timeout", "7s"},
    {"source.listen", "[::1]:1"},
    {"source.max-connections", "98"},
    {"source.max-line", "100"},
    {"source.keep-alive", "1min"},
    {"source.user-timeout", "90s"},
    {"client.listen", ":2"},
    {"client.max-connections", "97"},
    {"client.handshake-timeout", "1ms"},
    {"client.keep-alive", "2min"},
    {"client.user-timeout", "3min"},
    {"client.line-ending", "lf"},
    {"client.duplicate-policy", "newest"},
    {"client.max-outbox", "4GiB"},
    {"client.overflow-policy", "drop-newest"},
    {"client.stall-timeout", "1234ms"},
    {"sequence.window", "16777216"},
    {"sequence.gap-timeout", "1min"},
    {"sequence.gap-policy", "wait"},
    {"sequence.late-policy", "deliver"},
    {"sequence.max-jump", "20000000"},
    {"sequence.on-restart", "always"},
    {"sequence.restart-wait", "1h"},
    {"sequence.keep-graph", "true"},
    {"event.durability", "sync"},
    {"event.commit-interval", "3ms"},
    {"event.max-bytes", "5GiB"},
    {"event.max-events", "6"},
    {"event.max-age", "7h"},
    {"inbox.max-events", "8"},
    {"inbox.max-bytes", "9KiB"},
    {"inbox.max-age", "10min"},
    {"inbox.overflow-policy", "drop-all"},
    {"topic.storage", "memory"},
    {"topic.no-subscribers", "hold"},
    {"topic.max-pending", "77"},
    {"topic.max-delayed", "78"},
    {"topic.overflow", "drop-oldest"},
    {"topic.priorities", "3"},
    {"topic.order", "weighted"},
    {"topic.dedupe", "first"},
    {"topic.dedupe-window", "8s"},
    {"topic.expire", "false"},
    {"topic.lease", "7s"},
    {"topic.retry-delay", "3s"},
    {"topic.max-retry-delay", "33s"},
    {"topic.max-deliveries", "4"},
    {"topic.batch", "12"},
    {"topic.max-bytes", "5MiB"},
    {"topic.max-memory", "6MiB"},
    {"topic.max-topics", "79"},
    {"topic.max-subscribers", "80"},
    {"topic.max-keys", "81"},
    {"topic.ordered", "true"},
    {"topic.commit-interval", "5ms"},
    {"topic.idle-timeout", "9s"},
    {"http.listen", "localhost:8182"},
    {"http.keep-alive", "0ms"},
    {"http.user-timeout", "1s"},
    {"http.max-connections", "99"},
    {"http.max-target", "4KiB"},
    {"http.max-headers", "32KiB"},
    {"http.max-body", "1MiB"},
    {"http.max-bodies", "3MiB"},
    {"http.max-answers", "128MiB"},
    {"http.request-timeout", "11s"},
    {"http.idle-timeout", "22s"},
    {"http.max-wait", "44s"},
    {"http.api-wait", "durable"},
    {"http.api-expiry", "2h"},
    {"http.hosts", "a.example, b"},
    {"http.origins", "https://a.example:8443"},
    {"http.operator", "true"},
    {"store.directory", "/var/lib/skein"},
    {"control.socket", "/run/skein"},
    {"flow.high-mark", "16MB"},
    {"flow.low-mark", "1"},
    {"router.flush-interval", "10us"},
    {"statistics.interval", "0ms"},
    {"log.level", "error"},
    {"scheduler.policy", "sharing"},
    {"scheduler.max-threads", "4"},
    {"scheduler.max-throughput", "5"},
    {"work-stealing.aggressive-poll-attempts", "6"},
    {"work-stealing.aggressive-steal-interval", "7"},
    {"work-stealing.moderate-poll-attempts", "8"},
    {"work-stealing.moderate-steal-interval", "9"},
    {"work-stealing.moderate-sleep-duration", "1us"},
    {"work-stealing.relaxed-steal-interval", "11"},
    {"work-stealing.relaxed-sleep-duration", "2s"}};

TEST(EveryOption, IsReadFromFlagsEnvironmentAndFileAlike) {
  const sandbox here;
  std::vector<std::string> flags;
  environment variables;
  std::string file;
  for (const auto& row : option_table()) {
    const auto value = changed.at(row.name);
    flags.push_back(row.flag() + '=' + value);
    variables[row.variable()] = value;
    if (!row.section().empty()) file += '[' + row.section() + "]\n";
    file += row.key() + " = " + value + '\n';
  }
  const auto by_flags = here.start(flags).options;
  for (const auto& row : option_table()) {
    EXPECT_EQ(row.kind.text(by_flags), changed.at(row.name));
    EXPECT_NE(row.kind.text(by_flags), row.kind.text(daemon_options{})) << row.name;
  }
  EXPECT_EQ(render(here.start({}, variables).options), render(by_flags));
  here.write("caf-application.conf", file);
  EXPECT_EQ(render(here.start({}).options), render(by_flags));
  EXPECT_EQ(option_table().size(), changed.size());
}

TEST(RenderedFile, ReadsBackAsTheSameSettings) {
  const sandbox here;
  std::vector<std::string> flags{"--print-config"};
  for (const auto& [name, value] : changed) flags.push_back("--" + name + '=' + value);
  const auto printed = here.start(flags);
  EXPECT_EQ(printed.what, action::print);
  here.write("caf-application.conf", printed.text);
  const auto again = here.start({});
  EXPECT_EQ(render(again.options), printed.text);
  EXPECT_EQ(again.options.caf, printed.options.caf);
}

TEST(CheckConfig, TellsEveryValueAndItsPlace) {
  const sandbox here;
  const auto file = here.write("caf-application.conf", "\n[flow]\nhigh-mark = 65536KiB\n");
  const auto asked =
      here.start({"--check-config", "--log.level", "DEBUG"}, {{"QUEUE_TTL", "1000"}});
  EXPECT_EQ(asked.what, action::check);
  const auto has = [&](const std::string& line) {
    return asked.text.find(line + '\n') != std::string::npos;
  };
  EXPECT_TRUE(has("configuration ok (" + file + ")"));
  EXPECT_TRUE(has("flow.high-mark = 64MiB  # " + file + ":3"));
  EXPECT_TRUE(has("sequence.gap-timeout = 1s  # environment QUEUE_TTL"));
  EXPECT_TRUE(has("log.level = debug  # --log.level"));
  EXPECT_TRUE(has("client.listen = localhost:9099  # default"));
}

TEST(Help, NamesEveryOptionWithItsDefaultEvenWhenTheFileIsBroken) {
  const sandbox here;
  here.write("caf-application.conf", "nonsense");
  const auto asked = here.start({"--help"});
  EXPECT_EQ(asked.what, action::help);
  for (const auto& row : option_table()) {
    EXPECT_NE(asked.text.find(row.flag() + ' '), std::string::npos) << row.name;
    EXPECT_NE(asked.text.find("(=" + row.kind.text(daemon_options{}) + ")"), std::string::npos);
  }
}

TEST(Version, NeedsNoConfiguration) {
  EXPECT_EQ(sandbox{}.start({"--version"}, {{"SKEIN_NONSENSE", "1"}}).what, action::version);
}

}  // namespace
}  // namespace skein::config
