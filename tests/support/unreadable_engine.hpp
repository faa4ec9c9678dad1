/// An engine of which some keys cannot be read, as when a block of a file is damaged, or nothing,
/// as while it is opened again.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "store/engine.hpp"

namespace skein::test {

class unreadable_engine final : public store::engine {
 public:
  explicit unreadable_engine(store::engine& of) : of_(of) {}

  /// What would stop at one of these throws `what`.
  std::set<std::pair<store::family, std::string>> unreadable;
  store::error::kind what = store::error::kind::corrupted;
  bool closed = false;
  mutable int cursors = 0;  ///< open
  int walks_of_meta = 0;    ///< so far

  std::unique_ptr<store::batch> new_batch() override { return of_.new_batch(); }
  void commit(store::batch& changes, bool sync) override { of_.commit(changes, sync); }
  void sync() override { of_.sync(); }
  void recover() override { of_.recover(); }
  std::optional<std::string> get(store::family f, std::string_view key) override {
    refuse(f, key);
    return of_.get(f, key);
  }
  std::unique_ptr<store::cursor> walk(store::family f, store::reading how) override {
    refuse_if_closed();
    walks_of_meta += f == store::family::meta ? 1 : 0;
    return std::make_unique<walker>(*this, f, of_.walk(f, how));
  }
  void reclaim(store::family f, std::string_view from, std::string_view to) override {
    of_.reclaim(f, from, to);
  }
  void backup(const std::filesystem::path& directory) override { of_.backup(directory); }
  void verify(const std::function<void(const std::string&)>& damaged) override {
    of_.verify(damaged);
  }
  std::uint64_t bytes_on_disk() override { return of_.bytes_on_disk(); }

 private:
  void refuse_if_closed() const {
    if (closed) throw store::error{store::error::kind::closed, "closed"};
  }
  void refuse(store::family f, std::string_view key) const {
    refuse_if_closed();
    if (unreadable.count({f, std::string{key}}) != 0) throw store::error{what, "unreadable"};
  }

  class walker final : public store::cursor {
   public:
    walker(const unreadable_engine& engine, store::family f, std::unique_ptr<store::cursor> of)
        : engine_(engine), family_(f), of_(std::move(of)) {
      ++engine_.cursors;
    }
    ~walker() override { --engine_.cursors; }
    void seek(std::string_view key) override {
      of_->seek(key);
      check();
    }
    void seek_back(std::string_view key) override {
      of_->seek_back(key);
      check();
    }
    void next() override {
      of_->next();
      check();
    }
    bool valid() const override { return readable_ && of_->valid(); }
    std::string_view key() const override { return of_->key(); }
    std::string_view value() const override { return of_->value(); }

   private:
    void check() {
      readable_ = false;
      if (of_->valid()) engine_.refuse(family_, of_->key());
      readable_ = true;
    }

    const unreadable_engine& engine_;
    store::family family_;
    std::unique_ptr<store::cursor> of_;
    bool readable_ = true;
  };

  store::engine& of_;
};

}  // namespace skein::test
