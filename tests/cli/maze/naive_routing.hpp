/// The follower maze spelled out with maps and sets: what the fast code is compared with.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace skein::cli::test {

/// One event line, taken apart.
struct plain_event {
  std::int64_t number = 0;
  char kind = '?';
  std::int64_t from = 0;
  std::int64_t to = 0;

  static plain_event parse(const std::string& line) {
    plain_event e;
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == '|') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    e.number = std::stoll(fields.at(0));
    e.kind = fields.at(1).at(0);
    if (fields.size() > 2) e.from = std::stoll(fields[2]);
    if (fields.size() > 3) e.to = std::stoll(fields[3]);
    return e;
  }
};

/// Takes events in order and says who of the connected users is told.
class naive_routing {
 public:
  std::vector<std::int64_t> route(const plain_event& e, const std::set<std::int64_t>& connected) {
    std::vector<std::int64_t> told;
    const auto tell = [&](std::int64_t user) {
      if (connected.count(user) != 0) told.push_back(user);
    };
    switch (e.kind) {
      case 'F':
        followers[e.to].insert(e.from);
        tell(e.to);
        break;
      case 'U':
        followers[e.to].erase(e.from);
        break;
      case 'B':
        told.assign(connected.begin(), connected.end());
        break;
      case 'P':
        tell(e.to);
        break;
      case 'S':
        for (const auto user : followers[e.from]) tell(user);
        break;
      default:
        break;
    }
    return told;
  }

  std::map<std::int64_t, std::set<std::int64_t>> followers;
};

}  // namespace skein::cli::test
