#include "store/topics/topic_messages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>

#include "store/topics/delayed_messages.hpp"
#include "support/fragile_engine.hpp"
#include "support/random.hpp"

namespace skein::store {
namespace {

constexpr topic_number number = 3;

core::message message_of(const std::string& payload) {
  return {"", std::make_shared<const std::string>(payload), 1, core::no_time};
}

void commit(engine& to, const changes& made) {
  const auto batch = to.new_batch();
  made.add_to(*batch);
  to.commit(*batch, false);
}

std::size_t stored_messages(engine& in) {
  std::size_t found = 0;
  const auto at = in.walk(family::message);
  for (at->seek(""); at->valid(); at->next()) ++found;
  return found;
}

/// Streams in memory, and what is taken, committed and told of now and then.
class messages_rig {
 public:
  explicit messages_rig(unsigned priorities) : streams_(priorities) { restart(); }

  void take() {
    changes made;
    messages->take(made);
    taken_.emplace_back(std::move(made), messages->streams());
  }
  bool commit_one() {
    if (taken_.empty()) return false;
    commit(*engine, taken_.front().first);
    streams_ = taken_.front().second;
    taken_.pop_front();
    ++untold_;
    return true;
  }
  bool tell_one() {
    if (untold_ == 0) return false;
    messages->committed();
    --untold_;
    return true;
  }
  void settle() {
    take();
    while (commit_one()) {
    }
    while (tell_one()) {
    }
  }
  void restart() {
    if (messages) settle();
    messages.emplace(*engine, number, streams_);
  }

  std::unique_ptr<store::engine> engine = open_memory();
  std::optional<topic_messages> messages;

