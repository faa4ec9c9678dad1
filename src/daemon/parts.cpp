#include "daemon/parts.hpp"

namespace skein {
namespace {

using kind = end_step::kind;

}  // namespace

const end_steps& steps_of_events() {
  static const end_steps steps{
      {kind::connections, drain_group::sources},
      {kind::drain, {}, "sequencer"},
      {kind::flush, {}, "recorder"},
      {kind::drain, {}, "router"},
      {kind::connections, drain_group::users},
      {kind::drain, {}, "replayer"},
      {kind::drain, {}, "recorder"},
  };
  return steps;
}

const end_steps& steps_of_topics() {
  static const end_steps steps{
      {kind::connections, drain_group::programs},
      {kind::drain, {}, "topics"},
      {kind::drain, {}, "topic_recorder"},
  };
  return steps;
}

const end_steps& steps_of_rest() {
  static const end_steps steps{{kind::drain, {}, "statistics"}};
  return steps;
}

}  // namespace skein
