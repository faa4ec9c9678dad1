/// A topic and its model, played with the same operations; the topic is started again now and then.
#pragma once

#include <map>
#include <memory>
#include <optional>
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

/// What a topic goes on with after a restart.
struct remains {
  std::vector<std::pair<core::subscriber_id, core::progress>> subscribers;
  core::dedupe_window window;
  /// All is as it was when something was kept for this time; not before, or none: as it is now.
  std::optional<std::size_t> as_of;
};

/// A topic in memory, that knows of subscribers what is kept page by page.
class paging_world {
 public:
  core::topic_log& begin(const core::topic_options&, core::wall_time) { return log_; }

  core::subscriber_id add(const std::string&, core::wall_time) { return ++subscribers_; }
  void remove(core::subscriber_id id) { log_.kept.erase(id); }

  /// Keeps what has changed. Returns how often something was kept, if it was now.
  std::size_t keep(const core::topic_queue& topic, core::wall_time) {
    for (const auto& [id, page] : std::exchange(log_.changed_pages, {})) {
      if (!topic.of(id)) continue;
      const core::progress& now = topic.of(id)->so_far();
      kept_subscriber& k = log_.kept[id];
      k.cursors.clear();
      for (const auto& s : now.streams) k.cursors.push_back(s.cursor);
      k.last_lease = now.last_lease;
      k.pages[page] = now.page(page);
    }
    return 0;
  }

  remains restart(core::topic_queue& former, const std::set<core::subscriber_id>& there,
                  core::wall_time) {
    remains r{{}, former.take_window(), std::nullopt};
    for (const core::subscriber_id id : there) {
      r.subscribers.emplace_back(id, kept_of(id, former.of(id)->so_far()));
    }
    return r;
  }

  std::size_t messages() { return log_.size(); }

 private:
  struct kept_subscriber {
    std::vector<core::place> cursors;
    std::uint64_t last_lease = 0;
    std::map<core::page_number, std::vector<std::pair<core::message_id, core::flight>>> pages;
  };
  struct paging_log final : core::memory_topic_log {
    void changed(core::subscriber_id id, core::page_number page) override {
      changed_pages.emplace(id, page);
    }
    std::set<std::pair<core::subscriber_id, core::page_number>> changed_pages;
    std::map<core::subscriber_id, kept_subscriber> kept;
  };

  /// \param begin  as of the subscription
  core::progress kept_of(core::subscriber_id id, const core::progress& begin) const {
    const auto found = log_.kept.find(id);
    if (found == log_.kept.end()) return begin;
    core::progress p = core::progress::from(found->second.cursors);
    p.last_lease = found->second.last_lease;
    for (const auto& [number, page] : found->second.pages) {
      for (const auto& [message, flight] : page) p.put_back(message, flight);
    }
    return p;
  }

  paging_log log_;
  core::subscriber_id subscribers_ = 0;
};

/// `Random` has `between(low, high)` and `one_in(n)`. Calls `differ(what)` for answers that are not
/// the same. `World` is where the topic lies; see paging_world.
template <class Random, class Differ, class World = paging_world>
class topic_game {
 public:
  topic_game(Random& random, Differ differ, World world = {})
      : random_(random),
        differ_(std::move(differ)),
        world_(std::move(world)),
        options_(some_options(random)),
        log_(&world_.begin(options_, now_)),
        topic_(std::make_unique<core::topic_queue>(options_, *log_)),
        now_is_{naive_topic{options_}, {}, {}} {
    limit();
    kept_.emplace(0, now_is_);
  }

  void step() {
    switch (random_.between(0, 10)) {
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
        if (!there().empty()) lease();
        break;
      case 6:
      case 7:
        if (!leases().empty()) end_lease();
        break;
      case 8:
        if (!there().empty()) see_to_the_dead();
        break;
      case 9:
        see_to_the_delayed();
        break;
      default:
        if (random_.one_in(8)) restart();
        now_ += random_.between(0, 60);
        if (random_.one_in(4)) ahead_ = random_.between(-200, 200);
        topic_->do_due(moment());
        model().do_due(moment());
        if (random_.one_in(8)) change();
    }
    // What subscribers lose is the same whether they lose it at once or later.
    if (topic_->has_surplus() && !random_.one_in(4)) return;
    keep();
    compare("next deadline", topic_->next_deadline(moment()), model().next_deadline(moment()));
    compare("messages", world_.messages(), model().messages());
    compare_receipts();
    for (const auto& [name, id] : there()) {
      compare("pending", topic_->of(id)->pending(), std::uint64_t{model().pending(id)});
    }
  }

