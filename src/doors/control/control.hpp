/// One connection of the operator: reads one command, answers with one line of JSON, ends.
/// docs/protocol.md lists the commands.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/base/gather_status.hpp"
#include "actors/base/io_unit.hpp"
#include "actors/interfaces.hpp"
#include "io/line_framer.hpp"

namespace skein {

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
