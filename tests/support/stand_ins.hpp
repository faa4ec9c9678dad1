/// Actors that stand in for the neighbours of the one that is tested and keep what they are told.
/// The records must outlive the actors or the last run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/base/interfaces.hpp"
#include "actors/events/interfaces.hpp"
#include "actors/topics/interfaces.hpp"

namespace skein {

struct source_record {
  core::source_id id = 0;
  int taken = 0;           ///< blocks
  int asked = 0;           ///< times, to catch up
  bool catches_up = true;  ///< it answers at once
  std::string receipts;
  bool told_last = false;
};

struct sequencer_record {
  std::vector<core::source_id> opened;
  std::vector<core::source_id> closed;
  std::vector<core::source_end> ends;    ///< how they were closed
  std::vector<core::source_kind> kinds;  ///< of those opened
  std::string text;                      ///< of all events, each with a line feed
  std::vector<std::size_t> blocks;       ///< events in each
  int taken = 0;                         ///< blocks, by the router
  int caught_up = 0;                     ///< times
  std::vector<core::source_id> receipts_wanted;
  std::vector<core::log_position> durable;
  core::epoch_number epoch = 1;  ///< it grows with every `begin_epoch`

  bool keeps = false;  ///< the blocks, and so their bytes in the flow
  std::vector<std::shared_ptr<const charged<core::event_block>>> kept;
};

struct router_record {
  struct block {
    core::epoch_number epoch;
    std::string text;
  };
  std::vector<block> blocks;
  std::vector<core::user_id> joined;
  std::vector<core::user_id> left;
  std::vector<join> joins;
  std::vector<store::generation_number> checkpoints_wanted;
  int slices_taken = 0;
  bool takes = true;       ///< each block at once
  sequencer_actor sender;  ///< of the last block

  /// All blocks of the epoch in one text.
  std::string text(core::epoch_number epoch = 1) const;
};

struct recorder_record {
  struct block {
    core::epoch_number epoch;
    core::log_position begin;
    std::string text;
  };
  std::vector<block> blocks;
  std::vector<open_inbox> opened;
  std::vector<acknowledged> acknowledgements;
  std::vector<core::user_id> deleted_inboxes;
  std::vector<graph_slice> slices;
  std::vector<store::checkpoint> checkpoints;
  std::vector<caf::typed_response_promise<drained>> flushes;  ///< `commit_due` answers them
  std::vector<std::string> backups;
  std::string backup_fails;  ///< with this text
  int over = 0;              ///< times

  std::string text(core::epoch_number epoch = 1) const;
};

struct replayer_record {
  std::vector<replay_wanted> wanted;
  std::vector<core::log_position> until;
  std::vector<core::log_position> grew;
  int stopped = 0;  ///< times
  int lost = 0;     ///< sessions
};

struct session_record {
  struct told {
    ticket_number ticket;
    core::epoch_number epoch;
    core::log_position upto;
    std::string text;
  };
  std::string text;
  std::size_t portions = 0;
  std::vector<told> all;
  std::vector<session_news> news;
  bool replaced = false;

  bool holds = false;  ///< the rounds
  std::vector<std::shared_ptr<const round_in_flight>> held;

  /// Kinds of the news in their order.
  std::vector<session_news::kind> kinds() const;
};

struct statistics_record {
  core::counts counted;
  std::size_t reports = 0;
};

source_actor::behavior_type source_stand_in(source_actor::pointer self, source_record* record);
sequencer_actor::behavior_type sequencer_stand_in(sequencer_actor::pointer,
                                                  sequencer_record* record);
router_actor::behavior_type router_stand_in(router_actor::pointer self, router_record* record);
recorder_actor::behavior_type recorder_stand_in(recorder_actor::pointer self,
                                                recorder_record* record);
replayer_actor::behavior_type replayer_stand_in(replayer_actor::pointer, replayer_record* record);
session_actor::behavior_type session_stand_in(session_actor::pointer, session_record* record);
statistics_actor::behavior_type statistics_stand_in(statistics_actor::pointer,
                                                    statistics_record* record);

using lines = std::initializer_list<std::string_view>;

/// What a source sends for these lines.
std::shared_ptr<const charged<core::event_block>> unordered(io::flow& flow, lines all);

/// What the sequencer sends for these lines. Each gets CRLF.
ordered_events ordered(io::flow& flow, lines all, core::epoch_number epoch = 1,
                       core::log_position begin = 0);

/// Where what stands behind this block begins.
core::log_position end_of(const ordered_events& block);

/// Text that all sessions are told.
portion to_all(io::flow& flow, std::string_view text, ticket_number ticket = 0,
               core::epoch_number epoch = 1, core::log_position upto = 0);

}  // namespace skein
