#include "store/check.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "core/events/event_keys.hpp"
#include "core/events/key_filter.hpp"
#include "core/hash.hpp"
#include "store/events/log_reader.hpp"
#include "store/events/recovery.hpp"
#include "store/format.hpp"
#include "store/reporting.hpp"
#include "store/topics/topic_check.hpp"

namespace skein::store {

namespace {

using core::log_position;

std::string text_of(log_position p) {
  return std::to_string(p);
}

/// Family `meta`, as far as it can be read.
struct meta_data {
  log_begin begin;
  std::optional<log_position> over;
  std::vector<epoch_begin> epochs;
  std::vector<checkpoint> checkpoints;
  std::optional<topic_number> topics = 1;  ///< number of the next; nothing if that is damaged

  core::epoch_number last_epoch() const { return epochs.empty() ? 1 : epochs.back().epoch; }

  /// The last epoch that begins before `p`, or at `p`; 1 if there is none.
  core::epoch_number epoch_before(log_position p) const { return p == 0 ? 1 : epoch_at(p - 1); }
  core::epoch_number epoch_at(log_position p) const {
    const auto next = std::upper_bound(
        epochs.begin(), epochs.end(), p,
        [](log_position position, const epoch_begin& e) { return position < e.begin; });
    return next == epochs.begin() ? 1 : std::prev(next)->epoch;
  }

  bool has(core::epoch_number epoch) const { return has_between(epoch - 1, epoch); }
  /// An epoch after `before`, up to `last`. Epochs without events in the log are not there any
  /// more.
  bool has_between(core::epoch_number before, core::epoch_number last) const {
    return std::any_of(epochs.begin(), epochs.end(),
                       [&](const epoch_begin& e) { return e.epoch > before && e.epoch <= last; });
  }
};

meta_data read_meta(engine& where, const report_function& report) {
  meta_data found;
  const auto begins_with = [](std::string_view key, std::string_view name) {
    return key.substr(0, name.size()) == name;
  };
  for_each(where, family::meta, report, [&](std::string_view key, std::string_view value) {
    if (key == format_key) {
      if (decoded_format(value) != format_version) report("the format of the store is unknown");
    } else if (key == begin_key) {
      found.begin = decode_begin(value);
    } else if (key == over_key) {
      found.over = decode_over(value);
    } else if (begins_with(key, "epoch")) {
      found.epochs.push_back(decode_epoch(key, value));
    } else if (begins_with(key, "checkpoint")) {
      found.checkpoints.push_back(decode_checkpoint(key, value));
    } else if (key == topics_key) {
      found.topics.reset();
      found.topics = decode_topics(value);
    } else if (key == clock_key) {
      decode_clock(value);
    } else if (key == lives_key) {
      decode_lives(value);
    } else {
      report("family meta has an unknown key of " + std::to_string(key.size()) + " bytes");
    }
  });
  std::sort(found.checkpoints.begin(), found.checkpoints.end(),
            [](const checkpoint& a, const checkpoint& b) {
              return std::tie(a.from, a.epoch) < std::tie(b.from, b.epoch);
            });
  return found;
}

/// The graph while the log is read, and whether checkpoints agree with it.
class graph_check {
 public:
  graph_check(engine& where, const meta_data& meta, const report_function& report)
      : where_(where),
        meta_(meta),
        report_(report),
        is_known_(meta.begin.position == 0),
        epoch_(meta.epoch_before(meta.begin.position)),
        next_(meta.checkpoints.begin()) {}

  void apply(const core::ordered_block& block) {
    for (std::size_t i = 0; i != block.events.size(); ++i) {
      const core::event& e = block.events[i];
      come_to(block.position_of(i), block.epoch);
      const bool is_follow = e.kind == core::event_kind::follow;
      if (!is_follow && e.kind != core::event_kind::unfollow) continue;
      change(graph_, e, is_follow);
      for (made& m : made_) change(m.graph, e, is_follow);
    }
  }

  /// What comes next, at `position`, cannot be read.
  void lose(log_position position) {
    compare_at(position);
    is_known_ = false;
    for (made& m : made_) m.is_known = false;
  }

  /// Nothing comes from `position` on. Returns the number of edges.
  std::size_t end(log_position position) {
    come_to(position, std::max(epoch_, meta_.last_epoch()));
    return graph_.edges();
  }

 private:
  /// A checkpoint that has begun, with what was done since.
  struct made {
    checkpoint what;
    core::follower_graph graph;
    bool is_known;
  };

  static void change(core::follower_graph& graph, const core::event& e, bool is_follow) {
    if (is_follow) {
      graph.follow(e.from, e.to);
    } else {
      graph.unfollow(e.from, e.to);
    }
  }

