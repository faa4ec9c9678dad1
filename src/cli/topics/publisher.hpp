/// Publishes messages in requests of several.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/topics/topic_client.hpp"
#include "cli/work_progress.hpp"

namespace skein::cli {

struct publishing {
  std::string topic;
  std::string wait = "durable";   ///< as the API calls it
  std::size_t batch = 100;        ///< most messages of one request
  bool json = false;              ///< print what became of each message as a line of JSON
  std::string called{"message"};  ///< what messages are called that are refused, with their number
};

/// Messages are counted from 1. Refused ones are named on standard error, with the reason.
class publisher {
 public:
  publisher(const publishing& options, const door& where);

  /// `message` is an object of JSON. Publishes it when there is enough for a request.
  void add(std::string message);

  /// The next message is refused, for this reason.
  void refuse(std::string reason);

  /// Publishes what there is, and tells what became of it. Throws problem if nothing can be
  /// published, and as topic_client does.
  void flush();

  /// Whether all were published.
  bool good() const { return good_; }

  /// What became of all of them, in one line.
  std::string summary() const;

  work_progress& progress() { return progress_; }

 private:
  struct message {
    std::uint64_t number;
    std::string text;
  };
  using messages = std::vector<message>;
  struct result {
    std::string reason;  ///< why it was refused; empty if it was not
    std::string json;
  };

  void publish(messages what);
  messages without_wrong(messages what, const problem& p);
  void note(const messages& what, const boost::json::object& answer);
  void note_refused(std::uint64_t number, std::string reason);
  void count(const std::string& outcome);
  void tell();
  std::string numbers(std::uint64_t first, std::uint64_t last) const;

  publishing options_;
  topic_client client_;
  std::string target_;
  std::chrono::milliseconds patience_{0};
  messages pending_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t number_ = 0;                 ///< of the last message
  std::map<std::uint64_t, result> results_;  ///< not told yet, by number
  std::vector<std::pair<std::string, std::uint64_t>> outcomes_;
  bool good_ = true;
  work_progress progress_{"messages"};
};

}  // namespace skein::cli
