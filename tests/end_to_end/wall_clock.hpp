/// A wall clock that a test sets, for a daemon.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "harm.hpp"

namespace skein::test {

constexpr std::int64_t day = 24 * 60 * 60;  ///< seconds

class wall_clock {
 public:
  wall_clock() {
    const auto path = directory_.path() / "offset";
    write_bytes(path, std::string(sizeof *offset_, '\0'));
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    void* const mapped =
        ::mmap(nullptr, sizeof *offset_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (mapped == MAP_FAILED) throw std::runtime_error{"cannot map " + path.string()};
    offset_ = static_cast<volatile std::int64_t*>(mapped);
    const char* const options = std::getenv("ASAN_OPTIONS");
    how_.environment = {{"LD_PRELOAD", JUMPING_CLOCK},
                        {"JUMPING_CLOCK_FILE", path},
                        {"ASAN_OPTIONS", (options == nullptr ? "" : std::string{options} + ":") +
                                             "verify_asan_link_order=0"}};
  }
  ~wall_clock() { ::munmap(const_cast<std::int64_t*>(offset_), sizeof *offset_); }
  wall_clock(const wall_clock&) = delete;
  wall_clock& operator=(const wall_clock&) = delete;

  /// So many seconds ahead of what is right.
  void set(std::int64_t seconds) { *offset_ = seconds; }

  /// How a daemon is started that goes by it.
  const process::start& how() const { return how_; }

 private:
  temporary_directory directory_;
  process::start how_;
  volatile std::int64_t* offset_ = nullptr;  ///< seconds
};

}  // namespace skein::test
