#include <array>
#include <mutex>
#include <utility>
#include <vector>

#include "store/engine.hpp"
#include "store/format.hpp"
#include "store/memory/persistent_map.hpp"

namespace skein::store {
namespace {

using state = std::array<persistent_map, families>;

persistent_map& in(state& all, family f) {
  return all[static_cast<std::size_t>(f)];
}
const persistent_map& in(const state& all, family f) {
  return all[static_cast<std::size_t>(f)];
}

class memory_batch : public batch {
 public:
  void put(family f, std::string_view key, std::initializer_list<std::string_view> value) override {
    change made{f, what::put, std::string{key}, {}};
    for (const auto part : value) made.rest += part;
    add(std::move(made));
  }

  void erase(family f, std::string_view key) override {
    add({f, what::erase, std::string{key}, {}});
  }

  void erase_range(family f, std::string_view from, std::string_view to) override {
    add({f, what::erase_range, std::string{from}, std::string{to}});
  }

  std::size_t bytes() const override { return bytes_; }

  void clear() override {
    changes_.clear();
    bytes_ = 0;
  }

  void apply_to(state& all) const {
    for (const auto& made : changes_) {
      auto& map = in(all, made.where);
      switch (made.how) {
        case what::put:
          map.put(made.key, made.rest);
          break;
        case what::erase:
          map.erase(made.key);
          break;
        case what::erase_range:
          map.erase_range(made.key, made.rest);
          break;
      }
    }
  }

 private:
  enum class what : std::uint8_t { put, erase, erase_range };

  struct change {
    family where;
    what how;
    std::string key;
    std::string rest;  ///< the value, or the end of the range
  };

  void add(change made) {
    bytes_ += made.key.size() + made.rest.size();
    changes_.push_back(std::move(made));
  }

  std::vector<change> changes_;
  std::size_t bytes_ = 0;
};

class memory_cursor : public cursor {
 public:
  explicit memory_cursor(const persistent_map& map) : walk_(map) {}

  void seek(std::string_view key) override { walk_.seek(key); }
  void seek_back(std::string_view key) override { walk_.seek_back(key); }
  void next() override { walk_.next(); }
  bool valid() const override { return walk_.at() != nullptr; }
  std::string_view key() const override { return walk_.at()->key; }
  std::string_view value() const override { return walk_.at()->value; }

 private:
  persistent_map::walk walk_;
};

class memory_engine : public engine {
 public:
  memory_engine() { in(now_, family::meta).put(format_key, encoded_format(format_version)); }

  std::unique_ptr<batch> new_batch() override { return std::make_unique<memory_batch>(); }

  void commit(batch& changes, bool) override {
    const std::lock_guard one_at_a_time{writing_};
    state next = copy();
    static_cast<const memory_batch&>(changes).apply_to(next);
    const std::lock_guard lock{mutex_};
    std::swap(now_, next);  // the former state is destroyed without the lock
  }

  void sync() override {}
  void recover() override {}

  std::optional<std::string> get(family f, std::string_view key) override {
    const persistent_map map = copy(f);
    const auto* found = map.find(key);
    return found ? std::optional{found->value} : std::nullopt;
  }

  std::unique_ptr<cursor> walk(family f, reading) override {
    return std::make_unique<memory_cursor>(copy(f));
  }

  void reclaim(family f, std::string_view from, std::string_view to) override {
    memory_batch changes;
    changes.erase_range(f, from, to);
    commit(changes, false);
  }

  void backup(const std::filesystem::path& directory) override {
    const auto target = open_disk({directory});
    const auto changes = target->new_batch();
    const state all = copy();
    for (std::size_t f = 0; f < families; ++f) {
      persistent_map::walk at{all[f]};
      for (at.seek({}); at.at(); at.next()) {
        changes->put(static_cast<family>(f), at.at()->key, {at.at()->value});
        if (changes->bytes() < backup_batch) continue;
        target->commit(*changes, false);
        changes->clear();
      }
    }
    target->commit(*changes, true);
  }

  void verify(const std::function<void(const std::string&)>&) override {}
  std::uint64_t bytes_on_disk() override { return 0; }

 private:
  static constexpr std::size_t backup_batch = 1 << 20;  // bytes

  state copy() const {
    const std::lock_guard lock{mutex_};
    return now_;
  }
  persistent_map copy(family f) const {
    const std::lock_guard lock{mutex_};
    return in(now_, f);
  }

  std::mutex writing_;
  mutable std::mutex mutex_;
  state now_;
};

}  // namespace

std::unique_ptr<engine> open_memory() {
  return std::make_unique<memory_engine>();
}

}  // namespace skein::store
