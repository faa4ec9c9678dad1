/// Tells a client the events of its user, through whatever door it came.
///
/// A door holds one in the actor of a connection, passes on what that actor is sent (`portion`,
/// `session_news`, `replaced`), and writes whole lines in a framing of its own. A durable feed is
/// the CAF side of core/events/inbox_session: the client may come back and miss nothing.
#pragma once

#include <caf/local_actor.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "actors/base/interfaces.hpp"
#include "actors/events/interfaces.hpp"
#include "core/events/inbox_session.hpp"
#include "core/time.hpp"

namespace skein {

/// What all feeds share; lives as long as they do.
struct event_feeds {
  router_actor router;
  recorder_actor recorder;  ///< null if nothing is stored
  replayer_actor replayer;  ///< likewise
  statistics_actor statistics;
  core::inbox_options inbox;

  /// Whether there are durable feeds.
  bool stores() const { return recorder != nullptr; }
};

/// What a feed asks of its door.
class feed_client {
 public:
  virtual ~feed_client() = default;

  /// Whole lines, events of `epoch`, for the client: to be written, or to wait. Returns how many
  /// bytes of them the client has or will get; a durable feed may leave out whole lines only.
  virtual std::size_t tell(core::epoch_number epoch, std::string_view lines) = 0;
  /// Bytes that wait to be written; of a durable feed at most `event_feeds::inbox.room`.
  virtual std::size_t waiting() const = 0;
  /// The client should know.
  virtual void warn(std::string_view reason) = 0;
  /// The feed cannot go on: the client is told so, and the connection ends.
  virtual void refuse(std::string_view reason) = 0;
};

/// A door that drains passes on nothing more than acknowledgements.
class event_feed {
 public:
  /// `self` is a `feed_actor`. All outlive the feed.
  event_feed(caf::local_actor* self, const event_feeds& all, feed_client& door);
  ~event_feed();
  event_feed(const event_feed&) = delete;
  event_feed& operator=(const event_feed&) = delete;

  /// The user is told what happens from now on.
  void begin(core::user_id user);

  /// Everything from where its inbox stands, or from `beyond`. \pre `event_feeds::stores()`
  void begin_durable(core::user_id user, const std::optional<core::named_position>& beyond);

  void tell(const portion& message);
  void tell(const session_news& news);

  /// Nothing waits to be written any more.
  void all_written();

  /// The client has everything up to here. \pre it is durable
  core::session_cursor::outcome acknowledge(const core::named_position& said);

  /// When to `look`, or `core::never`.
  core::time_point next_deadline() const;
  void look();

  /// Router and replayer forget it. Afterwards nothing is asked of it, and it asks for nothing.
  void end();

  /// The same; the router has done so.
  void replaced();

 private:
  class inbox;

  caf::local_actor* const self_;
  const event_feeds& all_;
  feed_client& door_;
  core::user_id user_ = core::no_user;  ///< whose member of the router it is, or will be
  std::unique_ptr<inbox> inbox_;        ///< of a durable one
};

}  // namespace skein
