#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/control_client.hpp"
#include "cli/daemon_place.hpp"
#include "cli/store/stored_log.hpp"
#include "store/events/log_reader.hpp"
#include "store/events/quota.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein inbox [options] [--] ID
       skein inbox [options] --list
       skein inbox [options] --delete [--] ID

Prints how far the user has acknowledged, and how much waits for them; with
--peek also the first events of that. --list prints a line for every user who
has an inbox: user, epoch, number that is acknowledged, how many events the log
has after that (for whichever users), and the seconds since it last changed.
The daemon may run meanwhile. --delete lets the running daemon forget the
inbox: if the user comes back, it begins at the end of the log.

)";

/// Prints what its one member is told, up to a number of lines.
class peeker final : public store::audience {
 public:
  explicit peeker(std::int64_t lines) : left_(lines) {}

  void tell(core::session_index, std::string_view line) override { print(line); }
  void tell_all(std::string_view line) override { print(line); }
  void begin(core::session_index) override {}
  void end(core::session_index) override {}
  void keep(std::shared_ptr<const core::ordered_block>) override {}

  bool enough() const { return left_ == 0; }

 private:
  void print(std::string_view line) {
    if (enough()) return;
    std::cout << line;
    --left_;
  }

  std::int64_t left_;
};

int print(const std::string& directory, core::user_id user, std::int64_t peek) {
  const auto engine = open_store(directory);
  const std::string key = store::user_key(user);
  const auto value = engine->get(store::family::inbox, key);
  if (!value) {
    std::cerr << "skein: user " << user << " has no inbox" << std::endl;
    return exit_bad;
  }
  const store::inbox inbox = store::decode_inbox(key, *value);
  const core::log_position begin = store::history_begin(*engine);
  std::vector<store::pending> users{
      {user, std::max(begin, store::position_beyond(*engine, inbox.epoch, inbox.number))}};
  store::count(*engine, users);
  std::cout << "epoch: " << inbox.epoch << "\nacknowledged: " << inbox.number
            << "\nchanged: " << time_text(inbox.time) << "\npending: " << users[0].events
            << "\npending_bytes: " << users[0].bytes << "\n";
  if (users[0].from == begin) {
    if (const auto missing = store::missing_before(*engine, inbox.epoch, inbox.number, begin)) {
      std::cout << "missing: " << *missing << "\n";
    }
  }
  peeker to{peek};
  store::replay pass{*engine, core::line_ending::lf, to};
  pass.add(0, user, users[0].from);
  if (!to.enough()) pass.start();
  while (!to.enough()) {
    const auto what = pass.step();
    if (what == store::replay::stepped::at_head || what == store::replay::stepped::lost) break;
  }
  return std::cout.flush() ? exit_good : exit_bad;
}

int list(const std::string& directory) {
  const auto engine = open_store(directory);
  store::log_index index{*engine};
  const auto last = index.last();
  const std::uint64_t events = last ? last->what.before + last->what.events : 0;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  std::cout << "user\tepoch\tacknowledged\tlag\tage\n";
  const auto inboxes = engine->walk(store::family::inbox, store::reading::many);
  for (inboxes->seek(""); inboxes->valid(); inboxes->next()) {
    const core::user_id user = store::user_of(inboxes->key());
    const store::inbox inbox = store::decode_inbox(inboxes->key(), inboxes->value());
    const auto first = index.first([&](const store::entry& e) {
      return e.epoch > inbox.epoch || (e.epoch == inbox.epoch && e.next - 1 > inbox.number);
    });
    std::uint64_t lag = 0;
    if (first) {
      const store::entry& e = first->what;
      const bool within = e.epoch == inbox.epoch;
      const auto missing = static_cast<std::uint64_t>(e.next - 1 - inbox.number);
      lag = events - e.before - e.events +
            (within ? std::min<std::uint64_t>(e.events, missing) : std::uint64_t{e.events});
    }
    std::cout << user << "\t" << inbox.epoch << "\t" << inbox.number << "\t" << lag << "\t"
              << std::max<std::int64_t>(0, now - inbox.time) / 1000 << "\n";
  }
  return std::cout.flush() ? exit_good : exit_bad;
}

int remove(const std::filesystem::path& socket, core::user_id user) {
  control_request(socket, "inbox delete " + std::to_string(user));
  return exit_good;
}

}  // namespace

int inbox_command(const arguments& args) {
  store_place place;
  std::vector<std::string> ids;
  std::int64_t peek = 0;
  bool lists = false, deletes = false, help = false;
  po::options_description visible{"Options", 96, 56};
  place.add_to(visible, true);
  visible.add_options()                                   //
      ("list", po::bool_switch(&lists), "print all")      //
      ("delete", po::bool_switch(&deletes), "delete it")  //
      ("peek", number(peek, "peek", 0, 1'000'000'000),
       "print this many of the events that wait")  //
      ("help", po::bool_switch(&help), "show this text");
  po::options_description all;
  all.add(visible).add_options()("id", po::value(&ids));
  po::positional_options_description positional;
  positional.add("id", -1);
  parse(args, all, positional);
  if (help) {
    std::cout << about << visible << std::flush;
    return exit_good;
  }
  if (lists && (deletes || peek != 0 || !ids.empty())) {
    throw usage_error{"--list stands alone"};
  }
  if (lists) return list(place.directory());
  if (ids.size() != 1) throw usage_error{"inbox takes one ID"};
  if (deletes) return remove(place.socket(), parse_user_id(ids.front()));
  return print(place.directory(), parse_user_id(ids.front()), peek);
}

}  // namespace skein::cli
