#include "io/acceptor.hpp"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "io/connection_places.hpp"
#include "io/raw_socket.hpp"
#include "support/temporary_directory.hpp"

namespace skein::io::test {
namespace {

namespace fs = std::filesystem;

TEST(Acceptor, RefusesABadAddressByItsName) {
  boost::asio::io_context context;
  for (const std::string text : {"localhost:http", "[::1", "no host has spaces:81"}) {
    try {
      const acceptor door{context, text, 9090, [](auto) {}, [](auto&) {}};
      FAIL() << text;
    } catch (const std::runtime_error& e) {
      const std::string what = e.what();
      EXPECT_EQ(what.find("cannot listen on " + text + ": "), 0U) << what;
      EXPECT_EQ(what.find('\n'), what.npos) << what;
    }
  }
}

/// Doors at paths of a directory of its own.
class UnixAcceptor : public testing::Test {
 protected:
  acceptor listen(const fs::path& path) {
    return {context_, path, [this](auto connection) { accepted_.push_back(std::move(connection)); },
            [this](auto& what) { errors_.push_back(what); }};
  }
  /// Why `path` cannot be listened on, without the words that all of these begin with.
  std::string refusal(const fs::path& path) {
    try {
      listen(path);
    } catch (const std::runtime_error& e) {
      const std::string begin = "cannot listen on " + path.string() + ": ";
      const std::string what = e.what();
      EXPECT_EQ(what.substr(0, begin.size()), begin);
      return what.substr(begin.size());
    }
    return "not refused";
  }
  /// Runs what waits until `condition` holds.
  template <class Condition>
  void run_until(Condition&& condition) {
    while (!condition()) ASSERT_NE(context_.run_one_for(std::chrono::seconds{30}), 0U);
  }

