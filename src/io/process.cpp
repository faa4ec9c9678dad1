#include "io/process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "core/visible_text.hpp"
#include "io/patient_output.hpp"

namespace skein::io {

namespace {

constexpr const char* no_threads =
    "not enough threads or address space (ulimit -u and -v, pids.max of the cgroup)";
constexpr const char* no_memory = "not enough memory (ulimit -v, memory.max of the cgroup)";

std::atomic<const char*> ending_name = "";
std::atomic<int> ending_status = 1;

void open_if_closed(int stream, int mode) {
  if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) return;
  // The lowest free number is this one, as those before it are open.
  if (::open("/dev/null", mode) != stream) ::_exit(1);
}

[[noreturn]] void end_with_a_line() noexcept {
  std::string why = no_threads;  // a thread did not start while others ran
  bool is_fault = false;
  if (const auto thrown = std::current_exception()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      why = reason_of(e);
      is_fault = why == e.what();
    } catch (...) {
      why = "an exception without words";
      is_fault = true;
    }
  }
  complain(why);
  if (is_fault) std::abort();
  ::_exit(ending_status);
}

}  // namespace

void take_over_process() {
  open_if_closed(STDIN_FILENO, O_WRONLY);
  open_if_closed(STDOUT_FILENO, O_RDONLY);
  open_if_closed(STDERR_FILENO, O_WRONLY);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void tell_why_it_ends(const char* name, int status) {
  ending_name = name;
  ending_status = status;
  std::set_terminate(end_with_a_line);
}

void complain(std::string_view text) {
  const auto line = ending_name.load() + (": " + core::visible(text)) + "\n";
  patient_output{STDERR_FILENO}.write(line, std::chrono::seconds{2});
}

bool print(std::string_view lines) {
  return patient_output{STDOUT_FILENO}.write(core::visible_lines(lines), std::chrono::seconds{10});
}

std::string reason_of(const std::exception& failed) {
  if (dynamic_cast<const std::bad_alloc*>(&failed) != nullptr) return no_memory;
  const auto* const of_system = dynamic_cast<const std::system_error*>(&failed);
  const bool is_short =
      of_system != nullptr && of_system->code() == std::errc::resource_unavailable_try_again;
  return is_short ? no_threads : failed.what();
}

void check_threads(std::size_t count) {
  std::mutex changing;
  std::condition_variable changed;
  bool over = false;
  std::vector<std::thread> threads;
  bool enough = true;
  try {
    while (threads.size() < count) {
      threads.emplace_back([&] {
        std::unique_lock alone{changing};
        changed.wait(alone, [&] { return over; });
      });
    }
  } catch (const std::exception&) {
    enough = false;
  }
  {
    const std::lock_guard alone{changing};
    over = true;
  }
  changed.notify_all();
  for (auto& thread : threads) thread.join();
  if (!enough) throw std::runtime_error{no_threads};
}

}  // namespace skein::io
