#include "support/process.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

namespace skein::test {

namespace {

/// Names and values as exec wants them.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  const std::set<std::string> read_by_daemon{"EVENT_SOURCE", "CLIENT", "QUEUE_LIMIT", "QUEUE_TTL",
                                             "LOG_LEVEL"};
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text{*variable};
    const std::string name = text.substr(0, text.find('='));
    if (name.rfind("SKEIN_", 0) != 0 && read_by_daemon.count(name) == 0) result.push_back(text);
  }
  for (const auto& [name, value] : more) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

process::process(const std::string& program, const start& how) {
  std::vector<std::string> arguments{program};
  arguments.insert(arguments.end(), how.arguments.begin(), how.arguments.end());
  auto variables = environment_with(how.environment);
  const auto argv = pointers_to(arguments);
  const auto envp = pointers_to(variables);
  out_ = ::memfd_create("stdout", MFD_CLOEXEC);
  err_ = ::memfd_create("stderr", MFD_CLOEXEC);
  const pid_t parent = ::getpid();
  id_ = ::fork();
  if (id_ < 0) throw std::runtime_error{"cannot fork"};
  if (id_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    // Of tests that run in the background these are ignored.
    for (const int number : {SIGHUP, SIGINT, SIGQUIT}) ::signal(number, SIG_DFL);
    ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    ::dup2(out_, STDOUT_FILENO);
    ::dup2(err_, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
    if (how.most_descriptors != 0) {
      const rlimit limit{how.most_descriptors, how.most_descriptors};
      ::setrlimit(RLIMIT_NOFILE, &limit);
      // So that a privileged program cannot raise it again.
      ::prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE);
    }
    if (how.before) how.before();
    if (::chdir(how.directory.c_str()) == 0) ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
}

process::~process() {
  if (!ended_) {
    signal(SIGKILL);
    wait();
  }
  ::close(out_);
  ::close(err_);
}

void process::signal(int number) const {
  if (!ended_) ::kill(id_, number);
}

std::optional<int> process::wait(std::chrono::milliseconds within) {
  if (ended_) return ended_;
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, id_, 0));
  pollfd ended{handle, POLLIN, 0};
  const bool in_time = ::poll(&ended, 1, static_cast<int>(within.count())) == 1;
  ::close(handle);
  if (!in_time) return std::nullopt;
  int status = 0;
  ::waitpid(id_, &status, 0);
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return ended_;
}

std::string process::text_of(int file, std::size_t from) {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    const auto size = ::pread(file, buffer, sizeof buffer, static_cast<off_t>(from + text.size()));
    if (size <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

std::size_t process::size_of(const std::string& name) const {
  if (SKEIN_SANITIZED) return 0;
  std::ifstream status{"/proc/" + std::to_string(id_) + "/status"};
  for (std::string word; status >> word;) {
    if (word != name + ":") continue;
    std::size_t value = 0;
    status >> value;
    return value;
  }
  throw std::runtime_error{"no " + name + ": the program has ended"};
}

std::size_t process::descriptors() const {
  const std::filesystem::directory_iterator all{"/proc/" + std::to_string(id_) + "/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::chrono::milliseconds process::cpu_time() const {
  std::ifstream stat{"/proc/" + std::to_string(id_) + "/stat"};
  const std::string text{std::istreambuf_iterator<char>{stat}, {}};
  std::size_t field = text.rfind(')');
  for (int i = 0; i != 12; ++i) field = text.find(' ', field + 1);
  char* rest = nullptr;
  const long long user = std::strtoll(text.c_str() + field, &rest, 10);
  const long long system = std::strtoll(rest, nullptr, 10);
  return std::chrono::milliseconds{(user + system) * 1000 / ::sysconf(_SC_CLK_TCK)};
}

finished run(const std::string& program, const process::start& how,
             std::chrono::milliseconds within) {
  process it{program, how};
  const auto status = it.wait(within);
  return {status, it.out(), it.err()};
}

}  // namespace skein::test
