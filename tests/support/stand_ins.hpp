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

#include "actors/interfaces.hpp"

namespace skein {

struct source_record {
  core::source_id id = 0;
  int taken = 0;           ///< blocks
  int asked = 0;           ///< times, to catch up
  bool catches_up = true;  ///< it answers at once
};

struct sequencer_record {
  std::vector<core::source_id> opened;
  std::vector<core::source_id> closed;
  std::string text;                 ///< of all events, each with a line feed
  std::vector<std::size_t> blocks;  ///< events in each
  int taken = 0;                    ///< blocks, by the router
  int caught_up = 0;                ///< times

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
  bool takes = true;       ///< each block at once
  sequencer_actor sender;  ///< of the last block

  /// All blocks of the epoch in one text.
  std::string text(core::epoch_number epoch = 1) const;
};

struct session_record {
  std::string text;
  std::size_t portions = 0;
  bool replaced = false;
};

struct statistics_record {
  traffic counted;
  std::size_t reports = 0;
};

source_actor::behavior_type source_stand_in(source_actor::pointer self, source_record* record);
sequencer_actor::behavior_type sequencer_stand_in(sequencer_actor::pointer,
                                                  sequencer_record* record);
router_actor::behavior_type router_stand_in(router_actor::pointer self, router_record* record);
session_actor::behavior_type session_stand_in(session_actor::pointer, session_record* record);
statistics_actor::behavior_type statistics_stand_in(statistics_actor::pointer,
                                                    statistics_record* record);

using lines = std::initializer_list<std::string_view>;

/// What a source sends for these lines.
std::shared_ptr<const charged<core::event_block>> unordered(io::flow& flow, lines all);

/// What the sequencer sends for these lines. Each gets CRLF.
ordered_events ordered(io::flow& flow, lines all, core::epoch_number epoch = 1);

/// Text that all sessions are told.
portion to_all(io::flow& flow, std::string_view text);

}  // namespace skein
