// Writes a store as a daemon would have, for benchmarks that begin with one:
//
//     fill_store DIRECTORY USERS FOLLOWS MESSAGES INBOXES
//
// USERS users; FOLLOWS follows between them, evenly; then MESSAGES private messages, to each user
// in turn. The users below INBOXES have an inbox of which nothing is acknowledged.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

#include "core/events/event_line.hpp"
#include "store/events/event_log.hpp"

namespace {

using namespace skein;

constexpr std::size_t block_bytes = 64u << 10;
constexpr std::size_t commit_bytes = 1u << 20;

store::wall_time now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Puts lines into blocks, and blocks into a log.
class filler {
 public:
  explicit filler(const std::string& directory)
      : engine_(store::open_disk({directory})), log_(*engine_, options(), false) {}

  void add(const std::string& line) {
    core::event& e = block_.events.emplace_back(core::parse_event(line).value);
    e.offset = static_cast<std::uint32_t>(block_.text.size());
    e.length = static_cast<std::uint16_t>(line.size() + 1);
    block_.text += line;
    block_.text += '\n';
    if (block_.text.size() >= block_bytes) end_block();
  }

  void add_inbox(core::user_id user) {
    log_.put(user, {1, 0, now()});
    if (log_.gathered() >= commit_bytes) log_.commit(false);
  }

  /// Nobody follows anybody: there is nothing in a checkpoint.
  void add_empty_checkpoint() {
    end_block();
    log_.commit(false);
    store::checkpoint c;
    c.generation = log_.next_generation();
    c.from = c.upto = log_.end();
    log_.put(c);
  }

  void finish() {
    end_block();
    log_.commit(true);
  }

 private:
  static store::log_options options() {
    store::log_options all;
    all.max_bytes = std::uint64_t{1} << 40;
    return all;
  }

  void end_block() {
    block_.begin = log_.end();
    block_.ending = core::line_ending::lf;
    log_.append(block_, now());
    block_ = {};
    if (log_.gathered() >= commit_bytes) log_.commit(false);
  }

  std::unique_ptr<store::engine> engine_;
  store::event_log log_;
  core::ordered_block block_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "usage: fill_store DIRECTORY USERS FOLLOWS MESSAGES INBOXES\n";
    return 2;
  }
  const auto number = [&](int i) { return std::atoll(argv[i]); };
  const long long users = number(2), follows = number(3), messages = number(4), inboxes = number(5);
  try {
    filler to{argv[1]};
    long long sequence = 0;
    for (long long i = 0; i != follows; ++i) {
      const long long follower = i % users, followee = (follower + 1 + i / users) % users;
      to.add(std::to_string(++sequence) + "|F|" + std::to_string(follower) + "|" +
             std::to_string(followee));
    }
    for (long long i = 0; i != messages; ++i) {
      to.add(std::to_string(++sequence) + "|P|" + std::to_string(i * 7919 % users) + "|" +
             std::to_string(i % users));
    }
    for (long long i = 0; i != inboxes; ++i) to.add_inbox(i);
    if (follows == 0) to.add_empty_checkpoint();
    to.finish();
  } catch (const std::exception& e) {
    std::cerr << "fill_store: " << e.what() << "\n";
    return 1;
  }
}
