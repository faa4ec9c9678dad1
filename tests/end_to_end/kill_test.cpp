/// The daemon is killed again and again, at random moments: nobody who comes back misses anything.
///
/// SKEIN_KILL_ROUNDS says how many times, SKEIN_KILL_SEED what is random (see scripts/kill-test).

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "harm.hpp"
#include "support/random.hpp"

namespace skein::test {
namespace {

constexpr std::int64_t users = 12;
constexpr std::int64_t durable_users = 8;  ///< the first ones; the others only live for the moment

struct place {
  std::uint64_t epoch = 0;
  std::int64_t number = 0;
  bool operator<(const place& b) const {
    return epoch != b.epoch ? epoch < b.epoch : number < b.number;
  }
};

/// What the sources have to send: the same events of each epoch, whenever they are asked.
class script {
 public:
  explicit script(std::uint64_t seed) : seed_(seed) {}

  /// No two are alike: as many zeros lead the number as there were epochs.
  std::string line(place at) const {
    random_source random{seed_ ^ (at.epoch << 40) ^ static_cast<std::uint64_t>(at.number)};
    const auto from = std::to_string(random.between<std::int64_t>(1, users));
    const auto to = std::to_string(random.between<std::int64_t>(1, users));
    const std::string number = std::string(at.epoch, '0') + std::to_string(at.number);
    const int kind = random.between(0, 9);
    if (kind == 0) return number + "|B";
    if (kind <= 2) return number + "|F|" + from + "|" + to;
    if (kind == 3) return number + "|U|" + from + "|" + to;
    if (kind <= 5) return number + "|P|" + from + "|" + to;
    return number + "|S|" + from;
  }

  std::string lines(std::uint64_t epoch, std::int64_t first, std::int64_t last) const {
    std::string text;
    for (auto n = first; n <= last; ++n) text += line({epoch, n}) + "\n";
    return text;
  }

  static place place_of(const std::string& line) {
    return {line.find_first_not_of('0'), std::stoll(line)};
  }

 private:
  std::uint64_t seed_;
};

/// One connection of a user.
struct session {
  std::unique_ptr<peer> connection;  ///< null when it has ended
  std::vector<std::string> lines;    ///< what it has got, when it has ended
  std::string surely;                ///< the last line that was surely acknowledged before
  std::vector<std::string> acknowledged;
};

struct user {
  std::int64_t id = 0;
  bool durable = false;
  std::deque<session> sessions;
  std::string heard;  ///< the last line that the daemon has heard to be acknowledged
  std::string kept;   ///< the last one that is on disk for sure

  bool online() const { return !sessions.empty() && sessions.back().connection; }
  peer& connection() { return *sessions.back().connection; }
};

class kill_run {
 public:
  kill_run(const std::string& durability, std::uint64_t seed)
      : random_(seed), script_(seed), broker_(settings(durability)), synced_(durability == "sync") {
    for (std::int64_t id = 1; id <= users; ++id) {
      user& u = all_.emplace_back();
      u.id = id;
      u.durable = id <= durable_users;
      connect(u);
    }
    for (user& u : all_) {
      if (u.durable) await_heard(u.connection());
    }
    // With that it is on disk from where on they want to be told.
    begin_epoch_by_command();
  }

  void run(std::uint64_t rounds) {
    for (std::uint64_t round = 0; round != rounds && !testing::Test::HasFailure(); ++round) {
      SCOPED_TRACE(testing::Message() << "round " << round);
      play();
      random_.one_in(5) ? stop() : kill();
      resume();
    }
    finish();
    verify();
  }

 private:
  static daemon::options settings(const std::string& durability) {
    return {{"event.durability", durability},
            {"event.commit-interval", "20ms"},
            {"sequence.gap-policy", "wait"},  // nothing is given up: what is missing is sent again
            {"sequence.gap-timeout", "300ms"},
            {"statistics.interval", "1h"},
            {"log.level", "info"}};
  }

