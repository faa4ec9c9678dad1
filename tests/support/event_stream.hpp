/// A stream of events in order as the sequencer releases it, and all that is true of it: slow and
/// plainly right.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/events/event_line.hpp"
#include "core/events/sequence.hpp"
#include "support/naive_graph.hpp"
#include "support/random.hpp"

namespace skein::test {

using edge_set = std::set<std::pair<core::user_id, core::user_id>>;

class event_stream {
 public:
  struct item {
    core::epoch_number epoch;
    core::event e;  ///< without a place in a text
    core::log_position position;
    std::string line;  ///< without its end
    std::int64_t time;
    std::set<core::user_id> told;  ///< but for a broadcast, which all are

    core::log_position end() const { return position + line.size() + 1; }
    bool is_for(core::user_id user) const {
      return e.kind == core::event_kind::broadcast || told.count(user) != 0;
    }
  };
  struct epoch {
    core::epoch_number number;
    core::log_position begin;
    bool keeps_graph;
  };

  /// The first epoch begins with the first block.
  core::ordered_block add(const std::vector<std::string>& lines, core::line_ending ending,
                          std::int64_t time) {
    if (epochs_.empty()) epochs_.push_back({1, 0, false});
    core::ordered_block block;
    block.epoch = epochs_.back().number;
    block.begin = end_;
    block.ending = ending;
    for (const std::string& line : lines) {
      core::event e = core::parse_event(line).value;
      e.offset = static_cast<std::uint32_t>(block.text.size());
      e.length = static_cast<std::uint16_t>(line.size() + core::text_of(ending).size());
      block.text += line;
      block.text += core::text_of(ending);
      block.events.push_back(e);
      items_.push_back({block.epoch, e, end_, line, time, {}});
      route(items_.back());
      end_ += line.size() + 1;
      next_ = std::max(next_, e.sequence + 1);
    }
    return block;
  }

  /// Of the next `add`, which may have no lines.
  void begin_epoch(bool keeps_graph) {
    const bool is_first = epochs_.empty();
    epochs_.push_back({is_first ? 2 : epochs_.back().number + 1, end_, !is_first && keeps_graph});
    next_ = 1;
    if (!epochs_.back().keeps_graph) graph_.clear();
  }

  const std::vector<item>& items() const { return items_; }
  const std::vector<epoch>& epochs() const { return epochs_; }
  core::log_position end() const { return end_; }
  core::sequence_number next() const { return next_; }
  core::epoch_number epoch_now() const { return epochs_.empty() ? 1 : epochs_.back().number; }

  /// Who follows whom at the end.
  edge_set edges() const { return graph_; }

  /// The position of the first event beyond, or the end.
  core::log_position position_beyond(core::epoch_number of, core::sequence_number number) const {
    for (const item& i : items_) {
      if (i.epoch > of || (i.epoch == of && i.e.sequence > number)) return i.position;
    }
    return end_;
  }

  /// What the user is told of [from, until), each with the line ending.
  std::vector<std::string> told(core::user_id user, core::log_position from,
                                core::log_position until, std::string_view line_end) const {
    std::vector<std::string> lines;
    for (const item& i : items_) {
      if (i.position < from || i.position >= until || !i.is_for(user)) continue;
      lines.push_back(i.line + std::string{line_end});
    }
    return lines;
  }

 private:
  void route(item& i) {
    const core::event& e = i.e;
    switch (e.kind) {
      case core::event_kind::follow:
        graph_.insert({e.from, e.to});
        i.told = {e.to};
        break;
      case core::event_kind::unfollow:
        graph_.erase({e.from, e.to});
        break;
      case core::event_kind::private_message:
        i.told = {e.to};
        break;
      case core::event_kind::status_update:
        for (const auto& [follower, followee] : graph_) {
          if (followee == e.from) i.told.insert(follower);
        }
        break;
      case core::event_kind::broadcast:
        break;
    }
  }

  std::vector<item> items_;
  std::vector<epoch> epochs_;
  edge_set graph_;
  core::log_position end_ = 0;
  core::sequence_number next_ = 1;
};

/// Events of few users, so that they have to do with each other.
class random_lines {
 public:
  random_lines(random_source& random, std::vector<core::user_id> users)
      : random_(random), users_(std::move(users)) {}

  const std::vector<core::user_id>& users() const { return users_; }
  core::user_id user() { return users_[random_.between<std::size_t>(0, users_.size() - 1)]; }

  /// `number` goes up; now and then over some, or one comes late.
  std::string line(core::sequence_number& number) {
    number += random_.one_in(20) ? random_.between<core::sequence_number>(1, 5) : 1;
    core::sequence_number n = number;
    if (random_.one_in(50)) n = std::max<core::sequence_number>(1, n - random_.between(1, 9));
    std::string text = random_.one_in(10) ? "+00" : "";
    text += std::to_string(n);
    const auto field = [&] { return '|' + std::to_string(user()); };
    const auto kind = random_.between(0, 19);
    if (kind < broadcasts) return text + "|B";
    if (kind < 8) return text + "|F" + field() + field();
    if (kind < 12) return text + "|U" + field() + field();
    if (kind < 15) return text + "|P" + field() + field();
    return text + "|S" + field();
  }

  std::vector<std::string> lines(std::size_t count, core::sequence_number& number) {
    std::vector<std::string> all;
    while (all.size() != count) all.push_back(line(number));
    return all;
  }

  int broadcasts = 1;  ///< of 20 events

 private:
  random_source& random_;
  std::vector<core::user_id> users_;
};

}  // namespace skein::test
