#include "io/connection.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "io/acceptor.hpp"
#include "io/lingering.hpp"
#include "io/raw_socket.hpp"
#include "support/temporary_directory.hpp"

namespace skein::io::test {
namespace {

/// Notes that a stream has become readable.
class note final : public readiness {
 public:
  explicit note(bool& readable) : readable_{readable} {}
  void readable() override { readable_ = true; }
  void writable() override {}

 private:
  bool& readable_;
};

enum class family { tcp, local };

/// A connection and the socket of its peer.
class Connection : public testing::TestWithParam<family> {
 protected:
  Connection() { begin(); }

  void begin() {
    stream_.reset();
    const auto accepted = [this](auto connection) { stream_ = std::move(connection); };
    const auto failed = [](const std::string& what) { FAIL() << what; };
    std::optional<acceptor> door;
    if (GetParam() == family::tcp) {
      door.emplace(context_, "127.0.0.1:0", 0, accepted, failed);
    } else {
      door.emplace(context_, directory_.path() / "door", accepted, failed);
    }
    door->start();
    peer_.emplace(door->addresses().at(0));
    EXPECT_EQ(peer_->error(), 0);
    while (!stream_) context_.run_one();
    door->stop();
    context_.run();
    context_.restart();
  }

  /// Writes until the kernel takes no more; how much it took.
  std::size_t fill() {
    const std::string bytes(65536, 'x');
    std::size_t taken = 0;
    for (;;) {
      const io_result result = stream_->write(bytes);
      if (result.what != io_result::status::ok) return taken;
      taken += result.bytes;
    }
  }

