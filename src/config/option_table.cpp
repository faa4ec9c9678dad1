#include "config/option_table.hpp"

#include <algorithm>
#include <utility>

#include "config/error.hpp"
#include "config/option_rows.hpp"

namespace skein::config {
namespace {

using namespace std::chrono_literals;

std::vector<option> options_of_the_daemon() {
  return {
      {"store.directory", path(SKEIN_MEMBER(store.directory)),
       "Where everything durable is kept. It is created if it does not exist.", ""},

      {"control.socket", path(SKEIN_MEMBER(control.socket)),
       "Unix socket of the door for the operator. auto is \"control\" in the store's directory; "
       "if nothing is stored (event.durability none and topic.storage memory) there is then no "
       "such "
       "door. none closes it.",
       ""},

      {"flow.high-mark", size(SKEIN_MEMBER(flow.high_mark), 1 << 20, 1ll << 40),
       "When this many bytes are between being read and being written, sources are not read any "
       "more. More smooths bursts and takes that memory.",
       ""},
      {"flow.low-mark", size(SKEIN_MEMBER(flow.low_mark), 1, 1ll << 40),
       "Below this many bytes sources are read again. Less than the high mark. Close to it, "
       "sources are stopped and started often; far from it, the daemon may run out of work.",
       ""},

      {"router.flush-interval", duration(SKEIN_MEMBER(flush_interval), 0ms, 1s),
       "Longest pause between two rounds of writing while the daemon is busy. Longer "
       "gives more throughput, shorter less delay under load.",
       ""},

      {"statistics.interval", duration(SKEIN_MEMBER(statistics_interval), 0ms, longest),
       "Time between two lines of statistics. 0 writes only the totals at exit.", ""},

      {"log.level",
       choice<log_level>(SKEIN_MEMBER(level), {{"debug", log_level::debug},
                                               {"info", log_level::info},
                                               {"warn", log_level::warn},
                                               {"error", log_level::error},
                                               {"warning", log_level::warn}}),
       "Lines of this level and above are written to standard error. debug also logs every "
       "connection and, at a limited rate, malformed input.",
       "LOG_LEVEL"},

      {"scheduler.policy", caf_choice("scheduler.policy", {"stealing", "sharing"}),
       "How actors get to threads: stealing has the most throughput, sharing takes no CPU when "
       "idle and has 5 to 20 % less throughput.",
       ""},
      {"scheduler.max-threads", caf_number("scheduler.max-threads", 0, 0, 1024),
       "Threads that run actors. 0 is one for each core except one core, which reads and decodes.",
       ""},
      {"scheduler.max-throughput", caf_number("scheduler.max-throughput", 300, 1, 1'000'000'000),
       "Messages that an actor handles before others get their turn. More costs fairness, fewer "
       "cost throughput.",
       ""},

      {"work-stealing.aggressive-poll-attempts",
       caf_number("work-stealing.aggressive-poll-attempts", 100, 0, 1'000'000'000),
       "How often an idle thread looks for work without a pause.", ""},
      {"work-stealing.aggressive-steal-interval",
       caf_number("work-stealing.aggressive-steal-interval", 10, 1, 1'000'000'000),
       "It attempts to steal once in this many of these looks.", ""},
      {"work-stealing.moderate-poll-attempts",
       caf_number("work-stealing.moderate-poll-attempts", 0, 0, 1'000'000'000),
       "How often it then looks with a short sleep in between. 0 goes on to the long sleep at "
       "once, which saves CPU; new work wakes it.",
       ""},
      {"work-stealing.moderate-steal-interval",
       caf_number("work-stealing.moderate-steal-interval", 5, 1, 1'000'000'000),
       "It attempts to steal once in this many of these looks.", ""},
      {"work-stealing.moderate-sleep-duration",
       caf_duration("work-stealing.moderate-sleep-duration", 50us, 1us, 10s), "The short sleep.",
       ""},
      {"work-stealing.relaxed-steal-interval",
       caf_number("work-stealing.relaxed-steal-interval", 1, 1, 1'000'000'000),
       "It attempts to steal once in this many long sleeps.", ""},
      {"work-stealing.relaxed-sleep-duration",
       caf_duration("work-stealing.relaxed-sleep-duration", 10ms, 1us, 10s), "The long sleep.", ""},
  };
}

std::vector<option> make_table() {
  std::vector<option> all{
      {"drain-timeout", duration(SKEIN_MEMBER(drain_timeout), 1ms, longest),
       "Longest time for the end of the daemon to deliver what was read. What clients have not "
       "taken by then is dropped; the store keeps what it has.",
       ""},
  };
  for (auto* const some : {options_of_lines, options_of_events, options_of_topics, options_of_http,
                           options_of_the_daemon}) {
    for (option& row : some()) all.push_back(std::move(row));
  }
  return all;
}

}  // namespace

#undef SKEIN_MEMBER

std::string option::section() const {
  const auto dot = name.find('.');
  return dot == std::string::npos ? std::string{} : name.substr(0, dot);
}

std::string option::key() const {
  const auto dot = name.find('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

std::string option::flag() const {
  return "--" + name;
}

std::string option::variable() const {
  auto result = "SKEIN_" + name;
  for (auto& c : result) {
    if (c == '.' || c == '-') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return result;
}

const std::vector<section>& sections() {
  static const std::vector<section> all = {
      {"", "The daemon"},
      {"source", "Sources, which send events"},
      {"client", "Clients, which are told events"},
      {"sequence", "The common order of all sources"},
      {"event", "Durability of events"},
      {"inbox", "Users who come back"},
      {"topic", "Defaults of new topics, and bounds of all topics"},
      {"http", "The door for programs, over HTTP"},
      {"store", "Storage"},
      {"control", "The door for the operator"},
      {"flow", "Backpressure"},
      {"router", "Routing"},
      {"statistics", "Statistics"},
      {"log", "Log"},
      {"scheduler", "Threads (CAF)"},
      {"work-stealing", "How idle threads look for work (CAF, policy stealing)"}};
  return all;
}

const std::vector<option>& option_table() {
  static const auto table = make_table();
  return table;
}

const option* find_option(std::string_view name) {
  const auto& table = option_table();
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const option& o) { return o.name == name; });
  return row == table.end() ? nullptr : &*row;
}

namespace {

bool is_quoted(std::string_view text) {
  return text.size() > 1 && text.front() == text.back() &&
         (text.front() == '"' || text.front() == '\'');
}

/// What was meant by `64M`, `5m`, `1 GiB` or `10,000`, as it has to be written; or nothing.
std::string meant(const option& row, std::string_view text) {
  std::string bare;
  for (const char c : text)
    if (c != ' ' && c != '_' && c != ',') bare += c;
  if (bare.empty() || bare.front() < '0' || bare.front() > '9') return {};
  for (const char* ending : {"", "iB", "in", "B"}) {
    daemon_options scratch;
    if (row.kind.set(scratch, bare + ending)) return row.kind.text(scratch);
  }
  return {};
}

}  // namespace

void assign(daemon_options& all, const option& row, std::string_view text,
            const std::string& place) {
  if (is_quoted(text)) throw error(place, "must be without quotes around it, got " + quoted(text));
  if (row.kind.set(all, text)) return;
  const auto near = meant(row, text);
  throw error(place, "must be " + row.kind.allowed + ", got " + quoted(text) +
                         (near.empty() ? "" : ", did you mean " + near + "?"));
}

}  // namespace skein::config
