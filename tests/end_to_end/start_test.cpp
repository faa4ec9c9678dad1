/// Starting: the command line, the file, the environment, and what is wrong with them.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "audience.hpp"

namespace skein::test {
namespace {

/// A directory of its own, gone with the test.
class Start : public testing::Test {
 protected:
  Start() {
    std::string pattern = testing::TempDir() + "skeinXXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~Start() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = directory_ + "/" + name;
    std::ofstream{path} << text;
    return path;
  }

  finished skeind(const std::vector<std::string>& arguments,
                  const std::map<std::string, std::string>& environment = {}) const {
    return run(SKEIND_PATH, {arguments, environment, directory_});
  }

  process::start own_doors() const {
    return {{"--source.listen", "127.0.0.1:0", "--client.listen", "127.0.0.1:0", "--http.listen",
             "127.0.0.1:0"},
            {},
            directory_};
  }

  /// Expects the start to be refused with one line that begins with `skeind: ` and `place`.
  static void expect_refused(const finished& done, int status, const std::string& place) {
    EXPECT_EQ(done.status, status);
    EXPECT_EQ(done.out, "");
    EXPECT_EQ(done.err.rfind("skeind: " + place, 0), 0u) << done.err;
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
  }

  std::string directory_;
};

TEST_F(Start, FailsOnATakenPort) {
  taken_port taken;
  const auto address = "127.0.0.1:" + std::to_string(taken.number());
  for (const char* durability : {"none", "async"}) {
    const auto refused = [&](const std::string& source, const std::string& client) {
      auto done = skeind({"--source.listen", source, "--client.listen", client, "--http.listen",
                          "127.0.0.1:0", "--log.level", "warn", "--event.durability", durability});
      expect_refused(done, 1, "cannot listen on " + address + ": ");
    };
    refused(address, "127.0.0.1:0");
    refused("127.0.0.1:0", address);
  }
}

TEST_F(Start, ThatFailsAtADoorLeavesNoNewStore) {
  taken_port taken;
  const auto address = "127.0.0.1:" + std::to_string(taken.number());
  const auto leaves_none = [&](const std::vector<std::string>& flags,
                               const std::map<std::string, std::string>& environment, int status,
                               const std::string& place) {
    expect_refused(skeind(flags, environment), status, place);
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/skein-data"));
  };
  leaves_none({"--source.listen", "127.0.0.1:0", "--client.listen", address, "--http.listen",
               "127.0.0.1:0", "--log.level", "warn"},
              {}, 1, "cannot listen on " + address);
  leaves_none({"--http.listen", "192.0.2.1:80"}, {}, 2, "--http.listen: nobody can listen at ");
  leaves_none({}, {{"CLIENT", "acme.invalid"}}, 2, "environment CLIENT: nobody can listen at ");
}

TEST_F(Start, ThatCannotHaveItsControlSocketLeavesNoNewStore) {
  const auto store = directory_ + "/" + std::string(100, 's');
  expect_refused(
      skeind({"--source.listen", "127.0.0.1:0", "--client.listen", "127.0.0.1:0", "--http.listen",
              "127.0.0.1:0", "--log.level", "warn", "--store.directory", store}),
      1, "cannot listen on " + store + "/control: the path of a socket must not be ");
  EXPECT_FALSE(std::filesystem::exists(store));
}

TEST_F(Start, ThatIsKilledAtAnyMomentCanBeDoneAgain) {
  const std::filesystem::path store = directory_ + "/skein-data";
  const auto files = [&] {
    std::error_code none;
    std::ptrdiff_t count = 0;
    for (std::filesystem::directory_iterator at{store, none}, end; !none && at != end;
         at.increment(none)) {
      ++count;
    }
    return none ? -1 : count;
  };
  for (std::ptrdiff_t after = 0; after != 8; ++after) {
    SCOPED_TRACE(after);
    std::filesystem::remove_all(store);
    {
      process killed{SKEIND_PATH, own_doors()};
      while (files() < after && killed.lives() && !std::filesystem::exists(store / "control")) {
      }
      killed.signal(SIGKILL);
      killed.wait();
    }
    process again{SKEIND_PATH, own_doors()};
    await("its doors",
          [&] { return std::filesystem::exists(store / "control") || !again.lives(); });
    again.signal(SIGTERM);
    EXPECT_EQ(again.wait(), 0) << again.err();
  }
}

TEST_F(Start, ThatIsToldToEndBeforeItsDoorsAreOpenEndsWell) {
  const std::filesystem::path store = directory_ + "/skein-data";
  for (const int signal : {SIGTERM, SIGINT}) {
    std::filesystem::remove_all(store);
    process ended{SKEIND_PATH, own_doors()};
    await("its store", [&] { return std::filesystem::exists(store) || !ended.lives(); });
    ended.signal(signal);
    EXPECT_EQ(ended.wait(), 0) << ended.err();
    EXPECT_NE(ended.err().find("msg=\"ended"), std::string::npos);
  }
}

TEST_F(Start, RefusesNamesOfStrangersWithoutWhatATerminalActsOn) {
  expect_refused(skeind({"--\x1b[31m"}), 2, "--\\u001b[31m: unknown option");
  expect_refused(skeind({"\x1b[31m"}), 2, "command line: unexpected argument \"\\u001b[31m\"");
  expect_refused(skeind({}, {{"SKEIN_\x1b[31m", "1"}}), 2,
                 "environment SKEIN_\\u001b[31m: unknown variable");
  expect_refused(skeind({"--config", "/none\x1b\n"}), 2, "/none\\u001b\\n: cannot be read");
  const auto refused = [&](const std::string& text, const std::string& place) {
    const auto path = write("strange.conf", text);
    expect_refused(skeind({"--config", path}), 2, path + place);
  };
  refused("[\x1b[31m]\n", ":1: unknown section [\\u001b[31m]");
  refused("[log]\nl\u202evel = info\n", ":2: log.l\\u202evel: unknown name");
  refused("[log]\nle\rvel = info\n", ":2: log.le\\rvel: unknown name");
  const auto path = write("good\x1b[31m\n.conf", "[log]\nlevel = warn\n");
  const auto checked = skeind({"--check-config", "--config", path});
  EXPECT_EQ(checked.status, 0);
  EXPECT_EQ(checked.out.rfind("configuration ok (" + directory_ + "/good\\u001b[31m\\n.conf)\n", 0),
            0u);
  EXPECT_EQ(checked.out.find('\x1b'), std::string::npos);
}

TEST_F(Start, OpensOnlyTheDoorsThatAreWanted) {
  process one_door{SKEIND_PATH,
                   {{"--source.listen", "none", "--client.listen", "none", "--http.listen",
                     "127.0.0.1:0", "--control.socket", "none"},
                    {},
                    directory_}};
  await("its door", [&] { return one_door.err().find("door=http") != std::string::npos; });
  one_door.signal(SIGTERM);
  EXPECT_EQ(one_door.wait(), 0);
  for (const char* closed : {"source", "client", "control"}) {
    EXPECT_EQ(one_door.err().find("door=" + std::string{closed}), std::string::npos);
  }
}

TEST_F(Start, IsRefusedWithFileLineAndKey) {
  const auto refused = [&](const std::string& text, const std::string& place) {
    SCOPED_TRACE(text);
    const auto path = write("wrong.conf", text);
    for (const char* mode : {"--check-config", "--print-config"}) {
      expect_refused(skeind({"--config", path, mode}), 2, path + place);
    }
    expect_refused(skeind({"--config", path}), 2, path + place);
  };
  refused("[sequence]\n\nwindow = many\n", ":3: sequence.window: must be ");
  refused("[sequence]\nwindow = 0\n", ":2: sequence.window: must be ");
  refused("[sequence]\ngap-timeout = -1s\n", ":2: sequence.gap-timeout: must be ");
  refused("[sequence]\nwindows = 10\n", ":2: sequence.windows: unknown name, did you mean window");
  refused("# nothing\n[client]\nlisten = localhost:99999\n", ":3: client.listen: must be ");
  refused("[client]\noverflow-policy = explode\n", ":2: client.overflow-policy: must be ");
  refused("[klient]\n", ":1: unknown section [klient]");
  refused("[flow]\nlow-mark = 1GiB\n", ":2: flow.low-mark: ");
  refused("[source]\nlisten = :9000\n[client]\nlisten = :9000\n", ":4: client.listen: ");
  refused("[log]\nlevel = info\nlevel = warn\n", ":3: log.level: is set in line 2 already");
  refused("nonsense\n", ":1: must be ");
}

TEST_F(Start, IsRefusedWithTheFlagOrTheVariable) {
  expect_refused(skeind({"--sequence.window", "many"}), 2, "");
  EXPECT_NE(skeind({"--sequence.window", "many"}).err.find("--sequence.window"), std::string::npos);
  expect_refused(skeind({"--no-such-option", "1"}), 2, "");
  expect_refused(skeind({"--config", directory_ + "/none.conf"}), 2, directory_ + "/none.conf: ");
  expect_refused(skeind({}, {{"QUEUE_LIMIT", "many"}}), 2, "environment QUEUE_LIMIT: must be ");
  expect_refused(skeind({}, {{"SKEIN_SEQUENCE_WINDOW", "-1"}}), 2,
                 "environment SKEIN_SEQUENCE_WINDOW: must be ");
  expect_refused(skeind({}, {{"SKEIN_SEQUENCE_WINDOWS", "1"}}), 2,
                 "environment SKEIN_SEQUENCE_WINDOWS: unknown variable");
}

TEST_F(Start, TellsOfItself) {
  const auto help = skeind({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.out.find("--sequence.gap-timeout"), std::string::npos);
  EXPECT_EQ(help.err, "");
  const auto version = skeind({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out, "skeind " SKEIN_VERSION "\n");
}

TEST_F(Start, ChecksTheConfigurationWithoutAPort) {
  taken_port taken;
  const auto path =
      write("good.conf", "[source]\nlisten = 127.0.0.1:" + std::to_string(taken.number()) + "\n");
  const auto checked =
      skeind({"--check-config", "--config", path, "--sequence.window", "7"}, {{"QUEUE_TTL", "70"}});
  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_EQ(checked.out.rfind("configuration ok (" + path + ")\n", 0), 0u);
  EXPECT_NE(checked.out.find("sequence.window = 7"), std::string::npos);
  EXPECT_NE(checked.out.find("sequence.gap-timeout = 70ms"), std::string::npos);
}

TEST_F(Start, AcceptsTheShippedFile) {
  const std::string shipped = SKEIN_ROOT "/caf-application.conf";
  EXPECT_EQ(skeind({"--check-config", "--config", shipped}).status, 0);
  EXPECT_EQ(skeind({"--print-config", "--config", shipped}).out, skeind({"--print-config"}).out);
  std::filesystem::copy_file(shipped, directory_ + "/caf-application.conf");
  EXPECT_NE(skeind({"--check-config"}).out.find("caf-application.conf)\n"), std::string::npos);
  daemon broker{{}, {{}, {}, directory_}};
  broker.stop();
}

TEST_F(Start, TakesTheNamesOfQueServer) {
  daemon broker{{{"source.listen", ""}, {"client.listen", ""}, {"log.level", ""}},
                {{},
                 {{"EVENT_SOURCE", "127.0.0.1:0"},
                  {"CLIENT", "127.0.0.1:0"},
                  {"QUEUE_LIMIT", "10"},
                  {"QUEUE_TTL", "3600000"},
                  {"LOG_LEVEL", "DEBUG"}},
                 directory_}};
  audience users{broker, {1}};  // which takes lines of level debug
  auto source = broker.source();
  source.send("1|B\n" + sent(broadcasts(3, 13)));
  users.expect({"1|B"});
  users.expect(broadcasts(3, 13));
  EXPECT_EQ(users.verify()["gaps"], 1u);
}

TEST_F(Start, TakesTheQueueTtlOfQueServerAsMilliseconds) {
  daemon broker{{{"log.level", ""}},
                {{}, {{"QUEUE_TTL", "120"}, {"LOG_LEVEL", "debug"}}, directory_}};
  audience users{broker, {1}};
  auto source = broker.source();
  const auto begin = std::chrono::steady_clock::now();
  source.send("2|B\n");
  users.expect({"2|B"});
  users.await();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 120ms);
  users.verify();
}

TEST_F(Start, IsQuietAtLevelWarning) {
  process quiet{SKEIND_PATH,
                {{"--source.listen", "127.0.0.1:0", "--client.listen", "127.0.0.1:0",
                  "--http.listen", "127.0.0.1:0"},
                 {{"LOG_LEVEL", "warning"}},
                 directory_}};
  await("its doors", [&] { return std::filesystem::exists(directory_ + "/skein-data/control"); });
  // Its handlers of signals are there before its doors.
  quiet.signal(SIGTERM);
  EXPECT_EQ(quiet.wait(), 0);
  EXPECT_EQ(quiet.err(), "");
}

TEST_F(Start, TakesTheFileOfGoEventserver) {
  for (int attempt = 0;; ++attempt) {
    // The file allows no port 0; a free port may be taken by the time it is used.
    std::string ports[2];
    {
      const taken_port one;
      const taken_port other;
      ports[0] = std::to_string(one.number());
      ports[1] = std::to_string(other.number());
    }
    const auto path = write("config.json", "{\n  \"clientListenerPort\": " + ports[0] +
                                               ",\n  \"eventListenerPort\": " + ports[1] + "\n}\n");
    try {
      daemon broker{{{"source.listen", ""}, {"client.listen", ""}},
                    {{"--config", path}, {}, directory_}};
      EXPECT_EQ(std::to_string(broker.client_port()), ports[0]);
      EXPECT_EQ(std::to_string(broker.source_port()), ports[1]);
      peer client{broker.client_port()};
      client.send("1\n");
      broker.await_line("msg=\"client connected\"");
      peer source{broker.source_port()};
      source.send("1|B\n");
      EXPECT_EQ(client.receive(5), "1|B\r\n");
      broker.stop();
      return;
    } catch (const std::runtime_error&) {
      if (attempt == 5) throw;
    }
  }
}

TEST_F(Start, IsRefusedWithTheWordsOfGoEventserver) {
  const auto refused = [&](const std::string& text, const std::string& reason) {
    const auto path = write("wrong.json", text);
    expect_refused(skeind({"--config", path}), 2, path + reason);
  };
  refused("{}", ": missing clientListenerPort");
  refused("{\"clientListenerPort\": 9099}", ": missing eventListenerPort");
  refused("{\"clientListenerPort\": 9099,\n\"eventListenerPort\": 9099}",
          ": clientListenerPort and eventListenerPort can not be same");
  refused("{\"clientListenerPort\": \"9099\"}", ":1: clientListenerPort: must be ");
  refused("{\n\"clientListenerPort\": 9099,\n", ":");
}

}  // namespace
}  // namespace skein::test
