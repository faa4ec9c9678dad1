/// Inboxes as the operator sees them, and a client that acknowledges by itself.

#include "operating.hpp"

namespace skein::test {
namespace {

TEST(Inbox, IsListedWithItsLagAndDeleted) {
  daemon broker{{{"event.commit-interval", "5ms"}}};
  play(broker, broadcasts(1, 100), 101);
  for (const auto& [user, number] : {std::pair{7, 40}, std::pair{-8, 100}}) {
    auto client = broker.durable(user, number);
    await_heard(client);
  }
  await_stored(broker, 101);
  EXPECT_EQ(broker.status("inboxes"), 2u);
  const std::string all = printed(broker.store(), {"inbox", "--list"});
  EXPECT_NE(all.find("user\tepoch\tacknowledged\tlag\tage\n"), std::string::npos) << all;
  EXPECT_NE(all.find("\n7\t1\t40\t60\t"), std::string::npos) << all;
  EXPECT_NE(all.find("\n-8\t1\t100\t0\t"), std::string::npos) << all;
  EXPECT_EQ(broker.command("inbox delete 7"), "{\"ok\":true}");
  EXPECT_EQ(broker.command("inbox delete 7"), "{\"ok\":false,\"error\":\"user 7 has no inbox\"}");
  EXPECT_EQ(printed(broker.store(), {"inbox", "--list"}).find("\n7\t"), std::string::npos);
  broker.kill();
  broker.start_again();
  EXPECT_EQ(broker.status("inboxes"), 1u);
  auto back = broker.durable(7);
  await_heard(back);
  EXPECT_EQ(back.received(), "");
  broker.source().send("101|B\n");
  expect_told(back, "101|B\r\n");
}

TEST(Inbox, FollowsAClientThatAcknowledgesWhatItPrints) {
  daemon broker{{{"event.commit-interval", "5ms"}}};
  play(broker, broadcasts(1, 5), 6);
  auto first = broker.durable(7, 0);
  expect_told(first, told(1, 5));
  first.close();
  broker.command("epoch new");
  play(broker, broadcasts(1, 20), 21);
  const auto client = run(SKEIN_PATH, {{"client", "--ack", "--count", "15", "--port",
                                        std::to_string(broker.client_port()), "7"}});
  EXPECT_EQ(client.status, 0) << client.err;
  EXPECT_EQ(client.out, sent(broadcasts(1, 5)) + sent(broadcasts(1, 10)));
  await("the acknowledgement", [&] {
    return text_of("acknowledged", printed(broker.store(), {"inbox", "7"})) == "10";
  });
  EXPECT_EQ(text_of("epoch", printed(broker.store(), {"inbox", "7"})), "2");
  auto back = broker.durable(7);
  expect_told(back, told(11, 20));
}

}  // namespace
}  // namespace skein::test
