#include "doors/control/control_door.hpp"

#include <utility>

#include "doors/control/control.hpp"

namespace skein {
namespace {

class control_reception final : public reception {
 public:
  explicit control_reception(control_environment environment)
      : environment_(std::make_shared<const control_environment>(std::move(environment))) {}

  connection_actor open(caf::local_actor* parent, connection_number,
                        std::shared_ptr<io::stream> connection) override {
    return parent->spawn(control, environment_, std::move(connection));
  }

 private:
  std::shared_ptr<const control_environment> environment_;
};

std::string socket_of(const daemon_options& options) {
  if (options.control.socket == no_door) return "";
  if (options.control.socket != "auto") return options.control.socket;
  return is_stored(options) ? options.store.directory + "/control" : "";
}

}  // namespace

door control_door(const daemon_options& options) {
  door d{"control"};
  d.socket = socket_of(options);
  d.max_connections = 16;
  d.refusal = R"({"ok":false,"error":"there are too many connections"})"
              "\n";
  d.ends_with = drain_group::operators;
  d.looks = {options.client.handshake_timeout, false};
  d.open = [](const door_environment& all, bool) {
    return std::make_unique<control_reception>(control_environment{
        {all.sequencer, all.statistics, all.recorder, all.topic_recorder}, all.unit});
  };
  return d;
}

}  // namespace skein
