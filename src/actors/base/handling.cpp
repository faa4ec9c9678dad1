#include "actors/base/handling.hpp"

#include <mutex>

namespace skein {

namespace {

struct registry {
  std::mutex mutex;
  std::map<std::string, handling_times> kinds;
};

registry& all() {
  static registry one;
  return one;
}

}  // namespace

void handling_times::add(std::chrono::nanoseconds taken) {
  std::size_t bucket = 0;
  for (std::int64_t bound = 10'000; bucket + 1 != buckets && taken.count() > bound; bound *= 10) {
    ++bucket;
  }
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
}

handling_times::counts handling_times::so_far() const {
  counts all_of_them{};
  for (std::size_t i = 0; i != buckets; ++i) {
    all_of_them[i] = counts_[i].load(std::memory_order_relaxed);
  }
  return all_of_them;
}

handling_times& handling_times::of(const char* kind) {
  const std::lock_guard lock{all().mutex};
  return all().kinds[kind];
}

std::map<std::string, handling_times::counts> handling_times::of_all() {
  const std::lock_guard lock{all().mutex};
  std::map<std::string, counts> found;
  for (const auto& [kind, times] : all().kinds) found.emplace(kind, times.so_far());
  return found;
}

}  // namespace skein
