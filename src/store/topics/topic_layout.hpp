/// How topics are laid out: keys and values of the families `topic` and `message`. layout.hpp has
/// what is common to all families, and how a format is changed; docs/storage.md has a worked
/// example.
///
///     family   key                                             value
///     meta     "topics"                                        topics    number of the next topic
///              "clock"                                         clock     at the last commit
///     topic    'n' name                                        topic
///              't' u32be topic                                 state
///              't' u32be topic 'k' key                         place     for dedupe `replace`
///              't' u32be topic 's' u32be subscriber            head
///              't' u32be topic 's' u32be subscriber
///                    u8 priority u64be page                    page      unless it is empty
///              't' u32be topic 'w' u64be time u32be n          window    for dedupe `first`
///              't' u32be topic 'x' u8 priority u64be page      withdrawn unless it is empty
///     message  u32be topic u8 priority u64be place             message
///              u32be topic 0xff u64be due u64be n              delayed
///
///     topics  = version u8, number, checksum
///     clock   = version u8, measured time, time, checksum
///     topic   = version u8, number, count, count * { tag, value }, checksum
///     state   = version u8, priorities, priorities * { kept, begin - kept, end - begin },
///               delayed, delayed ever, subscribers ever, time, checksum
///     place   = version u8, priority, place, checksum
///     head    = version u8, size of name, name, idle expiry, seen, last lease,
///               priorities, priorities * cursor, checksum
///     page    = version u8, count, count * { offset, state, attempts, lease, deadline }, checksum
///     window  = version u8, checksum, key
///     withdrawn = version u8, places, checksum
///     message = version u8, published, expires, size of key, key, checksum, payload
///     delayed = version u8, priority, published, expires, size of key, key, checksum, payload
///
/// Numbers in values are LEB128; checksums as in layout.hpp. Times in keys are xor 2^63. Times in
/// values are in zigzag form plus 2 (modulo 2^64), so that core::no_time is 0. When a message is
/// due or expires is a core::clock_time: of the wall clock, or, from -2^62 on, a measured one;
/// where there is a measured one, messages and delayed ones have version 2.
///
///     tag          of an option, ascending; an unknown one is from a later version
///     kept         before it there is nothing, or remains of reclaimed files
///     begin        of the stream; messages from `kept` up to here were erased
///     delayed      number of delayed messages; n is below `delayed ever`
///     n (window)   makes the key unique, no more
///     time         when something was changed last
///     cursor       what is below it, and in no page, is finished
///     places       of the page: bit n stands for the place page * page_places + n; one that was
///                  withdrawn before all had read it
///     offset       of a place that was read, but is not finished: from page * page_places on
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/topics/message.hpp"
#include "core/topics/progress.hpp"
#include "core/topics/topic_log.hpp"
#include "core/topics/topic_options.hpp"

namespace skein::store {

using core::wall_time;

using topic_number = std::uint32_t;

inline constexpr std::string_view topics_key = "topics";
inline constexpr std::string_view clock_key = "clock";
inline constexpr std::string_view lives_key = "lives";

std::string topic_key(std::string_view name);
std::string state_key(topic_number topic);
std::string place_key(topic_number topic, std::string_view key);
std::string head_key(topic_number topic, core::subscriber_id subscriber);
std::string page_key(topic_number topic, core::subscriber_id subscriber, core::page_number page);
std::string window_key(topic_number topic, wall_time time, std::uint32_t n);
std::string withdrawn_key(topic_number topic, core::page_number page);
std::string message_key(topic_number topic, core::message_id id);
std::string delayed_key(topic_number topic, wall_time due, std::uint64_t n);

/// Prefixes of keys: of all topics, of everything of `topic` in a family, and of one kind of that.
inline constexpr std::string_view topic_names_prefix = "n";
std::string heads_prefix(topic_number topic);
std::string window_prefix(topic_number topic);
std::string withdrawn_prefix(topic_number topic);
std::string messages_prefix(topic_number topic);
std::string delayed_prefix(topic_number topic);

/// The lowest text that is above all keys that begin with `prefix`. \pre not all of its bytes are
/// 0xff
std::string behind(std::string_view prefix);

/// What a key of family `topic` says.
struct topic_family_key {
  enum class kind : std::uint8_t { topic, state, place, head, page, window, withdrawn };

  kind what = kind::topic;
  topic_number topic = 0;  ///< but of kind `topic`
  std::string_view text;   ///< name of the topic, or key of a message
  core::subscriber_id subscriber = 0;
  core::page_number page;
  wall_time time = 0;
  std::uint32_t n = 0;
};

/// What a key of family `message` says.
struct message_family_key {
  topic_number topic = 0;
  bool is_delayed = false;
  core::message_id id;  ///< unless it is delayed
  wall_time due = 0;    ///< if it is
  std::uint64_t n = 0;  ///< likewise
};

/// Throw store::error (`corrupted`) if the key is malformed.
topic_family_key parse_topic_key(std::string_view key);
message_family_key parse_message_key(std::string_view key);

struct topic_record {
  topic_number number = 0;
  core::topic_options options;
};

struct topic_state {
  struct stream {
    core::place kept = 0;
    core::place begin = 0;
    core::place end = 0;
  };
  std::vector<stream> streams;  ///< by priority
  std::uint64_t delayed = 0;
  std::uint64_t delayed_ever = 0;
  core::subscriber_id subscribers_ever = 0;  ///< their ids are up to this
  wall_time time = 0;
};

struct subscriber_head {
  std::string name;
  std::chrono::milliseconds idle_expiry{0};
  wall_time seen = 0;
  std::uint64_t last_lease = 0;
  std::vector<core::place> cursors;  ///< by priority
};

/// Of one page, in the order of the places; not empty.
using stored_page = std::vector<std::pair<core::message_id, core::flight>>;

struct delayed_message {
  core::priority_level priority = 0;
  core::message what;
};

std::string encode_topics(topic_number next);
std::string encode_lives(std::uint64_t lives);
std::string encode_clock(core::moment now);
std::string encode(std::string_view key, const topic_record& t);
std::string encode(std::string_view key, const topic_state& s);
std::string encode(std::string_view key, core::message_id place);
std::string encode(std::string_view key, const subscriber_head& h);
std::string encode(std::string_view key, const stored_page& p);
std::string encode_window(std::string_view key, std::string_view text);
std::string encode_withdrawn(std::string_view key, std::uint64_t places);
std::string encode(std::string_view key, const core::message& m);
std::string encode(std::string_view key, const delayed_message& d);

/// Each throws store::error (`corrupted`, or `newer_version`) with a text that names the key.
topic_number decode_topics(std::string_view value);
std::uint64_t decode_lives(std::string_view value);
core::moment decode_clock(std::string_view value);
topic_record decode_topic(std::string_view key, std::string_view value);
topic_state decode_state(std::string_view key, std::string_view value);
core::message_id decode_place(std::string_view key, std::string_view value);
subscriber_head decode_head(std::string_view key, std::string_view value);
stored_page decode_page(std::string_view key, std::string_view value);
std::string decode_window(std::string_view key, std::string_view value);
std::uint64_t decode_withdrawn(std::string_view key, std::string_view value);
core::message decode_message(std::string_view key, std::string_view value);
delayed_message decode_delayed(std::string_view key, std::string_view value);

}  // namespace skein::store
