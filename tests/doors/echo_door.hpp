/// The smallest door: says again what it is told. It shows what a door needs, which is this file
/// and a line of the list.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "actors/base/io_unit.hpp"
#include "doors/door.hpp"

namespace skein {

struct echo_state {
  static inline const char* name = "echo";

  std::optional<owned_stream> connection;
  std::string untaken;  ///< what the peer is still to be told
  bool draining = false;
  bool ended = false;
};

inline connection_actor::behavior_type echo(measured_actor<connection_actor, echo_state>* self,
                                            std::shared_ptr<io::stream> stream, io_unit* unit) {
  using ending = io::stream::ending;
  using status = io::io_result::status;
  echo_state& state = self->state;
  state.connection.emplace(std::move(stream), self->ctrl(), unit);
  (*state.connection)->await_readable();
  const auto end = [self](ending how) {
    if (std::exchange(self->state.ended, true)) return;
    (*self->state.connection)->close(how);
    self->quit();
  };
  const auto write = [self, end] {
    echo_state& s = self->state;
    while (!s.untaken.empty()) {
      const io::io_result written = (*s.connection)->write(s.untaken);
      if (written.what == status::failed) return end(ending::abort);
      if (written.what == status::would_block) return (*s.connection)->await_writable();
      s.untaken.erase(0, written.bytes);
    }
    s.draining ? end(ending::graceful) : (*s.connection)->await_readable();
  };
  return {
      [self, end, write](readable) {
        std::array<char, 256> said;
        const io::io_result read = (*self->state.connection)->read(said.data(), said.size());
        if (read.what == status::ended || read.what == status::failed) return end(ending::graceful);
        self->state.untaken.append(said.data(), read.bytes);
        write();
      },
      [write](writable) { write(); },
      [self, end](look_at_deadline) {
        (*self->state.connection)->write("too late\n");
        end(ending::graceful);
      },
      [self, write](drain) {
        self->state.draining = true;
        write();
      },
      [end](drain_overdue) { end(ending::abort); },
  };
}

class echo_reception final : public reception {
 public:
  echo_reception(io_unit* unit, int* failures) : unit_(unit), failures_(failures) {}

  connection_actor open(caf::local_actor* parent, connection_number,
                        std::shared_ptr<io::stream> connection) override {
    return parent->spawn(echo, std::move(connection), unit_);
  }
  void ended(connection_number, const connection_actor&, bool failed) override {
    if (failed) ++*failures_;
  }

 private:
  io_unit* unit_;
  int* failures_;
};

/// Who comes may stay for three seconds.
inline door echo_door(int* failures, std::string listen = "") {
  door d{"echo", std::move(listen)};
  d.max_connections = 1;
  d.refusal = "no room\n";
  d.ends_with = drain_group::users;
  d.turn_away = [](io::stream& connection) { connection.write("ending\n"); };
  d.looks = {std::chrono::seconds{3}, false};
  d.open = [failures](const door_environment& all, bool) {
    return std::make_unique<echo_reception>(all.unit, failures);
  };
  return d;
}

}  // namespace skein
