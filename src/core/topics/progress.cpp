#include "core/topics/progress.hpp"

#include <algorithm>

namespace skein::core {

progress progress::from(const std::vector<place>& cursors) {
  progress p;
  for (const place cursor : cursors) p.streams.push_back({cursor, place_set{cursor}});
  return p;
}

void progress::put_back(message_id id, const flight& f) {
  streams[id.priority].finished.remove(id.at);
  flights.insert_or_assign(id, f);
}

std::vector<std::pair<message_id, flight>> progress::page(page_number page) const {
  std::vector<std::pair<message_id, flight>> all;
  const stream& s = streams[page.priority];
  const place begin = page.number * page_places;
  const place end = std::min(begin + page_places, s.cursor);
  for (place at = s.finished.next_missing(begin); at < end; at = s.finished.next_missing(at + 1)) {
    const message_id id{page.priority, at};
    const auto found = flights.find(id);
    all.emplace_back(id, found == flights.end() ? flight{} : found->second);
  }
  return all;
}

}  // namespace skein::core
