/// A disk in memory that fails on command, for tests of what uses a store.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/engine.hpp"

namespace skein::test {

/// Thread safe. Outlives its engines.
class faulty_disk {
 public:
  faulty_disk();

  /// What is on it. Engines opened before are cut off: whatever commits by them fails.
  std::unique_ptr<store::engine> open();

  /// As if the power was off for a moment: what was synced is left, and of the commits since then
  /// the first `kept`. Engines are cut off; cursors go on showing what they showed.
  void crash(std::size_t kept = 0);

  /// The next `calls` of commit and sync fail; after one has, all do until `recover` is called.
  void fail_next(std::size_t calls, store::error::kind kind = store::error::kind::failed);

  /// From now on this many bytes of keys and values can be committed. A commit that does not fit
  /// fails for want of space, and so does `recover` until this is called again.
  void leave_room(std::uint64_t bytes);
  void leave_room_for_all() { leave_room(std::numeric_limits<std::uint64_t>::max()); }

  /// Commits and syncs stop half way, before anything of them is visible, until they may go on.
  void hold();
  /// Waits until one has stopped.
  void await_held();
  void release();

  std::size_t commits() const;   ///< that have succeeded
  std::size_t syncs() const;     ///< that have succeeded, in commits or not
  std::size_t unsynced() const;  ///< commits that a crash could take

 private:
  class batch;
  class engine;

  struct change {
    enum class what : std::uint8_t { put, erase, erase_range } how;
    store::family where;
    std::string key;
    std::string rest;  ///< the value, or the end of the range
  };
  using changes = std::vector<change>;
  using lock = std::unique_lock<std::mutex>;

  void commit(const engine& by, const changes& made, bool sync);
  void sync(const engine& by);
  void recover(const engine& by);
  std::shared_ptr<store::engine> visible() const;

  void begin(lock& held, const engine& by);
  [[noreturn]] void fail(store::error::kind kind, const std::string& text);
  void make_durable(std::size_t commits);
  static void apply(const changes& made, store::engine& to);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<store::engine> visible_;
  std::shared_ptr<store::engine> durable_;
  std::vector<changes> unsynced_;
  const engine* current_ = nullptr;

  std::size_t failures_left_ = 0;
  store::error::kind failure_ = store::error::kind::failed;
  std::optional<store::error::kind> broken_by_;
  std::uint64_t room_ = std::numeric_limits<std::uint64_t>::max();
  bool holds_ = false;
  std::size_t held_ = 0;
  std::uint64_t written_ = 0;
  std::size_t commits_ = 0;
  std::size_t syncs_ = 0;
};

}  // namespace skein::test
