/// Every wrong setting stops the start and is named with its place.
#include <gtest/gtest.h>

#include "config/sandbox.hpp"

namespace skein::config {
namespace {

std::string of_flags(const std::vector<std::string>& flags) {
  return sandbox{}.refusal(flags);
}

std::string of_environment(const environment& variables) {
  return sandbox{}.refusal({}, variables);
}

std::string of_file(const std::string& content) {
  const sandbox here;
  here.write("caf-application.conf", content);
  return here.refusal({});
}

std::string of_json(const std::string& content) {
  const sandbox here;
  return here.refusal({"--config", here.write("config.json", content)});
}

TEST(WrongValue, IsNamedWithFileLineAndName) {
  EXPECT_EQ(of_file("# first\n\n[sequence]\nwindow = abc\n"),
            "caf-application.conf:4: sequence.window: must be 1..16777216, got \"abc\"");
}

TEST(WrongValue, IsNamedWithItsVariable) {
  EXPECT_EQ(of_environment({{"SKEIN_SEQUENCE_WINDOW", "0"}}),
            "environment SKEIN_SEQUENCE_WINDOW: must be 1..16777216, got \"0\"");
  EXPECT_EQ(of_environment({{"QUEUE_LIMIT", "many"}}),
            "environment QUEUE_LIMIT: must be 1..16777216, got \"many\"");
  EXPECT_EQ(of_environment({{"SKEIN_LOG_LEVEL", ""}}),
            "environment SKEIN_LOG_LEVEL: must be debug|info|warn|error, got \"\"");
}

TEST(WrongValue, IsNamedWithItsFlag) {
  EXPECT_EQ(of_flags({"--sequence.window", "-5"}),
            "--sequence.window: must be 1..16777216, got \"-5\"");
  EXPECT_EQ(of_flags({"--client.line-ending=cr"}),
            "--client.line-ending: must be crlf|lf, got \"cr\"");
}

TEST(WrongValue, StopsTheStartEvenWhereItIsOverridden) {
  const sandbox here;
  here.write("caf-application.conf", "[sequence]\nwindow = abc\n");
  EXPECT_EQ(here.refusal({"--sequence.window", "10"}, {{"SKEIN_SEQUENCE_WINDOW", "20"}}),
            "caf-application.conf:2: sequence.window: must be 1..16777216, got \"abc\"");
}

TEST(WrongValue, IsShownOnOneLine) {
  EXPECT_EQ(of_environment({{"SKEIN_LOG_LEVEL", "a\nb\x1b"}}),
            "environment SKEIN_LOG_LEVEL: must be debug|info|warn|error, got \"a\\nb\\u001b\"");
  const auto text = of_flags({"--log.level", std::string(5000, 'x')});
  EXPECT_LT(text.size(), 200u);
}

TEST(WrongValue, InQuotesIsToldToHaveNone) {
  EXPECT_EQ(of_file("[store]\ndirectory = \"/var/lib/skein\"\n"),
            "caf-application.conf:2: store.directory: must be without quotes around it, got "
            "\"\"/var/lib/skein\"\"");
  EXPECT_EQ(of_environment({{"SKEIN_LOG_LEVEL", "'debug'"}}),
            "environment SKEIN_LOG_LEVEL: must be without quotes around it, got \"'debug'\"");
}

TEST(WrongValue, IsToldWhatWasMeant) {
  const auto end_of = [](const std::string& name, const std::string& value) {
    const auto text = of_flags({"--" + name, value});
    return text.substr(text.find("got "));
  };
  EXPECT_EQ(end_of("flow.high-mark", "64M"), "got \"64M\", did you mean 64MiB?");
  EXPECT_EQ(end_of("flow.high-mark", "1g"), "got \"1g\", did you mean 1GiB?");
  EXPECT_EQ(end_of("event.max-bytes", "2 GiB"), "got \"2 GiB\", did you mean 2GiB?");
  EXPECT_EQ(end_of("sequence.gap-timeout", "5m"), "got \"5m\", did you mean 5min?");
  EXPECT_EQ(end_of("sequence.gap-timeout", "500 ms"), "got \"500 ms\", did you mean 500ms?");
  EXPECT_EQ(end_of("sequence.window", "10,000"), "got \"10,000\", did you mean 10000?");
  EXPECT_EQ(end_of("sequence.window", "10x"), "got \"10x\"");
  EXPECT_EQ(end_of("http.origins", "https://"), "got \"https://\"");
  EXPECT_EQ(end_of("http.hosts", "a,,b"), "got \"a,,b\"");
}

TEST(WrongValue, OfAListHasAnEmptyWordOrNoneBesideOthers) {
  for (const char* name : {"http.hosts", "http.origins"}) {
    for (const char* value : {"", " ", "none,a", "none,none"}) {
      EXPECT_EQ(of_flags({"--" + std::string{name}, value})
                    .rfind("--" + std::string{name} + ": must be none, or with commas between ", 0),
                0u)
          << value;
    }
  }
}

TEST(WrongValue, OfAPathIsOneThatATerminalOrAFileCannotShow) {
  for (const char* path : {"a\x1b[31m", "a\nb", "\u202e", "\xff"}) {
    EXPECT_EQ(of_flags({"--store.directory", path}).rfind("--store.directory: must be a path", 0),
              0u)
        << path;
  }
  sandbox here;
  EXPECT_EQ(here.start({"--store.directory", "Müll # 1"}).options.store.directory, "Müll # 1");
}

TEST(WrongValue, OfAFileThatIsPrintedIsOneThatItWouldNotSayAgain) {
  for (const char* path : {"a#b", " a", "a\u00a0b "}) {
    EXPECT_EQ(of_flags({"--store.directory", path, "--print-config"}).rfind("store.directory: ", 0),
              0u)
        << path;
  }
}

TEST(WrongValue, OfAPathIsAnEmptyOne) {
  EXPECT_EQ(of_file("[store]\ndirectory =\n"),
            "caf-application.conf:2: store.directory: must be a path in UTF-8 without control "
            "characters, got \"\"");
  EXPECT_EQ(of_environment({{"SKEIN_STORE_DIRECTORY", ""}}),
            "environment SKEIN_STORE_DIRECTORY: must be a path in UTF-8 without control "
            "characters, got \"\"");
  EXPECT_EQ(of_file("[control]\nsocket =\n"),
            "caf-application.conf:2: control.socket: must be a path in UTF-8 without control "
            "characters, got \"\"");
}

TEST(Ranges, AreCheckedAtBothEnds) {
  const std::vector<std::pair<std::string, std::string>> outside = {
      {"source.max-line", "15"},
      {"source.max-line", "32769"},
      {"client.max-outbox", "4095"},
      {"client.max-outbox", "4294967297"},
      {"sequence.window", "0"},
      {"sequence.window", "16777217"},
      {"sequence.gap-timeout", "0"},
      {"sequence.gap-timeout", "100us"},
      {"sequence.max-jump", "0"},
      {"client.stall-timeout", "0"},
      {"client.handshake-timeout", "0"},
      {"sequence.restart-wait", "0"},
      {"drain-timeout", "0"},
      {"drain-timeout", "25h"},
      {"flow.high-mark", "1023KiB"},
      {"flow.low-mark", "0"},
      {"router.flush-interval", "1001ms"},
      {"router.flush-interval", "500ns"},
      {"statistics.interval", "-1"},
      {"source.listen", ":65536"},
      {"client.listen", "a b"},
      {"sequence.keep-graph", "yes"},
      {"scheduler.policy", "testing"},
      {"work-stealing.relaxed-steal-interval", "0"},
      {"scheduler.max-throughput", "0"}};
  for (const auto& [name, value] : outside) {
    const auto text = of_flags({"--" + name, value});
    EXPECT_EQ(text.rfind("--" + name + ": must be ", 0), 0u) << text;
    EXPECT_NE(text.find(", got \"" + value + "\""), std::string::npos) << text;
  }
  const std::vector<std::pair<std::string, std::string>> inside = {
      {"source.max-line", "16"},       {"source.max-line", "32768"},
      {"client.max-outbox", "4KiB"},   {"client.max-outbox", "4GiB"},
      {"sequence.window", "1"},        {"sequence.gap-timeout", "1"},
      {"flow.low-mark", "1"},          {"router.flush-interval", "0"},
      {"router.flush-interval", "1s"}, {"statistics.interval", "0"},
      {"source.listen", ":65535"},     {"source.listen", ":0"}};
  for (const auto& [name, value] : inside)
    EXPECT_EQ(of_flags({"--" + name, value}), "not refused") << name << " " << value;
}

TEST(UnknownName, InAFileIsNamedWithTheNearestOne) {
  EXPECT_EQ(of_file("[sequence]\nwindwo = 3\n"),
            "caf-application.conf:2: sequence.windwo: unknown name, did you mean window in section "
            "[sequence]?");
  EXPECT_EQ(of_file("[sequence]\ncolour = 3\n"),
            "caf-application.conf:2: sequence.colour: unknown name");
}

TEST(UnknownName, OutsideItsSectionIsToldItsSection) {
  EXPECT_EQ(of_file("window = 3\n"),
            "caf-application.conf:1: window: unknown name, did you mean window in section "
            "[sequence]?");
  EXPECT_EQ(of_file("[log]\ndrain-timeout = 3s\n"),
            "caf-application.conf:2: log.drain-timeout: unknown name, did you mean drain-timeout "
            "before the first section?");
}

TEST(UnknownName, OfASectionIsRefusedAtItsLine) {
  EXPECT_EQ(of_file("\n[sequenze]\n"),
            "caf-application.conf:2: unknown section [sequenze], did you mean [sequence]?");
  EXPECT_EQ(of_file("[]\n"), "caf-application.conf:1: unknown section []");
}

TEST(UnknownName, InTheEnvironmentIsRefusedWhenItIsOurs) {
  EXPECT_EQ(of_environment({{"SKEIN_SEQUENCE_WINDOWS", "3"}}),
            "environment SKEIN_SEQUENCE_WINDOWS: unknown variable, did you mean "
            "SKEIN_SEQUENCE_WINDOW?");
  EXPECT_EQ(of_environment({{"SKEINX", "3"}, {"PATH", "/bin"}, {"SKEI", "1"}}), "not refused");
}

TEST(UnknownName, OnTheCommandLineIsNeverTakenAsAnAbbreviation) {
  EXPECT_EQ(of_flags({"--sequence.windo", "3"}),
            "--sequence.windo: unknown option, did you mean --sequence.window?");
  EXPECT_EQ(of_flags({"--window=3"}), "--window: unknown option, did you mean --sequence.window?");
  EXPECT_EQ(of_flags({"--chekc-config"}),
            "--chekc-config: unknown option, did you mean --check-config?");
}

TEST(CommandLine, RefusesWhatIsNoFlag) {
  EXPECT_EQ(of_flags({"start"}), "command line: unexpected argument \"start\"");
  EXPECT_EQ(of_flags({"-v"}), "command line: unexpected argument \"-v\"");
  EXPECT_EQ(of_flags({"--", "--help"}), "command line: unexpected argument \"--help\"");
}

TEST(CommandLine, RefusesAFlagWithoutItsValueOrWithOneTooMany) {
  EXPECT_EQ(of_flags({"--sequence.window"}), "--sequence.window: needs a value");
  EXPECT_EQ(of_flags({"--sequence.window="}), "--sequence.window: needs a value");
  EXPECT_EQ(of_flags({"--help=yes"}), "--help: takes no value");
}

TEST(CommandLine, RefusesAFileWithoutAName) {
  EXPECT_EQ(of_flags({"--config", ""}), "--config: needs the name of a file");
  EXPECT_EQ(of_flags({"-config", ""}), "--config: needs the name of a file");
}

TEST(CommandLine, RefusesAFlagGivenTwice) {
  EXPECT_EQ(of_flags({"--sequence.window=3", "--sequence.window", "3"}),
            "--sequence.window: given twice");
  EXPECT_EQ(of_flags({"--config", "a", "--config", "b"}), "--config: given twice");
}

TEST(CommandLine, TellsWhatASingleDashWasMeantToBe) {
  EXPECT_EQ(of_flags({"-sequence.window", "3"}),
            "command line: unexpected argument \"-sequence.window\", did you mean "
            "--sequence.window?");
}

TEST(File, RefusesAByteOrderMark) {
  for (const std::string mark : {"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"}) {
    EXPECT_EQ(of_file(mark + "[sequence]\nwindow = 3\n"),
              "caf-application.conf: begins with a byte order mark; it must be UTF-8 without one");
    EXPECT_EQ(of_json(mark + "{}"),
              "config.json: begins with a byte order mark; it must be UTF-8 without one");
  }
}

TEST(File, IsReadOnlySoFarAsOneMayBeLong) {
  EXPECT_EQ(of_flags({"--config", "/dev/zero"}),
            "/dev/zero: is longer than 1 MiB: it is no file of settings");
  EXPECT_EQ(of_file(std::string(1 << 20, '\n')), "not refused");
  EXPECT_EQ(of_file(std::string((1 << 20) + 1, '\n')),
            "caf-application.conf: is longer than 1 MiB: it is no file of settings");
}

TEST(File, RefusesANameSetTwice) {
  EXPECT_EQ(of_file("[flow]\nlow-mark = 1\n[log]\n[flow]\nlow-mark = 1\n"),
            "caf-application.conf:5: flow.low-mark: is set in line 2 already");
}

TEST(File, RefusesALineThatIsNeitherSectionNorSetting) {
  EXPECT_EQ(of_file("[flow]\nlow-mark 3\n"),
            "caf-application.conf:2: must be [section] or name = value, got \"low-mark 3\"");
  EXPECT_EQ(of_file("[flow\n"),
            "caf-application.conf:1: must be [section] or name = value, got \"[flow\"");
}

TEST(File, ThatCannotBeReadIsNamed) {
  const sandbox here;
  EXPECT_EQ(here.refusal({"--config", here.path("none.conf")}),
            "none.conf: cannot be read: No such file or directory");
  std::filesystem::create_directory(here.path("folder"));
  EXPECT_EQ(here.refusal({"--config", here.path("folder")}),
            "folder: cannot be read: Is a directory");
}

TEST(TwoOptions, ThatDoNotFitAreRefusedAtThePlaceOfTheOneThatWasSet) {
  EXPECT_EQ(of_flags({"--sequence.max-jump", "10"}),
            "--sequence.max-jump: sequence.max-jump (10) must be at least sequence.window (1000)");
  EXPECT_EQ(
      of_file("[sequence]\nmax-jump = 1000000\nwindow = 1000001\n"),
      "caf-application.conf:2: sequence.max-jump: sequence.max-jump (1000000) must be at least "
      "sequence.window (1000001)");
  EXPECT_EQ(of_environment({{"SKEIN_FLOW_HIGH_MARK", "48MiB"}}),
            "environment SKEIN_FLOW_HIGH_MARK: flow.low-mark (48MiB) must be less than "
            "flow.high-mark (48MiB)");
}

TEST(TwoDoors, MustNotShareAPort) {
  EXPECT_EQ(of_flags({"--client.listen", ":9090"}),
            "--client.listen: client.listen (:9090) and source.listen (localhost:9090) must not "
            "share a port");
  EXPECT_EQ(of_flags({"--client.listen", ":0", "--source.listen", ":0"}), "not refused");
}

TEST(ServiceVariables, OfKubernetesAreNoneOfOurBusiness) {
  for (const auto& [name, value] : environment{{"SKEIN_SERVICE_HOST", "10.0.0.1"},
                                               {"SKEIN_SERVICE_PORT", "8082"},
                                               {"SKEIN_SERVICE_PORT_HTTP", "8082"},
                                               {"SKEIN_PORT", "tcp://10.0.0.1:8082"},
                                               {"SKEIN_PORT_8082_TCP", "tcp://10.0.0.1:8082"},
                                               {"SKEIN_PORT_8082_TCP_PROTO", "tcp"},
                                               {"SKEIN_PORT_8082_TCP_PORT", "8082"},
                                               {"SKEIN_PORT_8082_TCP_ADDR", "10.0.0.1"},
                                               {"SKEIN_PORT_53_UDP_ADDR", "10.0.0.1"},
                                               {"SKEIN_CLIENT_SERVICE_HOST", "10.0.0.1"},
                                               {"SKEIN_HTTP_PORT", "tcp://[fd00::1]:8082"},
                                               {"SKEIN_HTTP_PORT_8082_TCP", "tcp://10.0.0.1:1"}})
    EXPECT_EQ(of_environment({{name, value}}), "not refused") << name;
}

TEST(ServiceVariables, AreNotWhatLooksLikeAnOption) {
  EXPECT_EQ(of_environment({{"SKEIN_PORT", "9090"}}), "environment SKEIN_PORT: unknown variable");
  EXPECT_EQ(of_environment({{"SKEIN_SERVICE_HOSTS", "10.0.0.1"}}),
            "environment SKEIN_SERVICE_HOSTS: unknown variable");
}

TEST(Doors, ThatNobodyCanListenAtAreNamedWithTheirPlace) {
  const auto refusal = [](const std::vector<std::string>& flags, const environment& variables) {
    try {
      check_doors(sandbox{}.start(flags, variables));
    } catch (const error& refused) {
      return std::string{refused.what()};
    }
    return std::string{"not refused"};
  };
  EXPECT_EQ(refusal({}, {}), "not refused");
  EXPECT_EQ(refusal({"--source.listen", "none", "--client.listen", ":0"}, {}), "not refused");
  // An address for documentation, which no machine has (RFC 5737).
  EXPECT_EQ(
      refusal({}, {{"CLIENT", "192.0.2.1"}}),
      "environment CLIENT: nobody can listen at \"192.0.2.1:9099\": 192.0.2.1 is no address of "
      "this machine");
  const auto unknown = refusal({"--http.listen", "acme.invalid:80"}, {});
  EXPECT_EQ(unknown.rfind("--http.listen: nobody can listen at \"acme.invalid:80\": cannot resolve "
                          "\"acme.invalid\": ",
                          0),
            0u)
      << unknown;
}

TEST(JsonFile, IsRefusedInTheWordsOfGoEventserver) {
  EXPECT_EQ(of_json("{}"), "config.json: missing clientListenerPort");
  EXPECT_EQ(of_json("{\"clientListenerPort\": 1}"), "config.json: missing eventListenerPort");
  EXPECT_EQ(of_json("{\"clientListenerPort\": 1, \"eventListenerPort\": 0}"),
            "config.json: missing eventListenerPort");
  EXPECT_EQ(of_json("{\"clientListenerPort\": 7, \"eventListenerPort\": 7}"),
            "config.json: clientListenerPort and eventListenerPort can not be same");
}

TEST(JsonFile, NamesLineAndKeyOfWhatIsWrong) {
  EXPECT_EQ(of_json("{\n\"clientListenerPort\": 1,\n\"eventListenerPorts\": 2\n}"),
            "config.json:3: unknown key \"eventListenerPorts\", did you mean eventListenerPort?");
  EXPECT_EQ(of_json("{\n\"clientListenerPort\": 1,\n\"clientListenerPort\": 1\n}"),
            "config.json:3: clientListenerPort: is set in line 2 already");
  for (const auto& [value, got] : std::vector<std::pair<std::string, std::string>>{
           {"\"9099\"", "a string"},
           {"9099.5", "the fraction 9099.5"},
           {"65536", "65536"},
           {"-1", "-1"},
           {"18446744073709551615", "18446744073709551615"},
           {"true", "true"},
           {"null", "null"},
           {"[1]", "an array"},
           {"{\"a\": 1}", "an object"}})
    EXPECT_EQ(of_json("{\n\"clientListenerPort\": " + value + "}"),
              "config.json:2: clientListenerPort: must be a port, 1..65535, got " + got);
  EXPECT_EQ(of_json("\n[1]"), "config.json:2: must be an object with two ports, got an array");
}

TEST(JsonFile, NamesTheLineOfASyntaxError) {
  const auto text = of_json("{\n\"clientListenerPort\": 1,\n}\n");
  EXPECT_EQ(text.rfind("config.json:3: is no JSON: ", 0), 0u) << text;
  const auto more = of_json("{\"clientListenerPort\": 1}\n{}\n");
  EXPECT_EQ(more.rfind("config.json:2: is no JSON: ", 0), 0u) << more;
  const auto cut = of_json("{\"clientListenerPort\"");
  EXPECT_EQ(cut.rfind("config.json:1: is no JSON: ", 0), 0u) << cut;
  EXPECT_NE(of_json("").find("is no JSON"), std::string::npos);
}

}  // namespace
}  // namespace skein::config
