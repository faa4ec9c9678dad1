/// Reads one event source.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/io_unit.hpp"
#include "actors/log.hpp"
#include "actors/options.hpp"
#include "io/event_decoder.hpp"
#include "io/flow.hpp"

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
};

struct source_state {
  static inline const char* name = "source";

  /// Blocks a source may send before the sequencer has taken them.
  static constexpr int credit_limit = 32;

  std::shared_ptr<const source_environment> environment;
  core::source_id id = 0;
  std::string peer;
  std::optional<owned_stream> connection;
  std::optional<io::event_decoder> decoder;
  int credit = credit_limit;
  bool waiting = false;        ///< for the connection to become readable
  bool out_of_credit = false;  ///< it would read if it had credit
  bool catching_up = false;    ///< the sequencer waits for it to have read everything
  bool report_armed = false;
  traffic unreported;
  traffic total;
  log::rate_limiter malformed_lines{10};
};

source_actor::behavior_type source(measured_actor<source_actor, source_state>* self,
                                   std::shared_ptr<const source_environment> environment,
                                   core::source_id id, std::shared_ptr<io::stream> connection);

}  // namespace skein
