#include "cli/maze/maze_run.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/maze/maze_race.hpp"
#include "cli/maze/maze_reader.hpp"
#include "cli/maze/maze_sender.hpp"
#include "cli/maze/process_usage.hpp"
#include "cli/sockets.hpp"
#include "io/descriptors.hpp"

namespace skein::cli {

namespace {

double seconds_of(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) * 1e-9;
}

/// Counts threads that have ended.
class finish_line {
 public:
  void cross() {
    const std::lock_guard<std::mutex> lock{mutex_};
    ++crossed_;
    changed_.notify_all();
  }
  /// True once `count` threads have ended, false after the time.
  bool await(std::size_t count, std::chrono::milliseconds time) {
    std::unique_lock<std::mutex> lock{mutex_};
    return changed_.wait_for(lock, time, [&] { return crossed_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t crossed_ = 0;
};

class maze_run {
 public:
  maze_run(const maze_script& script, const maze_options& options)
      : options_{options}, script_{script}, race_{script, options} {}

  maze_result run(const std::function<void(const maze_progress&)>& report) {
    check_descriptors();
    connect_sources();
    connect_clients();
    settle();
    const auto server = static_cast<pid_t>(options_.server_pid);
    const auto own_before = own_cpu_time();
    const auto server_before = server != 0 ? cpu_time_of(server) : std::nullopt;
    race(report);
    result_.own_cpu_seconds = seconds_of(own_cpu_time() - own_before);
    const auto server_after = server != 0 ? cpu_time_of(server) : std::nullopt;
    if (server_before && server_after) {
      result_.server_cpu_seconds = seconds_of(*server_after - *server_before);
    }
    if (server != 0) result_.server_peak_kib = peak_memory_of(server);
    sum_up();
    return std::move(result_);
  }

 private:
  void check_descriptors() {
    const auto limit = io::raise_descriptor_limit();
    const auto needed = script_.clients().size() +
                        static_cast<std::size_t>(options_.sources + options_.readers) + 16;
    if (needed > limit) {
      throw std::runtime_error{std::to_string(needed) + " open descriptors are needed, " +
                               std::to_string(limit) + " are allowed (ulimit -n)"};
    }
  }

  void connect_sources() {
    const auto server = resolve(options_.host, options_.source_port);
    for (std::size_t i = 0; i < static_cast<std::size_t>(options_.sources); ++i) {
      senders_.emplace_back(race_, connect_to(server), i);
    }
  }

  void connect_clients() {
    const auto server = resolve(options_.host, options_.client_port);
    const auto ending = core::text_of(script_.made_from().sent_ending);
    for (std::int64_t i = 0; i < options_.readers; ++i) readers_.emplace_back(race_);
    const auto begin = now();
    for (std::size_t i = 0; i < script_.clients().size(); ++i) {
      auto connection = connect_to(server, i);
      const auto id = std::to_string(script_.clients()[i].user);
      if (send_all(connection.get(), std::string{id}.append(ending)) != 0) {
        throw std::runtime_error{"the server closed the connection of client " + id};
      }
      readers_[i % readers_.size()].add(std::move(connection), i);
    }
    result_.connect_seconds = seconds_of(now() - begin);
  }

  /// Nothing in the protocol tells when a client is registered.
  void settle() const {
    const std::chrono::microseconds for_clients{script_.clients().size() * 50};
    std::this_thread::sleep_for(options_.settle_before + for_clients);
  }

  void race(const std::function<void(const maze_progress&)>& report) {
    finish_line finish;
    std::vector<std::thread> threads;
    for (auto& reader : readers_) {
      threads.emplace_back([&] {
        reader.run();
        finish.cross();
      });
    }
    const auto start = now();
    for (auto& sender : senders_) threads.emplace_back([&, start] { sender.run(start); });
    while (!finish.await(readers_.size(), options_.log_interval)) {
      if (report) report(progress(start));
    }
    if (race_.stopped()) {
      for (auto& sender : senders_) sender.interrupt();
    }
    for (auto& thread : threads) thread.join();
    if (report) report(progress(start));
  }

  maze_progress progress(std::int64_t start) const {
    return {race_.events_sent.load(), race_.lines_received.load(), seconds_of(now() - start)};
  }

  void sum_up() {
    result_.problem = race_.problem();
    result_.events_sent = race_.events_sent.load();
    result_.deliveries = race_.lines_received.load();
    std::int64_t first = 0;
    std::int64_t lag = 0;
    for (const auto& sender : senders_) {
      if (first == 0 || (sender.first_write() != 0 && sender.first_write() < first)) {
        first = sender.first_write();
      }
      lag = std::max(lag, sender.greatest_lag());
      result_.sender_cpu_seconds += seconds_of(sender.cpu_time());
    }
    for (const auto& reader : readers_) {
      result_.latency.add(reader.latency());
      result_.bytes += reader.bytes();
      result_.reads += reader.reads();
      result_.reader_cpu_seconds += seconds_of(reader.cpu_time());
    }
    result_.lag_ms = seconds_of(lag) * 1e3;
    const auto last = race_.finished_at.load();
    result_.seconds = last > first && first != 0 ? seconds_of(last - first) : 0;
  }

  const maze_options& options_;
  const maze_script& script_;
  maze_race race_;
  std::deque<maze_sender> senders_;
  std::deque<maze_reader> readers_;
  maze_result result_;
};

}  // namespace

maze_result run_maze(const maze_script& script, const maze_options& options,
                     const std::function<void(const maze_progress&)>& report) {
  return maze_run{script, options}.run(report);
}

}  // namespace skein::cli