 private:
  std::vector<topic_state::stream> streams_;
  std::deque<std::pair<changes, std::vector<topic_state::stream>>> taken_;
  int untold_ = 0;
};

TEST(TopicMessages, AreThoseOfAMapWhateverIsCommittedWhen) {
  for (std::uint64_t seed = 1; seed != 30; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    messages_rig rig{2};
    std::array<std::map<core::place, std::string>, 2> model;
    std::array<core::place, 2> ends{};
    const bool large = random.one_in(3);
    const auto payload = [&] {
      return std::string(random.between<std::size_t>(0, large ? 20'000 : 100), 'x') +
             std::to_string(random.between(0, 1'000'000));
    };
    const auto any = [&](core::priority_level p) {
      auto& all = model[p];
      auto found = all.lower_bound(random.between<core::place>(0, ends[p]));
      return found == all.end() ? all.begin() : found;
    };
    const auto expect = [&](core::message_id id) {
      const auto m = rig.messages->read(id);
      const auto found = model[id.priority].find(id.at);
      ASSERT_EQ(m.has_value(), found != model[id.priority].end()) << id.at;
      ASSERT_TRUE(!m || *m->payload == found->second) << id.at;
    };
    core::place reads_at = 0;
    for (int step = 0; step != 3000; ++step) {
      const auto p = static_cast<core::priority_level>(random.between(0, 1));
      switch (random.between(0, 11)) {
        case 0:
        case 1:
        case 2:
          for (int n = random.between(1, 20); n != 0; --n) {
            const std::string text = payload();
            ASSERT_EQ(rig.messages->append(p, message_of(text)).at, ends[p]);
            model[p][ends[p]++] = text;
          }
          break;
        case 3:
        case 4:
          if (!model[p].empty()) {
            const auto m = any(p);
            rig.messages->erase({p, m->first});
            model[p].erase(m);
          }
          break;
        case 5:
          if (!model[p].empty()) {
            const auto m = any(p);
            m->second = payload();
            rig.messages->overwrite({p, m->first}, message_of(m->second));
          }
          break;
        case 6: {
          const core::place begin = rig.messages->begin(p);
          const core::place most = random.one_in(10) ? ends[p] - begin : 40;
          const core::place upto = std::min(ends[p], begin + random.between<core::place>(0, most));
          rig.messages->erase_before({p, upto});
          model[p].erase(model[p].begin(), model[p].lower_bound(upto));
          ASSERT_EQ(rig.messages->begin(p), std::max(begin, upto));
          break;
        }
        case 7:
          expect({p, random.between<core::place>(0, ends[p] + 2)});
          break;
        case 8:
          reads_at = random.one_in(5) ? random.between<core::place>(0, ends[p]) : reads_at;
          for (int n = 0; n != 70; ++n) expect({p, reads_at++});
          break;
        case 9:
          rig.take();
          break;
        case 10:
          random.one_in(3) ? rig.tell_one() : rig.commit_one();
          break;
        default:
          if (random.one_in(10)) rig.restart();
      }
      if (::testing::Test::HasFatalFailure()) return;
    }
    rig.restart();
    for (core::priority_level p = 0; p != 2; ++p) {
      EXPECT_EQ(rig.messages->end(p), ends[p]);
      for (core::place at = 0; at != ends[p]; ++at) expect({p, at});
    }
  }
}

TEST(TopicMessages, CostNothingIfTheyAreErasedBeforeTheyAreTaken) {
  messages_rig rig{1};
  for (int n = 0; n != 100; ++n) rig.messages->append(0, message_of("x"));
  for (core::place at = 10; at != 20; ++at) rig.messages->erase({0, at});
  rig.messages->erase_before({0, 50});
  rig.settle();
  EXPECT_EQ(stored_messages(*rig.engine), 50u);
  rig.messages->append(0, message_of("x"));
  rig.messages->erase({0, 100});
  changes none;
  rig.messages->take(none);
  EXPECT_TRUE(none.empty());
}

TEST(TopicMessages, TakeNoRoomWhenAllAreErased) {
  for (const core::place count : {1u, 256u, 257u, 1000u}) {
    messages_rig rig{1};
    for (core::place n = 0; n != count; ++n) rig.messages->append(0, message_of("x"));
    rig.settle();
    rig.messages->erase_before({0, count - 1});
    rig.settle();
    EXPECT_EQ(stored_messages(*rig.engine), count);
    rig.messages->erase_before({0, count});
    rig.settle();
    EXPECT_EQ(stored_messages(*rig.engine), 0u);
    EXPECT_EQ(rig.messages->streams()[0].kept, count);
  }
}

TEST(TopicMessages, GiveRoomBackWhenMuchIsErased) {
  messages_rig rig{1};
  for (int n = 0; n != 20'000; ++n) rig.messages->append(0, message_of("x"));
  rig.settle();
  rig.messages->erase_before({0, 8191});
  rig.settle();
  EXPECT_EQ(stored_messages(*rig.engine), 20'000u);
  rig.messages->erase_before({0, 8192});
  rig.restart();
  EXPECT_EQ(stored_messages(*rig.engine), 20'000u - 8192);
  EXPECT_EQ(rig.messages->begin(0), 8192u);
}

TEST(TopicMessages, GiveTheRoomOfLargeOnesBackSooner) {
  messages_rig rig{1};
  for (int n = 0; n != 200; ++n) rig.messages->append(0, message_of(std::string(100'000, 'x')));
  rig.settle();
  rig.messages->erase_before({0, 190});
  rig.settle();
  EXPECT_EQ(stored_messages(*rig.engine), 10u);
}

TEST(TopicMessages, HaveFilesGivenBackWhenVeryMuchIsErased) {
  test::fragile_engine store;
  topic_messages messages{store, number, {{0, 0, 0}}};
  int reclaims = 0;
  const auto settle = [&] {
    changes made;
    messages.take(made);
    commit(store, made);
    messages.committed();
    store.sync();
    EXPECT_EQ(store.reclaims, reclaims);  // by who commits alone: it may sync
    made.reclaim_in(store);
    reclaims = store.reclaims;
  };
  const auto pass = [&](int megabytes) {
    for (int n = 0; n != megabytes; ++n) {
      messages.append(0, message_of(std::string(1'000'000, 'x')));
      settle();
      messages.erase_before({0, messages.end(0)});
      settle();
    }
  };
  pass(60);
  EXPECT_EQ(store.reclaims, 0);
  pass(60);
  EXPECT_EQ(store.reclaims, 1);
}

TEST(TopicMessages, AreNotKeptWhenTheyAreLarge) {
  messages_rig rig{1};
  const std::string large(100'000, 'x');
  for (const auto& text : {large, std::string{"a"}, std::string{"b"}, large}) {
    rig.messages->append(0, message_of(text));
  }
  rig.restart();
  const auto owners_of = [&](core::place at) {
    return rig.messages->read({0, at}).value().payload.use_count();
  };
  EXPECT_EQ(owners_of(0), 1);
  EXPECT_EQ(owners_of(1), 2);
  EXPECT_EQ(owners_of(2), 2);
  EXPECT_EQ(owners_of(3), 1);
}

TEST(TopicMessages, AreReadByManyAtOnce) {
  messages_rig rig{1};
  for (int n = 0; n != 1000; ++n) rig.messages->append(0, message_of("x"));
  rig.restart();
  // What was read ahead is read again although it is not there any more.
  const auto read_ahead = [&](core::place from) {
    EXPECT_TRUE(rig.messages->read({0, from}));
    changes gone;
    gone.erase_range(family::message, message_key(number, {0, 0}), message_key(number, {1, 0}));
    const auto before = rig.engine->walk(family::message);
    const auto batch = rig.engine->new_batch();
    for (before->seek(""); before->valid(); before->next()) {
      batch->put(family::message, before->key(), {before->value()});
    }
    commit(*rig.engine, gone);
    core::place end = from;
    while (rig.messages->read({0, end})) ++end;
    rig.engine->commit(*batch, false);
    rig.restart();
    return end - from;
  };
  EXPECT_EQ(read_ahead(500), 8u);
  for (core::place at = 0; at != 8 + 16 + 32; ++at) EXPECT_TRUE(rig.messages->read({0, at}));
  changes gone;
  EXPECT_TRUE(rig.messages->read({0, 56}));
  gone.erase_range(family::message, message_key(number, {0, 0}), message_key(number, {1, 0}));
  commit(*rig.engine, gone);
  for (core::place at = 56; at != 56 + 64; ++at) EXPECT_TRUE(rig.messages->read({0, at}));
  EXPECT_FALSE(rig.messages->read({0, 56 + 64}));
}

TEST(DelayedMessages, ComeInOrderHoweverManyThereAre) {
  for (std::uint64_t seed = 1; seed != 20; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    const auto store = open_memory();
    std::optional<delayed_messages> all{std::in_place, *store, number, 0, 0};
    std::multimap<wall_time, std::string> model;
    std::deque<changes> taken;
    int untold = 0;
    wall_time now = 0;
    const auto commit_one = [&] {
      if (taken.empty()) return false;
      commit(*store, taken.front());
      taken.pop_front();
      ++untold;
      return true;
    };
    for (int step = 0; step != 1500; ++step) {
      switch (random.between(0, 9)) {
        case 0:
        case 1:
        case 2:
          for (int n = random.between(1, step < 700 ? 60 : 10); n != 0; --n) {
            const wall_time due = now + random.between(1, random.one_in(4) ? 20 : 2000);
            const std::string text(random.between<std::size_t>(1, seed % 2 == 0 ? 3000 : 10), 'x');
            const std::string payload = text + std::to_string(random.between(0, 1'000'000));
            all->add(due, {0, message_of(payload)});
            model.emplace(due, payload);
          }
          break;
        case 3:
        case 4:
        case 5:
          now += random.between(0, 20);
          for (int n = random.between(0, 100); n != 0; --n) {
            const auto m = all->take_due(now);
            ASSERT_EQ(m.has_value(), !model.empty() && model.begin()->first <= now);
            if (!m) break;
            ASSERT_EQ(*m->what.payload, model.begin()->second);
            model.erase(model.begin());
          }
          break;
        case 6:
          taken.emplace_back();
          all->take(taken.back());
          break;
        case 7:
          commit_one();
          break;
        case 8:
          if (untold != 0) {
            all->committed();
            --untold;
          }
          break;
        default:
          if (!random.one_in(10)) break;
          taken.emplace_back();
          all->take(taken.back());
          while (commit_one()) {
          }
          untold = 0;
          const std::uint64_t ever = all->ever();
          all.emplace(*store, number, model.size(), ever);
      }
      ASSERT_EQ(all->count(), model.size());
      ASSERT_EQ(all->next_due(now), model.empty() ? core::no_time : model.begin()->first);
    }
  }
}

TEST(DelayedMessages, DoNotComeAgainIfEarlierOnesAreAddedBehindThem) {
  const auto store = open_memory();
  delayed_messages all{*store, number, 0, 0};
  all.add(100, {0, message_of("x")});
  changes made;
  all.take(made);
  commit(*store, made);
  all.committed();
  EXPECT_TRUE(all.take_due(100));
  for (int n = 0; n != 1000; ++n) all.add(50, {0, message_of("y")});
  all.add(300, {0, message_of("z")});
  for (int n = 0; n != 1000; ++n) EXPECT_TRUE(all.take_due(50));
  EXPECT_EQ(all.next_due(50), 300);
}

TEST(DelayedMessages, CostNothingIfTheyAreDueBeforeTheyAreTaken) {
  const auto store = open_memory();
  delayed_messages all{*store, number, 0, 0};
  all.add(5, {0, message_of("x")});
  EXPECT_TRUE(all.take_due(5));
  changes made;
  all.take(made);
  EXPECT_TRUE(made.empty());
}

}  // namespace
}  // namespace skein::store
