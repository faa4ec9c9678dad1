/// What becomes of messages, for publishers that wait to hear it.
///
/// A receipt is about the messages of one publish. A message is settled when there is no subscriber
/// that still has to finish it; while there was no subscriber at all it waits for the first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/topics/message.hpp"
#include "core/topics/topic_log.hpp"

namespace skein::core {

/// Why a subscriber will never acknowledge a message.
enum class fate : std::uint8_t {
  acknowledged,
  expired,   ///< before it could be delivered
  dropped,   ///< to make room
  purged,    ///< as a dead letter
  replaced,  ///< by a newer one of its key
  removed,   ///< with the subscriber
  damaged,   ///< it could not be read any more
};

using receipt_number = std::uint64_t;  ///< 0 is none

struct receipt {
  /// Of one message: subscribers.
  struct line {
    message_id id;
    std::uint32_t waiting = 0;       ///< who have it still to finish
    std::uint32_t acknowledged = 0;  ///< who have
    std::uint32_t missed = 0;        ///< who never will
    bool is_settled = false;
  };

  std::vector<line> lines;  ///< in the order of publishing
  std::size_t open = 1;     ///< lines that are not settled; and one until it is sealed
  std::size_t named = 0;    ///< of the subscribers that missed a message
};

/// A subscriber that will never acknowledge a message.
struct missed {
  receipt_number receipt = 0;
  std::size_t line = 0;
  subscriber_id who = 0;
  fate what = fate::expired;
};

class receipt_book {
 public:
  /// At most this many subscribers that missed a message of a receipt are named.
  static constexpr std::size_t most_named = 100;

  /// One without messages. Numbers grow.
  receipt_number begin();

  /// A message was published; this many subscribers are to get it.
  void add(receipt_number to, message_id id, std::size_t subscribers);

  /// No further message comes.
  void seal(receipt_number number);

  /// Nobody waits for it any more.
  void end(receipt_number number);

  /// Null if it has ended.
  const receipt* of(receipt_number number) const;

  /// Sealed, and all of their messages settled, since the last call; some may have ended.
  std::vector<receipt_number> take_complete() { return std::exchange(complete_, {}); }

  /// Since the last call.
  std::vector<missed> take_missed() { return std::exchange(missed_, {}); }

  /// Messages about which somebody waits to hear.
  std::size_t size() const { return by_message_.size(); }

  // --- what happens to messages ---

  bool has(message_id id) const { return by_message_.count(id) != 0; }

  void finished(message_id id, subscriber_id by, fate what);
  /// The subscriber has finished this many messages, in successive places.
  void finished(message_id first, std::uint64_t messages, subscriber_id by, fate what);

  /// Subscribers that have not finished it never will.
  /// \param some  of these
  void lose(message_id id, const std::vector<subscriber_id>& some, fate what);

  /// The first subscriber is there, and has to finish all of them.
  void first_came();

  /// A subscriber is not there any more.
  /// \param had_finished  whether it had finished a message
  template <class HadFinished>
  void removed(subscriber_id who, HadFinished&& had_finished) {
    for (auto at = by_message_.begin(); at != by_message_.end();) {
      const message_id id = (at++)->first;
      if (!had_finished(id)) finished(id, who, fate::removed);
    }
  }

 private:
  struct place_in {
    receipt_number number;
    receipt* in;
    std::size_t line;
  };
  using watched = std::map<message_id, place_in>;

  void settle(watched::iterator what);
  void name(const place_in& at, subscriber_id who, fate what);
  void close_one(receipt_number number, receipt& r);

  std::unordered_map<receipt_number, receipt> all_;
  watched by_message_;  ///< not settled
  receipt_number last_ = 0;
  std::vector<receipt_number> complete_;
  std::vector<missed> missed_;
};

}  // namespace skein::core
