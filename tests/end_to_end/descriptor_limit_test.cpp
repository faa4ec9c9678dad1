/// More connections than descriptors.

#include <vector>

#include "audience.hpp"

namespace skein::test {
namespace {

TEST(DescriptorLimit, LetsClientsWaitWithoutSpinning) {
  process::start how;
  how.most_descriptors = 72;
  daemon broker{{{"client.handshake-timeout", "1h"}}, how};
  audience users{broker, {1, 2}};
  auto source = broker.source();
  const auto before = broker.program().descriptors();
  std::vector<peer> many;
  for (int i = 0; i != 100; ++i) {
    many.emplace_back(broker.client_port());
    many.back().send("3\n");
  }
  broker.await_counter("accept_errors", 1);
  EXPECT_LE(broker.program().descriptors(), 72u);

  // Lasts a second because that is what is measured.
  const auto cpu = broker.program().cpu_time();
  std::this_thread::sleep_for(1s);
  EXPECT_LT((broker.program().cpu_time() - cpu).count(), 200);

  source.send("1|F|1|2\n2|S|2\n");
  users.expect({"1|F|1|2", "2|S|2"});
  users.await();

  // Those who waited get in as soon as others leave.
  for (std::size_t i = 0; i != 60; ++i) many[i].close();
  broker.await_line("msg=\"client connected\"", 102);
  source.send("3|P|1|3\n4|B\n");
  users.expect({"3|P|1|3", "4|B"});
  for (std::size_t i = 60; i != many.size(); ++i) {
    EXPECT_EQ(many[i].receive(14), "3|P|1|3\r\n4|B\r\n") << "client " << i;
  }
  many.clear();
  await("their descriptors", [&] { return broker.program().descriptors() == before; });
  const auto totals = users.verify();
  EXPECT_GT(totals["accept_errors"], 0u);
  EXPECT_EQ(totals["clients_total"], 102u);
  EXPECT_EQ(totals["overflows"], 0u);
}

TEST(DescriptorLimit, LetsSourcesWaitToo) {
  process::start how;
  how.most_descriptors = 48;
  daemon broker{{{"client.handshake-timeout", "1h"}}, how};
  audience users{broker, {1}};
  std::vector<peer> many;
  for (int i = 0; i != 60; ++i) many.emplace_back(broker.client_port());
  broker.await_counter("accept_errors", 1);
  peer source{broker.source_port()};
  source.send("1|B\n");
  for (auto& client : many) client.reset();
  users.expect({"1|B"});
  users.verify();
}

}  // namespace
}  // namespace skein::test
