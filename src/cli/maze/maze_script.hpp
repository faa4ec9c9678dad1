/// Everything a run of `skein maze` sends and expects, made before the clock starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/maze/mix.hpp"
#include "cli/maze/position_index.hpp"
#include "core/events/event.hpp"

namespace skein::cli {

/// What a script is made from. The same recipe gives the same script on every machine.
struct recipe {
  cli::mix mix = cli::mix::maze;
  std::uint32_t events = 1'000'000;  ///< 1..2^32-2
  std::int64_t first_number = 1;     ///< sequence number of the first event, at least 1
  std::uint32_t clients = 100;       ///< connected users, 1..users
  std::uint32_t users = 1000;        ///< at least 1
  std::uint64_t seed = 666;
  std::uint32_t max_batch = 100;  ///< events are shuffled inside batches of 1..max_batch
  core::line_ending sent_ending = core::line_ending::lf;
  core::line_ending received_ending = core::line_ending::crlf;
};

/// A line that only some clients get, as one of them sees it.
struct own_delivery {
  std::uint32_t broadcast_end;  ///< bytes of the broadcast text that come before it
  std::uint32_t event;          ///< index of the event
};

struct client_script {
  std::uint32_t user = 0;
  std::vector<own_delivery> own;  ///< in order
};

/// The text of all events in the order of sending and what each client must get. A client's stream
/// is the text of all broadcasts with its own deliveries put in between, so that long runs of
/// broadcasts are compared at once and no client's text is ever spelled out. Events are known by
/// their index 0..events-1, which is their place in the sequence. Immutable after `write_script`.
class maze_script {
 public:
  const recipe& made_from() const { return recipe_; }
  std::uint32_t events() const { return static_cast<std::uint32_t>(lines_.size()); }
  std::int64_t number_of(std::uint32_t event) const { return recipe_.first_number + event; }

  /// An event's line as it is sent, without its end.
  std::string_view line(std::uint32_t event) const {
    const auto place = lines_[event];
    return {text_.data() + (place >> 8U), static_cast<std::size_t>(place & 0xffU)};
  }

  // Sending: batches, each a piece of the text, in order of the text.
  std::size_t batches() const { return batch_text_.size(); }
  std::uint32_t first_event(std::size_t batch) const { return batch_events_.start(batch); }
  std::uint32_t end_event(std::size_t batch) const {
    return batch + 1 < batches() ? batch_events_.start(batch + 1) : events();
  }
  std::uint32_t batch_of(std::uint32_t event) const { return batch_events_.find(event); }
  std::string_view batch_text(std::size_t batch) const {
    const auto begin = batch_text_[batch];
    const auto end = batch + 1 < batches() ? batch_text_[batch + 1] : text_.size();
    return {text_.data() + begin, static_cast<std::size_t>(end - begin)};
  }

  /// The last event up to and including `event` that any client is told of, -1 if there is none.
  std::int64_t last_told(std::int64_t event) const;

  // Expectation.
  const std::vector<client_script>& clients() const { return clients_; }
  std::string_view broadcast_text() const { return broadcast_text_; }
  std::uint32_t broadcasts() const { return static_cast<std::uint32_t>(broadcast_events_.size()); }
  std::uint32_t broadcast_event(std::uint32_t broadcast) const {
    return broadcast_events_[broadcast];
  }
  std::uint32_t broadcast_start(std::uint32_t broadcast) const {
    return broadcast_starts_.start(broadcast);
  }
  /// How many broadcasts end at or before a position of the broadcast text.
  std::uint32_t broadcasts_before(std::uint32_t position) const {
    if (position >= broadcast_text_.size()) return broadcasts();
    return broadcast_starts_.find(position);
  }
  std::uint64_t deliveries() const;
  std::uint64_t delivered_bytes() const;

 private:
  friend class script_writer;

  recipe recipe_;
  std::string text_;
  std::vector<std::uint64_t> lines_;  ///< per event: offset in text << 8 | length
  position_index batch_events_;
  std::vector<std::uint64_t> batch_text_;  ///< where each batch begins in the text
  std::vector<std::uint64_t> told_;        ///< one bit per event: somebody gets it
  std::string broadcast_text_;
  position_index broadcast_starts_;
  std::vector<std::uint32_t> broadcast_events_;
  std::vector<client_script> clients_;
};

/// Throws std::length_error if the broadcasts take more than 4 GiB of text.
maze_script write_script(const recipe& r);

}  // namespace skein::cli
