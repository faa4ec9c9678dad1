/// What those who ask topics can make grow, and where it ends: the rows of the table of bounds.

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
