/// A topic and its model, played with the same operations.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/naive_topic.hpp"

namespace skein::test {

inline std::string shown(const std::vector<core::delivery>& all) {
  std::string text;
  for (const core::delivery& d : all) {
    text += std::to_string(core::number_of(d.lease.id)) + " lease " +
            std::to_string(d.lease.number) + " attempt " + std::to_string(d.attempt) + " until " +
            std::to_string(d.deadline) + " " + *d.what.payload + "\n";
  }
  return text;
}

/// `Random` has `between(low, high)` and `one_in(n)`. Calls `differ(what, topic, model)` for
/// answers that are not the same.
template <class Random, class Differ>
class topic_game {
 public:
  topic_game(Random& random, Differ differ)
      : random_(random),
        differ_(std::move(differ)),
        options_(some_options(random)),
        topic_(std::make_unique<core::topic_queue>(options_, log_)),
        model_(options_) {}

  void step() {
    switch (random_.between(0, 9)) {
      case 0:
      case 1:
      case 2:
        publish();
        break;
      case 3:
        come_or_go();
        break;
      case 4:
      case 5:
        if (!there_.empty()) lease();
        break;
      case 6:
      case 7:
        if (!leases_.empty()) end_lease();
        break;
      case 8:
        if (!there_.empty()) see_to_the_dead();
        break;
      default:
        if (random_.one_in(8)) restart();
        now_ += random_.between(0, 60);
        topic_->do_due(now_);
        model_.do_due(now_);
    }
    compare("next deadline", topic_->next_deadline(), model_.next_deadline());
    compare("messages", log_.size(), model_.messages());
    for (const core::subscriber_id id : there_) {
      compare("pending", topic_->of(id)->pending(), std::uint64_t{model_.pending(id)});
    }
  }

 private:
  static core::topic_options some_options(Random& random) {
    core::topic_options o;
    o.priorities = static_cast<unsigned>(random.between(1, 3));
    o.order = random.one_in(2) ? core::priority_policy::strict : core::priority_policy::weighted;
    o.max_pending = static_cast<std::uint64_t>(random.between(3, 40));
    o.overflow =
        random.one_in(2) ? core::pending_policy::reject : core::pending_policy::drop_oldest;
    o.dedupe = static_cast<core::dedupe_policy>(random.between(0, 2));
    o.dedupe_window = std::chrono::milliseconds{random.between(1, 200)};
    o.expire = !random.one_in(4);
    o.ordered = random.one_in(2);
    o.batch = static_cast<std::uint32_t>(random.between(1, 10));
    o.lease = std::chrono::milliseconds{random.one_in(4) ? 0 : random.between(1, 200)};
    o.retry_delay = std::chrono::milliseconds{random.between(1, 50)};
    o.most_retry_delay = std::chrono::milliseconds{random.between(50, 100)};
    o.max_deliveries = static_cast<std::uint32_t>(random.between(0, 4));
    return o;
  }

  template <class T>
  void compare(const char* what, const T& topic, const T& model) {
    if (!(topic == model)) differ_(what);
  }

  core::subscriber_id anybody() {
    return *std::next(there_.begin(), random_.between(0, static_cast<int>(there_.size()) - 1));
  }

  void publish() {
    const auto soon = [&] { return now_ + random_.between(0, 100); };
    core::message m;
    if (random_.one_in(2)) m.key = std::to_string(random_.between(1, 5));
    m.payload = std::make_shared<const std::string>(std::to_string(++published_));
    m.published = now_;
    if (random_.one_in(4)) m.expires = soon();
    const core::wall_time at = random_.one_in(5) ? soon() : 0;
    const auto priority = static_cast<core::priority_level>(
        random_.between(0, static_cast<int>(options_.priorities)));
    compare("publish", topic_->publish(priority, m, at, now_).what,
            model_.publish(priority, m, at, now_));
  }

  /// From what outlives the process.
  void restart() {
    const auto former = std::exchange(topic_, nullptr);
    topic_ = std::make_unique<core::topic_queue>(options_, log_, former->window());
    for (const core::subscriber_id id : there_) {
      topic_->subscribe(id, former->of(id)->so_far());
    }
    model_.restart();
  }

  void come_or_go() {
    const auto id = static_cast<core::subscriber_id>(random_.between(1, 3));
    if (random_.one_in(8)) {
      compare("unsubscribe", topic_->unsubscribe(id), there_.erase(id) != 0);
      model_.unsubscribe(id);
    } else {
      compare("subscribe", topic_->subscribe(id), there_.insert(id).second);
      model_.subscribe(id);
    }
  }

  void lease() {
    const core::subscriber_id id = anybody();
    const auto most = static_cast<std::uint32_t>(random_.between(0, 12));
    const auto got = topic_->lease(id, most, now_);
    compare("lease", shown(got), shown(model_.lease(id, most, now_)));
    for (const core::delivery& d : got) leases_.emplace_back(id, d.lease);
  }

  void end_lease() {
    auto [id, name] =
        leases_[static_cast<std::size_t>(random_.between(0, static_cast<int>(leases_.size()) - 1))];
    if (random_.one_in(20)) ++name.number;
    if (there_.count(id) == 0) return;
    const int what = random_.between(0, 4);
    if (what == 0) {
      std::optional<core::wall_time> delay;
      if (random_.one_in(2)) delay = random_.between(0, 20);
      compare("nack", topic_->nack(id, name, delay, now_), model_.nack(id, name, delay, now_));
    } else if (what == 1) {
      const core::wall_time time = random_.between(1, 100);
      compare("extend", topic_->extend(id, name, time, now_), model_.extend(id, name, time, now_));
    } else {
      compare("acknowledge", topic_->acknowledge(id, name), model_.acknowledge(id, name));
    }
  }

  void see_to_the_dead() {
    const core::subscriber_id id = anybody();
    const auto dead = topic_->of(id)->dead();
    compare("dead", dead, model_.dead(id));
    if (dead.empty()) return;
    if (random_.one_in(2)) {
      compare("replay", topic_->replay(id, dead[0]), model_.replay(id, dead[0]));
    } else {
      compare("purge", topic_->purge(id, dead[0]), model_.purge(id, dead[0]));
    }
  }

  Random& random_;
  Differ differ_;
  core::topic_options options_;
  core::memory_message_log log_;
  std::unique_ptr<core::topic_queue> topic_;
  naive_topic model_;
  std::set<core::subscriber_id> there_;
  std::vector<std::pair<core::subscriber_id, core::lease_name>> leases_;
  core::wall_time now_ = 1000;
  int published_ = 0;
};

}  // namespace skein::test
