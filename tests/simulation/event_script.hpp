/// What sources send in a simulation, made from a seed, and who has to be told of it: plain lists.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/events/event.hpp"
#include "support/random.hpp"

namespace skein::simulation {

/// An epoch and a number in it.
using place = std::pair<core::epoch_number, core::sequence_number>;

/// What is sent, and who has to be told of it.
class script {
 public:
  struct line {
    place where;
    std::string text;
  };

  script(test::random_source& random, int users, std::size_t padding, bool keep_graph)
      : random_(random), users_(users), padding_(padding), keep_graph_(keep_graph) {}

  void add() {
    auto& lines = epochs_.back();
    const auto number = static_cast<core::sequence_number>(lines.size() + 1);
    const auto epoch = static_cast<core::epoch_number>(epochs_.size());
    // No line is there twice.
    std::string text = std::string(padding_ + epoch, '0') + std::to_string(number);
    const int a = user(), b = user();
    std::set<int> told;
    switch (random_.between(0, 5)) {
      case 0:
        text += "|B";
        for (int u = 1; u <= users_; ++u) told.insert(u);
        break;
      case 1:
      case 2:
        text += "|F|" + std::to_string(a) + "|" + std::to_string(b);
        follows_.insert({a, b});
        told.insert(b);
        break;
      case 3:
        text += "|U|" + std::to_string(a) + "|" + std::to_string(b);
        follows_.erase({a, b});
        break;
      case 4:
        text += "|P|" + std::to_string(a) + "|" + std::to_string(b);
        told.insert(b);
        break;
      default:
        text += "|S|" + std::to_string(a);
        for (const auto& [who, whom] : follows_) {
          if (whom == a) told.insert(who);
        }
    }
    lines.push_back(text);
    for (const int u : told) told_[u].push_back({{epoch, number}, text});
  }

  void begin_epoch() {
    epochs_.emplace_back();
    if (!keep_graph_) follows_.clear();
  }

  /// Lines of all epochs.
  std::size_t size() const {
    std::size_t all = 0;
    for (const auto& lines : epochs_) all += lines.size();
    return all;
  }
  std::size_t epochs() const { return epochs_.size(); }
  const std::vector<std::string>& epoch(std::size_t number) const { return epochs_[number - 1]; }
  const std::vector<line>& of(int user) const {
    static const std::vector<line> none;
    const auto found = told_.find(user);
    return found == told_.end() ? none : found->second;
  }
  /// How many lines of the user are not beyond `where`.
  std::size_t upto(int user, place where) const {
    const auto& all = of(user);
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const line& l) { return l.where <= where; }));
  }
  const std::set<std::pair<int, int>>& follows() const { return follows_; }
  std::string shown(std::string_view text) const {
    const std::size_t zeros = std::min(text.find_first_not_of('0'), text.size());
    if (zeros < padding_) return std::string{text.substr(0, 80)};
    return std::to_string(zeros - padding_) + ":" + std::string{text.substr(zeros)};
  }

 private:
  /// Some are never connected.
  int user() { return random_.between(1, users_ + 2); }

  test::random_source& random_;
  int users_;
  std::size_t padding_;
  bool keep_graph_;
  std::vector<std::vector<std::string>> epochs_{1};
  std::set<std::pair<int, int>> follows_;
  std::map<int, std::vector<line>> told_;
};

}  // namespace skein::simulation
