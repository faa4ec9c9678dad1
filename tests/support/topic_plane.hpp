/// Topics and their recorder over a store that can fail, and those who ask them.
#pragma once

#include <atomic>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/topics/topic_recorder.hpp"
#include "actors/topics/topics.hpp"
#include "support/actor_test.hpp"
#include "support/fragile_engine.hpp"
#include "support/stand_ins.hpp"

namespace skein {

/// One call, and what came of it.
struct asked {
  std::optional<api::answer> answer;
  bool failed = false;
  caf::actor_id by = 0;

  /// What it was answered; fails the test if it was not, or otherwise.
  template <class T>
  const T& as() const {
    static const T none{};
    EXPECT_TRUE(answer) << "no answer";
    if (!answer) return none;
    const T* const found = std::get_if<T>(&*answer);
    EXPECT_TRUE(found) << "another answer, of kind " << answer->index();
    return found ? *found : none;
  }
  api::refused::reason refusal() const { return as<api::refused>().why; }
};

class topic_plane : public actor_test {
 protected:
  static constexpr core::wall_time start_time = 1'700'000'000'000;

  void start(bool stores = true) {
    if (stores && !engine) engine = std::make_shared<test::fragile_engine>();
    statistics_is = system.spawn(statistics_stand_in, &statistics);
    if (stores && !recorder) {
      recorder = system.spawn(
          topic_recorder, std::make_shared<const topic_recorder_environment>(
                              topic_recorder_environment{*engine, statistics_is, report_interval}));
    }
    const auto clock = [this] {
      return wall + set_by + (scheduler.clock().now() - started_at) / std::chrono::milliseconds{1};
    };
    if (!stores) options.defaults.storage = core::topic_storage::memory;
    plane =
        system.spawn(topics, topic_environment{options, topic_clock{clock, scheduler.clock().now()},
                                               stores ? engine.get() : nullptr, recorder,
                                               statistics_is, report_interval, answers, ending});
    run();
  }

  /// As a killed process starts again, after `later`.
  void start_again(std::chrono::milliseconds later = std::chrono::milliseconds{0}) {
    kill_all();
    pass(later);
    wall += (scheduler.clock().now() - started_at) / std::chrono::milliseconds{1};
    started_at = scheduler.clock().now();
    recorder = nullptr;
    start();
  }

  std::shared_ptr<asked> begin(const std::string& topic_name,
                               decltype(api::topic_call::what) what) {
    auto call = std::make_shared<asked>();
    const auto asker =
        system.spawn([call, to = plane, wanted = api::topic_call{topic_name, std::move(what)}](
                         caf::event_based_actor* self) {
          self->request(to, caf::infinite, wanted)
              .then([call](answered& a) { call->answer = std::move(a.what); },
                    [call](caf::error&) { call->failed = true; });
        });
    call->by = asker.id();
    run();
    return call;
  }
  /// One actor asks all of this. Returns which.
  caf::actor_id begin_all(const std::vector<api::topic_call>& wanted,
                          std::vector<std::shared_ptr<asked>>& calls) {
    for (std::size_t i = 0; i != wanted.size(); ++i) calls.push_back(std::make_shared<asked>());
    const auto asker = system.spawn([=, to = plane](caf::event_based_actor* self) {
      for (std::size_t i = 0; i != wanted.size(); ++i) {
        self->request(to, caf::infinite, wanted[i])
            .then([call = calls[i]](answered& a) { call->answer = std::move(a.what); },
                  [call = calls[i]](caf::error&) { call->failed = true; });
      }
    });
    run();
    return asker.id();
  }
  std::shared_ptr<asked> list(const std::string& after, std::uint32_t most) {
    auto call = std::make_shared<asked>();
    system.spawn([=, to = plane](caf::event_based_actor* self) {
      self->request(to, caf::infinite, api::list_topics{after, most})
          .then([call](answered& a) { call->answer = std::move(a.what); },
                [call](caf::error&) { call->failed = true; });
    });
    run();
    return call;
  }

  static api::new_message text(const std::string& payload, std::string key = {}) {
    api::new_message m;
    m.key = std::move(key);
    m.payload = std::make_shared<const std::string>(payload);
    return m;
  }
  std::shared_ptr<asked> publish(const std::string& topic_name, const std::string& payload,
                                 api::wait_for wait = api::wait_for::durable) {
    api::publish what;
    what.messages.push_back(text(payload));
    what.wait = wait;
    return begin(topic_name, what);
  }
  std::shared_ptr<asked> subscribe(const std::string& topic_name, const std::string& name) {
    return begin(topic_name, api::subscribe{name, {}});
  }
  std::shared_ptr<asked> lease(const std::string& topic_name, const std::string& name,
                               std::uint32_t most = 0, std::chrono::milliseconds wait = {}) {
    return begin(topic_name, api::lease{name, most, wait});
  }
  std::shared_ptr<asked> settle(const std::string& topic_name, const std::string& name,
                                const core::delivery& what,
                                api::settle::action how = api::settle::action::ack,
                                std::optional<std::chrono::milliseconds> time = {}) {
    return begin(topic_name, api::settle{name, how, {what.lease}, time});
  }
  static std::vector<std::string> payloads(const asked& call) {
    std::vector<std::string> all;
    for (const auto& d : call.as<api::leased>().messages) all.push_back(*d.what.payload);
    return all;
  }
  static std::vector<core::lease_name> leases_of(const asked& call) {
    std::vector<core::lease_name> all;
    for (const auto& d : call.as<api::leased>().messages) all.push_back(d.lease);
    return all;
  }
  using texts = std::vector<std::string>;

  static constexpr std::chrono::milliseconds report_interval{100};

  topic_options options;
  std::shared_ptr<byte_budget> answers = std::make_shared<byte_budget>(256u << 20);
  std::shared_ptr<std::atomic<bool>> ending = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<test::fragile_engine> engine;
  statistics_record statistics;
  statistics_actor statistics_is;
  topic_recorder_actor recorder;
  topics_actor plane;
  core::wall_time wall = start_time;
  core::wall_time set_by = 0;  ///< the machine's clock, since the start
  core::time_point started_at = scheduler.clock().now();
};

}  // namespace skein
