/// What those who ask topics can make grow, and where it ends: the rows of the table of bounds.

#include <utility>
#include <variant>

#include "support/topic_plane.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using api::wait_for;
using core::publish_outcome;
using reason = api::refused::reason;

class TopicBounds : public topic_plane {
 protected:
  publish_outcome outcome(const std::string& topic, const std::string& payload,
                          const std::string& key = {}) {
    api::publish what;
    what.messages = {text(payload, key)};
    const auto call = begin(topic, what);
    return call->as<api::published>().messages.at(0).what;
  }
  void fetch_all(const std::string& topic) {
    begin(topic, api::handed_over{"one", leases_of(*begin(topic, api::fetch{"one"})), true});
  }
};

TEST_F(TopicBounds, BytesOfATopicInMemory) {
  options.limits.bytes = 1000;
  options.defaults.overflow = core::pending_policy::drop_oldest;
  options.defaults.storage = core::topic_storage::memory;
  start();
  subscribe("a", "one");
  EXPECT_EQ(outcome("a", std::string(400, 'x')), publish_outcome::published);
  EXPECT_EQ(outcome("a", std::string(400, 'x')), publish_outcome::published);
  EXPECT_EQ(outcome("a", std::string(400, 'x')), publish_outcome::no_room);
  api::publish later;
  later.messages = {text(std::string(400, 'x'))};
  later.messages[0].delay = 1h;
  EXPECT_EQ(begin("a", later)->as<api::published>().messages.at(0).what, publish_outcome::no_room);
  fetch_all("a");
  EXPECT_EQ(outcome("a", std::string(400, 'x')), publish_outcome::published);
}

TEST_F(TopicBounds, BytesOfReplacementsAndOfWhatIsDelayed) {
  options.limits.bytes = 1000;
  options.defaults.dedupe = core::dedupe_policy::replace;
  start(false);
  subscribe("a", "one");
  EXPECT_EQ(outcome("a", "x", "k"), publish_outcome::published);
  EXPECT_EQ(outcome("a", std::string(800, 'x'), "k"), publish_outcome::replaced);
  EXPECT_EQ(outcome("a", std::string(800, 'x'), "l"), publish_outcome::no_room);
}

TEST_F(TopicBounds, OfDurableTopicsTheBytesAreOnDisk) {
  options.limits.bytes = 1000;
  start();
  subscribe("a", "one");
  for (int i = 0; i != 5; ++i) {
    EXPECT_EQ(outcome("a", std::string(400, 'x')), publish_outcome::published);
  }
}

TEST_F(TopicBounds, MemoryOfAllTopicsTogether) {
  options.max_memory = 20'000;
  start(false);
  for (const char* const name : {"a", "b"}) {
    subscribe(name, "one");
    EXPECT_EQ(outcome(name, std::string(8000, 'x')), publish_outcome::published);
  }
  EXPECT_EQ(outcome("b", std::string(8000, 'x')), publish_outcome::no_room);
  fetch_all("a");
  EXPECT_EQ(outcome("b", std::string(8000, 'x')), publish_outcome::published);
  EXPECT_EQ(subscribe("c", "one")->as<api::subscribed>().is_new, true);
  EXPECT_EQ(subscribe("c", "two")->refusal(), reason::no_room);
  begin("b", api::delete_topic{});
  EXPECT_EQ(subscribe("c", "two")->as<api::subscribed>().is_new, true);
}

TEST_F(TopicBounds, MemoryOfPublishesThatWait) {
  options.max_memory = 2000;
  start();
  subscribe("a", "one");
  api::publish what;
  for (int i = 0; i != 20; ++i) what.messages.push_back(text("x"));
  what.wait = wait_for::delivered;
  what.timeout = 1s;
  const auto call = begin("a", what);
  pass(1s);
  std::size_t refused = 0;
  for (const auto& m : call->as<api::refused>().so_far.messages) {
    if (m.what == publish_outcome::no_room) ++refused;
  }
  EXPECT_GT(refused, 5u);
  EXPECT_LT(refused, 20u);
}

class MessagesThatAreHeld : public TopicBounds {
 protected:
  void publish_many() {
    options.defaults.batch = 10'000;
    start();
    subscribe("a", "one");
    api::publish what;
    for (int i = 0; i != 500; ++i) what.messages.push_back(text("x", std::to_string(i)));
    begin("a", what);
  }
  /// Until that is refused.
  void lease_all() {
    for (int i = 0; i != 500; ++i) {
      const auto call = lease("a", "one", 100, 1s);
      if (std::holds_alternative<api::refused>(*call->answer)) {
        EXPECT_EQ(call->refusal(), reason::no_room);
        return;
      }
      for (const auto& one : leases_of(*call)) held.push_back(one);
    }
    FAIL() << "nothing was refused";
  }
  void settle_all(api::settle::action how) {
    begin("a", api::settle{"one", how, std::exchange(held, {}), 0ms});
  }
  std::vector<core::lease_name> held;
};

