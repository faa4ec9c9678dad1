/// Ends the process when it does not close.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace skein {

/// Ends the process when it is not destroyed within two seconds: then something does not close,
/// because it waits for a disk that does not answer.
class last_resort {
 public:
  explicit last_resort(int exit_status)
      : thread_{[this, exit_status] {
          std::unique_lock lock{mutex_};
          if (!closed_.wait_for(lock, std::chrono::seconds{2}, [this] { return is_closed_; })) {
            std::_Exit(exit_status);
          }
        }} {}
  ~last_resort() {
    {
      const std::lock_guard lock{mutex_};
      is_closed_ = true;
    }
    closed_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable closed_;
  bool is_closed_ = false;
  std::thread thread_;  ///< last: it uses the others
};

}  // namespace skein
