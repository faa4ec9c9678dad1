#include "support/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <utility>

#include "support/control.hpp"

namespace skein::test {

namespace {

process::start starting(const daemon::options& given, process::start how) {
  for (const auto& [name, value] : given) {
    if (value.empty()) continue;  // not given at all
    how.arguments.push_back("--" + name);
    how.arguments.push_back(value);
  }
  return how;
}

/// The last whole line with `part` in it, or an empty one.
std::string last_line_with(const std::string& log, std::string_view part) {
  const auto found = log.rfind(part);
  if (found == std::string::npos) return {};
  const auto end = log.find('\n', found);
  if (end == std::string::npos) return found == 0 ? "" : last_line_with(log.substr(0, found), part);
  const auto before = log.rfind('\n', found);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  return log.substr(begin, end - begin);
}

std::uint16_t port_in(const std::string& log, const std::string& door) {
  const auto address = log_fields{last_line_with(log, "door=" + door + " ")}.text("address");
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

}  // namespace

log_fields::log_fields(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size()) {
    const auto equals = line.find('=', at);
    if (equals == std::string_view::npos) return;
    const std::string key{line.substr(at, equals - at)};
    at = equals + 1;
    std::string value;
    if (at < line.size() && line[at] == '"') {
      for (++at; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] == '\\') ++at;
        value += line[at];
      }
      ++at;
    } else {
      const auto end = std::min(line.find(' ', at), line.size());
      value = line.substr(at, end - at);
      at = end;
    }
    fields_[key] = value;
    ++at;
  }
}

std::string log_fields::text(const std::string& key) const {
  const auto found = fields_.find(key);
  return found == fields_.end() ? "" : found->second;
}

std::uint64_t log_fields::operator[](const std::string& key) const {
  try {
    return std::stoull(fields_.at(key));
  } catch (const std::logic_error&) {
    throw std::runtime_error{"the log has no number " + key};
  }
}

daemon::daemon(const options& given, process::start how) : options_(given), how_(std::move(how)) {
  options_.insert({{"source.listen", "127.0.0.1:0"},
                   {"client.listen", "127.0.0.1:0"},
                   {"http.listen", "127.0.0.1:0"},
                   {"store.directory", own_.path() / "store"},
                   {"log.level", "debug"},
                   {"statistics.interval", "40ms"}});
  store_ = options_["store.directory"];
  start_again();
}

void daemon::begin_again(const options& changed) {
  for (const auto& [name, value] : changed) options_[name] = value;
  process_ = std::make_unique<process>(SKEIND_PATH, starting(options_, how_));
}

void daemon::await_doors() {
  await("the daemon to listen", [&] {
    if (!process_->lives()) throw std::runtime_error{"skeind did not start: " + process_->err()};
    return lines_with("msg=\"listening\"") >= 3;
  });
  source_port_ = port_in(process_->err(), "source");
  client_port_ = port_in(process_->err(), "client");
  http_port_ = port_in(process_->err(), "http");
}

void daemon::start_again(const options& changed) {
  begin_again(changed);
  await_doors();
}

void daemon::kill() {
  process_->signal(SIGKILL);
  process_->wait();
}

peer daemon::source() const {
  peer connected{source_port_};
  await_line("msg=\"source connected\" peer=" + connected.address() + " ");
  return connected;
}

peer daemon::client(std::int64_t user, int receive_buffer) {
  peer connected{client_port_, receive_buffer};
  connected.send(std::to_string(user) + "\n");
  await_line("msg=\"client connected\" peer=" + connected.address() + "\n");
  return connected;
}

peer daemon::durable(std::int64_t user, std::optional<std::int64_t> beyond,
                     int receive_buffer) const {
  peer connected{client_port_, receive_buffer};
  connected.send(std::to_string(user) + "|" + (beyond ? std::to_string(*beyond) : "") + "\n");
  return connected;
}

std::string daemon::command(const std::string& text) const {
  const auto given = options_.find("control.socket");
  return ask(given == options_.end() ? store_ / "control" : std::filesystem::path{given->second},
             text);
}

std::uint64_t daemon::status(const std::string& key) const {
  const std::string answer = command("status");
  const auto at = answer.find("\"" + key + "\":");
  if (at == std::string::npos) throw std::runtime_error{"no " + key + " in " + answer};
  return std::stoull(answer.substr(at + key.size() + 3));
}

void daemon::await_status(const std::string& key, std::uint64_t value) const {
  await(key + " of " + std::to_string(value), [&] { return status(key) == value; });
}

std::size_t daemon::lines_with(std::string_view part) const {
  const std::string log = process_->err();
  std::size_t count = 0;
  for (auto at = log.find(part); at != std::string::npos; at = log.find(part, at + 1)) ++count;
  return count;
}

void daemon::await_line(std::string_view part, std::size_t times) const {
  await("a line with " + std::string{part}, [&] { return lines_with(part) >= times; });
}

log_fields daemon::last_statistics() const {
  return log_fields{last_line_with(process_->err(), "msg=\"statistics\"")};
}

void daemon::await_counter(const std::string& key, std::uint64_t least) const {
  await(key + " of " + std::to_string(least), [&] {
    const auto statistics = last_statistics();
    return !statistics.text(key).empty() && statistics[key] >= least;
  });
}

void daemon::await_exactly(const std::string& key, std::uint64_t value) const {
  await(key + " of exactly " + std::to_string(value), [&] {
    const auto statistics = last_statistics();
    return !statistics.text(key).empty() && statistics[key] == value;
  });
}

log_fields daemon::totals() const {
  return log_fields{last_line_with(process_->err(), "msg=\"totals\"")};
}

log_fields daemon::stop() {
  process_->signal(SIGTERM);
  const auto status = process_->wait();
  if (status != 0) {
    throw std::runtime_error{"the daemon ended with " +
                             (status ? std::to_string(*status) : std::string{"nothing"}) + "\n" +
                             process_->err()};
  }
  return totals();
}

}  // namespace skein::test