  skein::test::temporary_directory directory_;
  fs::path path_ = directory_.path() / "door";
  boost::asio::io_context context_{1};
  std::vector<std::shared_ptr<stream>> accepted_;
  std::vector<std::string> errors_;
};

TEST_F(UnixAcceptor, AcceptsEveryoneWhoConnects) {
  acceptor door = listen(path_);
  EXPECT_EQ(door.addresses(), std::vector<std::string>{path_});
  door.start();
  const raw_socket early{path_};
  run_until([&] { return accepted_.size() == 1; });
  const raw_socket late{path_};
  run_until([&] { return accepted_.size() == 2; });
  door.stop();
  context_.run();
  EXPECT_EQ(errors_, std::vector<std::string>{});
}

TEST_F(UnixAcceptor, IsForItsOwnUserOnly) {
  const mode_t former = ::umask(0);
  const acceptor door = listen(path_);
  ::umask(former);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(UnixAcceptor, LeavesNoFileBehindWhenItStops) {
  acceptor door = listen(path_);
  door.start();
  EXPECT_TRUE(fs::exists(path_));
  door.stop();
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(raw_socket{path_}.error(), ENOENT);
}

TEST_F(UnixAcceptor, LeavesNoFileBehindWhenItIsNeverStarted) {
  { const acceptor door = listen(path_); }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(UnixAcceptor, LeavesTheFileOfAnotherAlone) {
  acceptor first = listen(path_);
  fs::remove(path_);
  const acceptor second = listen(path_);
  first.stop();
  EXPECT_EQ(raw_socket{path_}.error(), 0);
}

TEST_F(UnixAcceptor, ReplacesASocketAtWhichNobodyListens) {
  {
    const acceptor gone = listen(path_);
    fs::create_hard_link(path_, directory_.path() / "stale");
  }
  fs::rename(directory_.path() / "stale", path_);
  EXPECT_EQ(raw_socket{path_}.error(), ECONNREFUSED);
  const acceptor door = listen(path_);
  EXPECT_EQ(raw_socket{path_}.error(), 0);
}

TEST_F(UnixAcceptor, RefusesASocketAtWhichAnotherListens) {
  const acceptor door = listen(path_);
  EXPECT_EQ(refusal(path_), "another process listens");
  EXPECT_EQ(raw_socket{path_}.error(), 0) << "who listens does so still";
}

TEST_F(UnixAcceptor, RefusesToReplaceWhatIsNoSocket) {
  std::ofstream{path_} << "precious";
  EXPECT_EQ(refusal(path_), "the file exists and is no socket");
  EXPECT_EQ(fs::file_size(path_), 8U);
}

TEST_F(UnixAcceptor, RefusesADirectoryThatIsMissing) {
  EXPECT_EQ(refusal(directory_.path() / "missing" / "door"), "its directory does not exist");
}

TEST_F(UnixAcceptor, RefusesAPathThatIsNoAddress) {
  EXPECT_EQ(refusal(""), "the path of a socket must not be empty");
  const std::string begin = directory_.path() / "";
  EXPECT_EQ(refusal(begin + std::string(107 - begin.size(), 'x')), "not refused");
  EXPECT_EQ(refusal(begin + std::string(108 - begin.size(), 'x')),
            "the path of a socket must not be longer than 107 bytes");
}

TEST_F(UnixAcceptor, TellsWhoIsOneTooManyAlsoIfTheySayMuch) {
  connection_places places{2, {2}};
  int refused = 0;
  acceptor door = listen(path_);
  door.admit({[&] { return places.take(0); }, "ERR too many\n", [&] { ++refused; }});
  door.start();
  const raw_socket first{path_};
  const auto second = std::make_unique<raw_socket>(path_);
  run_until([&] { return accepted_.size() == 2; });
  for (int i = 1; i <= 3; ++i) {
    const raw_socket third{path_};
    const std::string much(100'000, 'x');
    ::send(third.fd(), much.data(), much.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    run_until([&] { return refused == i; });
    ::shutdown(third.fd(), SHUT_WR);
    context_.run_for(std::chrono::milliseconds{1});
    char said[64];
    const auto bytes = ::read(third.fd(), said, sizeof said);
    EXPECT_EQ(std::string(said, static_cast<std::size_t>(std::max<ssize_t>(bytes, 0))),
              "ERR too many\n");
  }
  EXPECT_EQ(accepted_.size(), 2u);
  accepted_.pop_back();
  const raw_socket again{path_};
  run_until([&] { return accepted_.size() == 2; });
  EXPECT_EQ(refused, 3);
  door.stop();
  context_.run();
}

TEST_F(UnixAcceptor, LetsWhoConnectsWaitWhileDescriptorsAreShort) {
  acceptor door = listen(path_);
  door.start();
  const raw_socket waiting{path_};
  rlimit former{};
  ::getrlimit(RLIMIT_NOFILE, &former);
  const rlimit none{0, former.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  run_until([&] { return !errors_.empty(); });
  ::setrlimit(RLIMIT_NOFILE, &former);
  EXPECT_TRUE(accepted_.empty());
  run_until([&] { return !accepted_.empty(); });
  EXPECT_EQ(errors_.size(), 1U);
}

/// The descriptor of this process that is connected to the one with this number.
int other_end_of(int fd) {
  sockaddr_in mine{};
  socklen_t size = sizeof mine;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&mine), &size);
  for (int other = 0; other != 1024; ++other) {
    sockaddr_in peer{};
    size = sizeof peer;
    if (::getpeername(other, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family == AF_INET && peer.sin_port == mine.sin_port) return other;
  }
  return -1;
}

int option_of(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

TEST(Acceptor, WatchesThePeersOfItsConnectionsAsItIsTold) {
  using namespace std::chrono_literals;
  boost::asio::io_context context;
  struct {
    peer_watch watch;
    int keep_alive, idle, interval, user_timeout;
  } const cases[]{{{15s, 30s}, 1, 15, 5, 30'000},
                  {{1ms, 0ms}, 1, 1, 1, 0},
                  {{1h, 1ms}, 1, 3600, 1200, 1},
                  {{0ms, 0ms}, 0, 0, 0, 0}};
  for (const auto& c : cases) {
    std::shared_ptr<stream> accepted;
    acceptor door{context,      "127.0.0.1:0", 0, [&](auto connection) { accepted = connection; },
                  [](auto&) {}, c.watch};
    door.start();
    const raw_socket peer{door.addresses().at(0)};
    while (!accepted) context.run_one();
    const int fd = other_end_of(peer.fd());
    ASSERT_NE(fd, -1);
    EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), c.keep_alive);
    if (c.keep_alive != 0) {
      EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), c.idle);
      EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), c.interval);
      EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
    }
    EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), c.user_timeout);
    door.stop();
    context.run();
    context.restart();
  }
}

}  // namespace
}  // namespace skein::io::test
