/// What the daemon does for any door, shown by one that is not the daemon's.

#include "doors/echo_door.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>

#include "daemon/listeners.hpp"
#include "io/address.hpp"
#include "support/whole_daemon.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using ending = io::stream::ending;

class AnyDoor : public whole_daemon {
 protected:
  std::vector<door> doors() const override {
    std::vector<door> all = whole_daemon::doors();
    all.push_back(echo_door(&failures));
    return all;
  }

  stream_pointer come() {
    auto connection = std::make_shared<fake_stream>();
    caf::anon_send(parent, accepted{"echo", connection});
    run();
    return connection;
  }

  mutable int failures = 0;
};

TEST_F(AnyDoor, HasItsConnectionsServed) {
  start();
  const auto one = come(), other = come();
  one->says("hello\n");
  other->says("good day\n");
  run();
  EXPECT_EQ(one->heard(), "hello\n");
  EXPECT_EQ(other->heard(), "good day\n");
  one->ends();
  run();
  EXPECT_EQ(one->closed(), ending::graceful);
  EXPECT_FALSE(other->closed());
}

TEST_F(AnyDoor, LetsEachConnectionLookAtItsDeadlineInTimeBesideThoseOfOtherDoors) {
  start();
  const auto program = connect_http();
  const auto first = come();
  pass(1s);
  const auto second = come();
  pass(2s - 1ns);
  EXPECT_FALSE(first->closed());
  pass(1ns);
  EXPECT_EQ(first->heard(), "too late\n");
  EXPECT_FALSE(second->closed());
  pass(1s);
  EXPECT_EQ(second->heard(), "too late\n");
  EXPECT_FALSE(program->closed());
}

TEST_F(AnyDoor, WaitsAtTheEndUntilWhatAConnectionIsToHearIsWritten) {
  start();
  const auto slow = come();
  slow->takes(2);
  slow->says("hello\n");
  run();
  drain();
  EXPECT_TRUE(finished.empty());
  slow->takes_all();
  run();
  EXPECT_EQ(slow->heard(), "hello\n");
  EXPECT_EQ(slow->closed(), ending::graceful);
  EXPECT_EQ(finished, statuses{exit_ok});
}

TEST_F(AnyDoor, CutsWhoDoesNotReadWhenTheDrainTimeoutIsOver) {
  options.drain_timeout = 1s;
  start();
  const auto slow = come();
  slow->takes(2);
  slow->says("hello\n");
  run();
  drain();
  pass(options.drain_timeout);
  EXPECT_EQ(slow->closed(), ending::abort);
  EXPECT_EQ(finished, statuses{exit_ok});
}

TEST_F(AnyDoor, SaysSoToWhoeverComesWhileTheDaemonEnds) {
  start();
  const auto slow = come();
  slow->takes(2);
  slow->says("hello\n");
  run();
  drain();
  EXPECT_EQ(come()->heard(), "ending\n");
  slow->takes_all();
  run();
  EXPECT_EQ(finished, statuses{exit_ok});
}

TEST_F(AnyDoor, HearsOfAConnectionThatFailsWhichHarmsNobody) {
  start();
  const auto lost = come(), other = come();
  fail(all_named("echo").front());
  EXPECT_EQ(failures, 1);
  EXPECT_TRUE(lost->closed());
  other->says("hello\n");
  run();
  EXPECT_EQ(other->heard(), "hello\n");
  EXPECT_TRUE(finished.empty());
}

TEST(Listeners, LetInWhomThereIsRoomForAtAnyDoorAndTellTheOthersWhyNot) {
  using boost::asio::ip::tcp;
  int failures = 0;
  const std::vector<door> doors{echo_door(&failures, "127.0.0.1:0")};
  boost::asio::io_context context;
  core::counts counted;
  std::vector<accepted> in;
  listeners listening{context,
                      doors,
                      100,
                      {[&](accepted who) { in.push_back(std::move(who)); },
                       [&](const core::counts& more) { counted += more; }}};
  listening.start();
  const auto port = io::parse_address(listening.at(doors.front())->addresses().front(), 0).port;
  const tcp::endpoint there{boost::asio::ip::address_v4::loopback(), port};
  tcp::socket first{context}, second{context};
  first.connect(there);
  while (in.empty()) context.run_one();
  EXPECT_EQ(in.front().door, "echo");
  second.connect(there);
  while (counted[core::counter::connections_refused] == 0) context.run_one();
  std::array<char, 8> said;
  boost::asio::read(second, boost::asio::buffer(said));
  EXPECT_EQ(std::string(said.data(), said.size()), "no room\n");
  EXPECT_EQ(in.size(), 1u);
  listening.stop();
}

}  // namespace
}  // namespace skein
