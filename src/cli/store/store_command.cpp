#include <filesystem>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/control_client.hpp"
#include "cli/daemon_place.hpp"
#include "cli/store/stored_log.hpp"
#include "store/check.hpp"
#include "store/events/log_reader.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein store [options] info
       skein store [options] check
       skein store [options] backup DIR

info prints what the store of a daemon on this machine holds. check reads all of
it and verifies every checksum and everything that must be true; each thing that
is wrong is one line, and the exit status is then 1. Both read the files; the
daemon may run meanwhile, but what it changes during a check may be reported.
backup lets the running daemon make a copy in DIR, which must not exist.

)";

int info(const std::string& directory) {
  const auto engine = open_store(directory);
  const store::log_begin begin = store::read_begin(*engine);
  const auto last = store::last_entry(*engine);
  const auto first = store::entry_at(*engine, begin.position);
  const auto epochs = store::read_epochs(*engine);
  const auto checkpoints = store::read_checkpoints(*engine);
  std::uint64_t inboxes = 0;
  const auto walk = engine->walk(store::family::inbox, store::reading::many);
  for (walk->seek(""); walk->valid(); walk->next()) ++inboxes;
  const core::log_position end = last ? last->end : begin.position;
  const bool is_empty = !epochs.empty() && epochs.back().begin == end;  // the epoch
  const core::sequence_number next = is_empty ? 1 : last ? last->what.next : begin.next;
  const std::uint64_t events = last ? last->what.before + last->what.events - begin.before : 0;
  std::cout << "begin: " << begin.position << "\nend: " << end << "\nevents: " << events
            << "\nepoch: " << (epochs.empty() ? 1 : epochs.back().epoch) << "\nnext: " << next
            << "\n";
  if (first && last) {
    std::cout << "first_time: " << time_text(first->what.time)
              << "\nlast_time: " << time_text(last->what.time) << "\n";
  }
  std::cout << "checkpoints: " << checkpoints.size() << "\n";
  if (!checkpoints.empty()) {
    std::cout << "checkpoint: " << checkpoints.back().from
              << "\ncheckpoint_edges: " << checkpoints.back().edges << "\n";
  }
  std::cout << "inboxes: " << inboxes << "\nbytes_on_disk: " << engine->bytes_on_disk() << "\n";
  return std::cout.flush() ? exit_good : exit_bad;
}

int check(const std::string& directory) {
  const auto engine = open_store(directory);
  std::uint64_t findings = 0;
  const store::check_counts counts = store::check(*engine, [&](const std::string& finding) {
    ++findings;
    std::cout << finding << "\n";
  });
  std::cout << "records: " << counts.records << "\nevents: " << counts.events
            << "\nepochs: " << counts.epochs << "\ncheckpoints: " << counts.checkpoints
            << "\nedges: " << counts.edges << "\ninboxes: " << counts.inboxes
            << "\ntopics: " << counts.topics << "\nmessages: " << counts.messages
            << "\nsubscribers: " << counts.subscribers << "\nfindings: " << findings << "\n";
  return std::cout.flush() && findings == 0 ? exit_good : exit_bad;
}

int backup(const std::filesystem::path& socket, const std::string& to) {
  control_request(socket, "backup " + std::filesystem::absolute(to).lexically_normal().string());
  return exit_good;
}

}  // namespace

int store_command(const arguments& args) {
  store_place place;
  arguments words;
  bool help = false;
  po::options_description visible{"Options", 96, 56};
  place.add_to(visible, true);
  visible.add_options()  //
      ("help", po::bool_switch(&help), "show this text");
  parse_words(args, visible, words);
  if (help) {
    std::cout << about << visible << std::flush;
    return exit_good;
  }
  if (words == arguments{"info"}) return info(place.directory());
  if (words == arguments{"check"}) return check(place.directory());
  if (words.size() == 2 && words[0] == "backup" && !words[1].empty()) {
    return backup(place.socket(), words[1]);
  }
  throw usage_error{"store takes info, check, or backup and a directory"};
}

}  // namespace skein::cli