  void play() {
    for (int steps = random_.between(5, 80); steps != 0; --steps) {
      const int what = random_.between(0, 29);
      if (what <= 1) {
        reconnect(any_user());
      } else if (what <= 9) {
        acknowledge(any_user());
      } else if (what == 10) {
        change_epoch();
      } else if (what == 11) {
        if (!beginning_) sources_.clear();
      } else {
        send();
      }
      for (user& u : all_) {
        if (u.online() && !random_.one_in(3)) u.connection().receive_now();
      }
    }
  }

  // --- sources ---

  /// The next stretch of the stream, at random over the sources.
  void send() {
    if (sources_.empty() || (sources_.size() < 3 && !beginning_ && random_.one_in(4))) {
      sources_.push_back(std::make_unique<peer>(broker_.source_port()));
    }
    const auto last = sent_ + random_.between<std::int64_t>(1, 400);
    std::vector<std::string> texts(sources_.size());
    for (auto n = sent_ + 1; n <= last; ++n) {
      texts[random_.between<std::size_t>(0, texts.size() - 1)] += script_.line({epoch_, n}) + "\n";
    }
    for (std::size_t i = 0; i != texts.size(); ++i) sources_[i]->send(texts[i]);
    sent_ = last;
    if (random_.one_in(4)) await_sent();
  }

  /// All that was sent has its place.
  void await_sent() {
    broker_.await_status("epoch", epoch_);
    broker_.await_status("next", static_cast<std::uint64_t>(sent_ + 1));
    beginning_ = false;
  }

  void end_sources() {
    sources_.clear();
    broker_.await_status("sources", 0);
    // What they have sent again may wait as the beginning of a stream, until that is no more
    // likely.
    broker_.await_status("held", 0);
  }

  void begin_epoch() {
    lengths_[epoch_] = sent_;
    ++epoch_;
    sent_ = 0;
  }

  void begin_epoch_by_command() {
    EXPECT_EQ(broker_.command("epoch new"),
              R"({"ok":true,"epoch":)" + std::to_string(epoch_ + 1) + R"(,"next":1})");
    begin_epoch();
  }

  void change_epoch() {
    if (sent_ == 0) return;
    await_sent();
    end_sources();
    switch (random_.between(0, 2)) {
      case 0:  // by the stream itself
        begin_epoch();
        beginning_ = true;
        send();
        break;
      case 1:
        begin_epoch_by_command();
        break;
      default:
        kill_while_the_epoch_changes();
    }
  }

  void kill_while_the_epoch_changes() {
    std::thread killer{[&, time = std::chrono::microseconds{random_.between(0, 8000)}] {
      let_pass(time);
      broker_.program().signal(SIGKILL);
    }};
    try {
      broker_.command("epoch new");
    } catch (const std::runtime_error&) {  // it did not live to answer
    }
    killer.join();
    kill();
    resume();
  }

  // --- ends and beginnings ---

  void stop() {
    const bool all_sent = random_.one_in(2);
    if (all_sent) {
      await_sent();
      end_sources();
    }
    broker_.program().signal(SIGTERM);
    end_sessions();
    EXPECT_EQ(broker_.program().wait(), 0) << broker_.program().err();
    for (user& u : all_) u.kept = u.heard;
    least_ = all_sent ? place{epoch_, sent_} : told_;
  }

  void kill() {
    let_pass(std::chrono::microseconds{random_.between(0, 3000)});
    broker_.kill();
    end_sessions();
    for (user& u : all_) u.heard = u.kept;
    least_ = synced_ ? told_ : place{};
  }

  void end_sessions() {
    for (user& u : all_) {
      if (!u.online()) continue;
      u.connection().receive_all();
      end_session(u);
    }
    sources_.clear();
  }

