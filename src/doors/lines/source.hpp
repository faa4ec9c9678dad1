/// Reads one event source.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "actors/base/counting.hpp"
#include "actors/base/interfaces.hpp"
#include "actors/base/io_unit.hpp"
#include "actors/base/log.hpp"
#include "actors/events/interfaces.hpp"
#include "core/rate_limiter.hpp"
#include "io/event_decoder.hpp"
#include "io/flow.hpp"
#include "options/daemon_options.hpp"

namespace skein {

/// What all sources share; lives as long as they do.
struct source_environment {
  source_options options;
  io::flow& flow;
  sequencer_actor sequencer;
  statistics_actor statistics;
  std::chrono::milliseconds report_interval;
  io_unit* unit = nullptr;  ///< null in tests
  core::source_kind kind = core::source_kind::connection;
  bool stored = true;     ///< events are: there are receipts
  bool receipts = false;  ///< for every source, and it stays until the last one
};

struct source_state {
  static inline const char* name = "source";

  /// Blocks a source may send before the sequencer has taken them.
  static constexpr int credit_limit = 32;
  /// Bytes of receipts that a source may leave unread; then it is not read.
  static constexpr std::size_t most_untaken = 64u << 10;

  std::shared_ptr<const source_environment> environment;
  core::source_id id = 0;
  std::string peer;
  std::optional<owned_stream> connection;
  std::optional<io::event_decoder> decoder;
  int credit = credit_limit;
  bool waiting = false;        ///< for the connection to become readable
  bool out_of_credit = false;  ///< it would read if it had credit
  bool catching_up = false;    ///< the sequencer waits for it to have read everything
  bool receipts = false;       ///< it is told what becomes of its events
  std::string untaken;         ///< receipts that the connection has not taken
  bool told = false;           ///< the first of them has come
  bool writing = false;        ///< waits for the connection to become writable
  bool unread = false;         ///< it would read if the source took its receipts
  bool ended = false;          ///< waits for the last receipt
  bool told_last = false;      ///< it is among what is untaken
  counting counted;
  core::counts total;
  core::rate_limiter malformed_lines{10};
};

source_actor::behavior_type source(measured_actor<source_actor, source_state>* self,
                                   std::shared_ptr<const source_environment> environment,
                                   core::source_id id, std::shared_ptr<io::stream> connection);

}  // namespace skein
