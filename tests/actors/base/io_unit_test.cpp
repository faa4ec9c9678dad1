#include "actors/base/io_unit.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <future>

#include "actors/topics/topic_recorder.hpp"
#include "actors/topics/topics.hpp"
#include "support/failing_call_engine.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;

/// Topics over a store, with threads of their own; this one is the I/O thread.
class IoUnit : public testing::Test {
 protected:
  IoUnit() : unit(system) {
    engine.on_call = [this] {
      ++calls;
      if (io_unit::current() != nullptr) ++calls_here;
    };
    const statistics_actor statistics = system.spawn(statistics_stand_in, &counted);
    recorder = system.spawn<caf::detached>(
        topic_recorder, std::make_shared<const topic_recorder_environment>(
                            topic_recorder_environment{engine, statistics, 100ms}));
    topic_options options;
    options.idle_timeout = 1ms;  // each call opens it anew, perhaps
    plane = system.spawn(
        topics,
        topic_environment{options, topic_clock{[] { return core::wall_time{1}; }, {}}, &engine,
                          recorder, statistics, 100ms, std::make_shared<byte_budget>(1u << 20),
                          std::make_shared<std::atomic<bool>>(false)});
  }
  ~IoUnit() override {
    caf::scoped_actor self{system};
    self->request(plane, caf::infinite, drain{}).receive([](drained) {}, [](caf::error&) {});
    self->request(recorder, caf::infinite, drain{}).receive([](drained) {}, [](caf::error&) {});
  }

  /// Asks as a session does whose connection has become readable.
  api::answer ask(decltype(api::topic_call::what) what) {
    std::promise<api::answer> promise;
    const caf::actor asker = system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
      return {[self, to = plane, &promise](api::topic_call& call) {
        self->request(to, caf::infinite, std::move(call))
            .then([&promise](answered& a) { promise.set_value(std::move(a.what)); },
                  [&promise](caf::error&) { promise.set_value({}); });
        self->unbecome();
      }};
    });
    unit.send(asker, api::topic_call{"t", std::move(what)});
    return promise.get_future().get();
  }

  statistics_record counted;
  caf::actor_system_config settings;
  caf::actor_system system{settings};
  test::failing_call_engine engine{store::open_memory()};
  io_unit unit;
  topic_recorder_actor recorder;
  topics_actor plane;
  std::atomic<int> calls{0};
  std::atomic<int> calls_here{0};
};

TEST_F(IoUnit, LeavesWhoReadsTheStoreToTheScheduler) {
  ask(api::subscribe{"s", {}});
  for (int i = 0; i != 20; ++i) {
    api::publish what;
    for (int n = 0; n != 50; ++n) {
      what.messages.emplace_back();
      what.messages.back().payload = std::make_shared<const std::string>("m");
    }
    ask(what);
  }
  for (int i = 0; i != 20; ++i) {
    const api::answer answer = ask(api::lease{"s", 0, 0ms});
    const auto* const got = std::get_if<api::leased>(&answer);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->messages.size(), 50u);
  }
  EXPECT_GT(calls, 40);
  EXPECT_EQ(calls_here, 0);
}

}  // namespace
}  // namespace skein