  /// What comes next is at `position`, in `epoch`.
  void come_to(log_position position, core::epoch_number epoch) {
    compare_at(position);
    if (epoch == epoch_) return;
    for (const epoch_begin& e : meta_.epochs) {
      if (e.epoch <= epoch_ || e.epoch > epoch) continue;
      epoch_ = e.epoch;
      if (!e.keeps_graph) {
        graph_.forget_follows();
        is_known_ = true;
      }
      compare_at(position);
    }
    epoch_ = epoch;
  }

  /// Loads the checkpoints that begin at `position`, and compares those that end there. They may
  /// overlap: the recorder makes one where it cannot wait for the router's.
  void compare_at(log_position position) {
    for (; next_ != meta_.checkpoints.end(); ++next_) {
      if (next_->from > position || meta_.has_between(epoch_, next_->epoch)) break;
      made_.push_back({*next_, {}, next_->from >= meta_.begin.position});
      made& m = made_.back();
      // What is wrong with slices is reported by the check that reads all of them.
      m.is_known = m.is_known && try_to([](auto&) {}, [&] { load(where_, m.what, m.graph); });
    }
    for (auto m = made_.begin(); m != made_.end();) {
      const bool ends = m->what.upto <= position;
      if (ends) compare(*m);
      m = ends ? made_.erase(m) : std::next(m);
    }
  }

  void compare(made& m) {
    if (!m.is_known) return;
    const checkpoint& c = m.what;
    // An epoch that ends where it begins leaves no record of whether it forgot the graph.
    if (c.edges == 0 && m.graph.edges() == 0 && !meta_.has(c.epoch)) return;
    const std::string name =
        "checkpoint " + std::to_string(c.generation) + ", of position " + text_of(c.upto) + ": ";
    if (m.graph.edges() != c.edges) {
      report_(name + "it has " + std::to_string(m.graph.edges()) + " edges, not " +
              std::to_string(c.edges));
    }
    if (!is_known_) {
      graph_ = std::move(m.graph);
      is_known_ = true;
      return;
    }
    report_difference(m.graph, graph_, name + "the log does not say that ");
    report_difference(graph_, m.graph, name + "it does not say that ");
  }

  /// Names one edge that `graph` has and `other` has not.
  void report_difference(const core::follower_graph& graph, const core::follower_graph& other,
                         const std::string& text) {
    bool found = false;
    graph.for_each_edge([&](core::user_id follower, core::user_id followee) {
      if (found || other.follows(follower, followee)) return;
      found = true;
      report_(text + std::to_string(follower) + " follows " + std::to_string(followee));
    });
  }

  engine& where_;
  const meta_data& meta_;
  const report_function& report_;
  core::follower_graph graph_;
  bool is_known_;  ///< `graph_` is that of the log so far
  core::epoch_number epoch_;
  std::vector<checkpoint>::const_iterator next_;
  std::vector<made> made_;
};

/// Families `log` and `index`, side by side.
class log_check {
 public:
  log_check(engine& where, const meta_data& meta, graph_check& graph, const report_function& report,
            check_counts& counts)
      : where_(where), meta_(meta), graph_(graph), report_(report), counts_(counts) {
    at_ = meta.begin.position;
    before_ = meta.begin.before;
    next_ = meta.begin.next;
    time_ = meta.begin.time;
    epoch_ = meta.epoch_before(at_);
  }

  /// Returns the end of the log.
  log_position run() {
    try_to(report_, [&] {
      const auto index = where_.walk(family::index, reading::many);
      const auto log = where_.walk(family::log, reading::many);
      index->seek("");
      log->seek("");
      while (index->valid() || log->valid()) {
        const bool by_index = index->valid() && (!log->valid() || index->key() <= log->key());
        const std::string key{by_index ? index->key() : log->key()};
        const bool has_entry = by_index, has_record = log->valid() && log->key() == key;
        try_to(report_, [&] {
          check_at(key, has_entry ? std::optional{index->value()} : std::nullopt,
                   has_record ? std::optional{log->value()} : std::nullopt);
        });
        if (has_entry) index->next();
        if (has_record) log->next();
      }
    });
    return at_;
  }

  /// Only of epochs that are in the log from their begin on.
  void check_fingerprints() {
    for (const epoch_begin& e : meta_.epochs) {
      if (e.begin < meta_.begin.position || has_lost_) continue;
      const auto seen = first_events_.find(e.epoch);
      if (e.first_event == (seen == first_events_.end() ? 0 : seen->second)) continue;
      report_("epoch " + std::to_string(e.epoch) +
              ": the fingerprint of its event 1 is not that of the log");
    }
  }

 private:
  using view = std::optional<std::string_view>;