  /// Sends as the peer, and waits until it can be read.
  void say(const std::string& bytes) {
    EXPECT_EQ(::send(peer_->fd(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    bool readable = false;
    stream_->observe(std::make_unique<note>(readable));
    stream_->await_readable();
    context_.run();
    context_.restart();
    EXPECT_TRUE(readable);
  }

  void end(stream::ending how) {
    stream_->close(how);
    stream_.reset();
  }

  /// Receives as the peer to the end; 0 or the error that the end was.
  int receive_all() {
    std::array<char, 65536> buffer;
    for (;;) {
      const auto size = ::recv(peer_->fd(), buffer.data(), buffer.size(), 0);
      if (size <= 0) return size == 0 ? 0 : errno;
      received_ += static_cast<std::size_t>(size);
    }
  }

  skein::test::temporary_directory directory_;
  boost::asio::io_context context_{1};
  std::shared_ptr<stream> stream_;
  std::optional<raw_socket> peer_;
  std::size_t received_ = 0;
};

class TcpConnection : public Connection {};

INSTANTIATE_TEST_SUITE_P(Over, TcpConnection, testing::Values(family::tcp),
                         [](const auto&) { return "Tcp"; });
INSTANTIATE_TEST_SUITE_P(Over, Connection, testing::Values(family::tcp, family::local),
                         [](const auto& instance) {
                           return instance.param == family::tcp ? "Tcp" : "UnixSocket";
                         });

TEST_P(Connection, ReadsWhatItsPeerSays) {
  std::array<char, 16> buffer;
  EXPECT_EQ(stream_->read(buffer.data(), buffer.size()).what, io_result::status::would_block);
  say("hello");
  const io_result read = stream_->read(buffer.data(), buffer.size());
  EXPECT_EQ(read.what, io_result::status::ok);
  EXPECT_EQ(std::string(buffer.data(), read.bytes), "hello");
}

TEST_P(Connection, NoticesThatItsPeerSaysNoMore) {
  ::shutdown(peer_->fd(), SHUT_WR);
  bool readable = false;
  stream_->observe(std::make_unique<note>(readable));
  stream_->await_readable();
  context_.run();
  EXPECT_TRUE(readable);
  char byte = 0;
  EXPECT_EQ(stream_->read(&byte, 1).what, io_result::status::ended);
}

TEST_P(Connection, WakesWhoeverWaitsWhenItIsClosed) {
  bool readable = false;
  stream_->observe(std::make_unique<note>(readable));
  stream_->await_readable();
  end(stream::ending::graceful);
  context_.poll();
  EXPECT_TRUE(readable);
}

TEST_P(Connection, TellsWhereItsPeerIs) {
  const std::string peer = stream_->peer();
  EXPECT_EQ(peer.substr(0, 10), GetParam() == family::tcp ? "127.0.0.1:" : "local");
}

TEST_P(TcpConnection, ThatIsAbortedThrowsAwayWhatWasNotReceivedAndIsReset) {
  const auto written = fill();
  end(stream::ending::abort);
  EXPECT_EQ(receive_all(), ECONNRESET);
  EXPECT_LT(received_, written);
}

TEST_P(TcpConnection, ThatIsAbortedIsResetAlsoIfAllWasReadAndItIsStillHeld) {
  for (const bool is_read : {true, false}) {
    SCOPED_TRACE(is_read);
    begin();
    say("hello");
    std::array<char, 16> buffer;
    if (is_read) stream_->read(buffer.data(), buffer.size());
    bool readable = false;
    stream_->observe(std::make_unique<note>(readable));
    stream_->await_readable();
    stream_->close(stream::ending::abort);
    EXPECT_EQ(receive_all(), ECONNRESET);
    context_.run();
    context_.restart();
    EXPECT_TRUE(readable);
  }
}

TEST_P(Connection, ThatIsClosedEndsBehindEverythingThatWasWritten) {
  const auto written = fill();
  end(stream::ending::graceful);
  EXPECT_EQ(receive_all(), 0);
  EXPECT_EQ(received_, written);
}

TEST_P(Connection, ThatIsClosedEndsSoEvenWithInputThatNobodyRead) {
  const auto written = fill();
  say(std::string(10'000, 'x'));
  end(stream::ending::graceful);
  EXPECT_EQ(receive_all(), 0);
  EXPECT_EQ(received_, written);
}

TEST_P(Connection, ThatIsClosedIsReadOnSoThatItsLastWordsReachAPeerThatIsStillSending) {
  std::thread talker{[&] {
    const std::string bytes(65536, 'x');
    for (int i = 0; i != 800; ++i) {
      EXPECT_EQ(::send(peer_->fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL), 65536);
    }
    ::shutdown(peer_->fd(), SHUT_WR);
  }};
  EXPECT_EQ(stream_->write("refused").bytes, 7u);
  end(stream::ending::graceful);
  context_.run();
  talker.join();
  EXPECT_EQ(receive_all(), 0);
  EXPECT_EQ(received_, 7u);
}

TEST_P(Connection, ThatIsClosedWaitsForNoPeerThatGoesOnForEver) {
  using namespace std::chrono_literals;
  lingering::of(context_).limit({30s, 100ms, 1});
  std::thread talker{[&] {
    const std::string bytes(65536, 'x');
    while (::send(peer_->fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) continue;
  }};
  end(stream::ending::graceful);
  context_.run();
  talker.join();
}

TEST_P(Connection, ThatIsClosedWaitsForNoPeerThatIsSilent) {
  using namespace std::chrono_literals;
  lingering::of(context_).limit({100ms, 1h, 1});
  end(stream::ending::graceful);
  context_.run();
  EXPECT_EQ(receive_all(), 0);
}

TEST_P(TcpConnection, ThatIsClosedMakesRoomForOthersThatAre) {
  lingering& all = lingering::of(context_);
  all.limit({std::chrono::hours{1}, std::chrono::hours{1}, 1});
  end(stream::ending::graceful);
  context_.poll();
  EXPECT_EQ(all.size(), 1u);
  acceptor door{context_, "127.0.0.1:0", 0, [this](auto one) { stream_ = std::move(one); },
                [](auto& what) { FAIL() << what; }};
  door.start();
  const raw_socket other{door.addresses().at(0)};
  while (!stream_) context_.run_one();
  door.stop();
  end(stream::ending::graceful);
  context_.poll();
  EXPECT_EQ(all.size(), 1u);
  EXPECT_EQ(receive_all(), 0);
  all.end();
  context_.run();
  EXPECT_EQ(all.size(), 0u);
}

}  // namespace
}  // namespace skein::io::test
