/// One connection of the operator: reads one command, answers with one line of JSON, ends.
/// docs/protocol.md lists the commands.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/base/interfaces.hpp"
#include "actors/base/io_unit.hpp"
#include "actors/events/interfaces.hpp"
#include "actors/topics/interfaces.hpp"
#include "doors/gather_status.hpp"
#include "io/line_framer.hpp"

namespace skein {

/// One connection of the operator: one command, one answer.
using control_actor = caf::typed_actor<
    /// Reads the command.
    caf::reacts_to<readable>,
    /// Writes the rest of the answer.
    caf::reacts_to<writable>,
    /// Ends if no command has come, or the answer is not taken.
    caf::reacts_to<look_at_deadline>,
    /// Ends.
    caf::reacts_to<drain>,
    /// Ends.
    caf::reacts_to<drain_overdue>>;

struct control_environment {
  status_sources parts;
  io_unit* unit = nullptr;  ///< null in tests
};

struct control_state {
  static inline const char* name = "control";

  std::shared_ptr<const control_environment> environment;
  std::optional<owned_stream> connection;
  std::unique_ptr<io::line_framer> lines;
  std::string answer;  ///< what is left of it to be written
  bool asked = false;
};

control_actor::behavior_type control(measured_actor<control_actor, control_state>* self,
                                     std::shared_ptr<const control_environment> environment,
                                     std::shared_ptr<io::stream> connection);

}  // namespace skein
