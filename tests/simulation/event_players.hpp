/// Sources that break off, fall silent, repeat, and send wrong numbers; and users who listen,
/// acknowledge, and come and go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "simulation/event_checker.hpp"
#include "simulation/event_script.hpp"
#include "simulation/world.hpp"

namespace skein::simulation {

/// Each function that checks returns what is broken; nothing, if all promises are kept.
class event_players {
 public:
  explicit event_players(world& in);

  /// The daemon goes on with this.
  void recovered(const stored_state& stored);
  /// The daemon runs.
  void started();
  /// The daemon is no more.
  void ended();

  void step();
  std::string check();
  /// Everybody gets everything.
  std::string finish();
  /// \pre `finish` has been called, and the daemon has ended
  std::string check_store();

  std::size_t lines() const { return script_.size(); }

 private:
  using connection = std::shared_ptr<fake_stream>;

  /// A user who wants everything, and the connection they have, if they have one.
  struct durable_user : durable_promise {
    connection stream;
    std::size_t heard() const { return stream ? whole_lines(stream->heard()).size() : 0; }
  };
  struct live_user : live_promise {
    connection stream;
  };

  void lose_source();
  void send_wrong_number();
  bool quiet() const;
  void feed(int events, int among);
  bool sent_all() const;
  std::uint64_t held();
  bool settled();
  void begin_epoch();
  void connect(durable_user& u);
  void acknowledge(durable_user& u);
  void disconnect(durable_user& u);
  void come_or_go();

  world& in_;
  script script_;
  std::vector<connection> sources_;
  std::pair<std::size_t, std::size_t> at_{1, 1};  ///< epoch and number that are sent next
  int ahead_ = 0;                                 ///< events that nobody may have read
  std::vector<durable_user> durables_;
  std::vector<live_user> lives_;
  std::string broken_;
};

}  // namespace skein::simulation
