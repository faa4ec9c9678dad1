#include "doors/lines/line_doors.hpp"

#include <caf/send.hpp>
#include <utility>

#include "doors/lines/session.hpp"
#include "doors/lines/source.hpp"

namespace skein {
namespace {

class source_reception final : public reception {
 public:
  explicit source_reception(source_environment environment)
      : environment_(std::make_shared<const source_environment>(std::move(environment))) {}

  connection_actor open(caf::local_actor* parent, connection_number number,
                        std::shared_ptr<io::stream> connection) override {
    return parent->spawn(source, environment_, core::source_id{number}, std::move(connection));
  }

  void ended(connection_number number, const connection_actor&, bool failed) override {
    if (!failed) return;
    caf::anon_send(environment_->sequencer,
                   source_closed{core::source_id{number}, core::source_end::broken});
    caf::anon_send(environment_->statistics, report{{{core::counter::sources, core::minus(1)}}});
  }

 private:
  std::shared_ptr<const source_environment> environment_;
};

class session_reception final : public reception {
 public:
  explicit session_reception(session_environment environment)
      : environment_(std::make_shared<const session_environment>(std::move(environment))) {}

  connection_actor open(caf::local_actor* parent, connection_number,
                        std::shared_ptr<io::stream> connection) override {
    return parent->spawn(session, environment_, std::move(connection));
  }

  void ended(connection_number, const connection_actor& who, bool failed) override {
    if (!failed) return;
    const session_lost lost{caf::actor_cast<caf::actor>(who)};
    const event_feeds& feeds = environment_->feeds;
    caf::anon_send(feeds.router, lost);
    if (feeds.replayer) caf::anon_send(feeds.replayer, lost);
    caf::anon_send(environment_->statistics, report{{{core::counter::clients, core::minus(1)}}});
  }

 private:
  std::shared_ptr<const session_environment> environment_;
};

source_environment for_sources(const source_options& options, const door_environment& all) {
  return {options,
          all.flow,
          all.sequencer,
          all.statistics,
          all.report_interval,
          all.unit,
          core::source_kind::connection,
          all.recorder != nullptr};
}

}  // namespace

door source_door(const daemon_options& options) {
  door d{"source", options.source.listen};
  d.default_port = 9090;
  d.watch = options.source.watch;
  d.max_connections = options.source.max_connections;
  d.ends_with = drain_group::sources;
  d.open = [source = options.source](const door_environment& all, bool) {
    return std::make_unique<source_reception>(for_sources(source, all));
  };
  return d;
}

door event_body_door(const daemon_options& options) {
  door d{"event_body"};
  d.ends_with = drain_group::sources;
  d.open = [source = options.source, synced = options.event.level == durability::sync](
               const door_environment& all, bool) {
    source_environment environment = for_sources(source, all);
    environment.unit = nullptr;  // it is ready at once, without the I/O thread
    environment.kind = core::source_kind::request;
    environment.receipts = synced;
    return std::make_unique<source_reception>(std::move(environment));
  };
  return d;
}

door client_door(const daemon_options& options) {
  door d{"client", options.client.listen};
  d.default_port = 9099;
  d.watch = options.client.watch;
  d.max_connections = options.client.max_connections;
  d.refusal = "ERR there are too many connections\r\n";
  d.ends_with = drain_group::users;
  d.looks = {options.client.handshake_timeout, false};
  core::inbox_options inbox;
  inbox.stall_timeout = options.client.stall_timeout;
  inbox.in_order = options.sequence.on_late != core::late_policy::deliver;
  d.open = [client = options.client, inbox](const door_environment& all, bool) {
    return std::make_unique<session_reception>(session_environment{
        client, all.flow,
        event_feeds{all.router, all.recorder, all.replayer, all.statistics, inbox}, all.statistics,
        all.unit});
  };
  return d;
}

}  // namespace skein
