/// The promises of docs/http.md about one topic, stated over what was asked and what was answered.
///
/// Nobody knows what became of a request without an answer: so the checker knows of each message
/// whether it is surely in the topic, surely not, or maybe. A promise is broken only if it is for
/// each way in which things may have happened.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "core/topics/topic_options.hpp"
#include "simulation/stop.hpp"

namespace skein::simulation {

using time = core::wall_time;  ///< ms

/// A time, and before and after what it was: much happens in one millisecond.
struct instant {
  time at = core::no_time;
  std::uint64_t n = std::uint64_t(-1);

  friend bool operator<(instant a, instant b) { return a.n < b.n; }
};

/// A message as it is published. Payloads are told apart.
struct posted {
  std::string payload;
  std::string key;
  unsigned priority = 0;
  time ttl = 0;    ///< 0: none
  time delay = 0;  ///< 0: none
};

/// A message as a subscriber got it.
struct received {
  std::string lease;
  std::uint64_t id = 0;
  unsigned attempt = 0;
  unsigned priority = 0;
  std::string key;
  std::string payload;
  time deadline = core::no_time;
  time expires = core::no_time;
};

enum class wait_until { accepted, durable, delivered };

enum class settling { ack, nack, extend };

class topic_checker {
 public:
  using ticket = std::size_t;  ///< of a request

  explicit topic_checker(const core::topic_options& options) : options_(options) {}

  /// What is broken; empty: nothing so far.
  const std::string& broken() const { return broken_; }

  // --- requests, and what was answered; `lost`: nothing, or something that promises nothing ---

  ticket publish(std::vector<posted> messages, wait_until until, time now);
  /// `all`: every subscriber has acknowledged.
  void published(ticket of, const std::vector<std::string>& outcomes,
                 const std::vector<std::uint64_t>& ids, bool all, time now);

  void subscribe(const std::string& who, time now);
  void subscribed(const std::string& who, time now);
  void unsubscribe(const std::string& who);
  void unsubscribed(const std::string& who) {
    left_ = begin(0);
    subscribers_.erase(who);
    lease_names_.erase(who);
  }

  ticket lease(const std::string& who, std::size_t most, time now);
  void leased(ticket of, const std::vector<received>& all, time now);
  void lease_lost(ticket of, time now);

  ticket settle(const std::string& who, settling how, const std::vector<std::string>& leases,
                time delay, time now);
  void settled(ticket of, const std::vector<std::string>& outcomes, time now);

  /// Returns when it is asked.
  instant describe(time now) { return begin(now); }
  void described(const std::string& who, std::uint64_t pending, std::uint64_t dead, instant asked);

  void restarted(stop how, time now);

  /// The store fails now: delayed messages may wait until it has recovered.
  void store_fails(time now) { failed_at_ = now; }

  /// Nothing is pending any more except `dead` letters of `who`, by their payloads.
  void emptied(const std::string& who, const std::set<std::string>& dead);

 private:
  enum class fate { maybe, in, out };

  struct message {
    posted what;
    instant asked;
    instant answered;
    fate where = fate::maybe;
    bool durable = false;
    std::uint64_t id = 0;  ///< 0: not known
  };
  struct publishing {
    std::vector<std::string> payloads;
    wait_until until;
    instant asked;
  };

  /// A message that a subscriber has seen.
  struct copy {
    std::string lease;         ///< the newest
    instant seen;              ///< it, last
    unsigned attempt = 0;      ///< of it
    std::size_t restarts = 0;  ///< before it
    time not_before = 0;       ///< it is not delivered again
    time ends_first = 0;       ///< the lease, at the earliest
    int endings = 0;           ///< so often its end was asked for
    int extending = 0;         ///< likewise an extension that is not answered
    bool ended = false;        ///< it surely was ended
    bool ack_asked = false;    ///< of this lease
    bool ever_acked = false;   ///< it was asked for, of any lease
    bool acked = false;        ///< surely
    instant acked_at;          ///< then it was known
    bool loose = false;        ///< a crash may have forgotten the lease
  };
  struct subscriber {
    instant since;  ///< it surely was there
    instant maybe_since;
    bool leaving = false;
    std::map<std::string, copy> copies;           ///< by payload
    std::map<std::string, std::string> of_lease;  ///< payloads
    instant unseen{0, 0};  ///< until then it may have been given what it has not seen
    std::map<unsigned, std::uint64_t> highest;  ///< id of a first delivery, by priority
    bool is_sure() const { return since < instant{} && !leaving; }
  };
  struct leasing {
    std::string who;
    std::size_t most;
    instant asked;
    std::map<unsigned, std::uint64_t> highest;  ///< by then
    bool open = true;
    bool alone = true;  ///< no other one at the same time
  };
  struct settled_lease {
    std::string name;
    std::string payload;  ///< empty: not known
    bool must_fail = false;
  };
  struct settlement {
    std::string who;
    settling how;
    std::vector<settled_lease> leases;
    time delay;
    instant asked;
  };

  instant begin(time now) { return {now, ++instants_}; }
  void broke(const std::string& what) {
    if (broken_.empty()) broken_ = what;
  }
  time pause_after(unsigned attempt) const;
  bool is_durable() const { return options_.storage == core::topic_storage::durable; }
  bool drops() const { return options_.overflow == core::pending_policy::drop_oldest; }
  bool may_be_replaced(const message& m) const {
    return options_.dedupe == core::dedupe_policy::replace && !m.what.key.empty();
  }
  /// It goes only by an acknowledgement, or as a dead letter.
  bool stays(const message& m) const {
    return m.where == fate::in && m.what.ttl == 0 && !drops() && !may_be_replaced(m);
  }

  static bool is_late(const subscriber& s, const received& d);
  bool may_have_missed(const std::string& who, instant since) const;
  bool is_due(const message& m, instant asked) const;
  void check_outcome(const message& m, const std::string& outcome, time now);
  void check_dedupe(const message& m, const std::string& outcome, time now);
  void check_delivery(const std::string& who, const leasing& by, const received& d, time now);
  void check_order(const subscriber& s, const leasing& by, const std::vector<received>& all);
  void check_nothing_was_left(const subscriber& s, const leasing& by,
                              const std::vector<received>& all);
  void check_keys(const subscriber& s, const message& m, const leasing& by,
                  const std::vector<received>& all);
  void take(subscriber& s, const received& d, time now);
  std::uint64_t least_pending(const subscriber& s, instant asked) const;
  std::uint64_t most_pending(const subscriber& s, instant asked) const;

  core::topic_options options_;
  std::string broken_;
  std::map<std::string, message> messages_;  ///< by payload
  std::map<std::uint64_t, std::string> of_id_;
  std::map<std::string, subscriber> subscribers_;
  std::map<std::string, std::set<std::string>> lease_names_;  ///< ever, of a subscriber
  std::vector<publishing> publishings_;
  std::vector<leasing> leasings_;
  std::vector<settlement> settlements_;
  std::size_t restarts_ = 0;
  instant restarted_{0, 0};
  instant left_{0, 0};  ///< a subscriber did, or may have, from then on
  time failed_at_ = 0;
  std::uint64_t instants_ = 0;
};

}  // namespace skein::simulation
