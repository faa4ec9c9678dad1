// What topics cost in a store, beside how much is in them:
//
//     topic_store_bench DIRECTORY [MESSAGES [TOPICS [SUBSCRIBERS]]]
//
// DIRECTORY does not exist; it is left behind. A topic gets MESSAGES of 100 bytes (10,000,000) that
// nobody takes, and is opened; another one ten. Then TOPICS are made (100,000), and SUBSCRIBERS of
// one topic (100,000). Every step is a process of its own.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "core/topics/topic_queue.hpp"
#include "store/topics/topic_catalog.hpp"
#include "store/topics/topic_log.hpp"

namespace {

using namespace skein;

constexpr std::size_t batch = 64;
constexpr std::size_t payload_bytes = 100;

std::string directory;

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

store::wall_time now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Resident memory of this process, in bytes.
double resident() {
  std::size_t all = 0, pages = 0;
  std::ifstream{"/proc/self/statm"} >> all >> pages;
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

void say(const char* what, double value, const char* unit) {
  std::printf("  %-58s %12.2f %s\n", what, value, unit);
  std::fflush(stdout);
}

void in_a_process(const char* title, const std::function<void()>& step) {
  std::printf("%s\n", title);
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    step();
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) std::exit(1);
}

core::topic_options options() {
  core::topic_options o;
  o.max_pending = std::uint64_t{1} << 40;
  return o;
}

/// A durable topic and its queue.
class topic {
 public:
  topic(store::engine& engine, const std::string& name) : engine_(engine) {
    store::topic_catalog catalog{engine};
    auto entry = catalog.find(name);
    if (!entry) {
      store::changes made;
      entry = catalog.create(name, options(), made);
      commit(made);
    }
    log = std::make_unique<store::topic_log>(engine, entry->number, entry->options,
                                             store::topic_start{now()});
    queue = std::make_unique<core::topic_queue>(entry->options, *log, log->take_window());
    for (store::stored_subscriber& s : log->take_subscribers()) {
      queue->subscribe(s.id, std::move(s.so_far));
      last = s.id;
    }
  }

  void subscribe(const std::string& name) {
    last = log->add_subscriber(name, {}, now());
    queue->subscribe(last);
  }

  void publish(std::size_t count) {
    core::message m;
    m.published = now();
    for (std::size_t i = 0; i != count; ++i) {
      m.payload = std::make_shared<const std::string>(payload_bytes, 'x');
      queue->publish(0, m, 0, m.published);
      if (log->gathered() != 0 && (i + 1) % batch == 0) commit();
    }
    commit();
  }

  /// Leases and acknowledges.
  void take(std::size_t count) {
    for (std::size_t taken = 0; taken < count;) {
      const auto most = static_cast<std::uint32_t>(std::min<std::size_t>(50, count - taken));
      const auto all = queue->lease(last, most, now());
      if (all.empty()) return;
      for (const core::delivery& d : all) queue->acknowledge(last, d.lease);
      taken += all.size();
      commit();
    }
  }

  void commit() {
    commit(log->take_changes(*queue, now()));
    log->committed();
  }

  std::unique_ptr<store::topic_log> log;
  std::unique_ptr<core::topic_queue> queue;
  core::subscriber_id last = 0;

 private:
  void commit(const store::changes& made) {
    const auto changes = engine_.new_batch();
    made.add_to(*changes);
    engine_.commit(*changes, false);
    made.reclaim_in(engine_);
  }

