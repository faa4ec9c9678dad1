#include "daemon/doors.hpp"

#include "doors/control/control_door.hpp"
#include "doors/http/http_door.hpp"
#include "doors/lines/line_doors.hpp"

namespace skein {

std::vector<door> all_doors(const daemon_options& options) {
  return {source_door(options), event_body_door(options), client_door(options), http_door(options),
          control_door(options)};
}

}  // namespace skein
