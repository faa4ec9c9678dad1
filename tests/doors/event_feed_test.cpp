#include "doors/event_feed.hpp"

#include <caf/send.hpp>

#include "actors/base/log_exceptions.hpp"
#include "support/actor_test.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using kind = session_news::kind;
using texts = std::vector<std::string>;

/// What the client of the door below has got, and what of it it takes.
struct framed_client {
  texts frames;
  std::size_t takes = 1000;  ///< frames
  bool has_ended = false;
};

/// A door with a framing of its own, as one over WebSocket would be: each event is a frame that
/// names its place. What is not taken waits.
class framing_state final : public feed_client {
 public:
  void begin(caf::local_actor* self, const event_feeds& all, framed_client& client) {
    client_ = &client;
    feed.emplace(self, all, *this);
  }

  std::optional<event_feed> feed;

  void take(std::size_t frames) {
    client_->takes = frames;
    write();
    if (waiting_.empty()) feed->all_written();
  }

 private:
  std::size_t tell(core::epoch_number epoch, std::string_view lines) override {
    std::size_t done = 0;
    while (done != lines.size() && waiting_.size() < most_waiting) {
      const std::size_t size = lines.find("\r\n", done) - done;
      waiting_.push_back(std::to_string(epoch) + "." + std::string{lines.substr(done, size)});
      done += size + 2;
      write();
    }
    return done;
  }
  std::size_t waiting() const override { return waiting_.size(); }
  void warn(std::string_view reason) override {
    client_->frames.push_back("warning: " + std::string{reason});
  }
  void refuse(std::string_view reason) override {
    client_->frames.push_back("error: " + std::string{reason});
    client_->has_ended = true;
    feed->end();
  }

  void write() {
    while (!waiting_.empty() && client_->takes != 0) {
      client_->frames.push_back(waiting_.front());
      waiting_.erase(waiting_.begin());
      --client_->takes;
    }
  }

  static constexpr std::size_t most_waiting = 2;
  framed_client* client_ = nullptr;
  std::vector<std::string> waiting_;
};

/// Its actor need not be a session by lines.
using framing_actor =
    caf::typed_actor<caf::reacts_to<portion>, caf::reacts_to<replaced>,
                     caf::reacts_to<session_news>, caf::reacts_to<writable>, caf::reacts_to<drain>>;

struct holder {
  static inline const char* name = "framing";
  std::shared_ptr<const event_feeds> feeds;
  std::unique_ptr<framing_state> door = std::make_unique<framing_state>();
};

framing_actor::behavior_type framing(framing_actor::stateful_pointer<holder> self,
                                     std::shared_ptr<const event_feeds> all, framed_client* client,
                                     std::optional<core::named_position> beyond) {
  log_exceptions(self);
  framing_state& door = *self->state.door;
  door.begin(self, *all, *client);
  self->state.feeds = std::move(all);
  door.feed->begin_durable(5, beyond);
  return {
      [&door](const portion& p) { door.feed->tell(p); },
      [&door, self, client](replaced) {
        door.feed->replaced();
        client->has_ended = true;
        self->quit();
      },
      [&door](const session_news& news) { door.feed->tell(news); },
      [&door](writable) { door.take(1000); },
      [&door, self](drain) {
        door.feed->end();
        self->quit();
      },
  };
}

class EventFeed : public actor_test {
 protected:
  void connect(std::optional<core::named_position> beyond = std::nullopt) {
    auto feeds = std::make_shared<const event_feeds>(
        event_feeds{system.spawn(router_stand_in, &router),
                    system.spawn(recorder_stand_in, &recorder),
                    system.spawn(replayer_stand_in, &replayer),
                    system.spawn(statistics_stand_in, &statistics),
                    {}});
    actor = system.spawn(framing, std::move(feeds), &client, beyond);
    run();
  }
  void news(kind what, ticket_number ticket, core::log_position position,
            core::sequence_number number = 0) {
    session_news n;
    n.what = what;
    n.ticket = ticket;
    n.position = position;
    n.epoch = 1;
    n.number = number;
    caf::anon_send(actor, std::move(n));
    run();
  }
  void tell(ticket_number ticket, std::string_view text, core::log_position upto) {
    caf::anon_send(actor, to_all(flow, text, ticket, 1, upto));
    run();
  }
  void live() {
    connect();
    news(kind::opened, 0, 0, 10);
    news(kind::at_head, 1, 100);
    news(kind::joined, 2, 120);
    news(kind::done, 1, 120);
  }

  framed_client client;
  framing_actor actor;
  router_record router;
  recorder_record recorder;
  replayer_record replayer;
  statistics_record statistics;
};

TEST_F(EventFeed, BringsADoorWithAFramingOfItsOwnEverythingFromWhereTheClientIs) {
  connect(core::named_position{1, 10});
  ASSERT_EQ(recorder.opened.size(), 1u);
  EXPECT_EQ(recorder.opened[0].beyond, 10);
  EXPECT_EQ(recorder.opened[0].epoch, 1u);
  news(kind::opened, 0, 0, 10);
  tell(1, "11|B\r\n12|B\r\n", 100);
  news(kind::at_head, 1, 100);
  news(kind::joined, 2, 120);
  tell(2, "14|B\r\n", 130);
  tell(1, "13|B\r\n", 120);
  news(kind::done, 1, 120);
  EXPECT_EQ(client.frames, (texts{"1.11|B", "1.12|B", "1.13|B", "1.14|B"}));
  caf::anon_send(actor, drain{});
  run();
  EXPECT_EQ(router.left, std::vector<core::user_id>{5});
  EXPECT_EQ(replayer.stopped, 1);
}

TEST_F(EventFeed, AClientThatLagsMissesNothingThroughAnyDoor) {
  live();
  client.takes = 1;
  tell(2, "11|B\r\n12|B\r\n13|B\r\n14|B\r\n", 200);
  EXPECT_EQ(router.left, std::vector<core::user_id>{5});
  EXPECT_EQ(statistics.counted[core::counter::clients_lagging], 1u);
  EXPECT_EQ(flow.bytes(), 0u) << "it holds nobody up";
  caf::anon_send(actor, writable{});
  run();
  EXPECT_EQ(statistics.counted[core::counter::clients_lagging], 0u);
  ASSERT_EQ(replayer.wanted.size(), 2u);
  EXPECT_EQ(replayer.wanted[1].number, 13);
  tell(replayer.wanted[1].ticket, "14|B\r\n", 200);
  EXPECT_EQ(client.frames, (texts{"1.11|B", "1.12|B", "1.13|B", "1.14|B"}));
  caf::anon_send(actor, drain{});
}

TEST_F(EventFeed, HoldsARoundOfAReplayUntilTheDoorHasWrittenIt) {
  connect();
  news(kind::opened, 0, 0, 10);
  client.takes = 0;
  tell(1, "11|B\r\n", 100);
  EXPECT_GT(flow.bytes(), 0u);
  caf::anon_send(actor, writable{});
  run();
  EXPECT_EQ(flow.bytes(), 0u);
  caf::anon_send(actor, drain{});
}

TEST_F(EventFeed, IsOverWhenTheUserHasANewerConnection) {
  live();
  caf::anon_send(actor, replaced{});
  run();
  EXPECT_TRUE(client.has_ended);
  EXPECT_TRUE(router.left.empty());
  EXPECT_EQ(replayer.stopped, 1);
}

}  // namespace
}  // namespace skein
