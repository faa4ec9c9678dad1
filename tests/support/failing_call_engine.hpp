/// An engine of which chosen calls fail, whosever they are, while all others work: as when another
/// writer opens it again, or a read meets a lack of descriptors.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "store/engine.hpp"

namespace skein::test {

/// Used by several threads if its engine may be, once it is set up.
class failing_call_engine final : public store::engine {
 public:
  explicit failing_call_engine(std::shared_ptr<store::engine> of) : of_(std::move(of)) {}

  /// Of the calls from now on, `count` fail from the n-th on; the first is 1.
  void fail(std::uint64_t n, std::uint64_t count, store::error::kind what) {
    calls_ = 0;
    first_ = n;
    end_ = n + count;
    what_ = what;
  }
  /// Since then.
  std::uint64_t calls() const { return calls_; }
  std::uint64_t failures() const { return failures_; }
  /// Is called by each.
  std::function<void()> on_call;

  std::unique_ptr<store::batch> new_batch() override { return of_->new_batch(); }
  void commit(store::batch& changes, bool sync) override {
    call();
    of_->commit(changes, sync);
  }
  void sync() override {
    call();
    of_->sync();
  }
  void recover() override {
    call();
    of_->recover();
  }
  std::optional<std::string> get(store::family f, std::string_view key) override {
    call();
    return of_->get(f, key);
  }
  std::unique_ptr<store::cursor> walk(store::family f, store::reading how) override {
    call();
    return std::make_unique<walker>(*this, of_->walk(f, how));
  }
  void reclaim(store::family f, std::string_view from, std::string_view to) override {
    call();
    of_->reclaim(f, from, to);
  }
  void backup(const std::filesystem::path& directory) override {
    call();
    of_->backup(directory);
  }
  void verify(const std::function<void(const std::string&)>& damaged) override {
    call();
    of_->verify(damaged);
  }
  std::uint64_t bytes_on_disk() override { return of_->bytes_on_disk(); }

 private:
  void call() {
    if (on_call) on_call();
    const std::uint64_t n = ++calls_;
    if (n < first_ || n >= end_) return;
    ++failures_;
    throw store::error{what_, "call " + std::to_string(n) + " fails"};
  }

  class walker final : public store::cursor {
   public:
    walker(failing_call_engine& engine, std::unique_ptr<store::cursor> of)
        : engine_(engine), of_(std::move(of)) {}
    void seek(std::string_view key) override {
      engine_.call();
      of_->seek(key);
    }
    void seek_back(std::string_view key) override {
      engine_.call();
      of_->seek_back(key);
    }
    void next() override {
      engine_.call();
      of_->next();
    }
    bool valid() const override { return of_->valid(); }
    std::string_view key() const override { return of_->key(); }
    std::string_view value() const override { return of_->value(); }

   private:
    failing_call_engine& engine_;
    std::unique_ptr<store::cursor> of_;
  };

  std::shared_ptr<store::engine> of_;
  std::atomic<std::uint64_t> calls_{0};
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
  std::atomic<std::uint64_t> failures_{0};
  store::error::kind what_ = store::error::kind::failed;
};

}  // namespace skein::test
