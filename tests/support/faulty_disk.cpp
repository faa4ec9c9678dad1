#include "support/faulty_disk.hpp"

#include <algorithm>
#include <utility>

namespace skein::test {

using store::error;
using store::family;

class faulty_disk::batch : public store::batch {
 public:
  void put(family f, std::string_view key, std::initializer_list<std::string_view> value) override {
    std::string whole;
    for (const auto part : value) whole += part;
    add({change::what::put, f, std::string{key}, std::move(whole)});
  }
  void erase(family f, std::string_view key) override {
    add({change::what::erase, f, std::string{key}, {}});
  }
  void erase_range(family f, std::string_view from, std::string_view to) override {
    add({change::what::erase_range, f, std::string{from}, std::string{to}});
  }
  std::size_t bytes() const override { return bytes_; }
  void clear() override {
    made.clear();
    bytes_ = 0;
  }

  changes made;

 private:
  void add(change one) {
    bytes_ += one.key.size() + one.rest.size();
    made.push_back(std::move(one));
  }

  std::size_t bytes_ = 0;
};

class faulty_disk::engine : public store::engine {
 public:
  explicit engine(faulty_disk& disk) : disk_(disk) {}

  std::unique_ptr<store::batch> new_batch() override { return std::make_unique<batch>(); }
  void commit(store::batch& given, bool sync) override {
    disk_.commit(*this, static_cast<batch&>(given).made, sync);
  }
  void sync() override { disk_.sync(*this); }
  void recover() override { disk_.recover(*this); }
  std::optional<std::string> get(family f, std::string_view key) override {
    return disk_.visible()->get(f, key);
  }
  std::unique_ptr<store::cursor> walk(family f, store::reading how) override {
    return disk_.visible()->walk(f, how);
  }
  void reclaim(family, std::string_view, std::string_view) override {}
  void backup(const std::filesystem::path& directory) override {
    disk_.visible()->backup(directory);
  }
  void verify(const std::function<void(const std::string&)>&) override {}
  std::uint64_t bytes_on_disk() override {
    const std::lock_guard held{disk_.mutex_};
    return disk_.written_;
  }

 private:
  faulty_disk& disk_;
};

faulty_disk::faulty_disk() : visible_(store::open_memory()), durable_(store::open_memory()) {}

std::unique_ptr<store::engine> faulty_disk::open() {
  auto opened = std::make_unique<engine>(*this);
  const std::lock_guard held{mutex_};
  current_ = opened.get();
  broken_by_.reset();
  return opened;
}

void faulty_disk::crash(std::size_t kept) {
  const std::lock_guard held{mutex_};
  make_durable(std::min(kept, unsynced_.size()));
  unsynced_.clear();
  current_ = nullptr;
  visible_ = store::open_memory();
  const auto copy = visible_->new_batch();
  for (std::size_t f = 0; f < store::families; ++f) {
    const auto at = durable_->walk(static_cast<family>(f));
    for (at->seek(""); at->valid(); at->next()) {
      copy->put(static_cast<family>(f), at->key(), {at->value()});
    }
  }
  visible_->commit(*copy, true);
}

void faulty_disk::fail_next(std::size_t calls, error::kind kind) {
  const std::lock_guard held{mutex_};
  failures_left_ = calls;
  failure_ = kind;
}

void faulty_disk::leave_room(std::uint64_t bytes) {
  const std::lock_guard held{mutex_};
  room_ = bytes;
  if (broken_by_ == error::kind::no_space) broken_by_ = error::kind::failed;
}

void faulty_disk::hold() {
  const std::lock_guard held{mutex_};
  holds_ = true;
}

void faulty_disk::await_held() {
  lock held{mutex_};
  changed_.wait(held, [this] { return held_ > 0; });
}

void faulty_disk::release() {
  const std::lock_guard held{mutex_};
  holds_ = false;
  changed_.notify_all();
}

std::size_t faulty_disk::commits() const {
  const std::lock_guard held{mutex_};
  return commits_;
}

std::size_t faulty_disk::syncs() const {
  const std::lock_guard held{mutex_};
  return syncs_;
}

std::size_t faulty_disk::unsynced() const {
  const std::lock_guard held{mutex_};
  return unsynced_.size();
}

void faulty_disk::commit(const engine& by, const changes& made, bool sync) {
  lock held{mutex_};
  begin(held, by);
  std::uint64_t bytes = 0;
  for (const auto& one : made) bytes += one.key.size() + one.rest.size();
  if (bytes > room_) fail(error::kind::no_space, "no space left");
  room_ -= bytes;
  written_ += bytes;
  apply(made, *visible_);
  unsynced_.push_back(made);
  ++commits_;
  if (!sync) return;
  make_durable(unsynced_.size());
  ++syncs_;
}

void faulty_disk::sync(const engine& by) {
  lock held{mutex_};
  begin(held, by);
  make_durable(unsynced_.size());
  ++syncs_;
}

void faulty_disk::recover(const engine& by) {
  const std::lock_guard held{mutex_};
  if (&by != current_) throw error{error::kind::failed, "the disk was cut off"};
  if (broken_by_ == error::kind::no_space) throw error{*broken_by_, "no space left"};
  broken_by_.reset();
}

std::shared_ptr<store::engine> faulty_disk::visible() const {
  const std::lock_guard held{mutex_};
  return visible_;
}

void faulty_disk::begin(lock& held, const engine& by) {
  ++held_;
  changed_.notify_all();
  changed_.wait(held, [this] { return !holds_; });
  --held_;
  if (&by != current_) throw error{error::kind::failed, "the disk was cut off"};
  if (broken_by_) throw error{*broken_by_, "not recovered from what failed before"};
  if (failures_left_ == 0) return;
  --failures_left_;
  fail(failure_, "failed on command");
}

void faulty_disk::fail(error::kind kind, const std::string& text) {
  broken_by_ = kind;
  throw error{kind, text};
}

void faulty_disk::make_durable(std::size_t commits) {
  const auto end = unsynced_.begin() + static_cast<std::ptrdiff_t>(commits);
  for (auto made = unsynced_.begin(); made != end; ++made) apply(*made, *durable_);
  unsynced_.erase(unsynced_.begin(), end);
}

void faulty_disk::apply(const changes& made, store::engine& to) {
  const auto copy = to.new_batch();
  for (const auto& one : made) {
    switch (one.how) {
      case change::what::put:
        copy->put(one.where, one.key, {one.rest});
        break;
      case change::what::erase:
        copy->erase(one.where, one.key);
        break;
      case change::what::erase_range:
        copy->erase_range(one.where, one.key, one.rest);
        break;
    }
  }
  to.commit(*copy, true);
}

}  // namespace skein::test