 private:
  static core::topic_options some_options(Random& random) {
    core::topic_options o;
    o.priorities = static_cast<unsigned>(random.between(1, 5));
    o.order = random.one_in(2) ? core::priority_policy::strict : core::priority_policy::weighted;
    o.max_pending = static_cast<std::uint64_t>(random.between(3, 40));
    o.max_delayed = static_cast<std::uint64_t>(random.between(1, 10));
    o.overflow =
        random.one_in(2) ? core::pending_policy::reject : core::pending_policy::drop_oldest;
    o.dedupe = static_cast<core::dedupe_policy>(random.between(0, 2));
    o.no_subscribers = static_cast<core::no_subscribers_policy>(random.between(0, 2));
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

  /// The model, and what is known outside of both.
  struct state {
    naive_topic model;
    std::map<std::string, core::subscriber_id> there;
    std::vector<std::pair<core::subscriber_id, core::lease_name>> leases;
  };

  void drop_all() { topic_->drop_some(static_cast<std::size_t>(-1)); }

  void keep() {
    drop_all();
    if (const std::size_t n = world_.keep(*topic_, now_)) kept_.insert_or_assign(n, now_is_);
  }

  void limit() {
    core::topic_limits limits;
    limits.losers = 1;
    topic_->limit(limits);
  }

  core::moment moment() const { return {now_, now_ + ahead_}; }
  naive_topic& model() { return now_is_.model; }
  auto& there() { return now_is_.there; }
  auto& leases() { return now_is_.leases; }

  core::subscriber_id anybody() {
    return std::next(there().begin(), random_.between(0, static_cast<int>(there().size()) - 1))
        ->second;
  }

  /// One message, or some with a receipt.
  void publish() {
    if (!random_.one_in(3)) {
      publish_one(0);
      return;
    }
    const core::receipt_number receipt = topic_->receipts().begin();
    compare("receipt", receipt, model().begin_receipt());
    for (int i = random_.between(1, 3); i != 0; --i) publish_one(receipt);
    topic_->receipts().seal(receipt);
    if (!random_.one_in(8)) return;
    drop_all();
    end_receipt(receipt);
  }

  void end_receipt(core::receipt_number receipt) {
    topic_->receipts().end(receipt);
    model().receipts.erase(receipt);
  }

  void compare_receipts() {
    core::receipt_book& book = topic_->receipts();
    std::set<naive_topic::miss> missed;
    for (const core::missed& m : book.take_missed()) {
      missed.emplace(m.receipt, m.line, m.who, m.what);
    }
    compare("missed", missed, model().take_missed());
    std::size_t open = 0;
    std::set<core::receipt_number> complete;
    for (const auto& [number, lines] : model().receipts) {
      const core::receipt* const receipt = book.of(number);
      compare("receipt", receipt != nullptr && receipt->lines.size() == lines.size(), true);
      bool is_complete = true;
      for (std::size_t i = 0; i != lines.size(); ++i) {
        const core::receipt::line& line = receipt->lines[i];
        compare("line",
                line.id == lines[i].id && line.waiting == lines[i].waiting.size() &&
                    line.acknowledged == lines[i].acknowledged && line.missed == lines[i].missed &&
                    line.is_settled == lines[i].is_settled,
                true);
        if (!lines[i].is_settled) ++open;
        is_complete = is_complete && lines[i].is_settled;
      }
      if (is_complete) complete.insert(number);
    }
    compare("open", book.size(), open);
    std::set<core::receipt_number> told;
    for (const auto number : book.take_complete()) {
      if (book.of(number)) told.insert(number);
    }
    compare("complete", told, complete);
    for (const auto number : complete) end_receipt(number);
  }

  void publish_one(core::receipt_number receipt) {
    const auto soon = [&] {
      const core::wall_time time = now_ + random_.between(0, 100);
      return random_.one_in(2) ? core::at_measured(time) : time + ahead_;
    };
    core::message m;
    if (random_.one_in(2)) m.key = std::to_string(random_.between(1, 5));
    m.payload = std::make_shared<const std::string>(std::to_string(++published_));
    m.published = now_;
    if (random_.one_in(4)) m.expires = soon();
    const core::wall_time at = random_.one_in(5) ? soon() : 0;
    const auto priority = static_cast<core::priority_level>(
        random_.between(0, static_cast<int>(options_.priorities)));
    const auto outcome = topic_->publish(priority, m, at, moment(), receipt).what;
    compare("publish", outcome, model().publish(priority, m, at, moment(), receipt));
    if (outcome == core::publish_outcome::overflow) {
      compare("is full of what has expired", model().is_full_of_expired(moment()), false);
    }
  }

  void change() {
    core::option_names some;
    core::for_each_option(
        [&](std::string_view name, const auto&) {
          // Keys are forgotten at some time.
          const bool can = core::can_change(name) && name != "dedupe_window_ms";
          if (can && random_.one_in(4)) some.push_back(name);
        },
        options_);
    drop_all();
    core::change(options_, some_options(random_), some);
    topic_->change(options_);
    model().change(options_);
  }

  /// From what outlives the process.
  void restart() {
    std::set<core::subscriber_id> ids;
    for (const auto& [name, id] : there()) ids.insert(id);
    keep();
    const auto former = std::exchange(topic_, nullptr);
    remains r = world_.restart(*former, ids, now_);
    if (r.as_of) {
      now_is_ = state{kept_.try_emplace(*r.as_of, now_is_).first->second};
      kept_.erase(kept_.upper_bound(*r.as_of), kept_.end());
      model().change(options_);
    }
    log_ = &world_.begin(options_, now_);
    topic_ = std::make_unique<core::topic_queue>(options_, *log_, std::move(r.window));
    limit();
    compare("subscribers", r.subscribers.size(), there().size());
    for (auto& [id, so_far] : r.subscribers) topic_->subscribe(id, std::move(so_far));
    for (const auto& [name, id] : there()) compare("subscriber", topic_->of(id) != nullptr, true);
    model().restart();
  }

  void come_or_go() {
    const std::string name = std::to_string(random_.between(1, 3));
    const auto found = there().find(name);
    const bool is_there = found != there().end();
    if (!random_.one_in(8)) {
      if (is_there) {
        compare("subscribe", topic_->subscribe(found->second), false);
        return;
      }
      const core::subscriber_id id = world_.add(name, now_);
      compare("subscribe", topic_->subscribe(id), true);
      there().emplace(name, id);
      model().subscribe(id);
    } else if (is_there) {
      const core::subscriber_id id = found->second;
      compare("unsubscribe", topic_->unsubscribe(id), true);
      there().erase(found);
      model().unsubscribe(id);
      world_.remove(id);
    }
  }

  void lease() {
    const core::subscriber_id id = anybody();
    const auto most = static_cast<std::uint32_t>(random_.between(0, 12));
    const bool all = random_.one_in(4);
    const auto got = all ? topic_->fetch(id, moment()) : topic_->lease(id, most, moment());
    const auto same = all ? model().fetch(id, moment()) : model().lease(id, most, moment());
    compare("lease", shown(got), shown(same));
    for (const core::delivery& d : got) leases().emplace_back(id, d.lease);
  }

  void end_lease() {
    auto [id, name] = leases()[static_cast<std::size_t>(
        random_.between(0, static_cast<int>(leases().size()) - 1))];
    if (random_.one_in(20)) ++name.number;
    if (!topic_->of(id)) return;
    const int what = random_.between(0, 5);
    if (what == 0) {
      std::optional<core::wall_time> delay;
      if (random_.one_in(2)) delay = random_.between(0, 20);
      compare("nack", topic_->nack(id, name, delay, now_), model().nack(id, name, delay, now_));
    } else if (what == 1) {
      const core::wall_time time = random_.between(1, 100);
      compare("extend", topic_->extend(id, name, time, now_), model().extend(id, name, time, now_));
    } else if (what == 2) {
      compare("give back", topic_->give_back(id, name), model().give_back(id, name));
    } else if (what == 3) {
      compare("finish", topic_->finish_fetched(id, name), model().finish_fetched(id, name));
    } else {
      compare("acknowledge", topic_->acknowledge(id, name), model().acknowledge(id, name));
    }
  }

  void see_to_the_dead() {
    const core::subscriber_id id = anybody();
    const auto dead = topic_->settled(id)->dead();
    compare("dead", dead, model().dead(id));
    if (dead.empty()) return;
    if (random_.one_in(2)) {
      compare("replay", topic_->replay(id, dead[0]), model().replay(id, dead[0]));
    } else {
      compare("purge", topic_->purge(id, dead[0]), model().purge(id, dead[0]));
    }
  }

  void see_to_the_delayed() {
    const auto all = log_->list_delayed({}, 100, 1'000'000);
    std::vector<std::string> payloads;
    for (const auto& d : all) payloads.push_back(*d.what.payload);
    compare("delayed", payloads, model().delayed());
    if (all.empty() || !random_.one_in(4)) return;
    const auto i = static_cast<std::size_t>(random_.between(0, static_cast<int>(all.size()) - 1));
    std::vector<std::string> behind;
    for (const auto& d : log_->list_delayed(all[i].id, 2, 1'000'000)) {
      behind.push_back(*d.what.payload);
    }
    const auto end = std::min(i + 3, payloads.size());
    compare("behind", behind,
            std::vector<std::string>(payloads.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                     payloads.begin() + static_cast<std::ptrdiff_t>(end)));
    compare("cancel", log_->cancel(all[i].id), true);
    compare("cancel again", log_->cancel(all[i].id), false);
    model().cancel(i);
  }

  Random& random_;
  Differ differ_;
  World world_;
  core::wall_time now_ = 1000;
  core::wall_time ahead_ = 0;  ///< the wall clock, of measured time
  core::topic_options options_;
  core::topic_log* log_;
  std::unique_ptr<core::topic_queue> topic_;
  state now_is_;
  std::map<std::size_t, state> kept_;  ///< by how often something was kept before, and then
  int published_ = 0;
};

}  // namespace skein::test
