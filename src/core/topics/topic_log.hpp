/// What of a topic outlives its queue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/keyed_table.hpp"
#include "core/topics/message.hpp"
#include "core/topics/progress.hpp"

namespace skein::core {

using subscriber_id = std::uint32_t;

struct delayed_entry {
  delayed_id id;
  priority_level priority = 0;
  message what;
  wall_time deliver_at = 0;  ///< for who is told; a log does not say
};

/// Messages by priority, in the order in which they were published: their streams; and what changes
/// with them. Not thread safe.
///
/// Only `read`, `find` and what concerns delayed messages, but for `delay`, may throw, when they
/// cannot read, and then nothing has changed. What is erased, for one, is erased though it cannot
/// be read.
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

  /// It is for nobody any more who has not read it yet. That is known until everybody has passed
  /// it, also when it was erased.
  virtual void withdraw(message_id id) = 0;

  /// What was withdrawn, and all before the begin.
  virtual const place_set& withdrawn(priority_level priority) const = 0;

  /// The message that was appended last with this key, unless it was erased. An empty key is none.
  virtual std::optional<message_id> find(const std::string& key) = 0;

  /// Keeps a message that is not in its stream until `due`.
  virtual delayed_id delay(clock_time due, priority_level priority, const message& m) = 0;

  /// So many are delayed.
  virtual std::uint64_t delayed() const = 0;

  /// Of messages that are kept in memory for as long as they are there, about.
  virtual std::size_t bytes() const = 0;

  /// When the first of them is due; `no_time` if there is none.
  virtual wall_time next_due(moment now) const = 0;

  /// Takes the first one that is due.
  virtual std::optional<delayed_entry> take_due(moment now) = 0;

  /// The first ones behind `after`, or of all: up to `most`, and of payloads about `most_bytes`.
  virtual std::vector<delayed_entry> list_delayed(std::optional<delayed_id> after, std::size_t most,
                                                  std::size_t most_bytes) = 0;

  /// Whether there was such a one.
  virtual bool cancel(delayed_id id) = 0;

  /// A message with this key was published; to be known for as long as the dedupe window.
  virtual void remember(const std::string& key, wall_time now) = 0;

  /// Something of this subscriber's progress has changed, within this page.
  virtual void changed(subscriber_id id, page_number page) = 0;
};

class memory_topic_log : public topic_log {
 public:
  /// Its streams begin there.
  explicit memory_topic_log(place first = 0) : delayed_ever_(first) {
    for (stream& s : streams_) {
      s.end = first;
      s.withdrawn = place_set{first};
    }
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
  void withdraw(message_id id) override { streams_[id.priority].withdrawn.add(id.at); }
  const place_set& withdrawn(priority_level priority) const override {
    return streams_[priority].withdrawn;
  }
  std::optional<message_id> find(const std::string& key) override;
  delayed_id delay(clock_time due, priority_level priority, const message& m) override;
  std::uint64_t delayed() const override { return delayed_.size(); }
  std::size_t bytes() const override { return bytes_; }
  wall_time next_due(moment now) const override {
    const auto first = first_due(now);
    return first == delayed_.end() ? no_time : now.measured_of(first->first.due);
  }
  std::optional<delayed_entry> take_due(moment now) override;
  std::vector<delayed_entry> list_delayed(std::optional<delayed_id> after, std::size_t most,
                                          std::size_t most_bytes) override;
  bool cancel(delayed_id id) override;
  void remember(const std::string&, wall_time) override {}
  void changed(subscriber_id, page_number) override {}

  /// Messages that are in their streams.
  std::size_t size() const { return size_; }

 private:
  struct stream {
    place end = 0;
    std::map<place, message> messages;
    place_set withdrawn;
  };

  using delayed_map = std::map<delayed_id, std::pair<priority_level, message>>;

  delayed_map::const_iterator first_due(moment now) const;

  std::array<stream, most_priorities> streams_;
  keyed_map<std::string, message_id> keys_;
  delayed_map delayed_;
  std::uint64_t delayed_ever_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace skein::core
