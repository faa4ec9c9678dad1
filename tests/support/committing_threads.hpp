/// Threads that commit to one store, recover it after a failure, and try again.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "store/engine.hpp"

namespace skein::test {

class committing_threads {
 public:
  static constexpr int threads = 2;

  committing_threads(store::engine& to, int commits) : all_done_(threads * commits) {
    for (int t = 0; t != threads; ++t) {
      all_.emplace_back([this, &to, t, commits] {
        for (int n = 0; n != commits; ++n) commit(to, key(t, n), n % 5 == 0);
      });
    }
  }
  ~committing_threads() { join(); }

  void join() {
    for (std::thread& t : all_) {
      if (t.joinable()) t.join();
    }
  }

  void await_done(int commits) const {
    while (done_ < commits) std::this_thread::yield();
  }
  /// Or until they have nothing left to do.
  void await_failures(int failures) const {
    while (failures_ < failures && done_ != all_done_) std::this_thread::yield();
  }

  static std::string key(int thread, int n) {
    return std::string(1, static_cast<char>('a' + thread)) + std::to_string(1'000'000 + n);
  }

  /// Each has all it has committed, in both families.
  static void expect_all(store::engine& in, int commits) {
    for (int t = 0; t != threads; ++t) {
      for (int n = 0; n != commits; ++n) {
        EXPECT_EQ(in.get(store::family::topic, key(t, n)), "value") << key(t, n);
        EXPECT_EQ(in.get(store::family::message, key(t, n)), key(t, n));
      }
    }
  }

 private:
  void commit(store::engine& to, const std::string& key, bool sync) {
    for (;;) {
      try {
        const auto changes = to.new_batch();
        changes->put(store::family::topic, key, {"value"});
        changes->put(store::family::message, key, {key});
        to.commit(*changes, sync);
        ++done_;
        return;
      } catch (const store::error&) {
        ++failures_;
      }
      try {
        to.recover();
      } catch (const store::error&) {
        ++failures_;
      }
    }
  }

  const int all_done_;
  std::atomic<int> done_ = 0;
  std::atomic<int> failures_ = 0;
  std::vector<std::thread> all_;
};

}  // namespace skein::test
