#include "store/events/recovery.hpp"

#include <algorithm>
#include <utility>

#include "core/hash.hpp"

namespace skein::store {

namespace {

[[noreturn]] void damaged(const std::string& why) {
  throw error{error::kind::corrupted, why};
}

[[noreturn]] void missing_slice(generation_number generation, std::uint32_t place) {
  damaged("of checkpoint " + std::to_string(generation) + " the slice with place " +
          std::to_string(place) + " is missing");
}

/// A checkpoint is given up together with all its slices, and its number is never used again: if
/// the checkpoint is still there afterwards, a cursor has seen all of it.
bool is_there(engine& where, const checkpoint& c) {
  return where.get(family::meta, checkpoint_key(c.generation)).has_value();
}

}  // namespace

bool keeps_graph(const std::vector<epoch_begin>& epochs, core::epoch_number before,
                 core::epoch_number now) {
  auto e = std::upper_bound(
      epochs.begin(), epochs.end(), before,
      [](core::epoch_number number, const epoch_begin& o) { return number < o.epoch; });
  for (; e != epochs.end() && e->epoch <= now; ++e) {
    if (!e->keeps_graph) return false;
    if (e->epoch == now) return true;
  }
  return false;
}

void fold(const core::ordered_block& block, core::epoch_number& epoch,
          const std::vector<epoch_begin>& epochs, core::follower_graph& graph) {
  if (block.epoch != epoch) {
    if (!keeps_graph(epochs, epoch, block.epoch)) graph.forget_follows();
    epoch = block.epoch;
  }
  for (const core::event& e : block.events) {
    if (e.kind == core::event_kind::follow) graph.follow(e.from, e.to);
    if (e.kind == core::event_kind::unfollow) graph.unfollow(e.from, e.to);
  }
}

std::optional<fold_start> fold_start_for(engine& where, core::log_position position) {
  const core::log_position begin = read_begin(where).position;
  std::optional<fold_start> best;
  for (const checkpoint& c : read_checkpoints(where)) {
    if (c.upto <= position && c.from >= begin) best = fold_start{c.from, c.epoch, c};
  }
  // An epoch that began with an empty graph is as good as a checkpoint.
  for (const epoch_begin& e : read_epochs(where)) {
    if (e.keeps_graph || e.begin > position || e.begin < begin) continue;
    if (!best || e.begin >= best->from) best = fold_start{e.begin, e.epoch, std::nullopt};
  }
  if (!best && begin == 0) best = fold_start{};
  return best;
}

bool load(engine& where, const checkpoint& from, core::follower_graph& graph) {
  const auto slices = where.walk(family::graph, reading::many);
  if (!is_there(where, from)) return false;
  const auto follows = [&](core::user_id who, core::user_id followee) {
    graph.follow(who, followee);
  };
  slices->seek(slice_key(from.generation, 0));
  for (std::uint32_t place = 0; place != from.places; slices->next()) {
    if (!slices->valid() || slices->key() != slice_key(from.generation, place)) {
      missing_slice(from.generation, place);
    }
    place = decode_slice(slices->key(), slices->value(), follows);
  }
  return true;
}

bool load(engine& where, const checkpoint& from, const std::vector<core::user_id>& users,
          core::follower_graph& graph) {
  const auto slices = where.walk(family::graph);
  if (!is_there(where, from)) return false;
  if (from.places == 0) return true;
  std::vector<std::pair<std::uint32_t, core::user_id>> homes;
  for (const core::user_id user : users) {
    homes.push_back(
        {core::place_of(static_cast<std::uint64_t>(user), from.places, from.secret), user});
  }
  std::sort(homes.begin(), homes.end());
  // Many of them may be in one slice, which is read once: from the back to the front, the place of
  // a slice tells which users are in it.
  while (!homes.empty()) {
    slices->seek_back(slice_key(from.generation, homes.back().first));
    const auto found = slices->valid() ? place_of_slice(slices->key()) : slice_place{};
    if (found.generation != from.generation) missing_slice(from.generation, homes.back().first);
    const auto first = std::partition_point(
        homes.begin(), homes.end(), [&](const auto& home) { return home.first < found.place; });
    const std::uint32_t last = homes.back().first;
    core::user_map<bool> here;
    for (auto home = first; home != homes.end(); ++home) here[home->second] = true;
    homes.erase(first, homes.end());
    const auto follows = [&](core::user_id who, core::user_id followee) {
      if (here.find(who)) graph.follow(who, followee);
    };
    if (decode_slice(slices->key(), slices->value(), follows) <= last) {
      missing_slice(from.generation, last);
    }
  }
  return true;
}

graph_at_position graph_at(engine& where, core::log_position position, const tell_progress& tell) {
  const auto start = fold_start_for(where, position);
  if (!start) damaged("the log does not begin at 0, and there is no checkpoint of the graph");
  const std::vector<epoch_begin> epochs = read_epochs(where);
  graph_at_position found;
  found.epoch = start->epoch;
  if (start->with) load(where, *start->with, found.graph);
  log_reader log{where, core::line_ending::lf};
  // The first record may begin before, which does no harm: what was done last to an edge counts.
  log.seek(start->from);
  while (log.at() < position) {
    const auto block = log.next();
    if (!block) break;
    fold(*block, found.epoch, epochs, found.graph);
    if (tell) tell(log.at(), position);
  }
  if (log.lost()) {
    damaged("the record at position " + std::to_string(log.at()) + " of the log is missing");
  }
  return found;
}

core::follower_graph recover_graph(engine& where, const tell_progress& tell) {
  graph_at_position found = graph_at(where, log_index{where}.end(), tell);
  const std::vector<epoch_begin> epochs = read_epochs(where);
  if (!epochs.empty() && epochs.back().epoch != found.epoch &&
      !keeps_graph(epochs, found.epoch, epochs.back().epoch)) {
    found.graph.forget_follows();
  }
  return std::move(found.graph);
}

}  // namespace skein::store
