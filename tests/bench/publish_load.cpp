/// Load on a server of topics: connections that ask, wait for the answer, and ask again. Writes one
/// line of JSON.
///
///   publish_load --port N --work WORK [--connections N] [--seconds N] [--messages N] [--batch N]
///                [--server-pid N]
///
///   WORK: api        POST /api/publish; one connection more fetches everything every 50 ms
///         alternate  POST /api/publish and POST /api/fetch in turns
///         durable    POST /v1/topics/.../messages?wait=durable, `batch` messages in each
///         delivered  the same with wait=delivered; one connection more waits for messages and
///                    acknowledges in one request what it got
///         deliver    lease and ack of `batch` messages in turns, published before
///         beanstalk  put, in beanstalkd's protocol
///
/// It ends after `seconds`, or when `messages` were published. What the connection more asks is not
/// counted. Every answer is checked; one that says no ends the run with status 1.
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/maze/latency_histogram.hpp"
#include "cli/maze/process_usage.hpp"
#include "cli/sockets.hpp"

namespace {

using namespace skein::cli;
using clock_type = std::chrono::steady_clock;

constexpr const char* topic = "load.test";
constexpr auto fetch_interval = std::chrono::milliseconds{50};
constexpr auto patience = std::chrono::seconds{10};

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct answer {
  bool ok = false;
  std::string_view body;
};

/// The length of a body in chunks, without trailers; 0 if it is not all there.
std::size_t length_of_chunks(std::string_view in) {
  for (std::size_t at = 0;;) {
    const auto line = in.find("\r\n", at);
    if (line == in.npos) return 0;
    const auto size = std::strtoul(in.data() + at, nullptr, 16);
    at = line + 2 + size + 2;
    if (in.size() < at) return 0;
    if (size == 0) return at;
  }
}

/// Takes a whole answer off the front of `in`, if there is one: its length, and what it says.
std::size_t take_http(std::string_view in, answer& a) {
  const auto head = in.find("\r\n\r\n");
  if (head == in.npos) return 0;
  if (in.substr(0, head).find("Transfer-Encoding: chunked") != in.npos) {
    const auto chunks = length_of_chunks(in.substr(head + 4));
    a = {in.substr(9, 1) == "2", in.substr(head + 4, chunks)};
    return chunks == 0 ? 0 : head + 4 + chunks;
  }
  constexpr std::string_view name = "Content-Length: ";
  const auto length = in.substr(0, head).find(name);
  const std::size_t size =
      length == in.npos ? 0 : std::strtoul(in.data() + length + name.size(), nullptr, 10);
  if (in.size() < head + 4 + size) return 0;
  a = {in.substr(9, 1) == "2", in.substr(head + 4, size)};
  return head + 4 + size;
}

std::size_t take_line(std::string_view in, answer& a) {
  const auto end = in.find("\r\n");
  if (end == in.npos) return 0;
  a = {in.substr(0, 9) == "INSERTED ", in.substr(0, end)};
  return end + 2;
}

/// A blocking call, before the load.
std::string call(const endpoint& server, const std::string& request) {
  const descriptor to = connect_to(server);
  if (send_all(to.get(), request) != 0) throw std::runtime_error{"the connection broke"};
  std::string got;
  answer a;
  while (take_http(got, a) == 0) {
    char bytes[4096];
    const auto n = ::read(to.get(), bytes, sizeof bytes);
    if (n <= 0) throw std::runtime_error{"no answer to a call"};
    got.append(bytes, static_cast<std::size_t>(n));
  }
  if (!a.ok) throw std::runtime_error{"refused: " + got};
  return std::string{a.body};
}

/// The text behind `name` in a JSON answer, up to the next quote.
std::string text_of(std::string_view json, std::string_view name) {
  const auto at = json.find(name);
  if (at == json.npos) throw std::runtime_error{"an answer without " + std::string{name}};
  const auto begin = at + name.size();
  return std::string{json.substr(begin, json.find('"', begin) - begin)};
}

/// Resident memory of a process, in bytes.
double resident(pid_t process) {
  std::size_t all = 0, pages = 0;
  std::ifstream{"/proc/" + std::to_string(process) + "/statm"} >> all >> pages;
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

/// The leases of an answer, as the body of an acknowledgement; `count` is raised by their number.
std::string leases_of(std::string_view json, std::uint64_t& count) {
  constexpr std::string_view name = "\"lease\":\"";
  std::string all;
  for (auto at = json.find(name); at != json.npos; at = json.find(name, at + 1), ++count) {
    const auto begin = at + name.size();
    all += (all.empty() ? "\"" : ",\"");
    all += json.substr(begin, json.find('"', begin) - begin + 1);
  }
  return all;
}

class load {
 public:
  load(const endpoint& server, const std::string& work, std::size_t batch)
      : work_(work), batch_(batch) {
    const std::string payload(100, 'x');
    const std::string path = std::string{"/v1/topics/"} + topic;
    if (work == "beanstalk") {
      batch_ = 1;
      publish_ = "put 0 0 60 100\r\n" + payload + "\r\n";
      return;
    }
    if (work == "api" || work == "alternate") {
      batch_ = 1;
      const std::string id =
          text_of(call(server, post("/api/subscribe", R"({"subject":"load.test"})")), "\"id\":\"");
      publish_ = post("/api/publish", R"({"subject":"load.test","data":":("})");
      fetch_ = post("/api/fetch", R"({"subject":"load.test","id":")" + id + "\"}");
      return;
    }
    call(server, "PUT " + path + "/subscribers/one HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::string list;
    for (std::size_t i = 0; i != batch; ++i) {
      list += (i == 0 ? "" : ",") + (R"({"payload":")" + payload + "\"}");
    }
    const bool delivered = work == "delivered";
    publish_ = post(path + "/messages?wait=" + (delivered ? "delivered" : "durable"),
                    "{\"messages\":[" + list + "]}");
    const std::string most =
        delivered ? R"({"max":1000,"wait_ms":20000})" : "{\"max\":" + std::to_string(batch) + "}";
    lease_ = post(path + "/subscribers/one/lease", most);
    ack_ = path + "/subscribers/one/ack";
  }

  enum class request { publish, fetch, lease, ack };

  struct connection {
    descriptor socket;
    std::string in;
    request next = request::publish;
    std::string ack;  ///< of what was leased
    clock_type::time_point asked;
    bool waits = false;   ///< for an answer
    bool beside = false;  ///< the one more: not counted, nor waited for at the end
  };

  void ask(connection& c) {
    c.asked = clock_type::now();
    c.waits = true;
    if (send_all(c.socket.get(), request_of(c)) != 0) {
      throw std::runtime_error{"the connection broke"};
    }
  }

  /// Returns false if there is nothing more to ask for now.
  bool heard(connection& c, const answer& a) {
    if (!a.ok) throw std::runtime_error{"refused: " + std::string{a.body}};
    c.waits = false;
    if (!c.beside) {
      ++requests;
      latency.record((clock_type::now() - c.asked).count());
    }
    switch (c.next) {
      case request::publish:
        messages += batch_;
        if (work_ == "alternate") c.next = request::fetch;
        return true;
      case request::fetch:
        if (!c.beside) c.next = request::publish;
        return !c.beside;
      case request::lease: {
        std::uint64_t count = 0;
        c.ack = post(ack_, "{\"leases\":[" + leases_of(a.body, count) + "]}");
        if (!c.beside) messages += count;
        if (count != 0) c.next = request::ack;
        return count != 0 || c.beside;
      }
      case request::ack:
        c.next = request::lease;
        return true;
    }
    return false;
  }

  std::size_t take(std::string_view in, answer& a) const {
    return work_ == "beanstalk" ? take_line(in, a) : take_http(in, a);
  }

  std::uint64_t requests = 0;
  std::uint64_t messages = 0;
  latency_histogram latency;

 private:
  const std::string& request_of(const connection& c) const {
    switch (c.next) {
      case request::publish:
        return publish_;
      case request::fetch:
        return fetch_;
      case request::lease:
        return lease_;
      case request::ack:
        break;
    }
    return c.ack;
  }

  std::string work_;
  std::size_t batch_;
  std::string publish_, fetch_, lease_, ack_;
};

int run(std::map<std::string, std::string> options) {
  const auto number = [&](const char* name, long standard) {
    return options.count(name) != 0 ? std::stol(options[name]) : standard;
  };
  const endpoint server = resolve("127.0.0.1", static_cast<std::uint16_t>(number("--port", 8082)));
  const auto server_pid = static_cast<pid_t>(number("--server-pid", 0));
  const std::string kind = options["--work"];
  load work{server, kind, static_cast<std::size_t>(number("--batch", 1))};
  const auto counted = static_cast<std::size_t>(number("--connections", 64));
  const bool one_more = kind == "api" || kind == "delivered";
  std::vector<load::connection> all(counted + (one_more ? 1 : 0));
  const descriptor poll{::epoll_create1(0)};
  const auto listen_to = [&](const descriptor& to, void* what) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.ptr = what;
    ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, to.get(), &e);
  };
  for (auto& c : all) {
    c.socket = connect_to(server);
    listen_to(c.socket, &c);
    c.beside = one_more && &c == &all.back();
    if (c.beside) c.next = kind == "api" ? load::request::fetch : load::request::lease;
    if (kind == "deliver") c.next = load::request::lease;
  }
  const descriptor timer{::timerfd_create(CLOCK_MONOTONIC, 0)};
  if (kind == "api") {
    const timespec time{0, std::chrono::nanoseconds{fetch_interval}.count()};
    const itimerspec every{time, time};
    ::timerfd_settime(timer.get(), 0, &every, nullptr);
    listen_to(timer, nullptr);
  }
  const auto most = static_cast<std::uint64_t>(number("--messages", 1L << 40));
  const double memory_before = resident(server_pid);
  const auto cpu_before = cpu_time_of(server_pid);
  const auto begin = clock_type::now();
  const auto end = begin + std::chrono::seconds{number("--seconds", 3)};
  for (auto& c : all) work.ask(c);
  std::size_t busy = counted;
  std::vector<char> buffer(256 << 10);
  while (busy != 0) {
    epoll_event ready[64];
    const int n = ::epoll_wait(poll.get(), ready, 64, patience / std::chrono::milliseconds{1});
    if (n == 0 || clock_type::now() > end + patience) {
      throw std::runtime_error{"no answer for 10 seconds"};
    }
    for (int i = 0; i < n; ++i) {
      if (ready[i].data.ptr == nullptr) {
        std::uint64_t times = 0;
        if (::read(timer.get(), &times, sizeof times) > 0 && !all.back().waits) {
          work.ask(all.back());
        }
        continue;
      }
      auto& c = *static_cast<load::connection*>(ready[i].data.ptr);
      const auto got = ::read(c.socket.get(), buffer.data(), buffer.size());
      if (got <= 0) throw std::runtime_error{"the connection broke"};
      c.in.append(buffer.data(), static_cast<std::size_t>(got));
      answer a;
      const std::size_t taken = work.take(c.in, a);
      if (taken == 0) continue;
      const bool goes_on = work.heard(c, a);
      c.in.erase(0, taken);
      const bool over = !c.beside && (clock_type::now() >= end || work.messages >= most);
      if (goes_on && !over) {
        work.ask(c);
      } else if (!c.beside) {
        --busy;
      }
    }
  }
  const double seconds = std::chrono::duration<double>(clock_type::now() - begin).count();
  const auto cpu = cpu_time_of(server_pid).value_or(0) - cpu_before.value_or(0);
  const auto each = [&](double total, std::uint64_t of) {
    return of == 0 ? 0.0 : total / static_cast<double>(of);
  };
  std::cout << "{\"requests_per_second\":" << static_cast<double>(work.requests) / seconds
            << ",\"messages_per_second\":" << static_cast<double>(work.messages) / seconds
            << ",\"latency_p50_ms\":" << static_cast<double>(work.latency.percentile(0.5)) / 1e6
            << ",\"latency_p99_ms\":" << static_cast<double>(work.latency.percentile(0.99)) / 1e6
            << ",\"latency_p999_ms\":" << static_cast<double>(work.latency.percentile(0.999)) / 1e6
            << ",\"server_cpu_us_per_request\":"
            << each(static_cast<double>(cpu) / 1e3, work.requests)
            << ",\"server_cpu_us_per_message\":"
            << each(static_cast<double>(cpu) / 1e3, work.messages)
            << ",\"server_more_bytes_per_message\":"
            << each(resident(server_pid) - memory_before, work.messages)
            << ",\"server_peak_kib\":" << peak_memory_of(server_pid).value_or(0) << "}\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  try {
    return run(std::move(options));
  } catch (const std::exception& e) {
    std::cerr << "publish_load: " << e.what() << '\n';
    return 1;
  }
}
