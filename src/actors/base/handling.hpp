/// Actors whose handling of each message is measured, and those of them that may wait for files.
#pragma once

#include <array>
#include <atomic>
#include <caf/mailbox_element.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace skein {

/// How long all actors of one kind have taken for a message: a histogram by powers of ten. Thread
/// safe.
class handling_times {
 public:
  /// Up to 10 µs, 100 µs, 1 ms, 10 ms, 100 ms, and more.
  static constexpr std::size_t buckets = 6;
  static constexpr std::array<const char*, buckets> names{"10us", "100us", "1ms",
                                                          "10ms", "100ms", "more"};
  using counts = std::array<std::uint64_t, buckets>;

  void add(std::chrono::nanoseconds taken);
  counts so_far() const;

  /// Of this process. The kind is a literal.
  static handling_times& of(const char* kind);
  static std::map<std::string, counts> of_all();

 private:
  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
};

template <class Handle, class State>
class measured_actor : public Handle::template stateful_base<State> {
  using base = typename Handle::template stateful_base<State>;

 public:
  using base::base;
  using base::consume;

  caf::invoke_message_result consume(caf::mailbox_element& message) override {
    static handling_times& times = handling_times::of(State::name);
    const auto begin = std::chrono::steady_clock::now();
    const auto result = base::consume(message);
    times.add(std::chrono::steady_clock::now() - begin);
    return result;
  }
};

/// It may wait for files: the I/O thread leaves it to the scheduler.
class reads_files {
 protected:
  ~reads_files() = default;
};

template <class Handle, class State>
class reading_actor : public measured_actor<Handle, State>, public reads_files {
 public:
  using measured_actor<Handle, State>::measured_actor;
};

}  // namespace skein
