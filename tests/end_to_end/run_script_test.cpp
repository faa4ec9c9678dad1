/// `./run`: what a stranger runs first, as they run it. What it installs and builds is left out.

#include <filesystem>
#include <fstream>

#include "audience.hpp"
#include "support/private_network.hpp"
#include "support/temporary_directory.hpp"

namespace skein::test {
namespace {

namespace fs = std::filesystem;

/// The script beside the programs of this build, in a tree of its own.
class RunScript : public testing::Test {
 protected:
  RunScript() {
    fs::create_directories(tree() / "scripts");
    fs::create_directories(tree() / "build/release/bin");
    fs::create_directories(tree() / "path");
    fs::copy_file(SKEIN_ROOT "/run", tree() / "run");
    fs::create_symlink(SKEIND_PATH, tree() / "build/release/bin/skeind");
    fs::create_symlink(SKEIN_PATH, tree() / "build/release/bin/skein");
    for (const char* left_out : {"scripts/setup", "path/cmake"}) {
      fs::create_symlink("/bin/true", tree() / left_out);
    }
  }

  const fs::path& tree() const { return own_.path(); }

  process::start bash(const std::string& line) const {
    return {{"-c", line},
            {{"PATH", (tree() / "path").string() + ":/usr/bin:/bin"}, {"totalEvents", "20000"}},
            tree().string()};
  }

  bool left_something() const {
    for (const auto& entry : fs::directory_iterator{tree() / "build/release"}) {
      if (entry.path().filename() != "bin") return true;
    }
    return false;
  }

 private:
  temporary_directory own_;
};

TEST_F(RunScript, PlaysOnADaemonOfItsOwnAndEndsIt) {
  const bool had = within_private_network([&] {
    const auto done = run("/bin/bash", bash("./run"));
    EXPECT_EQ(done.status, 0) << done.out << done.err;
    EXPECT_EQ(done.err.find("taken"), std::string::npos) << done.err;
    EXPECT_NE(done.out.find("what it counted: events_received=20000 "), std::string::npos)
        << done.out;
    EXPECT_FALSE(left_something());
  });
  if (!had) GTEST_SKIP() << "no network of its own";
}

TEST_F(RunScript, LeavesOthersOnTheDefaultPortsAlone) {
  const bool had = within_private_network([&] {
    daemon other{{{"source.listen", "localhost:9090"},
                  {"client.listen", "localhost:9099"},
                  {"http.listen", "localhost:8082"}}};
    const auto done = run("/bin/bash", bash("./run"));
    EXPECT_EQ(done.status, 0) << done.out << done.err;
    for (const char* port : {"9090", "9099", "8082"}) {
      EXPECT_NE(done.err.find("port " + std::string{port} + " is taken"), std::string::npos);
    }
    EXPECT_NE(done.out.find("what it counted: events_received=20000 "), std::string::npos)
        << done.out;
    EXPECT_EQ(other.status("events_received"), 0u);
    EXPECT_EQ(other.status("epoch"), 1u);
    other.stop();
  });
  if (!had) GTEST_SKIP() << "no network of its own";
}

TEST_F(RunScript, EndsItsDaemonWellAtControlC) {
  const bool had = within_private_network([&] {
    // A terminal is what `script` gives it; what the user types comes when the user has read.
    const auto done =
        run("/bin/bash", bash("{ until grep -q 'Ctrl-C ends it' seen; do sleep 0.1; done\n"
                              "printf '\\003'\n"
                              "until grep -q 'what it counted' seen; do sleep 0.1; done\n"
                              "} | script -qefc 'exec ./run' seen"));
    EXPECT_EQ(done.status, 0) << done.out << done.err;
    EXPECT_NE(done.out.find("what it counted: events_received=20000 "), std::string::npos)
        << done.out;
    EXPECT_EQ(done.out.find("level=info"), std::string::npos) << "the log is in the picture";
    // The event that it proposes is the next one: the first would begin a new epoch.
    EXPECT_NE(done.out.find("echo '20001|P|7|2932'"), std::string::npos) << done.out;
    EXPECT_FALSE(left_something());
  });
  if (!had) GTEST_SKIP() << "no network of its own";
}

}  // namespace
}  // namespace skein::test
