/// Talks to a daemon on this machine through its control door.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <filesystem>
#include <string>

namespace skein::cli {

struct control_answer {
  boost::json::object values;  ///< in the order of the daemon; "ok" is true
  std::string text;            ///< the line as it came, without its end
};

/// Sends `line`, which has no end, to the daemon at `socket` and waits for its answer, at most
/// `timeout`; 0 is for ever. Throws usage_error if `line` is longer than 4,096 bytes or has a line
/// end in it, and std::runtime_error, with one line that names the reason, if there is no daemon,
/// it does not answer in time or not by a JSON object, or its answer is an error.
control_answer control_request(const std::filesystem::path& socket, const std::string& line,
                               std::chrono::milliseconds timeout = {});

}  // namespace skein::cli
