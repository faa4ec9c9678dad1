/// Each call is answered by the actor that knows, asked by the door itself.

#include "doors/switchboard.hpp"

#include "support/topic_plane.hpp"

namespace skein {
namespace {

class Switchboard : public topic_plane {
 protected:
  void SetUp() override {
    start();
    board.topics = plane;
    board.router = system.spawn(router_stand_in, &router);
    board.parts = {system.spawn(sequencer_stand_in, &sequencer), statistics_is, {}, recorder};
    run();
  }

  std::shared_ptr<asked> asks(api::call what) {
    auto call = std::make_shared<asked>();
    system.spawn([this, call, what](caf::event_based_actor* self) mutable {
      ask(
          self, board, std::move(what), [call](answered& a) { call->answer = std::move(a.what); },
          [call](caf::error&) { call->failed = true; });
    });
    run();
    return call;
  }

  sequencer_record sequencer;
  router_record router;
  switchboard board;
};

TEST_F(Switchboard, EachCallIsAnsweredByWhoKnows) {
  asks(api::topic_call{"a", api::subscribe{"one", {}}})->as<api::subscribed>();
  EXPECT_EQ(asks(api::list_topics{})->as<api::topic_list>().topics.size(), 1u);
  asks(api::list_follows{})->as<api::follow_list>();
  EXPECT_EQ(asks(api::describe_epoch{})->as<api::epoch_description>().epoch, 1u);
  EXPECT_EQ(asks(api::new_epoch{})->as<api::epoch_description>().epoch, 2u);
  EXPECT_FALSE(asks(api::statistics{})->as<api::statistics_list>().values.empty());
}

TEST_F(Switchboard, AnActorThatHasFailedIsAFailure) {
  fail(caf::actor_cast<caf::strong_actor_ptr>(board.router));
  EXPECT_TRUE(asks(api::list_follows{})->failed);
}

TEST_F(Switchboard, WhatIsDurableIsOfTheEpochThatIsNamed) {
  const auto told = [](core::epoch_number durable_epoch) {
    return epoch_of(
        status{{{"epoch", 3}, {"next", 9}, {"durable_epoch", durable_epoch}, {"durable_next", 7}}});
  };
  EXPECT_EQ(told(3).durable_next, 7);
  EXPECT_EQ(told(2).durable_next, 1);
  EXPECT_FALSE(epoch_of(status{{{"epoch", 3}, {"next", 9}}}).durable_next) << "nothing is stored";
}

TEST_F(Switchboard, WhatAHandTellsReachesTheTopic) {
  subscribe("a", "one");
  publish("a", "x");
  core::lease_hand hand{core::lease_hand::once_taken::acknowledged};
  for (const bool arrives : {false, true}) {
    hand.asked();
    const auto call = begin("a", api::fetch{"one"});
    EXPECT_EQ(payloads(*call), texts{"x"});
    (void)hand.given(leases_of(*call));
    tell(board, "a", "one", arrives ? hand.taken() : hand.not_taken());
    run();
  }
  EXPECT_EQ(payloads(*begin("a", api::fetch{"one"})), texts{});
}

}  // namespace
}  // namespace skein
