/// Clients who come, take messages by hands and go, at random, beside a topic that knows of each
/// message who has it.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/topics/lease_hand.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using once_taken = lease_hand::once_taken;

/// Fails the test when a lease is told of that is not there any more.
class naive_leases {
 public:
  explicit naive_leases(std::size_t messages) : unleased_(messages) {}

  std::vector<lease_name> lease(std::size_t most) {
    std::vector<lease_name> given;
    for (; most != 0 && unleased_ != 0; --most, --unleased_) {
      given.push_back({{}, ++last_});
      leased_.emplace(last_, given.back());
    }
    return given;
  }
  void finish(const lease_name& lease) {
    EXPECT_EQ(leased_.erase(lease.number), 1u) << "acknowledged, but not leased";
    ++finished_;
  }
  void give_back(const lease_name& lease) {
    EXPECT_EQ(leased_.erase(lease.number), 1u) << "given back, but not leased";
    ++unleased_;
  }
  void hear(const lease_hand::report& told) {
    for (const auto& l : told.acknowledged) finish(l);
    for (const auto& l : told.given_back) give_back(l);
    for (const auto& l : told.released) give_back(l);
  }

  std::size_t unleased() const { return unleased_; }
  std::size_t leased() const { return leased_.size(); }
  std::size_t finished() const { return finished_; }

 private:
  std::size_t unleased_;
  std::size_t finished_ = 0;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, lease_name> leased_;
};

class game {
 public:
  game(test::random_source& random, once_taken then, std::uint32_t window)
      : random_(random), then_(then), window_(window), hand_(then, window) {}

  void step() {
    const auto pushed = hand_.wanted();
    switch (random_.between(0, 6)) {
      case 0:
        if (!hand_.awaits_answer() && !gone_ && (window_ == 0 || pushed != 0)) ask(pushed);
        break;
      case 1:
        if (hand_.awaits_answer()) answer();
        break;
      case 2:
        if (!gone_) take(random_.between<std::size_t>(0, hand_.on_the_way()));
        break;
      case 3:
        if (!gone_) {
          on_the_way_.clear();
          topic_.hear(hand_.not_taken());
        }
        break;
      case 4:
        settle();
        break;
      case 5:
        if (random_.one_in(4)) go();
        break;
      default:
        if (gone_ && !hand_.awaits_answer()) come();
        break;
    }
    check();
  }

  /// The client goes, and all answers come.
  void end() {
    go();
    if (hand_.awaits_answer()) answer();
    check();
    EXPECT_EQ(topic_.leased(), own_.size()) << "something is kept for a client that has gone";
  }

 private:
  void ask(std::uint32_t pushed) {
    most_ = window_ == 0 ? random_.between<std::size_t>(1, 9) : pushed;
    hand_.asked();
  }
  void answer() {
    auto leases = random_.one_in(5) ? std::vector<lease_name>{} : topic_.lease(most_);
    if (!gone_) on_the_way_.insert(on_the_way_.end(), leases.begin(), leases.end());
    topic_.hear(hand_.given(std::move(leases)));
  }
  void take(std::size_t count) {
    for (std::size_t i = 0; i != count; ++i) {
      const lease_name lease = on_the_way_.front();
      on_the_way_.pop_front();
      if (then_ == once_taken::left_to_it) own_.push_back(lease);
      if (then_ == once_taken::held) held_.push_back(lease);
    }
    topic_.hear(hand_.taken(count));
  }
  void settle() {
    auto& all = then_ == once_taken::held ? held_ : own_;
    if (all.empty()) return;
    const auto at = all.begin() +
                    random_.between<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(all.size()) - 1);
    EXPECT_EQ(hand_.settled(*at), then_ == once_taken::held);
    topic_.finish(*at);
    all.erase(at);
  }
  void go() {
    gone_ = true;
    on_the_way_.clear();
    held_.clear();
    topic_.hear(hand_.lost());
  }
  void come() {
    gone_ = false;
    hand_ = lease_hand{then_, window_};
  }
  void check() {
    EXPECT_EQ(hand_.on_the_way(), on_the_way_.size());
    EXPECT_EQ(hand_.held(), held_.size());
    EXPECT_EQ(topic_.leased(), on_the_way_.size() + held_.size() + own_.size());
    EXPECT_EQ(topic_.unleased() + topic_.leased() + topic_.finished(), messages) << "one is lost";
    if (window_ != 0) EXPECT_LE(hand_.on_the_way() + hand_.held(), window_);
  }

  static constexpr std::size_t messages = 200;

  test::random_source& random_;
  once_taken then_;
  std::uint32_t window_;
  naive_leases topic_{messages};
  lease_hand hand_;
  std::deque<lease_name> on_the_way_;
  std::vector<lease_name> held_;  ///< by the client that is there
  std::vector<lease_name> own_;   ///< of clients, whether they are there or not
  std::size_t most_ = 0;
  bool gone_ = false;
};

TEST(LeaseHandBesideAModel, NothingIsLostNorGivenBackTwiceNorKept) {
  for (std::uint64_t seed = 1; seed != 600; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    const auto then = static_cast<once_taken>(seed % 3);
    const auto window = random.one_in(2) ? 0u : random.between(1u, 12u);
    game played{random, then, window};
    for (int i = 0; i != 300 && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(::testing::Message() << "step " << i);
      played.step();
    }
    played.end();
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}

}  // namespace
}  // namespace skein::core