TEST_F(MessagesThatAreHeld, AreRefusedWhenThereIsNoMoreMemory) {
  options.max_memory = 40'000;
  publish_many();
  lease_all();
  EXPECT_GE(held.size(), 100u);
  EXPECT_LE(held.size(), 40'000u / 256);
  EXPECT_EQ(begin("a", api::fetch{"one"})->refusal(), reason::no_room);
  settle_all(api::settle::action::ack);
  lease_all();
  EXPECT_GE(held.size(), 100u);
}

TEST_F(MessagesThatAreHeld, MayBeAFewInAnyCase) {
  options.max_memory = 2'000;
  publish_many();
  lease_all();
  EXPECT_EQ(held.size(), 50u);
}

TEST_F(MessagesThatAreHeld, ComeAgainThoughThereIsNoMoreMemory) {
  options.max_memory = 40'000;
  publish_many();
  lease_all();
  settle_all(api::settle::action::nack);
  const auto again = lease("a", "one", 100);
  ASSERT_GE(again->as<api::leased>().messages.size(), 50u);
  EXPECT_EQ(again->as<api::leased>().messages[0].attempt, 2u);
}

TEST_F(MessagesThatAreHeld, AreReplacedThoughThereIsNoMoreMemory) {
  options.max_memory = 40'000;
  options.defaults.dedupe = core::dedupe_policy::replace;
  publish_many();
  subscribe("a", "two");
  for (const char* payload : {"x", "y"}) {
    api::publish what;
    for (int i = 0; i != 60; ++i) what.messages.push_back(text(payload, "two" + std::to_string(i)));
    begin("a", what);
    if (held.empty()) held = leases_of(*lease("a", "two", 60));
  }
  ASSERT_EQ(std::exchange(held, {}).size(), 60u);
  lease_all();
  EXPECT_EQ(payloads(*lease("a", "two", 50)), texts(50, "y"));
}

TEST_F(MessagesThatAreHeld, AreLookedPastAndComeThoughThereIsNoMoreMemory) {
  options.max_memory = 2'000;
  options.defaults.ordered = true;
  start();
  subscribe("a", "one");
  api::publish what;
  for (int i = 0; i != 200; ++i) what.messages.push_back(text(std::to_string(i)));
  begin("a", what);
  for (int i = 0; i != 200; ++i) {
    const auto call = lease("a", "one", 1);
    ASSERT_EQ(payloads(*call), texts{std::to_string(i)});
    lease("a", "one");  // looks past all others
    settle("a", "one", call->as<api::leased>().messages[0]);
  }
}

TEST_F(MessagesThatAreHeld, OfOrderedTopicsTakeMoreForTheirKeys) {
  options.max_memory = 60'000;
  options.defaults.ordered = true;
  publish_many();
  lease_all();
  EXPECT_GE(held.size(), 50u);
  EXPECT_LE(held.size(), 60'000u / 768);
}

TEST_F(TopicBounds, PlacesOfWhatHasMovedUp) {
  options.max_memory = 4'000;
  options.defaults.dedupe = core::dedupe_policy::replace;
  options.defaults.priorities = 2;
  start();
  subscribe("a", "one");
  std::size_t refused = 0;
  for (int i = 0; i != 100; ++i) {
    api::publish what;
    what.messages = {text("x", std::to_string(i)), text("between"), text("x", std::to_string(i))};
    what.messages[0].priority = what.messages[1].priority = 1;
    const auto call = begin("a", what);
    for (const auto& m : call->as<api::published>().messages) {
      if (m.what == publish_outcome::no_room) ++refused;
    }
  }
  EXPECT_GT(refused, 0u);
}

TEST_F(TopicBounds, Topics) {
  options.max_topics = 2;
  start();
  subscribe("a", "one");
  begin("b", api::create_topic{options.defaults, {}})->as<api::created>();
  EXPECT_EQ(begin("c", api::create_topic{options.defaults, {}})->refusal(), reason::no_room);
  EXPECT_EQ(subscribe("c", "one")->refusal(), reason::no_room);
  EXPECT_EQ(begin("a", api::create_topic{options.defaults, {}})->as<api::created>().is_new, false);
  start_again();
  EXPECT_EQ(subscribe("c", "one")->refusal(), reason::no_room) << "they are counted at a start";
  begin("b", api::delete_topic{});
  EXPECT_EQ(subscribe("c", "one")->as<api::subscribed>().is_new, true);
}

TEST_F(TopicBounds, SubscribersOfATopic) {
  options.max_subscribers = 2;
  start();
  begin("a", api::subscribe{"one", 5s});
  subscribe("a", "two");
  EXPECT_EQ(subscribe("a", "three")->refusal(), reason::no_room);
  EXPECT_EQ(subscribe("a", "two")->as<api::subscribed>().is_new, false);
  pass(6s);
  EXPECT_EQ(subscribe("a", "three")->as<api::subscribed>().is_new, true) << "one was idle";
}

TEST_F(TopicBounds, KeysOfTheWindow) {
  options.limits.keys = 2;
  options.defaults.dedupe = core::dedupe_policy::first;
  options.defaults.dedupe_window = 1s;
  for (const auto storage : {core::topic_storage::durable, core::topic_storage::memory}) {
    options.defaults.storage = storage;
    start();
    const std::string name = storage == core::topic_storage::memory ? "m" : "d";
    subscribe(name, "one");
    EXPECT_EQ(outcome(name, "x", "1"), publish_outcome::published);
    EXPECT_EQ(outcome(name, "x", "2"), publish_outcome::published);
    EXPECT_EQ(outcome(name, "x", "3"), publish_outcome::no_room);
    EXPECT_EQ(outcome(name, "x", "2"), publish_outcome::duplicate);
    EXPECT_EQ(outcome(name, "x"), publish_outcome::published) << "without a key";
    pass(1s);
    EXPECT_EQ(outcome(name, "x", "3"), publish_outcome::published);
    start_again();
  }
}

}  // namespace
}  // namespace skein
