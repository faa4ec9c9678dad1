/// What the parts of the event plane cost, one at a time.
///
/// `follower_graph_large` reports bytes an edge in two ways: `bytes_per_edge` is what the graph
/// says of itself, `rss_per_edge` what the process grew by, allocator and all.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/events/event_line.hpp"
#include "core/events/follower_graph.hpp"
#include "core/events/outbox.hpp"
#include "core/events/recipients.hpp"
#include "core/events/reorder_buffer.hpp"
#include "core/events/round.hpp"
#include "core/topics/topic_queue.hpp"
#include "io/event_decoder.hpp"
#include "io/http_reader.hpp"
#include "io/http_writer.hpp"
#include "support/events.hpp"

namespace {

using namespace skein;
using core::user_id;

constexpr unsigned seed = 666;

/// What all iterations did, by what one does.
std::int64_t times(const benchmark::State& state, std::size_t one) {
  return static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(one);
}

/// Lines in the mix of the follower maze: 55 % status, 15 % each of follow, unfollow and private.
std::vector<std::string> maze_lines(std::size_t count, core::sequence_number first = 1) {
  std::mt19937_64 random{seed};
  std::vector<std::string> lines;
  for (std::size_t i = 0; i != count; ++i) {
    const std::string number = std::to_string(first + static_cast<core::sequence_number>(i));
    const auto user = [&] { return "|" + std::to_string(random() % 1000); };
    const auto dice = random() % 10'000;
    if (dice < 1) {
      lines.push_back(number + "|B");
    } else if (dice < 5500) {
      lines.push_back(number + "|S" + user());
    } else {
      const char* const type = dice < 7000 ? "|P" : dice < 8500 ? "|F" : "|U";
      lines.push_back(number + type + user() + user());
    }
  }
  return lines;
}

void parse_event(benchmark::State& state) {
  const auto lines = maze_lines(10'000, 1'000'000);
  std::size_t i = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(core::parse_event(lines[i]));
    bytes += lines[i].size();
    if (++i == lines.size()) i = 0;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(parse_event);

void event_decoder_read(benchmark::State& state) {
  std::string bytes;
  for (const std::string& line : maze_lines(10'000, 1'000'000)) bytes += line + "\n";
  bytes.resize(io::event_decoder::read_size);
  io::event_decoder decoder{4096};
  std::size_t events = 0;
  for (auto _ : state) {
    std::size_t done = 0;
    while (done != bytes.size()) {
      const auto space = decoder.space();
      const std::size_t n = std::min(space.size, bytes.size() - done);
      std::memcpy(space.data, bytes.data() + done, n);
      done += n;
      events += decoder.commit(n).block.events.size();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
  state.SetBytesProcessed(times(state, bytes.size()));
}
BENCHMARK(event_decoder_read)->Name("event_decoder/read:64KiB");

/// A small publication, as a common client sends it, alone in its read: with the buffer that an
/// idle connection does not have.
void http_request_read(benchmark::State& state) {
  const std::string body = R"({"payload":"aGVsbG8sIHdvcmxk","key":"order-4711","priority":3})";
  const std::string bytes =
      "POST /v1/topics/orders/messages HTTP/1.1\r\nHost: broker.example:8080\r\n"
      "User-Agent: python-requests/2.31.0\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n"
      "Connection: keep-alive\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  io::http_reader reader;
  for (auto _ : state) {
    const auto space = reader.space_for_reading();
    std::memcpy(space.data, bytes.data(), bytes.size());
    reader.commit(bytes.size());
    if (reader.next() != io::http_reader::result::request) state.SkipWithError("no request");
    const io::http_request request = std::move(reader.request());
    benchmark::DoNotOptimize(request.body.data());
    if (reader.next() != io::http_reader::result::more) state.SkipWithError("not idle");
  }
  state.SetItemsProcessed(times(state, 1));
  state.SetBytesProcessed(times(state, bytes.size()));
}
BENCHMARK(http_request_read);

void http_response_write(benchmark::State& state) {
  const io::http_response response{201, "application/json", R"({"place":123456789})", {}};
  std::string out;
  for (auto _ : state) {
    out.clear();
    io::write_response({}, response, out, 1'700'000'000);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(times(state, 1));
  state.SetBytesProcessed(times(state, out.size()));
}
BENCHMARK(http_response_write);

/// Batches of that many events, shuffled each, as the follower maze sends them.
void reorder_buffer_push_pop(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t block_events = 4000;
  constexpr std::size_t blocks = 20;
  std::mt19937_64 random{seed};
  auto lines = maze_lines(block_events * blocks);
  for (std::size_t i = 0; i < lines.size(); i += batch) {
    const auto first = lines.begin() + static_cast<std::ptrdiff_t>(i);
    std::shuffle(first, first + static_cast<std::ptrdiff_t>(std::min(batch, lines.size() - i)),
                 random);
  }
  std::vector<core::event_block> input(blocks);
  for (std::size_t i = 0; i != lines.size(); ++i) {
    test::append_line(input[i / block_events], lines[i]);
  }
  for (auto _ : state) {
    core::reorder_buffer buffer{core::sequence_options{}, core::line_ending::crlf};
    for (const core::event_block& block : input) {
      core::event_block out;
      out.text.reserve(block.text.size() + 2 * block.events.size());
      out.events.reserve(block.events.size());
      buffer.push(block, 0, core::time_point{}, out);
      benchmark::DoNotOptimize(out.text.data());
    }
    if (buffer.next() != static_cast<core::sequence_number>(lines.size()) + 1) {
      state.SkipWithError("events are missing");
    }
  }
  state.SetItemsProcessed(times(state, lines.size()));
}
BENCHMARK(reorder_buffer_push_pop)->ArgName("batch")->Arg(1)->Arg(100)->Arg(1000);

std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream{"/proc/self/statm"} >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

core::event graph_event(core::event_kind kind, user_id from, user_id to) {
  core::event e;
  e.kind = kind;
  e.from = from;
  e.to = to;
  return e;
}

/// Applies `events` as the router does: fetching ahead.
void apply_ahead(core::follower_graph& graph, const std::vector<core::event>& events) {
  for (std::size_t i = 0; i != events.size(); ++i) {
    graph.prefetch_behind(events, i);
    const core::event& e = events[i];
    if (e.kind == core::event_kind::follow) graph.follow(e.from, e.to);
    if (e.kind == core::event_kind::unfollow) graph.unfollow(e.from, e.to);
  }
}

constexpr user_id large_users = 1'000'000;
constexpr std::size_t large_edges = 10'000'000;

std::vector<core::event> random_follows(std::size_t count, std::mt19937_64& random) {
  std::vector<core::event> events;
  events.reserve(count);
  const auto user = [&] { return static_cast<user_id>(random() % large_users); };
  while (events.size() != count) {
    events.push_back(graph_event(core::event_kind::follow, user(), user()));
  }
  return events;
}

/// Ten million random edges over a million users, from nothing.
void follower_graph_large_build(benchmark::State& state) {
  std::mt19937_64 random{seed};
  const auto follows = random_follows(large_edges, random);
  for (auto _ : state) {
    const std::size_t before = resident_bytes();
    core::follower_graph graph;
    apply_ahead(graph, follows);
    state.PauseTiming();
    const auto edges = static_cast<double>(graph.edges());
    state.counters["edges"] = edges;
    state.counters["bytes_per_edge"] = static_cast<double>(graph.memory()) / edges;
    state.counters["rss_per_edge"] = static_cast<double>(resident_bytes() - before) / edges;
    state.ResumeTiming();
  }
  state.SetItemsProcessed(times(state, large_edges));
}
BENCHMARK(follower_graph_large_build)->Unit(benchmark::kMillisecond)->Iterations(1);

/// Half follows, half unfollows of pairs that are there, among ten million edges that stay so many.
void follower_graph_large_churn(benchmark::State& state) {
  std::mt19937_64 random{seed};
  core::follower_graph graph;
  const std::size_t before = resident_bytes();
  auto pairs = random_follows(large_edges, random);
  const std::size_t of_pairs = resident_bytes() - before;
  apply_ahead(graph, pairs);
  constexpr std::size_t batch = 1'000'000;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<core::event> events;
    events.reserve(batch);
    for (const core::event& fresh : random_follows(batch / 2, random)) {
      core::event& old = pairs[random() % pairs.size()];
      events.push_back(graph_event(core::event_kind::unfollow, old.from, old.to));
      events.push_back(fresh);
      old = fresh;
    }
    state.ResumeTiming();
    apply_ahead(graph, events);
  }
  const auto edges = static_cast<double>(graph.edges());
  state.counters["edges"] = edges;
  state.counters["bytes_per_edge"] = static_cast<double>(graph.memory()) / edges;
  state.counters["rss_per_edge"] =
      static_cast<double>(resident_bytes() - before - of_pairs) / edges;
  state.SetItemsProcessed(times(state, batch));
}
BENCHMARK(follower_graph_large_churn)->Unit(benchmark::kMillisecond)->Iterations(10);

/// A user who follows that many connects and leaves again.
void follower_graph_connect(benchmark::State& state) {
  core::follower_graph graph;
  for (user_id u = 0; u != state.range(0); ++u) graph.follow(-1, u);
  for (auto _ : state) {
    graph.connect(-1, 0);
    graph.disconnect(-1, 0);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(follower_graph_connect)->ArgName("followees")->Arg(100)->Arg(100'000);

/// An author with a million followers, a thousand of them connected, says something.
void status_update_large(benchmark::State& state) {
  core::follower_graph graph;
  constexpr core::session_index connected = 1000;
  for (user_id u = 1; u <= large_users; ++u) graph.follow(u, 0);
  for (core::session_index s = 0; s != connected; ++s) graph.connect(1 + 1000 * s, s);
  const std::string line = "1234567|S|0\r\n";
  const core::event e = graph_event(core::event_kind::status_update, 0, core::no_user);
  core::round_builder builder;
  for (auto _ : state) {
    core::for_each_recipient(e, graph, [&](core::session_index s) { builder.add(s, line); });
    benchmark::DoNotOptimize(builder.seal());
  }
  state.SetItemsProcessed(times(state, connected));
}
BENCHMARK(status_update_large)->Name("status_update/followers:1000000/connected:1000");

/// What those thousand deliveries cost without an author: the floor of the one above.
void plain_deliveries(benchmark::State& state) {
  constexpr core::session_index connected = 1000;
  const std::string line = "1234567|S|0\r\n";
  core::round_builder builder;
  for (auto _ : state) {
    for (core::session_index s = 0; s != connected; ++s) builder.add(s, line);
    benchmark::DoNotOptimize(builder.seal());
  }
  state.SetItemsProcessed(times(state, connected));
}
BENCHMARK(plain_deliveries)->Name("plain_deliveries/sessions:1000");

/// Fills a round with that many notifications for a thousand sessions and puts the portions
/// together.
void round_build_and_copy(benchmark::State& state) {
  const auto notifications = static_cast<std::size_t>(state.range(0));
  std::mt19937_64 random{seed};
  std::string text;
  std::vector<std::pair<core::session_index, std::size_t>> added;
  const auto lines = maze_lines(notifications);
  for (const std::string& line : lines) {
    added.emplace_back(static_cast<core::session_index>(random() % 1000), text.size());
    text += line + "\r\n";
  }
  core::round_builder builder;
  std::vector<char> portion(text.size());
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i != notifications; ++i) {
      const auto& [session, offset] = added[i];
      builder.add(session, {text.data() + offset, lines[i].size() + 2});
    }
    const auto round = builder.seal();
    for (std::uint32_t i = 0; i != round->groups().size(); ++i) {
      round->copy_to(portion.data(), i);
      bytes += round->size_of(i);
      benchmark::DoNotOptimize(portion.data());
    }
  }
  state.SetItemsProcessed(times(state, notifications));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(round_build_and_copy)->ArgName("notifications")->Arg(1000)->Arg(100'000);

/// A client that takes half of what is there between two portions.
void outbox_append_write(benchmark::State& state) {
  std::string portion;
  for (const std::string& line : maze_lines(100)) portion += line + "\r\n";
  core::outbox_options options;
  options.max_bytes = 64 * 1024;
  options.on_overflow = static_cast<core::overflow_policy>(state.range(0));
  core::outbox box{options};
  for (auto _ : state) {
    box.append(portion);
    box.written((box.size() + 1) / 2);
  }
  state.SetBytesProcessed(times(state, portion.size()));
}
BENCHMARK(outbox_append_write)->ArgName("policy")->DenseRange(0, 2);

/// A client that takes nothing: each portion drops another.
void outbox_full(benchmark::State& state) {
  std::string portion;
  for (const std::string& line : maze_lines(100)) portion += line + "\r\n";
  core::outbox_options options;
  options.max_bytes = 16u << 20;
  options.on_overflow = static_cast<core::overflow_policy>(state.range(0));
  core::outbox box{options};
  for (auto _ : state) box.append(portion);
  state.SetBytesProcessed(times(state, portion.size()));
}
BENCHMARK(outbox_full)->ArgName("policy")->DenseRange(1, 2);

/// Messages are published, delivered to every subscriber in batches and acknowledged, while so many
/// others wait that nobody reads.
void topic_queue_publish_and_deliver(benchmark::State& state) {
  constexpr int batch = 50;
  core::topic_options options;
  options.max_pending = 10'000'000;
  core::memory_topic_log log;
  core::topic_queue topic{options, log};
  const core::message m{{}, std::make_shared<const std::string>(100, 'x')};
  topic.subscribe(0);
  for (std::int64_t i = 0; i != state.range(1); ++i) topic.publish(0, m, 0, 0);
  const auto subscribers = static_cast<core::subscriber_id>(state.range(0));
  for (core::subscriber_id s = 1; s <= subscribers; ++s) topic.subscribe(s);
  for (auto _ : state) {
    for (int i = 0; i != batch; ++i) topic.publish(0, m, 0, 0);
    for (core::subscriber_id s = 1; s <= subscribers; ++s) {
      for (const auto& d : topic.lease(s, batch, 0)) topic.acknowledge(s, d.lease);
    }
  }
  state.SetItemsProcessed(times(state, batch * static_cast<std::size_t>(subscribers)));
}
BENCHMARK(topic_queue_publish_and_deliver)
    ->ArgNames({"subscribers", "waiting"})
    ->Args({1, 0})
    ->Args({1, 100'000})
    ->Args({100, 0});

/// Messages are published to so many subscribers who do not fetch and have as many as they may.
void topic_queue_publish_to_full(benchmark::State& state) {
  core::topic_options options;
  options.max_pending = 100;
  options.overflow = core::pending_policy::drop_oldest;
  core::memory_topic_log log;
  core::topic_queue topic{options, log};
  const core::message m{{}, std::make_shared<const std::string>(100, 'x')};
  for (core::subscriber_id s = 1; s <= state.range(0); ++s) topic.subscribe(s);
  for (std::uint64_t i = 0; i != options.max_pending; ++i) topic.publish(0, m, 0, 0);
  for (auto _ : state) topic.publish(0, m, 0, 0);
}
BENCHMARK(topic_queue_publish_to_full)->ArgName("subscribers")->Arg(1)->Arg(20'000);

/// Messages replace one that so many subscribers have not read, or have acknowledged.
void topic_queue_replace(benchmark::State& state) {
  core::topic_options options;
  options.dedupe = core::dedupe_policy::replace;
  core::memory_topic_log log;
  core::topic_queue topic{options, log};
  const core::message m{"key", std::make_shared<const std::string>(100, 'x')};
  const auto subscribers = static_cast<core::subscriber_id>(state.range(0));
  for (core::subscriber_id s = 0; s <= subscribers; ++s) topic.subscribe(s);
  topic.publish(0, m, 0, 0);
  for (auto _ : state) {
    if (state.range(1) != 0) {
      state.PauseTiming();
      for (core::subscriber_id s = 1; s <= subscribers; ++s) {
        for (const auto& d : topic.lease(s, 1, 0)) topic.acknowledge(s, d.lease);
      }
      state.ResumeTiming();
    }
    topic.publish(0, m, 0, 0);
  }
}
BENCHMARK(topic_queue_replace)
    ->ArgNames({"subscribers", "read"})
    ->Args({20'000, 0})
    ->Args({20'000, 1});

/// A subscriber goes for whom so many messages wait, and with them those messages.
void topic_queue_unsubscribe(benchmark::State& state) {
  core::topic_options options;
  options.max_pending = 10'000'000;
  const core::message m{{}, std::make_shared<const std::string>(100, 'x')};
  for (auto _ : state) {
    state.PauseTiming();
    core::memory_topic_log log;
    core::topic_queue topic{options, log};
    for (core::subscriber_id s = 1; s <= state.range(0); ++s) topic.subscribe(s);
    for (std::int64_t i = 0; i != state.range(1); ++i) topic.publish(0, m, 0, 0);
    state.ResumeTiming();
    topic.unsubscribe(1);
    state.PauseTiming();
    for (core::subscriber_id s = 2; s <= state.range(0); ++s) topic.unsubscribe(s);
    state.ResumeTiming();
  }
}
BENCHMARK(topic_queue_unsubscribe)
    ->ArgNames({"subscribers", "waiting"})
    ->Args({1, 1'000'000})
    ->Args({2, 1'000'000})
    ->Args({20, 1'000'000})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);

}  // namespace

BENCHMARK_MAIN();
