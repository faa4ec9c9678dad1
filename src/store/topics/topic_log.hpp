/// A durable topic, as far as it is needed in memory.
///
/// What changes gathers here, and is seen here at once; `take_changes` hands it to whoever commits.
/// In memory are what is not committed, the newest messages, and those that were read ahead: some
/// hundred kilobytes at most beyond what is not committed, however many messages are stored.
///
/// Messages are erased by moving the begin of their stream, and their room is given back later, by
/// many at once. A place is never used again. The key of a message that is erased is forgotten, for
/// which both have to be read: when changes are taken, or if that fails some later time.
///
/// What has to read throws store::error, and has changed nothing: the constructor, and what
/// core::topic_log says may throw.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/topics/dedupe_window.hpp"
#include "core/topics/topic_log.hpp"
#include "core/topics/topic_options.hpp"
#include "core/topics/topic_queue.hpp"
#include "store/changes.hpp"
#include "store/engine.hpp"
#include "store/topics/topic_layout.hpp"
#include "store/topics/topic_memory.hpp"

namespace skein::store {

struct stored_subscriber {
  core::subscriber_id id = 0;
  std::string name;
  std::chrono::milliseconds idle_expiry{0};  ///< 0: never
  core::wall_time seen = 0;                  ///< when it last asked for something, about
  core::progress so_far;
};

/// When a topic is opened, and by whom.
struct topic_start {
  core::wall_time now = 0;       ///< before the last change, if the clock was set back
  core::place first = 0;         ///< where the streams begin if nothing is stored yet
  core::wall_time up_since = 0;  ///< from the last change up to this time nobody could ask
  std::uint64_t life = 0;        ///< of the daemon: see `begin_life`
};

class topic_log final : public core::topic_log {
 public:
  /// Reads all but the messages. `engine` lives longer.
  /// Leases and waits go on, and subscribers have been idle, as when something was changed last.
  topic_log(engine& from, topic_number number, const core::topic_options& options,
            const topic_start& start, const topic_memory& memory = {});
  ~topic_log() override;

  /// As they were stored; once. No subscriber gets the id of another that was there before.
  std::vector<stored_subscriber> take_subscribers();
  core::dedupe_window take_window();

  /// One that is new.
  core::subscriber_id add_subscriber(const std::string& name, std::chrono::milliseconds idle_expiry,
                                     core::wall_time now);
  void remove_subscriber(core::subscriber_id id);
  void seen(core::subscriber_id id, core::wall_time now);
  void set_idle_expiry(core::subscriber_id id, std::chrono::milliseconds idle_expiry);

  /// \pre they are the same but for those that can change
  void change(const core::topic_options& options);
  /// The time of the next changes is stored, though there may be nothing else to.
  void keep_time();

  /// Whether there is something to take, and about how many bytes.
  bool has_changes() const;
  std::size_t gathered() const;

  /// What has changed since the last call, of the subscribers by what `queue` knows of them. All
  /// that was taken is committed in this order, or tried again.
  changes take_changes(const core::topic_queue& queue, core::wall_time now);

  /// What was taken first, and was not yet, is committed; also if it was empty.
  void committed();

  /// Messages, and places of keys, that were found damaged since the last call, each by a text that
  /// names it. They are passed over like those that were erased.
  std::vector<std::string> take_damage();

  core::place begin(core::priority_level priority) const override;
  core::place end(core::priority_level priority) const override;
  std::optional<core::message> read(core::message_id id) override;
  core::message_id append(core::priority_level priority, const core::message& m) override;
  void overwrite(core::message_id id, const core::message& m) override;
  void erase(core::message_id id) override;
  void erase_before(core::message_id upto) override;
  void withdraw(core::message_id id) override;
  const core::place_set& withdrawn(core::priority_level priority) const override;
  std::optional<core::message_id> find(const std::string& key) override;
  core::delayed_id delay(core::clock_time due, core::priority_level priority,
                         const core::message& m) override;
  std::uint64_t delayed() const override;
  /// They are on disk, but for what is bounded elsewhere.
  std::size_t bytes() const override { return 0; }
  core::wall_time next_due(core::moment now) const override;
  std::optional<core::delayed_entry> take_due(core::moment now) override;
  std::vector<core::delayed_entry> list_delayed(std::optional<core::delayed_id> after,
                                                std::size_t most, std::size_t most_bytes) override;
  bool cancel(core::delayed_id id) override;
  void remember(const std::string& key, core::wall_time now) override;
  void changed(core::subscriber_id id, core::page_number page) override;

 private:
  struct state;

  std::unique_ptr<state> state_;
};

}  // namespace skein::store
