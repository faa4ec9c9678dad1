/// Reads the log for users who have missed something.
///
/// Sessions that ask while it is busy share the next pass over the log, so that ten thousand that
/// come back at once cost one pass. A pass sends rounds like the router, one in flight. At the head
/// of the log it waits for its sessions to have joined the router, each from a position of its own,
/// and brings each up to there. A pass is as slow as the slowest of its sessions; when others wait
/// for one of the few passes to end, the slow ones are told to hurry.
///
/// It reads files, so it has a thread of its own.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/base/interfaces.hpp"
#include "actors/events/round_members.hpp"
#include "io/flow.hpp"
#include "options/daemon_options.hpp"
#include "store/engine.hpp"
#include "store/events/replay.hpp"

namespace skein {

struct replayer_environment {
  store::engine& engine;
  core::line_ending ending;
  store::quota quota;
  io::flow& flow;
  statistics_actor statistics;
  std::function<store::wall_time()> wall_clock;
};

/// One pass over the log, for some sessions.
class replay_pass final : public store::audience {
 public:
  replay_pass(store::engine& engine, core::line_ending ending) : replay(engine, ending, *this) {}

  void tell(core::session_index member, std::string_view line) override {
    to.round.add(member, line);
    ++told;
  }
  void tell_all(std::string_view line) override {
    if (ended.empty()) {
      to.round.broadcast(line);
      told += to.active();
      return;
    }
    // A broadcast of this round would go to sessions that have ended, too.
    for (core::session_index m = 0; m != to.members().size(); ++m) {
      if (to[m].active && !has_ended[m]) tell(m, line);
    }
  }
  void begin(core::session_index member) override {
    if (has_ended.size() <= member) has_ended.resize(member + 1);
    has_ended[member] = false;
    to.activate(member);
  }
  void end(core::session_index member) override {
    has_ended[member] = true;
    ended.push_back(member);
  }
  void keep(std::shared_ptr<const core::ordered_block> block) override {
    kept_bytes += block->text.size();
    to.round.keep(std::move(block));
  }

  core::session_index admit(const feed_actor& session, const replay_wanted& wanted) {
    return places[session.id()] = to.add(session, wanted.user, wanted.ticket);
  }

  /// The session has everything that it wanted from the replay.
  void let_go(core::session_index member) {
    if (const auto found = told_at_head.find(member); found != told_at_head.end()) {
      unanswered -= found->second ? 0 : 1;
      told_at_head.erase(found);
    }
    places.erase(to[member].actor.id());
    to.remove(member);
  }

  /// The session gets nothing of it any more.
  void drop(core::session_index member) {
    replay.remove(member);
    ended.erase(std::remove(ended.begin(), ended.end(), member), ended.end());
    let_go(member);
  }

  /// Whether it has not been told before.
  bool tell_at_head(core::session_index member) {
    const bool is_first = told_at_head.emplace(member, false).second;
    unanswered += is_first ? 1 : 0;
    return is_first;
  }
  void answer_at_head(core::session_index member) {
    const auto [found, is_first] = told_at_head.emplace(member, true);
    unanswered -= is_first || std::exchange(found->second, true) ? 0 : 1;
  }

  /// Nobody gets anything of it any more.
  void clear() {
    for (core::session_index m = 0; m != to.members().size(); ++m) {
      if (to[m].actor) drop(m);
    }
  }

  round_members to;
  store::replay replay;
  std::vector<core::session_index> ended;  ///< they have reached their position
  std::vector<bool> has_ended;             ///< the same by index
  std::unordered_map<caf::actor_id, core::session_index> places;
  std::map<core::session_index, bool> told_at_head;  ///< and whether they have answered
  std::size_t unanswered = 0;                        ///< of these, those that have not
  std::size_t kept_bytes = 0;                        ///< of blocks that the round points into
  std::uint64_t told = 0;
  bool in_flight = false;
  bool at_head = false;         ///< it waits for the log to grow, or for answers
  core::log_position seen = 0;  ///< what `log_end` was when it last looked
};

struct replayer_state {
  static inline const char* name = "replayer";

  /// Passes at once; others wait.
  static constexpr std::size_t most_passes = 4;
  /// How often sessions are told that others wait.
  static constexpr std::chrono::milliseconds hurry_interval{250};
  /// How long it waits for a store that is closed for the moment.
  static constexpr std::chrono::milliseconds retry_interval{250};

  struct request {
    feed_actor session;
    replay_wanted what;
  };

  std::shared_ptr<const replayer_environment> environment;
  std::vector<request> requests;
  std::map<std::uint32_t, std::unique_ptr<replay_pass>> passes;
  std::uint32_t last_pass = 0;
  core::log_position log_end = 0;  ///< as the recorder has said
  bool due_armed = false;          ///< a `slice_due` is on its way
  bool hurry_armed = false;        ///< a `hurry_due` is
  bool retry_armed = false;        ///< a `slice_due` will be
};

replayer_actor::behavior_type replayer(measured_actor<replayer_actor, replayer_state>* self,
                                       std::shared_ptr<const replayer_environment> environment);

}  // namespace skein