  void check_at(std::string_view key, view entry_value, view record_value) {
    const log_position begin = position_of(key);
    name_ = "position " + text_of(begin) + ": ";
    if (begin != at_ && is_certain_) {
      report_(name_ + (begin < at_ ? "a record begins before " : "there is nothing from ") +
              text_of(at_) + (begin < at_ ? ", where it should" : " on up to here"));
      is_certain_ = false;
      lose(at_);
    }
    at_ = begin;
    if (!entry_value) report_(name_ + "the record has no index entry");
    if (!record_value) report_(name_ + "the index entry has no record");
    counts_.records += record_value ? 1 : 0;
    std::optional<entry> e;
    std::optional<core::ordered_block> block;
    if (entry_value) try_to(report_, [&] { e = decode_entry(key, *entry_value); });
    if (record_value) {
      try_to(report_, [&] {
        block = block_of(begin, decode_record(key, *record_value), core::line_ending::lf);
      });
    }
    if (block) {
      check_block(*block);
    } else {
      lose(begin);
    }
    if (e) {
      check_entry(*e, block);
    } else if (block) {
      before_ += block->events.size();
    }
    is_certain_ = e || (block && is_certain_);
  }

  void lose(log_position position) {
    has_lost_ = true;
    graph_.lose(position);
  }

  void check_block(const core::ordered_block& block) {
    check_epoch(block);
    if (block.epoch != epoch_) next_ = 1;
    epoch_ = block.epoch;
    for (const core::event& e : block.events) {
      next_ = std::max(next_, e.sequence + 1);
      if (e.sequence != 1) continue;
      std::string_view text = block.text_of(e);
      text.remove_suffix(1);
      first_events_.emplace(epoch_, core::fingerprint_of(text));
    }
    graph_.apply(block);
    at_ = block.end();
    counts_.events += block.events.size();
  }

  void check_epoch(const core::ordered_block& block) {
    const core::epoch_number expected = meta_.epoch_at(block.begin);
    const std::string number = std::to_string(block.epoch);
    if (!meta_.has(block.epoch)) {
      report_(name_ + "the record is of epoch " + number + ", which has not begun");
    } else if (block.epoch != expected) {
      report_(name_ + "the record is of epoch " + number + ", here is epoch " +
              std::to_string(expected));
    } else if (meta_.epoch_before(block.end()) != expected) {
      report_(name_ + "an epoch begins within the record");
    }
  }

  /// Compares with the record, if that can be read, and with the entry before.
  void check_entry(const entry& e, const std::optional<core::ordered_block>& block) {
    const auto expect = [&](bool holds, const char* what) {
      if (!holds) report_(name_ + "the index entry is wrong: " + what);
    };
    if (is_certain_) expect(e.before == before_, "before");
    expect(e.time >= time_, "time, it falls");
    if (block) {
      expect(e.epoch == block->epoch, "epoch");
      expect(e.events == block->events.size(), "events");
      expect(e.bytes == block->end() - block->begin, "bytes");
      if (is_certain_) expect(e.next == next_, "next");
      const auto broadcasts =
          std::count_if(block->events.begin(), block->events.end(),
                        [](const core::event& v) { return v.kind == core::event_kind::broadcast; });
      expect(e.broadcasts == broadcasts, "broadcasts");
      expect(has_all_keys(e.filter, *block), "filter, a key is not in it");
    } else {
      epoch_ = e.epoch;
      at_ += e.bytes;
    }
    before_ = e.before + (block ? block->events.size() : e.events);
    next_ = e.next;
    time_ = std::max(time_, e.time);
  }

  static bool has_all_keys(std::string_view filter, const core::ordered_block& block) {
    return std::all_of(block.events.begin(), block.events.end(), [&](const core::event& e) {
      std::uint64_t keys[core::most_keys_of_an_event];
      const std::size_t count = core::write_keys(e, keys);
      return std::all_of(keys, keys + count, [&](std::uint64_t key) {
        return core::key_filter::may_contain(filter, key);
      });
    });
  }

  engine& where_;
  const meta_data& meta_;
  graph_check& graph_;
  const report_function& report_;
  check_counts& counts_;
  std::string name_;  ///< of where it is

  // Of the records so far.
  log_position at_;
  bool is_certain_ = true;  ///< where the next one begins, and what its entry must say
  std::uint64_t before_;
  core::sequence_number next_;
  wall_time time_;
  core::epoch_number epoch_;
  bool has_lost_ = false;                                     ///< a record
  std::map<core::epoch_number, std::uint64_t> first_events_;  ///< fingerprints
};

/// Family `graph`, and what the checkpoints say of it.
class slices_check {
 public:
  slices_check(const meta_data& meta, const report_function& report)
      : meta_(meta), report_(report) {}

