/// Sources that come, send, stop and go, in a stream that is new or goes on after an interruption,
/// with epochs by order: nothing is released out of order within an epoch or twice after an
/// interruption, log positions have no hole, every block is taken exactly once and every event
/// counted, each epoch is said, who says nothing changes nothing, and with the last source gone
/// nothing stays behind.

#include "core/events/sequence.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/hash.hpp"
#include "fuzz/fuzz_input.hpp"
#include "support/events.hpp"

namespace {

using namespace skein;
using core::sequence_number;

struct sender {
  core::source_id id = 0;
  bool open = false;
  sequence_number next = 1;  ///< what it is about to send
  int in_flight = 0;         ///< blocks sent and not taken
  bool by_request = false;
  bool silent = true;  ///< no event was sent
};

class world {
 public:
  world(const core::sequence_options& options, core::line_ending ending,
        const core::sequence_start& start)
      : options_(options),
        ending_(core::text_of(ending)),
        start_(start),
        sequence_(options, ending, start),
        epoch_(start.epoch),
        last_(start.next - 1),
        position_(start.position) {}

  void step(fuzz::input& in) {
    sender& s = senders_[in.below(senders_.size())];
    core::sequence_output out;
    switch (in.below(8)) {
      case 0:
        now_ += std::chrono::milliseconds{8 * in.below(256)};
        sequence_.advance(now_, out);
        break;
      case 1:
        if (s.open)
          close(s, in.flag() ? core::source_end::finished : core::source_end::broken, out);
        break;
      case 2:
        // Rarely, or no epoch would be long.
        if (in.below(8) == 0) {
          sequence_.begin_epoch(now_, out);
          break;
        }
        s.next =
            in.flag() ? 1 : std::max<sequence_number>(1, sequence_.next() - 4 + in.byte() % 16);
        break;
      default:
        if (!s.open) {
          s.id = ++last_id_;
          s.open = true;
          s.in_flight = 0;
          s.by_request = in.below(4) == 0;
          sequence_.open(s.id,
                         s.by_request ? core::source_kind::request : core::source_kind::connection);
        }
        // As a source does: a few blocks ahead at most.
        if (s.in_flight < 2) send(s, in, out);
    }
    take(out);
  }

  void end() {
    for (sender& s : senders_) {
      core::sequence_output out;
      if (s.open) close(s, core::source_end::finished, out);
      take(out);
    }
    // Each step of time ends one wait at least.
    for (int i = 0; i != 8 && sequence_.next_deadline() != core::never; ++i) {
      SKEIN_REQUIRE(i != 7);
      now_ = std::max(now_, sequence_.next_deadline());
      core::sequence_output out;
      sequence_.advance(now_, out);
      take(out);
    }
    core::sequence_output out;
    sequence_.release_all(now_, out);
    take(out);
    if (options_.on_gap == core::gap_policy::skip) {
      SKEIN_REQUIRE(sequence_.held() == 0);
      SKEIN_REQUIRE(blocks_taken_ == blocks_sent_);
      // An interrupted stream of which nothing has come is interrupted still; so may one be of
      // which a source has not ended by itself.
      const bool goes_on = start_.interrupted && epoch_ == start_.epoch && events_sent_ == 0;
      const bool has_begun = sequence_.next() != 1;
      SKEIN_REQUIRE(!sequence_.over() || (has_begun && !goes_on));
      SKEIN_REQUIRE(sequence_.over() || !has_begun || goes_on || one_broke_off_);
    }
    SKEIN_REQUIRE(events_released_ == sequence_.counts().released);
  }

 private:
  void close(sender& s, core::source_end how, core::sequence_output& out) {
    const core::epoch_number before = sequence_.epoch();
    one_broke_off_ |= s.by_request || how == core::source_end::broken;
    sequence_.close(s.id, how, now_, out);
    if (s.silent) SKEIN_REQUIRE(sequence_.epoch() == before);
    s = sender{};
  }

  void send(sender& s, fuzz::input& in, core::sequence_output& out) {
    std::vector<sequence_number> numbers;
    for (std::size_t i = in.below(12); i != 0; --i) {
      const std::uint8_t choice = in.byte();
      // Mostly on, at times a step aside or over some.
      if (choice % 16 == 15) s.next += choice / 16;
      const sequence_number n = choice % 8 == 7 ? s.next + choice / 8 - 16 : s.next++;
      numbers.push_back(std::max<sequence_number>(1, n));
    }
    ++s.in_flight;
    ++blocks_sent_;
    events_sent_ += numbers.size();
    s.silent &= numbers.empty();
    // Two ways to spell number 1: a stream begins like another, or not.
    const std::string_view first = in.flag() ? "1|B" : "01|B";
    core::event_block block;
    for (const sequence_number n : numbers) {
      n == 1 ? test::append_line(block, first) : test::append_line(block, std::to_string(n) + "|B");
    }
    sequence_.push(s.id, std::make_shared<const core::event_block>(std::move(block)), now_, out);
  }

