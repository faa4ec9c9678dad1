#include "cli/control_client.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>

#include "cli/command_line.hpp"
#include "cli/fake_control.hpp"
#include "io/address.hpp"

namespace skein::cli::test {
namespace {

using manner = fake_control::manner;
using std::chrono_literals::operator""ms;

/// Why a request to `socket` fails, with the path taken out.
std::string failure(const std::filesystem::path& socket, std::chrono::milliseconds timeout = {}) {
  try {
    control_request(socket, "status", timeout);
  } catch (const std::runtime_error& e) {
    std::string what = e.what();
    if (const auto at = what.find(socket.string()); at != what.npos) {
      what.replace(at, socket.string().size(), "PATH");
    }
    return what;
  }
  return "none";
}

std::string failure_by(const std::string& answer) {
  return failure(fake_control{answer}.socket());
}

TEST(ControlRequest, GivesWhatTheDaemonAnswers) {
  const fake_control daemon{"{\"ok\":true,\"bytes\":7}\n"};
  EXPECT_EQ(control_request(daemon.socket(), "backup /some where").values.at("bytes"), 7);
  EXPECT_EQ(daemon.requests(), arguments{"backup /some where"});
}

TEST(ControlRequest, FailsWithTheErrorOfTheDaemon) {
  EXPECT_EQ(failure_by("{\"ok\":false,\"error\":\"no store\"}\n"), "no store");
  EXPECT_EQ(failure_by("{\"ok\":false}\n"), "the daemon at PATH refused without a reason");
}

TEST(ControlRequest, FailsAtWhatIsNoAnswer) {
  for (const auto* garbage : {"hello\n", "\n", "{\"ok\":true", "[true]\n", "{}\n", "{\"ok\":1}\n",
                              "{\"ok\":true} {\"ok\":true}\n", "\xff\n"}) {
    EXPECT_EQ(failure_by(garbage),
              "the daemon at PATH gave an answer that is no JSON object with \"ok\"")
        << garbage;
  }
}

TEST(ControlRequest, FailsAtAnAnswerWithoutEnd) {
  EXPECT_EQ(failure_by(std::string(2 << 20, '[')),
            "the daemon at PATH gave an answer that is no JSON object with \"ok\"");
}

TEST(ControlRequest, FailsWhenTheDaemonSaysNothing) {
  const fake_control silent{manner::silent};
  EXPECT_EQ(failure(silent.socket(), 30ms), "the daemon at PATH did not answer within 30 ms");
}

TEST(ControlRequest, FailsWhenTheDaemonAcceptsNobody) {
  const skein::test::temporary_directory directory;
  const auto socket = directory.path() / "control";
  const auto address = io::unix_endpoint(socket);
  const descriptor listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(::bind(listener.get(), address.data(), static_cast<socklen_t>(address.size())), 0);
  ASSERT_EQ(::listen(listener.get(), 0), 0);
  const descriptor waiting{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(::connect(waiting.get(), address.data(), static_cast<socklen_t>(address.size())), 0);
  EXPECT_EQ(failure(socket, 30ms), "the daemon at PATH did not answer within 30 ms");
}

TEST(ControlRequest, FailsWhenTheDaemonHangsUp) {
  for (int i = 0; i != 20; ++i) {
    const fake_control rude{manner::hangs_up};
    EXPECT_EQ(failure(rude.socket()), "the daemon at PATH closed the connection without an answer");
  }
}

TEST(ControlRequest, FailsWhenThereIsNoDaemon) {
  const skein::test::temporary_directory directory;
  const auto socket = directory.path() / "control";
  EXPECT_EQ(failure(socket), "no daemon listens at PATH (see --directory and --config)");

  const auto address = io::unix_endpoint(socket);
  const descriptor gone{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(::bind(gone.get(), address.data(), static_cast<socklen_t>(address.size())), 0);
  EXPECT_EQ(failure(socket), "no daemon listens at PATH (see --directory and --config)")
      << "a file is no daemon";
}

TEST(ControlRequest, FailsAtAPathThatIsNoAddress) {
  EXPECT_EQ(failure(std::string(108, 'x')),
            "cannot connect to PATH: the path of a socket must not be longer than 107 bytes");
}

TEST(ControlRequest, IsOneLine) {
  EXPECT_THROW(control_request("nowhere", "status\nstatus"), usage_error);
  EXPECT_THROW(control_request("nowhere", std::string(4097, 'x')), usage_error);
}

}  // namespace
}  // namespace skein::cli::test