  void run(engine& where) {
    for_each(where, family::graph, report_,
             [&](std::string_view key, std::string_view value) { check(key, value); });
    for (const checkpoint& c : meta_.checkpoints) {
      const auto end = ends_.find(c.generation);
      if (end == ends_.end() ? c.places != 0 : end->second != c.places) {
        report_("checkpoint " + std::to_string(c.generation) + ": its last slices are missing");
      }
    }
  }

 private:
  void check(std::string_view key, std::string_view value) {
    const slice_place at = place_of_slice(key);
    const auto of =
        std::find_if(meta_.checkpoints.begin(), meta_.checkpoints.end(),
                     [&](const checkpoint& c) { return c.generation == at.generation; });
    const std::string name = "checkpoint " + std::to_string(at.generation) + ", slice of place " +
                             std::to_string(at.place) + ": ";
    if (of == meta_.checkpoints.end()) {
      // A checkpoint that was unfinished when the daemon ended is erased at the next start.
      const bool is_unfinished =
          std::all_of(meta_.checkpoints.begin(), meta_.checkpoints.end(),
                      [&](const checkpoint& c) { return c.generation < at.generation; });
      if (!is_unfinished) report_(name + "there is no such checkpoint");
      return;
    }
    std::uint32_t& end = ends_[at.generation];
    if (end != at.place) report_(name + "slices are missing before it");
    end = of->places;  // if it cannot be read
    bool at_home = true;
    std::uint32_t last = 0;
    const auto check_home = [&](core::user_id follower, core::user_id) {
      const auto home =
          core::place_of(static_cast<std::uint64_t>(follower), of->places, of->secret);
      at_home &= home >= at.place;
      last = std::max(last, home);
    };
    end = decode_slice(key, value, check_home);
    if (!at_home || (last >= end && end != at.place)) {
      report_(name + "a follower is not at home in it");
    }
  }

  const meta_data& meta_;
  const report_function& report_;
  std::map<generation_number, std::uint32_t> ends_;  ///< of the last slice
};

void check_meta(engine& where, const meta_data& meta, log_position end,
                const report_function& report) {
  if (meta.over && *meta.over != end) {
    report("the stream is said to be over at position " + text_of(*meta.over) +
           ", but the log ends at " + text_of(end));
  }
  const epoch_begin* before = nullptr;
  for (const epoch_begin& e : meta.epochs) {
    const std::string name = "epoch " + std::to_string(e.epoch) + ": ";
    if (before && e.begin < before->begin) report(name + "it begins before the one before");
    if (e.begin > end) report(name + "it begins after the end of the log");
    before = &e;
  }
  log_position from = meta.begin.position;
  for (const checkpoint& c : meta.checkpoints) {
    const std::string name = "checkpoint " + std::to_string(c.generation) + ": ";
    if (c.from < from) {
      report(name + "it begins before position " + text_of(from) +
             ", where the log or the checkpoint before does");
    }
    if (c.upto < c.from || c.upto > end) report(name + "it does not end within the log");
    if (c.epoch < meta.epoch_before(c.upto) || c.epoch > meta.epoch_at(c.from)) {
      report(name + "it is not of the epoch of its positions");
    }
    // What is wrong with entries was reported by the check that reads all of them.
    try_to([](auto&) {},
           [&] {
             const auto at = entry_at(where, c.from);
             if (!at || c.from < meta.begin.position) return;
             if (c.before != at->what.before + (c.from < at->end ? 0 : at->what.events)) {
               report(name + "the number of events before it is wrong");
             }
           });
    from = std::max(from, c.from);
  }
}

void check_inboxes(engine& where, const meta_data& meta, const report_function& report,
                   check_counts& counts) {
  for_each(where, family::inbox, report, [&](std::string_view key, std::string_view value) {
    ++counts.inboxes;
    const core::user_id user = user_of(key);
    const inbox i = decode_inbox(key, value);
    const std::string name = "inbox of user " + std::to_string(user) + ": ";
    if (i.epoch > meta.last_epoch()) {
      report(name + "it is of epoch " + std::to_string(i.epoch) + ", which has not begun");
    }
    if (i.number < 0) report(name + "its number is below 0");
  });
}

}  // namespace

check_counts check(engine& where, const report_function& report) {
  check_counts counts;
  where.verify(report);
  const meta_data meta = read_meta(where, report);
  counts.epochs = meta.epochs.size();
  counts.checkpoints = meta.checkpoints.size();
  graph_check graph{where, meta, report};
  log_check log{where, meta, graph, report, counts};
  const log_position end = log.run();
  log.check_fingerprints();
  counts.edges = graph.end(end);
  slices_check{meta, report}.run(where);
  check_meta(where, meta, end, report);
  check_inboxes(where, meta, report, counts);
  const topic_counts topics = check_topics(where, meta.topics, report);
  counts.topics = topics.topics;
  counts.messages = topics.messages;
  counts.subscribers = topics.subscribers;
  return counts;
}

}  // namespace skein::store
