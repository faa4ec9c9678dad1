/// How everything durable is laid out: keys and values of the families. docs/storage.md has worked
/// examples. Topics are in topic_layout.hpp.
///
///     family  key                            value
///     meta    "format"                       u32be version, the engine's own (format.hpp)
///             "begin"                        begin       where the log begins; none: at 0
///             "over"                         over        where the stream ended by itself
///             "epoch" u32be epoch            epoch       one an epoch
///             "checkpoint" u32be generation  checkpoint  one that is complete
///     log     u64be position                 record
///     index   u64be position                 entry       one a record
///     graph   u32be generation u32be place   slice
///     inbox   u64be user xor 2^63            inbox
///
///     begin      = version u8, 7 zeros, position u64, before u64, next i64, time i64, checksum
///     over       = version u8, 7 zeros, position u64, checksum
///     epoch      = version u8, keeps graph u8, 6 zeros, begin u64, first event u64, time i64,
///                  checksum
///     checkpoint = version u8, 3 zeros, epoch u32, from u64, before u64, upto u64, places u32,
///                  4 zeros, edges u64, time i64, secret u64, checksum; in version 1 without secret
///     record     = version u8, 3 zeros, epoch u32, events u32, line end u32, checksum, text
///     entry      = version u8, 3 zeros, epoch u32, next i64, time i64, before u64, events u32,
///                  broadcasts u32, bytes u32, 4 zeros, checksum, filter
///     slice      = version u8, 3 zeros, end u32, checksum, { user, count, count * user }
///     inbox      = version u8, 3 zeros, epoch u32, number i64, time i64, checksum
///
/// Numbers in values are little endian; user and count of a slice are of variable length (LEB128),
/// users in zigzag form.
///
///     position     see core::log_position
///     line end    bytes at the end of every line of the text: 1 (LF) or 2 (CRLF)
///     bytes        of the text, line ends counted as one; key + bytes = key of the next record
///     next         the expected number after the record
///     before       events in the log before the record, ever
///     time         ms since 1970; never less than that of the record before
///     first event  core::fingerprint_of event 1 of the epoch; 0: it has not come
///     secret       of core::place_of, for the places; in version 1 it is 0
///     place, end   followers at home in [place, end) of the places; `end` is the place of the next
///                  slice, or the number of places
///     filter       core::key_filter of the keys of the events
///     checksum     u64, XXH3 of all that follows it, with as seed XXH3 of the key and of all that
///                  precedes it
///
/// Changing a format: a value begins with its version. A new one gets the next number, a decoder
/// beside the old one, and a store in the new form under tests/store/fixtures; the old decoders and
/// fixtures stay. The version of the whole store (`format`) grows only when an older skein must not
/// open it any more.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/events/event.hpp"
#include "core/events/follower_graph.hpp"
#include "core/events/sequence.hpp"
#include "core/time.hpp"

namespace skein::store {

using core::wall_time;

using generation_number = std::uint32_t;

/// Keys in the order of their numbers. The functions that read a key throw store::error
/// (`corrupted`) if it is malformed.
std::string position_key(core::log_position position);
core::log_position position_of(std::string_view key);
std::string user_key(core::user_id user);
core::user_id user_of(std::string_view key);
std::string epoch_key(core::epoch_number epoch);
std::string checkpoint_key(generation_number generation);
std::string slice_key(generation_number generation, std::uint32_t place);

struct slice_place {
  generation_number generation = 0;
  std::uint32_t place = 0;
};
slice_place place_of_slice(std::string_view key);

inline constexpr std::string_view begin_key = "begin";
inline constexpr std::string_view over_key = "over";

/// A stretch of the log: whole lines of one epoch.
struct record {
  core::epoch_number epoch = 1;
  std::uint32_t events = 0;
  std::uint32_t line_end = 1;  ///< bytes
  std::string_view text;
};

/// What is known of a record without reading it.
struct entry {
  core::epoch_number epoch = 1;
  core::sequence_number next = 1;
  wall_time time = 0;
  std::uint64_t before = 0;
  std::uint32_t events = 0;
  std::uint32_t broadcasts = 0;
  std::uint32_t bytes = 0;
  std::string_view filter;  ///< core::key_filter of the keys of its events
};

/// Where the log begins, and what is known of the records before, which were cut off.
struct log_begin {
  core::log_position position = 0;
  std::uint64_t before = 0;
  core::sequence_number next = 1;
  wall_time time = 0;  ///< of the record before
};

struct epoch_begin {
  core::epoch_number epoch = 1;
  core::log_position begin = 0;
  std::uint64_t first_event = 0;
  wall_time time = 0;
  bool keeps_graph = false;  ///< it began with the graph of the epoch before, not an empty one
};

/// A checkpoint of the follower graph. It was made while the graph went on changing: each follower
/// is as at some position of [from, upto]. The follows and unfollows from `from` on, applied in
/// their order, lead to the graph at any position from `upto` on.
struct checkpoint {
  generation_number generation = 0;
  core::epoch_number epoch = 1;
  core::log_position from = 0;
  std::uint64_t before = 0;  ///< as of the record with `from`
  core::log_position upto = 0;
  std::uint32_t places = 0;  ///< of the graph's table; the slices cover them
  std::uint64_t edges = 0;   ///< at `upto`
  wall_time time = 0;        ///< of what had been appended when it was complete
  std::uint64_t secret = 0;  ///< of the graph's table
};

/// How far a user has acknowledged.
struct inbox {
  core::epoch_number epoch = 1;
  core::sequence_number number = 0;
  wall_time time = 0;  ///< of the last change
};

/// The head of a record, to be put before `text`.
std::string encode_head(std::string_view key, const record& r);
/// The head of an entry, to be put before `filter`.
std::string encode_head(std::string_view key, const entry& e);
std::string encode(const log_begin& b);
std::string encode_over(core::log_position position);
std::string encode(const epoch_begin& e);
std::string encode(const checkpoint& c);
std::string encode(std::string_view key, const inbox& i);

/// Each throws store::error (`corrupted`, or `newer_version`) with a text that names the key.
/// Views of what they return are into `value`.
record decode_record(std::string_view key, std::string_view value);
entry decode_entry(std::string_view key, std::string_view value);
log_begin decode_begin(std::string_view value);
core::log_position decode_over(std::string_view value);
epoch_begin decode_epoch(std::string_view key, std::string_view value);
checkpoint decode_checkpoint(std::string_view key, std::string_view value);
inbox decode_inbox(std::string_view key, std::string_view value);

/// The followers whose home is in [first, last) of the graph's places, and their followees.
std::string encode_slice(std::string_view key, const core::follower_graph& graph,
                         std::uint32_t first, std::uint32_t last);
/// Calls `follows(follower, followee)` for each edge. Returns the end of the slice. For a damaged
/// slice `follows` is never called.
std::uint32_t decode_slice(std::string_view key, std::string_view value,
                           const std::function<void(core::user_id, core::user_id)>& follows);

}  // namespace skein::store