  store::engine& engine_;
};

std::unique_ptr<store::engine> open() {
  return store::open_disk({directory});
}

void fill(const std::string& name, std::size_t messages) {
  const auto engine = open();
  topic t{*engine, name};
  t.subscribe("subscriber");
  t.commit();
  const auto before = static_cast<double>(engine->bytes_on_disk());
  const double begin = seconds();
  t.publish(messages);
  const auto count = static_cast<double>(messages);
  say("publish, take and commit by 64, without sync", (seconds() - begin) / count * 1e6,
      "us a message");
  engine->sync();
  say("on disk", (static_cast<double>(engine->bytes_on_disk()) - before) / count,
      "bytes a message");
}

void serve(const std::string& name, std::size_t messages) {
  const auto engine = open();
  { topic other{*engine, "other"}; }
  const double memory = resident();
  double begin = seconds();
  topic t{*engine, name};
  say("open the topic", (seconds() - begin) * 1e6, "us");
  begin = seconds();
  t.take(1);
  say("serve the first message, and commit that", (seconds() - begin) * 1e6, "us");
  begin = seconds();
  t.take(1);
  say("serve the next one", (seconds() - begin) * 1e6, "us");
  say("more memory", (resident() - memory) / 1024, "KiB");
  if (messages < 1000) return;
  begin = seconds();
  const std::size_t some = messages / 10;
  t.take(some);
  say("lease, acknowledge, take and commit by 50",
      (seconds() - begin) / static_cast<double>(some) * 1e6, "us a message");
  say("more memory", (resident() - memory) / 1024, "KiB");
  begin = seconds();
  t.take(messages);
  say("the same, until there is nothing left",
      (seconds() - begin) / static_cast<double>(messages - some) * 1e6, "us a message");
  say("on disk then", static_cast<double>(engine->bytes_on_disk()) / (1 << 20), "MiB");
  begin = seconds();
  t.publish(batch * 1000);
  t.take(batch * 1000);
  say("publish, lease and acknowledge, commit by 64 and by 50",
      (seconds() - begin) / (batch * 1000.0) * 1e6, "us a message");
}

void make_topics(std::size_t topics) {
  const auto engine = open();
  store::topic_catalog catalog{*engine};
  const auto count = static_cast<double>(topics);
  double begin = seconds();
  for (std::size_t i = 0; i != topics; ++i) {
    store::changes made;
    catalog.create("topic." + std::to_string(i), options(), made);
    const auto changes = engine->new_batch();
    made.add_to(*changes);
    engine->commit(*changes, false);
  }
  engine->sync();
  say("create and commit", (seconds() - begin) / count * 1e6, "us a topic");
}

void read_topics(std::size_t topics) {
  const auto engine = open();
  store::topic_catalog catalog{*engine};
  double begin = seconds();
  for (std::size_t i = 0; i != topics; ++i) catalog.find("topic." + std::to_string(i * 7 % topics));
  say("find", (seconds() - begin) / static_cast<double>(topics) * 1e6, "us");
  begin = seconds();
  std::string after;
  for (;;) {
    const auto some = catalog.list(after, 100);
    if (some.empty()) break;
    after = some.back().name;
  }
  say("list all, by 100", (seconds() - begin) * 1e3, "ms");
  std::uint64_t bytes = 0;
  const auto at = engine->walk(store::family::topic);
  for (at->seek(store::topic_names_prefix); at->valid(); at->next()) {
    bytes += at->key().size() + at->value().size();
  }
  say("keys and values", static_cast<double>(bytes) / static_cast<double>(topics), "bytes a topic");
}

void make_subscribers(std::size_t subscribers) {
  const auto engine = open();
  const auto before = static_cast<double>(engine->bytes_on_disk());
  topic t{*engine, "many"};
  for (std::size_t i = 0; i != subscribers; ++i) t.subscribe("subscriber." + std::to_string(i));
  t.commit();
  engine->sync();
  say("on disk",
      (static_cast<double>(engine->bytes_on_disk()) - before) / static_cast<double>(subscribers),
      "bytes a subscriber");
}

void open_subscribers(std::size_t subscribers) {
  const auto engine = open();
  { topic other{*engine, "other"}; }
  const auto count = static_cast<double>(subscribers);
  const double memory = resident();
  double begin = seconds();
  topic t{*engine, "many"};
  say("open the topic and subscribe all", (seconds() - begin) * 1e3, "ms");
  say("memory", (resident() - memory) / count, "bytes a subscriber");
  const double all = resident();
  t.queue.reset();
  t.log.reset();
  begin = seconds();
  topic again{*engine, "many"};
  say("the same once more", (seconds() - begin) * 1e3, "ms");
  say("more memory", (resident() - all) / count, "bytes a subscriber");
  again.publish(batch);
  begin = seconds();
  again.publish(batch * 100);
  say("publish to them", (seconds() - begin) / (batch * 100) * 1e6, "us a message");
}

std::size_t number(int argc, char** argv, int i, std::size_t otherwise) {
  return argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: topic_store_bench DIRECTORY [MESSAGES [TOPICS [SUBSCRIBERS]]]\n");
    return 2;
  }
  directory = argv[1];
  const std::size_t messages = number(argc, argv, 2, 10'000'000);
  const std::size_t topics = number(argc, argv, 3, 100'000);
  const std::size_t subscribers = number(argc, argv, 4, 100'000);
  in_a_process("a topic of ten messages", [] { fill("shallow", 10); });
  in_a_process("a topic of many messages", [&] { fill("deep", messages); });
  in_a_process("the store, opened once", [] {
    say("on disk", static_cast<double>(open()->bytes_on_disk()) / (1 << 20), "MiB");
  });
  in_a_process("the topic of ten, opened", [] { serve("shallow", 10); });
  in_a_process("the topic of many, opened", [&] { serve("deep", messages); });
  in_a_process("many topics", [&] { make_topics(topics); });
  in_a_process("many topics, opened", [&] { read_topics(topics); });
  in_a_process("a topic of many subscribers", [&] { make_subscribers(subscribers); });
  in_a_process("a topic of many subscribers, opened", [&] { open_subscribers(subscribers); });
}
