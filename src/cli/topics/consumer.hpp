/// Gets what a subscriber is delivered, prints it, and acknowledges it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/interruption.hpp"
#include "cli/topics/topic_client.hpp"

namespace skein::cli {

struct consumption {
  std::string topic;
  std::string subscriber;
  std::int64_t lease = 0;              ///< most messages of one lease request; 0: as the topic says
  std::int64_t count = 0;              ///< end after this many; 0: never
  std::chrono::milliseconds wait{0};   ///< for a message, in one request
  std::chrono::milliseconds retry{0};  ///< pause before a lost daemon is tried again; 0: end
  bool subscribe = true;               ///< make the subscriber
  bool ephemeral = false;              ///< and remove it at the end
  bool until_empty = false;            ///< end when there is nothing
  bool json = false;                   ///< print whole deliveries
  bool ack = true;
};

/// Prints what comes until the count is reached, there is nothing more to do, a signal comes, or
/// nobody reads the output any more. What was written out is acknowledged; what was not is given
/// back. Into a pipe messages go one by one, and what the reader has not read is given back too, so
/// that `| head` takes no more than it prints.
class consumer {
 public:
  consumer(const consumption& options, const door& where);

  /// Throws problem, server_lost, and std::runtime_error if the output cannot be written.
  void run();

 private:
  void consume(const interruption& stop);
  /// Whether there may be more.
  bool consume_some(const interruption& stop);
  void print(const boost::json::array& deliveries, const interruption& stop);
  std::string text_of(const boost::json::value& delivery) const;
  void acknowledge();
  void give_back();
  void unsubscribe();
  void await_daemon(const std::string& reason, const interruption& stop);
  boost::json::object settle(const char* how, const std::vector<std::string>& leases,
                             std::size_t begin, std::size_t end);
  std::string path(std::string_view what = {}) const;

  consumption options_;
  topic_client client_;
  bool subscribed_;
  const bool one_by_one_ = make_pipe_small();
  const bool terminal_;         ///< standard output is one
  bool lost_ = false;           ///< the daemon is
  bool was_here_ = false;       ///< the daemon has answered
  bool acknowledging_ = false;  ///< was asked for, and not answered
  std::int64_t printed_ = 0;
  std::vector<std::string> written_;    ///< leases that are to be acknowledged
  std::vector<std::string> unwritten_;  ///< likewise, given back
};

}  // namespace skein::cli