  void take(const core::sequence_output& out) {
    for (const core::source_id id : out.taken) {
      ++blocks_taken_;
      SKEIN_REQUIRE(blocks_taken_ <= blocks_sent_);
      for (sender& s : senders_) {
        if (s.open && s.id == id) SKEIN_REQUIRE(--s.in_flight >= 0);
      }
    }
    for (const core::ordered_block& block : out.blocks) {
      SKEIN_REQUIRE(texts_are_intact(block));
      SKEIN_REQUIRE(block.epoch == epoch_ ? !block.events.empty() : block.epoch == epoch_ + 1);
      if (block.epoch != epoch_) last_ = 0;
      epoch_ = block.epoch;
      SKEIN_REQUIRE(block.begin == position_);
      for (std::size_t i = 0; i != block.events.size(); ++i) {
        const core::event& e = block.events[i];
        ++events_released_;
        if (options_.on_late == core::late_policy::drop) SKEIN_REQUIRE(e.sequence > last_);
        if (epoch_ == start_.epoch) SKEIN_REQUIRE(e.sequence >= start_.next);
        last_ = e.sequence;
        SKEIN_REQUIRE(block.position_of(i) == position_);
        position_ += e.length - ending_.size() + 1;
      }
      SKEIN_REQUIRE(block.end() == position_);
    }
    SKEIN_REQUIRE(sequence_.epoch() == epoch_);
    SKEIN_REQUIRE(sequence_.position() == position_);
    const core::reorder_counts& counts = sequence_.counts();
    const bool delivers = options_.on_late == core::late_policy::deliver;
    SKEIN_REQUIRE(events_sent_ == counts.released + (delivers ? 0 : counts.late) +
                                      counts.duplicate + counts.beyond + sequence_.held());
    if (sequence_.over()) SKEIN_REQUIRE(sequence_.held() == 0);
  }

  bool texts_are_intact(const core::ordered_block& block) const {
    return std::all_of(block.events.begin(), block.events.end(), [&](const core::event& e) {
      std::string_view text = block.text_of(e);
      if (e.sequence == 1 && text.front() == '0') text.remove_prefix(1);
      return text == std::to_string(e.sequence) + "|B" + std::string{ending_};
    });
  }

  core::sequence_options options_;
  std::string_view ending_;
  core::sequence_start start_;
  core::sequence sequence_;
  core::time_point now_{};
  std::vector<sender> senders_ = std::vector<sender>(3);
  core::source_id last_id_ = 0;
  core::epoch_number epoch_;
  sequence_number last_;  ///< released in this epoch
  core::log_position position_;
  bool one_broke_off_ = false;
  std::size_t blocks_sent_ = 0;
  std::size_t blocks_taken_ = 0;
  std::size_t events_sent_ = 0;
  std::size_t events_released_ = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in{bytes, size};
  core::sequence_options options;
  options.window = 1 + static_cast<sequence_number>(in.below(40));
  options.max_jump = options.window + static_cast<sequence_number>(in.below(100));
  options.gap_timeout = std::chrono::milliseconds{1 + in.below(500)};
  options.restart_wait = std::chrono::milliseconds{in.below(2000)};
  options.on_gap = in.flag() ? core::gap_policy::wait : core::gap_policy::skip;
  options.on_late = in.flag() ? core::late_policy::deliver : core::late_policy::drop;
  options.on_restart = static_cast<core::restart_policy>(in.below(3));
  const auto ending = in.flag() ? core::line_ending::crlf : core::line_ending::lf;
  core::sequence_start start;
  if (in.flag()) {
    start.epoch = 1 + in.byte();
    start.next = 1 + static_cast<sequence_number>(in.below(64));
    start.position = in.below(65536);
    start.interrupted = in.flag();
    start.first_event = in.flag() ? core::fingerprint_of("1|B") : in.byte();
  }
  world w{options, ending, start};
  while (!in.empty()) w.step(in);
  w.end();
  return 0;
}