  void resume() {
    for (int n = random_.between(-4, 3); n > 0; --n) {  // killed before it is up
      broker_.begin_again();
      let_pass(std::chrono::microseconds{random_.between(0, 80'000)});
      broker_.kill();
    }
    broker_.start_again();
    const place at{broker_.status("epoch"), static_cast<std::int64_t>(broker_.status("next")) - 1};
    EXPECT_FALSE(at < least_) << "it should be at " << least_.epoch << " " << least_.number
                              << " at least, but is at " << at.epoch << " " << at.number;
    told_ = {};
    beginning_ = false;
    if (at.epoch == epoch_ + 1) {
      EXPECT_EQ(at.number, 0);
      begin_epoch();
    }
    ASSERT_LE(at.epoch, epoch_);
    for (user& u : all_) {
      if (random_.one_in(2)) connect(u);
    }
    send_again(at);
    for (user& u : all_) {
      if (random_.one_in(2)) connect(u);
    }
  }

  /// What the daemon has not, and some of what it has.
  void send_again(place at) {
    const bool interrupted = broker_.lines_with("interrupted=true") != 0;
    for (; at.epoch != epoch_; at = {at.epoch + 1, 0}) {
      // Epochs that were begun by the stream may be lost with it.
      peer source{broker_.source_port()};
      source.send(script_.lines(at.epoch, at.number + 1, lengths_[at.epoch]));
      broker_.await_status("next", static_cast<std::uint64_t>(lengths_[at.epoch] + 1));
      source.close();
      broker_.await_status("sources", 0);
      broker_.command("epoch new");
    }
    if (sent_ == 0) return;
    ASSERT_LE(at.number, sent_);
    // A stream that was over would begin a new one with number 1.
    const auto earliest = std::min<std::int64_t>(interrupted ? 1 : 2, at.number + 1);
    const auto from =
        random_.one_in(3) ? earliest : random_.between<std::int64_t>(earliest, at.number + 1);
    sources_.push_back(std::make_unique<peer>(broker_.source_port()));
    sources_.back()->send(script_.lines(epoch_, from, sent_));
    if (random_.one_in(2)) await_sent();
  }

  // --- clients ---

  user& any_user() { return all_[random_.between<std::size_t>(0, all_.size() - 1)]; }

  void connect(user& u) {
    if (u.online()) return;
    session& s = u.sessions.emplace_back();
    const bool first = u.sessions.size() == 1;
    s.surely = u.heard;
    s.connection = std::make_unique<peer>(broker_.client_port());
    s.connection->send(std::to_string(u.id) + (u.durable ? first ? "|0\n" : "|\n" : "\n"));
  }

  void reconnect(user& u) {
    if (u.online()) {
      if (random_.one_in(2)) {
        u.connection().half_close();
        u.connection().receive_all();
      }
      end_session(u);
    }
    if (!random_.one_in(3)) connect(u);
  }

  void end_session(user& u) {
    session& s = u.sessions.back();
    s.lines = lines_in(s.connection->received());
    s.connection->reset();
    s.connection = nullptr;
    for (const auto& line : s.lines) {
      if (line[0] == '0') told_ = std::max(told_, script::place_of(line));
    }
  }

  /// Everything up to some line: the numbers of each epoch for themselves, as they come.
  void acknowledge(user& u) {
    if (!u.online() || !u.durable) return;
    session& s = u.sessions.back();
    const auto lines = lines_in(u.connection().received());
    const place before = s.acknowledged.empty() ? place{} : script::place_of(s.acknowledged.back());
    auto first = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return before < script::place_of(line);
    });
    if (first == lines.end()) return;
    const auto last = first + random_.between<std::ptrdiff_t>(0, lines.end() - first - 1);
    std::string text;
    for (; first <= last; ++first) {
      const place p = script::place_of(*first);
      if (first == last || script::place_of(first[1]).epoch != p.epoch || random_.one_in(10)) {
        text += "A|" + std::to_string(p.number) + "\n";
      }
    }
    s.acknowledged.push_back(*last);
    u.connection().send(text);
    if (random_.one_in(2)) return;
    await_heard(u.connection());
    u.heard = *last;
  }

  // --- the end ---

  /// Everybody comes back and gets the rest.
  void finish() {
    if (testing::Test::HasFailure()) return;
    sources_.resize(std::min<std::size_t>(sources_.size(), 1));
    if (sources_.empty()) sources_.push_back(std::make_unique<peer>(broker_.source_port()));
    for (user& u : all_) connect(u);
    await_sent();
    last_ = std::string(epoch_, '0') + std::to_string(++sent_) + "|B";
    sources_.back()->send(last_ + "\n");
    await_sent();
    for (user& u : all_) {
      if (u.durable) u.connection().receive_until(last_ + "\r\n");
    }
    stop();
    lengths_[epoch_] = sent_;
  }

  /// What each user is told of the streams.
  std::map<std::int64_t, std::vector<std::string>> model() const {
    std::map<std::int64_t, std::vector<std::string>> told;
    std::set<std::int64_t> connected;
    for (const user& u : all_) connected.insert(u.id);
    for (const auto& [epoch, length] : lengths_) {
      cli::test::naive_routing routing;
      for (std::int64_t n = 1; n <= length; ++n) {
        const bool is_last = epoch == epoch_ && n == sent_;
        const auto line = is_last ? last_ : script_.line({epoch, n});
        for (const auto id : routing.route(cli::test::plain_event::parse(line), connected)) {
          told[id].push_back(line);
        }
      }
    }
    return told;
  }

  void verify() {
    if (testing::Test::HasFailure()) return;
    const auto told = model();
    std::size_t events = 0, repeated = 0;
    for (const user& u : all_) {
      const auto& lines = told.at(u.id);
      std::unordered_map<std::string, std::size_t> index;
      for (std::size_t i = 0; i != lines.size(); ++i) index[lines[i]] = i;
      std::size_t most = 0;  // so many may have been acknowledged
      std::size_t seen = 0;  // so many were told once
      for (std::size_t i = 0; i != u.sessions.size(); ++i) {
        SCOPED_TRACE(testing::Message() << "user " << u.id << ", session " << i);
        const session& s = u.sessions[i];
        if (!s.lines.empty()) {
          const auto found = index.find(s.lines.front());
          ASSERT_NE(found, index.end()) << "told what is not theirs: " << s.lines.front();
          const std::size_t begin = found->second;
          const std::size_t least = s.surely.empty() ? 0 : index.at(s.surely) + 1;
          if (u.durable) {
            EXPECT_LE(begin, most) << "a gap before " << s.lines.front();
            EXPECT_GE(begin, least) << "acknowledged was " << s.surely;
          }
          for (std::size_t l = 0; l != s.lines.size(); ++l) {
            ASSERT_LT(begin + l, lines.size()) << "told more than there is: " << s.lines[l];
            ASSERT_EQ(s.lines[l], lines[begin + l])
                << "line " << l << " of " << s.lines.size() << ", behind "
                << (l == 0 ? "nothing" : s.lines[l - 1]);
          }
          events += s.lines.size();
          repeated += begin < seen ? std::min(seen - begin, s.lines.size()) : 0;
          seen = std::max(seen, begin + s.lines.size());
        }
        for (const auto& line : s.acknowledged) most = std::max(most, index.at(line) + 1);
      }
      if (u.durable) {
        EXPECT_EQ(seen, lines.size()) << "user " << u.id;
      }
    }
    std::cout << lengths_.size() << " epochs, " << events << " notifications, " << repeated
              << " of them again\n";
  }

  random_source random_;
  script script_;
  daemon broker_;
  bool synced_;
  std::deque<user> all_;
  std::vector<std::unique_ptr<peer>> sources_;
  std::uint64_t epoch_ = 1;
  std::int64_t sent_ = 0;                          ///< of the epoch
  std::map<std::uint64_t, std::int64_t> lengths_;  ///< of epochs that are over
  bool beginning_ = false;  ///< only one source has said so far that there is a new epoch
  place told_;              ///< the furthest in this life of the daemon
  place least_;             ///< what it must have after its end
  std::string last_;        ///< the very last event
};

class Kill : public testing::TestWithParam<const char*> {};

TEST_P(Kill, AtAnyMomentLosesNothingForThoseWhoComeBack) {
  const auto seed = number_from("SKEIN_KILL_SEED", 1);
  const auto rounds = number_from("SKEIN_KILL_ROUNDS", 8);
  std::cout << "seed " << seed << ", " << rounds << " rounds\n";
  SKEIN_TRACE_SEED(seed);
  kill_run{GetParam(), seed}.run(rounds);
}

INSTANTIATE_TEST_SUITE_P(With, Kill, testing::Values("async", "sync"),
                         [](const auto& instance) { return std::string{instance.param}; });

}  // namespace
}  // namespace skein::test
