/// A store in memory that fails when it is told to, and that forgets in a crash what it may forget.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/engine.hpp"

namespace skein::test {

/// Used by one thread.
class fragile_engine final : public store::engine {
 public:
  /// Every commit, sync and recovery. Once a recovery has failed nothing at all works until one
  /// does not.
  bool fails = false;
  bool reading_fails = false;  ///< every walk
  int commits = 0;             ///< that worked
  int syncs = 0;               ///< of these, and by themselves
  int failures = 0;
  int reclaims = 0;

  /// In the batch that has failed last.
  std::size_t failed_operations() const { return failed_.size(); }

  /// Batches that a crash may lose; of those the first ones may survive.
  std::size_t unsynced() const { return unsynced_.size(); }

  /// Fails for good from now on. Returns what survives: everything synced, the first `unsynced` of
  /// the other batches, and behind them all, if it is so, the batch whose commit has just failed.
  std::shared_ptr<fragile_engine> crash(std::size_t unsynced, bool with_failed) {
    auto survives = std::make_shared<fragile_engine>();
    const bool all = unsynced >= unsynced_.size();
    unsynced = all ? unsynced_.size() : unsynced;
    if (all && with_failed && !failed_.empty()) {
      unsynced_.push_back(failed_);
      ++unsynced;
    }
    for (std::size_t i = 0; i != unsynced; ++i) apply(*durable_, unsynced_[i]);
    survives->durable_ = std::move(durable_);
    copy(*survives->durable_, *survives->now_);
    durable_ = store::open_memory();
    fails = true;
    return survives;
  }

  // --- store::engine ---

  std::unique_ptr<store::batch> new_batch() override { return std::make_unique<recording>(); }

  void commit(store::batch& changes, bool sync) override {
    const auto& ops = static_cast<const recording&>(changes).ops;
    if (fails || broken_) {
      failed_ = ops;
      fail();
    }
    apply(*now_, ops);
    unsynced_.push_back(ops);
    ++commits;
    if (sync) settle();
  }

  void sync() override {
    if (fails || broken_) fail();
    settle();
  }

  void recover() override {
    closed_ = fails;
    if (fails) fail();
    broken_ = false;
    failed_.clear();
  }

  std::optional<std::string> get(store::family f, std::string_view key) override {
    require_open();
    return now_->get(f, key);
  }

  std::unique_ptr<store::cursor> walk(store::family f, store::reading how) override {
    require_open();
    if (reading_fails) throw store::error{store::error::kind::failed, "cannot be read"};
    return now_->walk(f, how);
  }

  void reclaim(store::family, std::string_view, std::string_view) override { ++reclaims; }
  void backup(const std::filesystem::path& directory) override { backups.push_back(directory); }
  void verify(const std::function<void(const std::string&)>&) override {}
  std::uint64_t bytes_on_disk() override { return 4711; }

  std::vector<std::string> backups;

 private:
  using operation = std::function<void(store::batch&)>;
  using operations = std::vector<operation>;

  struct recording final : store::batch {
    void put(store::family f, std::string_view key,
             std::initializer_list<std::string_view> value) override {
      std::string all;
      for (const std::string_view part : value) all += part;
      size += key.size() + all.size();
      ops.push_back([f, k = std::string{key}, all](store::batch& to) { to.put(f, k, {all}); });
    }
    void erase(store::family f, std::string_view key) override {
      size += key.size();
      ops.push_back([f, k = std::string{key}](store::batch& to) { to.erase(f, k); });
    }
    void erase_range(store::family f, std::string_view from, std::string_view to) override {
      size += from.size() + to.size();
      ops.push_back([f, a = std::string{from}, b = std::string{to}](store::batch& target) {
        target.erase_range(f, a, b);
      });
    }
    std::size_t bytes() const override { return size; }
    void clear() override {
      ops.clear();
      size = 0;
    }

    operations ops;
    std::size_t size = 0;
  };

  static void apply(store::engine& to, const operations& ops) {
    const auto changes = to.new_batch();
    for (const operation& op : ops) op(*changes);
    to.commit(*changes, true);
  }

  static void copy(store::engine& from, store::engine& to) {
    const auto changes = to.new_batch();
    for (std::size_t f = 0; f != store::families; ++f) {
      const auto all = from.walk(static_cast<store::family>(f));
      for (all->seek({}); all->valid(); all->next()) {
        changes->put(static_cast<store::family>(f), all->key(), {all->value()});
      }
    }
    to.commit(*changes, true);
  }

  void require_open() const {
    if (closed_) throw store::error{store::error::kind::closed, "closed"};
  }

  void settle() {
    for (const operations& ops : unsynced_) apply(*durable_, ops);
    unsynced_.clear();
    ++syncs;
  }

  [[noreturn]] void fail() {
    broken_ = true;
    ++failures;
    throw store::error{store::error::kind::no_space, "no space"};
  }

  std::unique_ptr<store::engine> durable_ = store::open_memory();  ///< what a crash leaves
  std::unique_ptr<store::engine> now_ = store::open_memory();
  std::vector<operations> unsynced_;
  operations failed_;
  bool broken_ = false;  ///< it waits for `recover`
  bool closed_ = false;
};

}  // namespace skein::test
