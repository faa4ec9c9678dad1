/// A connection to a server's source door that sends the lines of a descriptor, and reads the
/// receipts meanwhile.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cli/events/receipt_ledger.hpp"
#include "cli/interruption.hpp"
#include "cli/sockets.hpp"

namespace skein::cli {

struct sending_options {
  std::int64_t rate = 0;  ///< lines per second; 0: as fast as they come and the server takes them
  /// How long to wait while the server neither takes nor says anything; 0: for ever.
  std::chrono::milliseconds timeout{30'000};
  bool receipts = true;
};

class source_connection {
 public:
  /// `on_refused` is called with "7: duplicate".
  source_connection(const endpoint& server, const sending_options& options,
                    std::function<void(const std::string&)> on_refused);

  /// Sends what `input` has until its end, and adds a line end if the last line has none. Returns
  /// when the server has said what became of each line; or, without receipts, when it has taken
  /// all.
  /// \throws std::runtime_error if it cannot be read, or the server is lost, or silent for too long
  void send(int input, const char* input_name);

  const receipt_ledger& ledger() const { return ledger_; }
  std::uint64_t lines() const { return lines_; }  ///< read, and sent but for the last ones
  std::uint64_t bytes() const { return bytes_; }  ///< taken by the network

 private:
  bool may_read() const;
  bool waits_for_server() const;
  bool is_done() const;
  time_point deadline(time_point due) const;
  void read_input(int input, const char* input_name);
  /// Returns when the next line may go, if only the rate holds it back.
  time_point take_lines();
  time_point send_lines();  ///< likewise
  void write();
  void read_receipts();

  descriptor socket_;
  sending_options options_;
  std::function<void(const std::string&)> on_refused_;
  receipt_ledger ledger_;
  time_point begin_;
  time_point progress_;
  std::string in_;   ///< read, not a whole line or not due
  std::string out_;  ///< not taken yet
  std::string told_;
  std::uint64_t lines_ = 0;
  std::uint64_t bytes_ = 0;
  bool input_ended_ = false;
  bool half_closed_ = false;
  bool peer_ended_ = false;
};

}  // namespace skein::cli
