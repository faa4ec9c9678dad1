#include "core/events/round.hpp"

#include <cstring>
#include <utility>

namespace skein::core {

std::size_t round::size_of(std::uint32_t index) const {
  if (index == broadcasts_only) return broadcasts_.size();
  return broadcasts_.size() - groups_[index].joined_at + groups_[index].own_bytes;
}

std::string_view round::in_one_piece(std::uint32_t index) const {
  const std::string_view broadcasts{broadcasts_};
  if (index == broadcasts_only) return broadcasts;
  const group& g = groups_[index];
  if (g.first == g.last) return broadcasts.substr(g.joined_at);
  if (g.last - g.first == 1 && g.joined_at == broadcasts.size()) {
    return {parts_[g.first].text, parts_[g.first].length};
  }
  return {};
}

void round::copy_to(char* out, std::uint32_t index) const {
  // An empty portion may have no destination, and memcpy must not be given a null one.
  const auto append = [&out](const char* from, std::size_t size) {
    if (size == 0) return;
    std::memcpy(out, from, size);
    out += size;
  };
  const char* const broadcasts = broadcasts_.data();
  if (index == broadcasts_only) {
    append(broadcasts, broadcasts_.size());
    return;
  }
  // The lines of a session are far apart in memory; waiting for each in turn would cost more than
  // all else here.
  constexpr std::uint32_t ahead = 8;
  const group& g = groups_[index];
  std::size_t done = g.joined_at;
  for (std::uint32_t i = g.first; i != g.last; ++i) {
    if (i + ahead < g.last) __builtin_prefetch(parts_[i + ahead].text);
    const part& p = parts_[i];
    append(broadcasts + done, p.broadcasts_before - done);
    done = p.broadcasts_before;
    append(p.text, p.length);
  }
  append(broadcasts + done, broadcasts_.size() - done);
}

round::group& round_builder::group_of(session_index session) {
  if (session >= group_by_session_.size()) group_by_session_.resize(session + 1, no_group);
  std::uint32_t& index = group_by_session_[session];
  if (index == no_group) {
    index = static_cast<std::uint32_t>(current_.groups_.size());
    current_.groups_.push_back({session, 0, 0, 0, 0});
  }
  return current_.groups_[index];
}

std::shared_ptr<const round> round_builder::seal() {
  // While a round is filled, `last` of a group counts its notifications. Here it first becomes //
  // the place of the next one, and at the end the place after the last one.
  std::uint32_t begin = 0;
  for (round::group& g : current_.groups_) {
    const std::uint32_t count = g.last;
    g.first = g.last = begin;
    begin += count;
    group_by_session_[g.session] = no_group;
  }
  current_.parts_.resize(pending_.size());
  for (const pending& p : pending_) current_.parts_[current_.groups_[p.group].last++] = p.what;
  pending_.clear();
  return std::make_shared<const round>(std::exchange(current_, round{}));
}

}  // namespace skein::core
