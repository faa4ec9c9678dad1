#include "cli/maze/maze_options.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <limits>
#include <map>
#include <string>

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein maze [options]

Plays the follower maze against a running server and verifies it: one or more
sources send numbered events, clients check every byte they receive, in order,
while they receive it. Exit status 0 if each client got exactly what it must,
1 if anything differed (the first difference is named), 2 for a wrong option.

Events are shuffled inside batches of 1..max-event-source-batch-size. The clients
are a random subset of the users 1..number-of-users: a server cannot get
away with routing by position. Everything follows from the seed; the same options
send the same bytes on every machine.

Mixes (shares of the events; a follow is never of oneself nor of an existing
pair, an unfollow always removes an existing pair):
  maze  broadcast 0.01 %, private 14.99 %, follow 15 %, unfollow 15 %, status 55 %
  fan   first every user gets 10 connected followers, then status 65 %, private
        to connected users 35 %: about 7 deliveries per event
  A     first 4 connected followers for every user, then broadcast 5 %, private to
        connected users 15 %, status 60 %, follow and unfollow 20 % that hold
        the graph at 4 followers: 1 per client for each broadcast and about 2.6
        further deliveries per event, with all users connected
  B     as A with broadcast 0.1 % and private 19.9 %

Sources: batch k goes to source k mod S. With several sources no one sends a number
more than --window ahead of what clients have received, so that the disorder
stays below a server's reorder window (numbers nobody is told of do not count).
A small window costs speed: each write waits for deliveries. For full speed give the
server a larger window, or let it wait for gaps and use --window 0.

Latency is the time from the write that held an event to the read that delivered
it, taken from the first and the last line of every read.

)";

const std::map<std::string, std::string>& environment() {
  static const std::map<std::string, std::string> names{
      {"logLevel", "log-level"},
      {"eventListenerPort", "event-listener-port"},
      {"clientListenerPort", "client-listener-port"},
      {"totalEvents", "total-events"},
      {"concurrencyLevel", "concurrency-level"},
      {"numberOfUsers", "number-of-users"},
      {"randomSeed", "random-seed"},
      {"timeout", "timeout"},
      {"maxEventSourceBatchSize", "max-event-source-batch-size"},
      {"logInterval", "log-interval"},
  };
  return names;
}

/// Options as they are parsed, before they are put together.
struct raw_options {
  std::int64_t total_events = 1'000'000;
  std::int64_t first_number = 1;
  std::int64_t concurrency_level = 100;
  std::int64_t number_of_users = 0;
  std::int64_t random_seed = 666;
  std::int64_t max_batch = 100;
  std::string mix = "maze";
  std::string sent_ending = "lf";
  std::string received_ending = "crlf";
};

