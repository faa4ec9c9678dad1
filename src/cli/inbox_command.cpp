#include <algorithm>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/daemon_place.hpp"
#include "cli/stored_log.hpp"
#include "store/quota.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein inbox [options] [--] ID

Prints how far the user has acknowledged, and how much waits for them; with
--peek also the first events of that. The daemon may run meanwhile.

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

}  // namespace

int inbox_command(const arguments& args) {
  store_place place;
  std::vector<std::string> ids;
  std::int64_t peek = 0;
  bool help = false;
  po::options_description visible{"Options", 96, 56};
  place.add_to(visible, false);
  visible.add_options()                                                                          //
      ("peek", number(peek, "peek", 0, 1'000'000'000), "print so many of the events that wait")  //
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
  if (ids.size() != 1) throw usage_error{"inbox takes one ID"};
  return print(place.directory(), parse_user_id(ids.front()), peek);
}

}  // namespace skein::cli
