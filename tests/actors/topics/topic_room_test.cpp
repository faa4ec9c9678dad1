/// Topics read for answers only what the memory of answers has room for.

#include <functional>

#include "actors/topics/answer_room.hpp"
#include "support/topic_plane.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using reason = api::refused::reason;

class TopicRoom : public topic_plane {
 protected:
  static constexpr std::size_t size = 100'000;  ///< of a large payload

  /// Others leave so much room, and no more.
  void leave_room(std::size_t bytes) {
    answers = std::make_shared<byte_budget>(budget);
    others.emplace(answers);
    ASSERT_TRUE(others->resize(budget - bytes));
  }

  /// Durable ones are read from the store, where they are not in memory any more.
  void publish_large(int messages, std::chrono::milliseconds delay = 0ms) {
    for (int i = 0; i != messages; ++i) {
      api::publish what;
      what.messages.push_back(text(std::string(size, static_cast<char>('a' + i))));
      what.messages.back().delay = delay;
      begin("a", what);
    }
  }

  std::size_t left() {
    budget_share some{answers};
    for (std::size_t step = budget; step != 0; step /= 2) some.resize(some.bytes() + step);
    return some.bytes();
  }

  static constexpr std::size_t budget = 16u << 20;
  std::optional<budget_share> others;
};

TEST_F(TopicRoom, GivesOfWhatThereIsAsMuchAsFits) {
  leave_room(16 * size);
  start();
  subscribe("a", "one");
  publish_large(20);
  start_again();
  std::string got;
  std::vector<std::size_t> sizes;
  while (got.size() < 20) {
    const auto some = lease("a", "one");
    sizes.push_back(payloads(*some).size());
    ASSERT_NE(sizes.back(), 0u);
    for (const auto& d : some->as<api::leased>().messages) {
      got += d.what.payload->front();
      EXPECT_EQ(d.attempt, 1u);
    }
  }
  EXPECT_EQ(got, "abcdefghijklmnopqrst") << "in their order";
  EXPECT_EQ(sizes[0], 2u) << "a quarter of the room; each payload takes as much again, as text";
  EXPECT_EQ(left(), 16 * size) << "nobody has the answers any more";
}

TEST_F(TopicRoom, AnAnswerKeepsItsShareUntilItIsGone) {
  leave_room(3 * size);
  start();
  subscribe("a", "one");
  subscribe("a", "two");
  publish_large(1);
  std::optional<answered> kept;
  system.spawn([&, to = plane](caf::event_based_actor* self) {
    self->request(to, caf::infinite, api::topic_call{"a", api::lease{"one", 0, 0ms}})
        .then([&](answered& a) { kept = std::move(a); }, [](caf::error&) {});
  });
  run();
  ASSERT_TRUE(kept);
  EXPECT_LT(left(), size);
  EXPECT_EQ(kept->what.index(), api::answer{api::leased{}}.index());
  EXPECT_EQ(lease("a", "two")->refusal(), reason::too_many_answers);
  kept.reset();
  EXPECT_EQ(payloads(*lease("a", "two")).size(), 1u);
}

TEST_F(TopicRoom, RefusesWhatDoesNotFitAndTakesNothing) {
  options.defaults.max_deliveries = 1;
  leave_room(size);
  start();
  for (const char* const name : {"one", "dead"}) subscribe("a", name);
  publish_large(1);
  publish_large(1, 1h);
  others->resize(0);
  const auto got = lease("a", "dead");
  for (const auto& d : got->as<api::leased>().messages) {
    settle("a", "dead", d, api::settle::action::nack);
  }
  ASSERT_TRUE(others->resize(budget - size));
  for (int i = 0; i != 3; ++i) {
    EXPECT_EQ(lease("a", "one")->refusal(), reason::too_many_answers);
    EXPECT_EQ(lease("a", "one", 0, 1s)->refusal(), reason::too_many_answers) << "it does not wait";
    EXPECT_EQ(begin("a", api::fetch{"one"})->refusal(), reason::too_many_answers);
    EXPECT_EQ(begin("a", api::list_dead{"dead", 0, 10})->refusal(), reason::too_many_answers);
    EXPECT_EQ(begin("a", api::list_delayed{})->refusal(), reason::too_many_answers);
  }
  EXPECT_EQ(left(), size);
  others->resize(0);
  EXPECT_EQ(lease("a", "one")->as<api::leased>().messages.at(0).attempt, 1u);
  EXPECT_EQ(begin("a", api::list_dead{"dead", 0, 10})->as<api::dead_letters>().messages.size(), 1u);
  EXPECT_EQ(begin("a", api::list_delayed{})->as<api::delayed_messages>().messages.size(), 1u);
}

TEST_F(TopicRoom, WhoWaitsForWhatDoesNotFitIsToldWhenItComes) {
  leave_room(0);
  start();
  subscribe("a", "one");
  const auto waits = lease("a", "one", 0, 1s);
  publish_large(1);
  EXPECT_EQ(waits->refusal(), reason::too_many_answers);
}

TEST_F(TopicRoom, SmallAnswersNeedNone) {
  leave_room(0);
  start();
  subscribe("a", "one");
  publish("a", "x");
  publish("a", "y");
  EXPECT_EQ(payloads(*lease("a", "one", 1)), texts{"x"});
  publish_large(1);
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"y"}) << "what does not fit waits";
  EXPECT_EQ(lease("a", "one")->refusal(), reason::too_many_answers);
}

TEST_F(TopicRoom, WhatIsLargerThanAllIsHadAlone) {
  answers = std::make_shared<byte_budget>(size);
  start();
  subscribe("a", "one");
  publish_large(2);
  EXPECT_EQ(payloads(*lease("a", "one")).size(), 1u);
  EXPECT_EQ(payloads(*lease("a", "one")).size(), 1u);
}

TEST_F(TopicRoom, OfADaemonThatEndsNobodyGetsMoreButWhoPublishes) {
  start();
  subscribe("a", "one");
  publish("a", "x");
  *ending = true;
  EXPECT_EQ(lease("a", "one")->refusal(), reason::ending);
  EXPECT_EQ(begin("a", api::fetch{"one"})->refusal(), reason::ending);
  EXPECT_EQ(begin("a", api::list_dead{"one", 0, 10})->refusal(), reason::ending);
  EXPECT_EQ(begin("a", api::list_delayed{})->refusal(), reason::ending);
  EXPECT_EQ(begin("a", api::list_subscribers{})->refusal(), reason::ending);
  EXPECT_EQ(begin("b", api::list_subscribers{})->refusal(), reason::ending) << "none is opened";
  publish("a", "y")->as<api::published>();
  *ending = false;
  EXPECT_EQ(payloads(*lease("a", "one")), (texts{"x", "y"}));
}

}  // namespace
}  // namespace skein