po::options_description describe(raw_options& raw, maze_options& o) {
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max() - 1;
  po::options_description load{"Load (names in brackets: environment variables)", 96, 56};
  load.add_options()  //
      ("total-events", number(raw.total_events, "total-events", 1, most),
       "events to send [totalEvents]")  //
      ("concurrency-level", number(raw.concurrency_level, "concurrency-level", 1, 1'000'000),
       "connected users [concurrencyLevel]")  //
      ("number-of-users", number(raw.number_of_users, "number-of-users", 0, 100'000'000),
       "users 1..N; 0: 10 times as many as are connected, for A and B as many [numberOfUsers]")  //
      ("random-seed",
       number(raw.random_seed, "random-seed", 0, std::numeric_limits<std::int64_t>::max()),
       "[randomSeed]")  //
      ("max-event-source-batch-size",
       number(raw.max_batch, "max-event-source-batch-size", 1, 1'000'000),
       "events are shuffled in batches up to this [maxEventSourceBatchSize]")  //
      ("mix", po::value(&raw.mix)->default_value(raw.mix)->value_name("MIX"),
       "maze, fan, A or B")  //
      ("first-number",
       number(raw.first_number, "first-number", 1, std::numeric_limits<std::int64_t>::max() / 2),
       "sequence number of the first event")                                    //
      ("sources", number(o.sources, "sources", 1, 1000), "source connections")  //
      ("window", number(o.window, "window", 0, most),
       "with several sources: numbers sent ahead of what clients received; 0: no bound")  //
      ("rate", number(o.rate, "rate", 0, 1'000'000'000),
       "events per second; 0: as fast as the server takes them")                        //
      ("flush-batches", po::bool_switch(&o.flush_batches), "one write for each batch")  //
      ("slice", number(o.slice, "slice", 1, 64 << 20), "most bytes of one write");

  po::options_description server{"Server", 96, 56};
  server.add_options()                                                             //
      ("host", po::value(&o.host)->default_value(o.host)->value_name("HOST"), "")  //
      ("event-listener-port", port(o.source_port, "event-listener-port"),
       "where sources connect [eventListenerPort]")  //
      ("client-listener-port", port(o.client_port, "client-listener-port"),
       "where clients connect [clientListenerPort]")  //
      ("sent-ending", po::value(&raw.sent_ending)->default_value(raw.sent_ending),
       "end of sent lines: lf or crlf")  //
      ("received-ending", po::value(&raw.received_ending)->default_value(raw.received_ending),
       "end of received lines: lf or crlf")  //
      ("server-pid", number(o.server_pid, "server-pid", 0, most),
       "also report CPU time and peak memory of the process with this id");

  po::options_description run{"Run (times: 20s, 500ms; a number alone is ms)", 96, 56};
  run.add_options()  //
      ("timeout", duration(o.timeout, "timeout"),
       "how long a client waits for a line that was sent; 0: for ever [timeout]")  //
      ("settle-before", duration(o.settle_before, "settle-before"),
       "pause between the last client's id and the first event; 0.05 ms for each client are "
       "added")  //
      ("settle-after", duration(o.settle_after, "settle-after"),
       "how long to watch for extra lines after the last expected one")                  //
      ("readers", number(o.readers, "readers", 1, 256), "threads that read and verify")  //
      ("read-buffer", number(o.read_buffer, "read-buffer", 1024, 64 << 20),
       "most bytes of one read")  //
      ("read-pause", number(o.read_pause, "read-pause", 0, 1'000'000),
       "us between two rounds of reading: fewer and larger reads that leave more of the machine "
       "to the server, at the price of latency; always 0 with a rate unless given")  //
      ("log-level", po::value(&o.log_level)->default_value(o.log_level)->value_name("LEVEL"),
       "debug, info: progress; warning, error: none [logLevel]")  //
      ("log-interval", duration(o.log_interval, "log-interval"),
       "time between two lines of progress [logInterval]")                                 //
      ("json", po::bool_switch(&o.json), "result as one line of JSON on standard output")  //
      ("help", "show this text");

  po::options_description all;
  all.add(load).add(server).add(run);
  return all;
}

core::line_ending ending_named(const std::string& name, const char* option) {
  if (name == "lf") return core::line_ending::lf;
  if (name == "crlf") return core::line_ending::crlf;
  throw usage_error{std::string{"--"} + option + " must be lf or crlf, not '" + name + "'"};
}

recipe recipe_from(const raw_options& raw) {
  const auto chosen = mix_named(raw.mix);
  if (!chosen) throw usage_error{"--mix must be maze, fan, A or B, not '" + raw.mix + "'"};
  const bool few_users = *chosen == mix::a || *chosen == mix::b;
  const auto users =
      raw.number_of_users != 0 ? raw.number_of_users : raw.concurrency_level * (few_users ? 1 : 10);
  if (users < raw.concurrency_level) {
    throw usage_error{"--number-of-users must not be less than --concurrency-level"};
  }
  recipe r;
  r.mix = *chosen;
  r.events = static_cast<std::uint32_t>(raw.total_events);
  r.first_number = raw.first_number;
  r.clients = static_cast<std::uint32_t>(raw.concurrency_level);
  r.users = static_cast<std::uint32_t>(users);
  r.seed = static_cast<std::uint64_t>(raw.random_seed);
  r.max_batch = static_cast<std::uint32_t>(raw.max_batch);
  r.sent_ending = ending_named(raw.sent_ending, "sent-ending");
  r.received_ending = ending_named(raw.received_ending, "received-ending");
  return r;
}

}  // namespace

std::optional<maze_options> parse_maze_options(const arguments& args) {
  raw_options raw;
  maze_options o;
  const auto description = describe(raw, o);
  const auto values = parse(args, description, {}, environment());
  if (values.count("help") != 0) {
    std::cout << about << description;
    return std::nullopt;
  }
  o.recipe = recipe_from(raw);
  if (o.rate != 0 && values["read-pause"].defaulted()) o.read_pause = 0;
  constexpr std::array<const char*, 5> levels{"debug", "info", "warn", "warning", "error"};
  if (std::find(levels.begin(), levels.end(), o.log_level) == levels.end()) {
    throw usage_error{"--log-level must be debug, info, warning or error, not '" + o.log_level +
                      "'"};
  }
  if (o.log_interval < std::chrono::milliseconds{10}) {
    throw usage_error{"--log-interval must be 10ms or more"};
  }
  if (o.sources > 1 && o.window != 0 && o.window < raw.max_batch) {
    throw usage_error{"--window must not be less than --max-event-source-batch-size"};
  }
  return o;
}

}  // namespace skein::cli
