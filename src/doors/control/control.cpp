#include "doors/control/control.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <utility>

#include "actors/base/log.hpp"
#include "actors/base/log_exceptions.hpp"
#include "core/events/event_line.hpp"
#include "core/visible_text.hpp"

namespace skein {

namespace {

namespace json = boost::json;

using pointer = measured_actor<control_actor, control_state>*;
using io_status = io::io_result::status;
using ending = io::stream::ending;

/// Longest command, bytes.
constexpr std::size_t longest_line = 4096;

void end(pointer self, ending how) {
  (*self->state.connection)->close(how);
  self->quit();
}

void write_answer(pointer self) {
  control_state& state = self->state;
  while (!state.answer.empty()) {
    const io::io_result written = (*state.connection)->write(state.answer);
    if (written.what == io_status::would_block) {
      (*state.connection)->await_writable();
      return;
    }
    if (written.what != io_status::ok) {
      end(self, ending::abort);
      return;
    }
    state.answer.erase(0, written.bytes);
  }
  end(self, ending::graceful);
}

void answer(pointer self, json::object facts) {
  self->state.answer = json::serialize(facts) + "\n";
  write_answer(self);
}

void refuse(pointer self, std::string_view reason) {
  answer(self, {{"ok", false}, {"error", core::visible(reason)}});
}

/// What an error of a store says, without what CAF puts around it.
std::string text_of(pointer self, const caf::error& e) {
  if (e.context().match_elements<std::string>()) return e.context().get_as<std::string>(0);
  return self->system().render(e);
}

void tell_status(pointer self) {
  gather_status(
      self, self->state.environment->parts,
      [self](const status& all) {
        json::object facts{{"ok", true}};
        for (const auto& [name, value] : all.facts) facts[name] = value;
        answer(self, std::move(facts));
      },
      [self](caf::error& e) { refuse(self, text_of(self, e)); });
}

void begin_new_epoch(pointer self) {
  self->request(self->state.environment->parts.sequencer, caf::infinite, begin_epoch{})
      .then(
          [self](epoch_begun begun) {
            answer(self, {{"ok", true}, {"epoch", begun.epoch}, {"next", begun.next}});
          },
          [self](caf::error& e) { refuse(self, text_of(self, e)); });
}

template <class Recorder>
void back_up_by(pointer self, const Recorder& recorder, std::string_view directory) {
  log::info("backup begins", {{"directory", directory}});
  self->request(recorder, caf::infinite, backup_wanted{std::string{directory}})
      .then(
          [self](backup_made) {
            answer(self, {{"ok", true}});
          },
          [self](caf::error& e) { refuse(self, text_of(self, e)); });
}

void back_up(pointer self, std::string_view directory) {
  const status_sources& parts = self->state.environment->parts;
  if (parts.recorder) {
    back_up_by(self, parts.recorder, directory);
  } else if (parts.topic_recorder) {
    back_up_by(self, parts.topic_recorder, directory);
  } else {
    refuse(self, "nothing is stored here");
  }
}

void delete_inbox_of(pointer self, core::user_id user) {
  const auto& recorder = self->state.environment->parts.recorder;
  if (!recorder) return refuse(self, "nothing is stored here");
  self->request(recorder, caf::infinite, delete_inbox{user})
      .then(
          [self, user](inbox_deleted deleted) {
            if (!deleted.was_there) {
              refuse(self, "user " + std::to_string(user) + " has no inbox");
            } else {
              answer(self, {{"ok", true}});
            }
          },
          [self](caf::error& e) { refuse(self, text_of(self, e)); });
}

void obey(pointer self, std::string_view command) {
  constexpr std::string_view backup = "backup ", inbox = "inbox delete ";
  if (!core::is_visible(command)) {
    refuse(self, "a command is text in UTF-8 without control characters");
  } else if (command == "status") {
    tell_status(self);
  } else if (command == "epoch new") {
    begin_new_epoch(self);
  } else if (command.substr(0, backup.size()) == backup &&
             command.substr(backup.size(), 1) == "/") {
    back_up(self, command.substr(backup.size()));
  } else if (command.substr(0, inbox.size()) == inbox &&
             core::parse_user(command.substr(inbox.size())) != core::no_user) {
    delete_inbox_of(self, core::parse_user(command.substr(inbox.size())));
  } else {
    refuse(self,
           "the commands are: status, epoch new, inbox delete and a user, backup and an absolute "
           "path");
  }
}

void read_command(pointer self) {
  control_state& state = self->state;
  const auto space = state.lines->space();
  const io::io_result read = (*state.connection)->read(space.data, space.size);
  if (read.what == io_status::ended || read.what == io_status::failed) {
    // The peer that has asked still gets the answer.
    if (!state.asked || read.what == io_status::failed) end(self, ending::graceful);
    return;
  }
  std::optional<std::string> command;
  bool too_long = false;
  if (read.what == io_status::ok) {
    state.lines->commit(
        read.bytes,
        [&](std::string_view line) {
          if (!command) command = line;
        },
        [&] { too_long = true; });
  }
  if (!state.asked && command) {
    state.asked = true;
    obey(self, *command);
  } else if (!state.asked && too_long) {
    state.asked = true;
    refuse(self, "the command is too long");
  } else {
    (*state.connection)->await_readable();
  }
}

}  // namespace

control_actor::behavior_type control(pointer self,
                                     std::shared_ptr<const control_environment> environment,
                                     std::shared_ptr<io::stream> connection) {
  log_exceptions(self);
  control_state& state = self->state;
  state.environment = std::move(environment);
  state.lines = std::make_unique<io::line_framer>(longest_line, longest_line + 2);
  state.connection.emplace(std::move(connection), self->ctrl(), state.environment->unit);
  (*state.connection)->await_readable();

  return {
      [self](readable) { read_command(self); },
      [self](writable) { write_answer(self); },
      [self](look_at_deadline) {
        if (!self->state.asked) {
          self->state.asked = true;
          refuse(self, "no command has come in time");
        } else if (!self->state.answer.empty()) {
          end(self, ending::abort);
        }
      },
      [self](drain) { end(self, ending::graceful); },
      [self](drain_overdue) { end(self, ending::abort); },
  };
}

}  // namespace skein
