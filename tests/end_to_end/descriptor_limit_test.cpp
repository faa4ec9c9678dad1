/// More connections than there may be.

#include <vector>

#include "audience.hpp"
#include "support/program.hpp"

namespace skein::test {
namespace {

const std::string too_many = "ERR there are too many connections\r\n";

process::start with_descriptors(std::uint64_t most) {
  process::start how;
  how.most_descriptors = most;
  return how;
}

/// So many who only connect. Those who may not stay are told so.
std::vector<peer> crowd(daemon& broker, int size) {
  std::vector<peer> all;
  for (int i = 0; i != size; ++i) all.emplace_back(broker.client_port());
  return all;
}

std::size_t refused(std::vector<peer>& all) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](peer& p) { return p.receive_now() == too_many; }));
}

TEST(DescriptorLimit, LeavesTheStoreAndAllOtherDoorsTheirs) {
  for (const std::string level : {"async", "sync"}) {
    daemon broker{{{"client.handshake-timeout", "1h"}, {"event.durability", level}},
                  with_descriptors(300)};
    auto user = broker.durable(7, 0);
    auto many = crowd(broker, 420);
    broker.await_counter("connections_refused", 420 - 150);
    EXPECT_LE(broker.program().descriptors(), 250u);
    await("those who are told", [&] { return refused(many) >= 420 - 150; });

    // Everything else goes on, also through a recovery of the store's own doing.
    program programs{broker};
    programs.create("t");
    programs.subscribe("t", "s");
    for (int i = 0; i != 300; ++i) programs.publish("t", std::string(100'000, 'x'));
    auto source = broker.source();
    source.send(sent(broadcasts(1, 1000)));
    user.receive_until("\r\n1000|B\r\n");
    EXPECT_EQ(broker.status("next"), 1001u);
    EXPECT_EQ(broker.status("store_failing"), 0u);
    EXPECT_FALSE(programs.lease("t", "s").empty());
    const auto totals = broker.stop();
    EXPECT_EQ(totals["accept_errors"], 0u);
    EXPECT_EQ(totals["commit_failures"], 0u);
  }
}

TEST(DescriptorLimit, LetsOthersInAsSoonAsThereIsRoom) {
  daemon broker{{{"client.handshake-timeout", "1h"}, {"client.max-connections", "3"}}};
  audience users{broker, {1, 2, 3}};
  auto source = broker.source();
  peer fourth{broker.client_port()};
  fourth.send("4\n");
  EXPECT_EQ(fourth.receive_all(), too_many);
  EXPECT_FALSE(fourth.was_reset());
  broker.await_line("msg=\"connection refused, there are too many\" door=client");
  source.send("1|F|1|2\n2|S|2\n");
  users.expect({"1|F|1|2", "2|S|2"});
  users.await();
  const auto before = broker.program().descriptors();
  users[2].close();
  await("its descriptor", [&] { return broker.program().descriptors() < before; });
  peer fifth = broker.client(5);
  source.send("3|P|1|5\n");
  fifth.receive_until("3|P|1|5\r\n");
  const auto totals = broker.stop();
  EXPECT_EQ(totals["connections_refused"], 1u);
}

TEST(DescriptorLimit, ClosesSourcesBeyondTheirBound) {
  daemon broker{{{"source.max-connections", "1"}}};
  audience users{broker, {1}};
  auto source = broker.source();
  peer second{broker.source_port()};
  EXPECT_EQ(second.receive_all(), "");
  broker.await_line("msg=\"connection refused, there are too many\" door=source");
  source.send("1|B\n");
  users.expect({"1|B"});
  EXPECT_EQ(users.verify()["connections_refused"], 1u);
}

TEST(DescriptorLimit, LeavesTheOperatorADoor) {
  daemon broker{{{"client.handshake-timeout", "1h"}}, with_descriptors(128)};
  auto many = crowd(broker, 100);
  broker.await_counter("connections_refused", 60);
  for (int i = 0; i != 20; ++i) EXPECT_EQ(broker.status("next"), 1u);
  broker.stop();
}

}  // namespace
}  // namespace skein::test
