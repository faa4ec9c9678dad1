/// The promises of docs/protocol.md to whoever listens, stated over a script and the lines that
/// were heard. What breaks one is returned as a sentence; nothing is, if all are kept.
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "simulation/event_script.hpp"

namespace skein::simulation {

inline std::vector<std::string> whole_lines(const std::string& text) {
  std::vector<std::string> all;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find("\r\n", begin)) != text.npos; begin = end + 2) {
    all.push_back(text.substr(begin, end - begin));
  }
  return all;
}

/// A durable user hears every line of theirs in order, from behind what they may have acknowledged.
struct durable_promise {
  int user = 0;
  /// Lines of theirs that the daemon may take them to have: one of these numbers.
  std::set<std::size_t> has{0};
  std::size_t began = 0;  ///< of this connection: which of `has` it was; once it is known
  bool began_known = false;
  std::size_t said = 0;  ///< lines that were acknowledged over this connection

  /// `heard`: all whole lines of this connection.
  std::string broken_by(const std::vector<std::string>& heard, const script& sent) {
    const auto& all = sent.of(user);
    const std::string who = "user " + std::to_string(user);
    if (!heard.empty() && !began_known) {
      for (const std::size_t b : has) {
        if (b >= all.size() || all[b].text != heard.front()) continue;
        began = b;
        began_known = true;
      }
      if (!began_known) {
        return who + " heard first " + sent.shown(heard.front()) +
               ", at the earliest to come: " + std::to_string(*has.begin());
      }
      has = {began};
    }
    for (std::size_t i = 0; i != heard.size(); ++i) {
      if (began + i < all.size() && heard[i] == all[began + i].text) continue;
      return who + " heard " + sent.shown(heard[i]) + " as line " + std::to_string(i) + " from " +
             std::to_string(began) + ", and had to hear " +
             (began + i < all.size() ? sent.shown(all[began + i].text) : "nothing");
    }
    return {};
  }
};

/// A live user hears every line of theirs in order, from some line on.
struct live_promise {
  int user = 0;

  std::string broken_by(const std::vector<std::string>& heard, const script& sent) const {
    if (heard.empty()) return {};
    const auto& all = sent.of(user);
    auto next = std::find_if(all.begin(), all.end(),
                             [&](const auto& l) { return l.text == heard.front(); });
    for (const std::string& line : heard) {
      if (next == all.end() || line != next->text) {
        return "live user " + std::to_string(user) + " heard " + sent.shown(line) +
               ", and had to hear " + (next == all.end() ? "nothing" : sent.shown(next->text));
      }
      ++next;
    }
    return {};
  }
};

}  // namespace skein::simulation
