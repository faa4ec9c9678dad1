/// Load on a server of topics: connections that ask, wait for the answer, and ask again. Writes one
/// line of JSON.
///
///   publish_load --port N --work WORK [--connections N] [--seconds N] [--batch N] [--server-pid N]
///
///   WORK: api        POST /api/publish
///         alternate  POST /api/publish and POST /api/fetch in turns
///         durable    POST /v1/topics/.../messages?wait=durable, `batch` messages in each
///         deliver    lease and ack of `batch` messages in turns, published before
///         beanstalk  put, in beanstalkd's protocol
///
/// Every answer is checked; one that says no ends the run with status 1.
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/latency_histogram.hpp"
#include "cli/process_usage.hpp"
#include "cli/sockets.hpp"

namespace {

using namespace skein::cli;
using clock_type = std::chrono::steady_clock;

constexpr const char* topic = "load.test";

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct answer {
  bool ok = false;
  std::string_view body;
};

/// Takes a whole answer off the front of `in`, if there is one: its length, and what it says.
std::size_t take_http(std::string_view in, answer& a) {
  const auto head = in.find("\r\n\r\n");
  if (head == in.npos) return 0;
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
      publish_ = "put 0 0 60 100\r\n" + payload + "\r\n";
      return;
    }
    if (work == "api" || work == "alternate") {
      const std::string id =
          text_of(call(server, post("/api/subscribe", R"({"subject":"load.test"})")), "\"id\":\"");
      publish_ = post("/api/publish", R"({"subject":"load.test","data":":("})");
      fetch_ = post("/api/fetch", R"({"subject":"load.test","id":")" + id + "\"}");
      if (work == "api") batch_ = 1;
      return;
    }
    call(server, "PUT " + path + "/subscribers/one HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::string list;
    for (std::size_t i = 0; i != batch; ++i) {
      list += (i == 0 ? "" : ",") + (R"({"payload":")" + payload + "\"}");
    }
    publish_ = post(path + "/messages?wait=durable", "{\"messages\":[" + list + "]}");
    lease_ = post(path + "/subscribers/one/lease", "{\"max\":" + std::to_string(batch) + "}");
    ack_ = path + "/subscribers/one/ack";
  }

  struct connection {
    descriptor socket;
    std::string in;
    std::string next;  ///< what is asked next, if not what is asked always
    clock_type::time_point asked;
    bool fetches = false;
  };

  void ask(connection& c) {
    c.asked = clock_type::now();
    const std::string& request = !c.next.empty()                     ? c.next
                                 : work_ == "deliver"                ? lease_
                                 : work_ == "alternate" && c.fetches ? fetch_
                                                                     : publish_;
    if (send_all(c.socket.get(), request) != 0) throw std::runtime_error{"the connection broke"};
  }

  /// Returns false if there is nothing left to do.
  bool heard(connection& c, const answer& a) {
    if (!a.ok) throw std::runtime_error{"refused: " + std::string{a.body}};
    ++requests;
    latency.record((clock_type::now() - c.asked).count());
    if (work_ == "deliver") {
      if (!c.next.empty()) {
        c.next.clear();
        return true;
      }
      const std::string leases = leases_of(a.body, messages);
      if (leases.empty()) return false;
      c.next = post(ack_, "{\"leases\":[" + leases + "]}");
      return true;
    }
    messages += c.fetches ? 0 : work_ == "durable" ? batch_ : 1;
    if (work_ == "alternate") c.fetches = !c.fetches;
    return true;
  }

  std::size_t take(std::string_view in, answer& a) const {
    return work_ == "beanstalk" ? take_line(in, a) : take_http(in, a);
  }

  std::uint64_t requests = 0;
  std::uint64_t messages = 0;
  latency_histogram latency;

 private:
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
  load work{server, options["--work"], static_cast<std::size_t>(number("--batch", 1))};
  std::vector<load::connection> all(static_cast<std::size_t>(number("--connections", 64)));
  const descriptor poll{::epoll_create1(0)};
  for (auto& c : all) {
    c.socket = connect_to(server);
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.ptr = &c;
    ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, c.socket.get(), &e);
  }
  const auto cpu_before = cpu_time_of(server_pid);
  const auto begin = clock_type::now();
  const auto end = begin + std::chrono::seconds{number("--seconds", 3)};
  for (auto& c : all) work.ask(c);
  std::size_t busy = all.size();
  std::vector<char> buffer(256 << 10);
  while (busy != 0) {
    epoll_event ready[64];
    const int n = ::epoll_wait(poll.get(), ready, 64, 10'000);
    if (n == 0) throw std::runtime_error{"no answer for 10 seconds"};
    for (int i = 0; i < n; ++i) {
      auto& c = *static_cast<load::connection*>(ready[i].data.ptr);
      const auto got = ::read(c.socket.get(), buffer.data(), buffer.size());
      if (got <= 0) throw std::runtime_error{"the connection broke"};
      c.in.append(buffer.data(), static_cast<std::size_t>(got));
      answer a;
      const std::size_t taken = work.take(c.in, a);
      if (taken == 0) continue;
      const bool goes_on = work.heard(c, a);
      c.in.erase(0, taken);
      if (goes_on && clock_type::now() < end) {
        work.ask(c);
      } else {
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
