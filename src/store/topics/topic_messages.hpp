/// The streams of a durable topic. In memory are messages that are not committed, the newest, and
/// those that were read ahead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/topics/message.hpp"
#include "store/changes.hpp"
#include "store/engine.hpp"
#include "store/topics/topic_layout.hpp"
#include "store/topics/topic_memory.hpp"
#include "store/uncommitted.hpp"

namespace skein::store {

class topic_messages {
 public:
  /// Room of erased messages is given back when it is so much.
  static constexpr core::place most_erased = 8192;
  static constexpr std::size_t most_erased_bytes = 16 << 20;
  /// When it was so much, files that hold nothing else are deleted.
  static constexpr std::size_t most_dead_bytes = 64 << 20;

  topic_messages(engine& from, topic_number topic, const std::vector<topic_state::stream>& streams,
                 const topic_memory& memory = {});

  core::place begin(core::priority_level priority) const { return streams_[priority].begin; }
  core::place end(core::priority_level priority) const { return streams_[priority].end; }

  std::optional<core::message> read(core::message_id id);
  core::message_id append(core::priority_level priority, const core::message& m);
  /// \pre for these: it can be read
  void overwrite(core::message_id id, const core::message& m);
  void erase(core::message_id id);  ///< the begin stays
  /// Erases all before `upto`.
  /// \pre it is not behind the end
  void erase_before(core::message_id upto);

  /// What was not taken yet.
  void take(changes& to);
  std::vector<topic_state::stream> streams() const;  ///< as of what was taken

  /// The first that was taken, and is not yet, is committed.
  void committed();

  /// What was found damaged since the last call. Such a message is as one that was erased.
  std::vector<std::string> take_damage() { return std::exchange(damage_, {}); }

 private:
  struct stream {
    core::place kept = 0;
    core::place begin = 0;
    core::place end = 0;
    core::place taken = 0;      ///< what is behind was never taken
    core::place newest = 0;     ///< what is committed from here on is in `messages`
    core::place reclaimed = 0;  ///< files of what is before were to be deleted
    std::map<core::place, core::message> messages;
  };

  /// A stretch of a stream, as it is committed. No two have a place in common: what changes is
  /// changed in one.
  struct window {
    core::priority_level priority = 0;
    core::place begin = 0;
    core::place end = 0;
    std::size_t asked = 0;  ///< messages
    std::uint64_t used = 0;
    std::vector<std::pair<core::place, std::optional<core::message>>> messages;

    bool covers(core::message_id id) const {
      return id.priority == priority && begin <= id.at && id.at < end;
    }
    std::optional<core::message>* at(core::place p);
  };

  window* window_of(core::message_id id);
  std::optional<core::message> read_ahead(core::message_id from);
  void keep_newest(stream& s, core::place at, core::message&& m);
  void drop_newest(stream& s, std::map<core::place, core::message>::iterator at);
  void give_back(core::priority_level priority, changes& to);

  engine& engine_;
  topic_number topic_;
  topic_memory memory_;
  std::vector<stream> streams_;
  uncommitted<core::message_id, std::optional<core::message>> changes_;
  std::size_t newest_ = 0;
  std::size_t newest_bytes_ = 0;
  std::vector<window> windows_;
  std::vector<std::string> damage_;
  std::uint64_t used_ = 0;      ///< counts what was read from windows
  std::size_t typical_ = 1024;  ///< bytes of a message, about
};

}  // namespace skein::store
