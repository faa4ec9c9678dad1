/// Any events in any order: the invariants of the reorder buffer hold and the counts add up.

#include "core/events/reorder_buffer.hpp"

#include <set>
#include <vector>

#include "fuzz/fuzz_input.hpp"
#include "support/events.hpp"

namespace {

using namespace skein;
using core::sequence_number;

constexpr sequence_number greatest = std::numeric_limits<sequence_number>::max();

sequence_number choose_number(fuzz::input& in, const core::reorder_buffer& buffer) {
  const auto offset = static_cast<sequence_number>(in.byte());
  switch (in.below(8)) {
    case 0:
      return 1 + offset;
    case 1:
      return buffer.next() > greatest - 300 * offset ? greatest : buffer.next() + 300 * offset;
    case 2:
      return greatest - offset;
    default: {
      const sequence_number near = offset % 32 - 8;
      return near > 0 && buffer.next() > greatest - near
                 ? greatest
                 : std::max<sequence_number>(1, buffer.next() + near);
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in{bytes, size};
  core::sequence_options options;
  options.window = 1 + static_cast<sequence_number>(in.below(300));
  options.max_jump =
      in.below(8) == 0 ? greatest : options.window + static_cast<sequence_number>(in.below(1000));
  options.gap_timeout = std::chrono::milliseconds{1 + in.below(100)};
  options.on_gap = in.flag() ? core::gap_policy::wait : core::gap_policy::skip;
  options.on_late = in.flag() ? core::late_policy::deliver : core::late_policy::drop;
  const bool late_is_released = options.on_late == core::late_policy::deliver;

  core::reorder_buffer buffer{options, core::line_ending::lf};
  core::event_block out;
  core::time_point now{};
  std::uint64_t taken = 0;
  std::uint64_t missing_before = 0;  // of former epochs
  std::uint64_t in_turn_before = 0;
  while (!in.empty()) {
    switch (in.below(8)) {
      case 0:
        now += std::chrono::milliseconds{in.byte()};
        buffer.advance(now, out);
        SKEIN_REQUIRE(buffer.next_deadline() > now);
        break;
      case 1:
        if (in.below(16) != 0) break;
        buffer.release_all(out);
        SKEIN_REQUIRE(buffer.held() == 0);
        buffer.restart();
        missing_before = buffer.counts().missing;
        in_turn_before = buffer.counts().released - (late_is_released ? buffer.counts().late : 0);
        SKEIN_REQUIRE(test::texts_are_intact(out, "\n"));
        taken -= out.events.size();
        out = {};
        break;
      case 2: {
        const sequence_number n = choose_number(in, buffer);
        const sequence_number next = buffer.next();
        if (n == greatest) break;
        buffer.expect(n, out);
        SKEIN_REQUIRE(buffer.next() >= n && buffer.next() >= next);
        break;
      }
      default: {
        std::vector<sequence_number> numbers;
        for (std::size_t i = in.below(16); i != 0; --i)
          numbers.push_back(choose_number(in, buffer));
        const core::event_block block = test::block_of(numbers);
        const std::size_t n = buffer.push(block, 0, now, out);
        SKEIN_REQUIRE(n <= numbers.size());
        if (n != numbers.size()) {
          SKEIN_REQUIRE(options.on_gap == core::gap_policy::wait);
          SKEIN_REQUIRE(numbers[n] - buffer.next() > options.window);
        }
        taken += n;
      }
    }
    const core::reorder_counts& counts = buffer.counts();
    SKEIN_REQUIRE(buffer.held() <= static_cast<std::size_t>(options.window) + 64);
    SKEIN_REQUIRE(buffer.next() >= 1);
    SKEIN_REQUIRE((buffer.next_deadline() == core::never) ==
                  (buffer.held() == 0 || options.on_gap == core::gap_policy::wait));
    const std::uint64_t in_turn = counts.released - (late_is_released ? counts.late : 0);
    SKEIN_REQUIRE(static_cast<std::uint64_t>(buffer.next() - 1) ==
                  in_turn - in_turn_before + counts.missing - missing_before);
    // Of this epoch by its events, of former ones by what is left over.
    SKEIN_REQUIRE(taken == out.events.size() + counts.duplicate + counts.beyond + buffer.held() +
                               (late_is_released ? 0 : counts.late));
  }
  SKEIN_REQUIRE(test::texts_are_intact(out, "\n"));
  if (options.on_late == core::late_policy::drop) {
    for (std::size_t i = 1; i < out.events.size(); ++i) {
      SKEIN_REQUIRE(out.events[i - 1].sequence < out.events[i].sequence);
    }
  }
  return 0;
}
