/// The commands of the pages, as they are pasted into a shell.

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

#include "shell.hpp"
#include "support/private_network.hpp"

namespace skein::test {
namespace {

const std::vector<std::string> pages{
    "README.md",       "docs/operations.md",   "docs/http.md",      "docs/protocol.md",
    "docs/storage.md", "docs/architecture.md", "docs/vocabulary.md"};

std::vector<std::string> lines_of(const std::string& page) {
  std::ifstream file{std::string{SKEIN_ROOT "/"} + page};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

/// The blocks of a page between ``` and what follows it, below a heading of any level.
std::vector<std::string> blocks_of(const std::string& page, const std::string& heading,
                                   const std::string& kind = "sh") {
  std::vector<std::string> blocks;
  bool here = false;
  bool inside = false;
  bool other = false;
  for (const auto& line : lines_of(page)) {
    const bool is_fence = line.rfind("```", 0) == 0;
    if (!inside && !other && line.rfind("##", 0) == 0) here = line == heading;
    if (is_fence && (inside || other)) {
      inside = other = false;
    } else if (is_fence && here && line == "```" + kind) {
      inside = true;
      blocks.emplace_back();
    } else if (is_fence) {
      other = true;
    } else if (inside) {
      blocks.back() += line + '\n';
    }
  }
  return blocks;
}

/// The commands of a block, each with the lines that belong to it.
std::vector<std::string> commands_of(const std::string& block) {
  std::vector<std::string> commands;
  std::string until;
  std::istringstream lines{block};
  bool goes_on = false;
  for (std::string line; std::getline(lines, line);) {
    const bool continues = goes_on || (!commands.empty() && line.rfind(' ', 0) == 0);
    if (!continues) commands.emplace_back();
    commands.back() += line + '\n';
    if (!until.empty()) {
      goes_on = line != until;
      if (!goes_on) until.clear();
      continue;
    }
    std::smatch document;
    if (std::regex_search(line, document, std::regex{"<<'(\\w+)'"})) until = document[1];
    goes_on = !until.empty() || line.back() == '\\';
  }
  return commands;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// Waits, in the shell, until `condition` is true.
std::string until(const std::string& condition) {
  return "until " + condition + "; do sleep 0.05; done\n";
}

TEST_F(Shell, WhatOperationsSaysOfTopicsWorksAsPasted) {
  const auto blocks = blocks_of("docs/operations.md", "## Topics");
  ASSERT_EQ(blocks.size(), 2u);
  std::ofstream{here() / "README.md"} << "a file\n";
  // The first block goes on in its terminal; each command of the second has to go well.
  const auto done =
      shell("(" + blocks[0] + ") > got & set -e\n" +
            "until skein topics show parcels | grep -q subscriber:; do sleep 0.05; done\n" +
            blocks[1] + "kill %1 || true");
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_EQ(work_.get("/v1/topics/parcels").status, 404u);
}

TEST_F(Shell, WhatIsSaidOfTopicsWithoutSkeinWorksAsPasted) {
  if (shell("curl --version").status != 0) GTEST_SKIP() << "no curl";
  for (const auto& [page, heading] :
       {std::pair{"README.md", "## Topics"}, std::pair{"docs/http.md", "## One minute"}}) {
    const auto blocks = blocks_of(page, heading);
    ASSERT_FALSE(blocks.empty()) << page;
    const auto done = shell("curl() { command curl -sS -f \"$@\"; }; set -e\n" +
                            replaced(blocks.back(), "localhost:8082",
                                     "127.0.0.1:" + std::to_string(broker_.http_port())));
    EXPECT_EQ(done.status, 0) << page << ": " << done.err;
    EXPECT_NE(done.out.find("\"outcome\":\"done\""), std::string::npos) << page << done.out;
  }
}

TEST_F(Shell, WhatOperationsSaysOfTheStoreWorksAsPasted) {
  for (int epoch = 1; epoch != 3; ++epoch) {
    broker_.source().send("1|B\n");
    broker_.await_status("durable_next", 2);
    broker_.command("epoch new");
  }
  broker_.durable(2932);
  broker_.await_status("inboxes", 1);
  broker_.source().send(sent(broadcasts(1, 120)));
  broker_.await_status("durable_next", 121);
  const auto blocks = blocks_of("docs/operations.md", "## The store");
  ASSERT_EQ(blocks.size(), 1u);
  const auto done =
      shell("set -e\n" + replaced(blocks[0], "/backup/today", (here() / "today").string()));
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_NE(done.out.find("\nnext: 121\n"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("\n100|B\n101|B\n"), std::string::npos) << done.out;
  EXPECT_EQ(done.out.find("\n99|B\n"), std::string::npos) << done.out;
  EXPECT_TRUE(std::filesystem::exists(here() / "today"));
}

TEST_F(Shell, WhatOperationsSaysOfInboxesWorksAsPasted) {
  broker_.durable(7);
  broker_.await_status("inboxes", 1);
  const auto blocks = blocks_of("docs/operations.md", "### Inboxes");
  ASSERT_EQ(blocks.size(), 1u);
  auto commands = commands_of(blocks[0]);
  ASSERT_EQ(commands.size(), 4u);
  const auto listens = commands.back();
  commands.pop_back();
  std::string line = "set -em\n";
  for (const auto& command : commands) line += command;
  const auto done = shell(
      line + until("skein status | grep -q 'clients: 0'") + "(" + listens + ") > got &\n" +
      until("skein status | grep -q 'clients: 1'") + until("skein status | grep -q 'inboxes: 1'") +
      "echo '1|P|1|7' | skein source\n" + until("skein inbox 7 | grep -q 'acknowledged: 1'") +
      "kill %1; wait %1 || true; cat got");
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_NE(done.out.find("\n7\t1\t"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("1|P|1|7\n"), std::string::npos) << done.out;
}

/// `skein WORD ...` and `skeind --...` in any line of a page.
std::set<std::string> commands_spoken_of() {
  std::set<std::string> found;
  const std::regex spoken{
      "(^|`|build/release/bin/|[|] )(skein [a-z]|skeind --?[a-z])([^`|<>#']|'[^']*')*"};
  for (const auto& page : pages) {
    std::string paragraph;  // a span may go on in the next line
    for (const auto& line : lines_of(page)) {
      const bool is_code = line.rfind("skein", 0) == 0 || line.rfind("build/", 0) == 0;
      paragraph = is_code || paragraph.empty() ? line : paragraph + " " + line;
      if (!is_code && std::count(paragraph.begin(), paragraph.end(), '`') % 2 != 0) continue;
      for (std::sregex_iterator at{paragraph.begin(), paragraph.end(), spoken}, end; at != end;
           ++at) {
        const auto text = at->str();
        found.insert(text.substr(text.find("skein")));
      }
      paragraph.clear();
    }
  }
  return found;
}

TEST_F(Shell, EveryCommandThatAPageSpeaksOfIsOne) {
  const auto commands = commands_spoken_of();
  EXPECT_GT(commands.size(), 40u);
  set({});
  std::filesystem::create_symlink(SKEIND_PATH, here() / "bin/skeind");
  for (const auto& command : commands) {
    if (command.find("--help") != std::string::npos) continue;
    // Whether the command and its options are known; what it does is played elsewhere.
    const bool of_daemon = command.rfind("skeind", 0) == 0;
    const auto word = command.find(' ', std::string{"skein "}.size());
    const auto at = of_daemon ? std::string{"skeind"}.size() : std::min(word, command.size());
    const auto done = shell(command.substr(0, at) + " --help" + command.substr(at));
    EXPECT_EQ(done.status, 0) << command << ": " << done.err;
  }
}

/// Whoever has built it, in the tree, and has read nothing but the pages.
class Newcomer : public testing::Test {
 protected:
  Newcomer() {
    std::filesystem::create_directories(here() / "build/release/bin");
    std::filesystem::create_directories(here() / "etc");
    for (const auto& [name, program] :
         {std::pair{"skeind", SKEIND_PATH}, std::pair{"skein", SKEIN_PATH}}) {
      std::filesystem::create_symlink(program, here() / "build/release/bin" / name);
    }
  }

  const std::filesystem::path& here() const { return own_.path(); }
  finished shell(const std::string& text) const {
    const auto path = (here() / "build/release/bin").string() + ":/usr/bin:/bin";
    return run("/bin/bash", {{"-c", "set -em\n" + text}, {{"PATH", path}}, here().string()}, 60s);
  }

 private:
  temporary_directory own_;
};

TEST_F(Newcomer, GetsWhatTheReadmeSaysInOneMinute) {
  const auto blocks = blocks_of("README.md", "## One minute");
  const auto shown = blocks_of("README.md", "## One minute", "");
  const auto topics = blocks_of("README.md", "## Topics");
  ASSERT_EQ(blocks.size(), 2u);
  ASSERT_EQ(shown.size(), 1u);
  const auto first = commands_of(blocks[0]);
  const auto second = commands_of(blocks[1]);
  const auto third = commands_of(topics.at(0));
  ASSERT_EQ(first.size(), 3u);
  ASSERT_EQ(second.size(), 4u);
  ASSERT_EQ(third.size(), 3u);
  const auto in_background = [](const std::string& name, const std::string& command) {
    return "(" + command + ") > " + name + " & " + name + "=$!\n";
  };
  const auto interrupted = [](const std::string& name) {
    return "kill -INT -- -$" + name + "; wait $" + name + " || true\n" +
           until("skein status | grep -q '^clients: 0'");
  };
  const std::string script =
      in_background("daemon", first[0]) + "trap 'kill -- -$daemon; wait $daemon' EXIT\n" +
      until("skein status > /dev/null 2>&1") + in_background("got", first[1]) +
      until("skein status | grep -q '^clients: 2'") + first[2] + until("(($(wc -l < got) == 5))") +
      interrupted("got") + in_background("away", second[0]) +
      until("skein status | grep -q '^inboxes: 1'") + interrupted("away") + second[1] +
      in_background("back", second[2]) + until("(($(wc -l < back) == 2))") + interrupted("back") +
      second[3] + in_background("orders", third[0]) +
      until("skein topics show orders.new 2> /dev/null | grep -q subscriber:") + third[1] +
      until("grep -q 'order 1' orders") + "kill -INT -- -$orders; wait $orders || true\n" +
      third[2] + "echo; cat got; echo; cat back\n";
  const bool had = within_private_network([&] {
    const auto done = shell(script);
    EXPECT_EQ(done.status, 0) << done.out << done.err;
    for (const std::string user : {"7: ", "2932: "}) {
      const auto of_user = [&](const std::string& text) {
        std::string lines;
        std::istringstream all{text};
        for (std::string line; std::getline(all, line);) {
          if (line.rfind(user, 0) == 0) lines += line + '\n';
        }
        return lines;
      };
      EXPECT_EQ(of_user(done.out), of_user(shown[0]));
    }
    EXPECT_NE(done.out.find("\n5|S|7\n6|P|9|2932\n"), std::string::npos) << done.out;
  });
  if (!had) GTEST_SKIP() << "no network of its own";
}

TEST_F(Newcomer, StartsTheDaemonAsOperationsSays) {
  const auto blocks = blocks_of("docs/operations.md", "## Start");
  ASSERT_EQ(blocks.size(), 1u);
  auto commands = commands_of(blocks[0]);
  ASSERT_EQ(commands.size(), 4u);
  // The file is there when it is used.
  std::rotate(commands.begin(), commands.begin() + 2, commands.end());
  std::string script;
  for (const auto& command : commands) {
    const auto here_too = replaced(command, "/etc/skein.conf", "skein.conf");
    const bool goes_on =
        here_too.find("print") == std::string::npos && here_too.find("check") == std::string::npos;
    script += !goes_on ? here_too
                       : ": > log; (exec " + here_too + ") 2> log &\n" +
                             until("grep -q door=control log") + "kill %1; wait %1\n";
  }
  const bool had = within_private_network([&] {
    const auto done = shell(script);
    EXPECT_EQ(done.status, 0) << done.out << done.err;
  });
  if (!had) GTEST_SKIP() << "no network of its own";
}

}  // namespace
}  // namespace skein::test
