/// A round as one string a session: slow and plainly right.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/round.hpp"

namespace skein::test {

class naive_round {
 public:
  void connect(core::session_index session) { portions_[session]; }
  void disconnect(core::session_index session) { portions_.erase(session); }
  void broadcast(std::string_view line) {
    for (auto& [session, portion] : portions_) portion += line;
  }
  void add(core::session_index session, std::string_view line) { portions_[session] += line; }

  /// Ends the round: who is connected stays so.
  void seal() {
    for (auto& [session, portion] : portions_) portion.clear();
  }

  const std::map<core::session_index, std::string>& portions() const { return portions_; }

 private:
  std::map<core::session_index, std::string> portions_;
};

inline std::string portion_of(const core::round& round, std::uint32_t index) {
  std::vector<char> text(round.size_of(index));  // null if it is empty
  round.copy_to(text.data(), index);
  return {text.begin(), text.end()};
}

/// The portion of a session: that of its group, or the broadcasts.
inline std::string portion_for(const core::round& round, core::session_index session) {
  for (std::uint32_t i = 0; i != round.groups().size(); ++i) {
    if (round.groups()[i].session == session) return portion_of(round, i);
  }
  return portion_of(round, core::round::broadcasts_only);
}

}  // namespace skein::test
