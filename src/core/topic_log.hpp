/// What of a topic outlives its queue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/message.hpp"
#include "core/progress.hpp"

namespace skein::core {

using subscriber_id = std::uint32_t;

/// Messages by priority, in the order in which they were published: their streams; and what changes
/// with them. Not thread safe.
///
/// Only `read`, `find`, `next_due` and `take_due` may throw, when they cannot read, and then
/// nothing has changed. What is erased, for one, is erased though it cannot be read.
class topic_log {
 public:
  virtual ~topic_log() = default;

  /// All places before it were erased.
  virtual place begin(priority_level priority) const = 0;

  /// The place behind the last message of this priority.
  virtual place end(priority_level priority) const = 0;

  /// Nothing if it was erased.
  virtual std::optional<message> read(message_id id) = 0;

  virtual message_id append(priority_level priority, const message& m) = 0;

  /// \pre it was not erased
  virtual void overwrite(message_id id, const message& m) = 0;

  virtual void erase(message_id id) = 0;

  /// Erases all before `upto`.
  virtual void erase_before(message_id upto) = 0;

  /// The message that was appended last with this key, unless it was erased. An empty key is none.
  virtual std::optional<message_id> find(const std::string& key) = 0;

  /// Keeps a message that is not in its stream until `due`.
  virtual void delay(wall_time due, priority_level priority, const message& m) = 0;

  /// So many are delayed.
  virtual std::uint64_t delayed() const = 0;

  /// When the first of them is due.
  virtual wall_time next_due() const = 0;

  /// Takes the first one that is due by `now`.
  virtual std::optional<std::pair<priority_level, message>> take_due(wall_time now) = 0;

  /// A message with this key was published; to be known for as long as the dedupe window.
  virtual void remember(const std::string& key, wall_time now) = 0;

  /// Something of this subscriber's progress has changed, within this page.
  virtual void changed(subscriber_id id, page_number page) = 0;
};

class memory_topic_log : public topic_log {
 public:
  /// Its streams begin there.
  explicit memory_topic_log(place first = 0) {
    for (stream& s : streams_) s.end = first;
  }

  place begin(priority_level priority) const override {
    const stream& s = streams_[priority];
    return s.messages.empty() ? s.end : s.messages.begin()->first;
  }
  place end(priority_level priority) const override { return streams_[priority].end; }
  std::optional<message> read(message_id id) override;
  message_id append(priority_level priority, const message& m) override;
  void overwrite(message_id id, const message& m) override;
  void erase(message_id id) override;
  void erase_before(message_id upto) override;
  std::optional<message_id> find(const std::string& key) override;
  void delay(wall_time due, priority_level priority, const message& m) override;
  std::uint64_t delayed() const override { return delayed_.size(); }
  wall_time next_due() const override {
    return delayed_.empty() ? no_time : delayed_.begin()->first;
  }
  std::optional<std::pair<priority_level, message>> take_due(wall_time now) override;
  void remember(const std::string&, wall_time) override {}
  void changed(subscriber_id, page_number) override {}

  /// Messages that are in their streams.
  std::size_t size() const { return size_; }

 private:
  struct stream {
    place end = 0;
    std::map<place, message> messages;
  };

  std::array<stream, most_priorities> streams_;
  std::unordered_map<std::string, message_id> keys_;
  std::multimap<wall_time, std::pair<priority_level, message>> delayed_;
  std::size_t size_ = 0;
};

}  // namespace skein::core
