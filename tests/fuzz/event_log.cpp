/// An event log that is written, cut, opened again and read in any order: at any time it is the
/// stream from its begin on, the graph out of it is that of the stream, a replay tells what the
/// stream had for a user, and a check of the store finds nothing.

#include "store/events/event_log.hpp"

#include <array>
#include <memory>

#include "fuzz/fuzz_input.hpp"
#include "store/check.hpp"
#include "store/events/log_reader.hpp"
#include "store/events/recovery.hpp"
#include "store/events/replay.hpp"
#include "support/checkpointing.hpp"
#include "support/event_stream.hpp"

namespace {

using namespace skein;
using core::line_ending;

constexpr core::user_id users = 5;

/// Collects what one user is told.
class listener final : public store::audience {
 public:
  void tell(core::session_index, std::string_view line) override { lines.emplace_back(line); }
  void tell_all(std::string_view line) override { lines.emplace_back(line); }
  void begin(core::session_index) override {}
  void end(core::session_index) override {}
  void keep(std::shared_ptr<const core::ordered_block>) override {}

  std::vector<std::string> lines;
};

class world {
 public:
  explicit world(fuzz::input& in) : in_(in) {
    if (in.flag()) options_.max_events = 1 + in.below(200);
    if (in.flag()) options_.max_age = std::chrono::milliseconds{1 + in.below(2000)};
    if (in.flag()) options_.max_bytes = 100 + in.below(4000);
    keep_graph_ = in.flag();
    log_ = std::make_unique<store::event_log>(*engine_, options_, keep_graph_);
  }

  void step() {
    now_ += static_cast<store::wall_time>(in_.below(64));
    switch (in_.below(12)) {
      case 0:
        begin_epoch();
        break;
      case 1:
        commit();
        open_again();
        break;
      case 2:
        commit();
        if (log_->trim(now_)) commit();
        break;
      case 3:
        if (!router_.is_at_checkpoint()) router_.begin_checkpoint(log_->next_generation());
        break;
      case 4:
      case 5:
        continue_checkpoint();
        break;
      case 6:
        router_.route(stream_, in_.below(20));
        break;
      case 7:
        commit();
        replay();
        break;
      case 8:
        commit();
        break;
      case 9:
        if (stream_.end() != 0) log_->mark_over();
        break;
      default:
        append();
    }
  }

  void check() {
    commit();
    SKEIN_REQUIRE(log_->end() == stream_.end());
    std::vector<std::string> expected, found;
    for (const auto& i : stream_.items()) {
      if (i.position >= log_->begin()) expected.push_back(i.line);
    }
    store::log_reader reader{*engine_, line_ending::lf};
    while (const auto block = reader.next()) {
      for (const core::event& e : block->events) {
        found.emplace_back(block->text_of(e).substr(0, e.length - 1u));
      }
    }
    SKEIN_REQUIRE(!reader.lost());
    SKEIN_REQUIRE(found == expected);
    SKEIN_REQUIRE(log_->events() == expected.size());
    SKEIN_REQUIRE(test::edges_of(store::recover_graph(*engine_, [](auto, auto) {})) ==
                  stream_.edges());
    store::check(*engine_, [](const std::string& finding) {
      std::fprintf(stderr, "%s\n", finding.c_str());
      SKEIN_REQUIRE(finding.empty());
    });
  }

 private:
  core::user_id user() { return static_cast<core::user_id>(in_.below(users)); }

  std::string line() {
    number_ += in_.byte() % 32 == 0 ? 3 : 1;
    const std::string number = std::to_string(number_);
    const std::string a = '|' + std::to_string(user()), b = '|' + std::to_string(user());
    constexpr std::array<const char*, 5> kinds{"|F", "|U", "|P", "|S", "|B"};
    const std::size_t kind = in_.below(kinds.size());
    return number + kinds[kind] + (kind < 4 ? a : "") + (kind < 3 ? b : "");
  }

  void append() {
    std::vector<std::string> lines;
    for (std::size_t n = in_.below(10); n != 0; --n) lines.push_back(line());
    if (lines.empty() && stream_.epochs().empty()) return;
    log_->append(stream_.add(lines, in_.flag() ? line_ending::lf : line_ending::crlf, now_), now_);
  }

  void begin_epoch() {
    stream_.begin_epoch(keep_graph_);
    number_ = 0;
    log_->append(stream_.add({}, line_ending::lf, now_), now_);
  }

  void commit() { log_->commit(in_.flag()); }

  void open_again() {
    const core::sequence_start before = log_->start();
    log_ = std::make_unique<store::event_log>(*engine_, options_, keep_graph_);
    const core::sequence_start after = log_->start();
    SKEIN_REQUIRE(after.epoch == before.epoch && after.epoch == stream_.epoch_now());
    SKEIN_REQUIRE(after.next == before.next && after.next == stream_.next());
    SKEIN_REQUIRE(after.position == before.position && after.position == stream_.end());
    SKEIN_REQUIRE(after.interrupted == before.interrupted);
    SKEIN_REQUIRE(after.first_event == before.first_event);
    router_ = test::slow_router{store::recover_graph(*engine_, [](auto, auto) {}), log_->epoch(),
                                log_->end()};
  }

  void continue_checkpoint() {
    if (!router_.is_at_checkpoint()) return;
    const auto places = 1 + static_cast<std::uint32_t>(in_.below(12));
    const auto made = router_.continue_checkpoint(*log_, places);
    if (!made) return;
    commit();
    log_->put(*made);
    commit();
  }

  void replay() {
    const core::log_position begin = store::history_begin(*engine_);
    const core::user_id who = user();
    const auto epoch = static_cast<core::epoch_number>(in_.below(4));
    const auto number = static_cast<core::sequence_number>(in_.below(100));
    const core::log_position beyond = store::position_beyond(*engine_, epoch, number);
    if (beyond > log_->begin()) SKEIN_REQUIRE(beyond == stream_.position_beyond(epoch, number));
    const core::log_position from = std::max(begin, beyond);
    const auto ending = in_.flag() ? line_ending::lf : line_ending::crlf;
    listener to;
    store::replay pass{*engine_, ending, to};
    pass.add(0, who, from);
    pass.start();
    for (;;) {
      const auto what = pass.step();
      SKEIN_REQUIRE(what != store::replay::stepped::lost);
      if (what == store::replay::stepped::at_head) break;
    }
    SKEIN_REQUIRE(to.lines == stream_.told(who, from, stream_.end(), core::text_of(ending)));
  }

  fuzz::input& in_;
  store::log_options options_;
  bool keep_graph_ = false;
  std::unique_ptr<store::engine> engine_ = store::open_memory();
  std::unique_ptr<store::event_log> log_;
  test::event_stream stream_;
  test::slow_router router_{{}, 1, 0};
  core::sequence_number number_ = 0;
  store::wall_time now_ = 1000;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in{bytes, size};
  world w{in};
  while (!in.empty()) w.step();
  w.check();
  return 0;
}
