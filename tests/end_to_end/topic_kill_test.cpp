/// The daemon is killed again and again, at random moments, while programs publish to topics and
/// take messages from them: what was answered is true for ever.
///
/// SKEIN_KILL_ROUNDS says how many times, SKEIN_KILL_SEED what is random (see scripts/kill-test).

#include <algorithm>
#include <csignal>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "harm.hpp"
#include "support/program.hpp"
#include "support/random.hpp"

namespace skein::test {
namespace {

constexpr int publishers = 4;
constexpr int consumers = 6;
constexpr int topics = 3;
constexpr int first_subscribers = 2;  ///< of each topic; more come

/// `p.n`: message n, from 1, of publisher p.
struct message_name {
  int publisher = 0;
  int number = 0;

  static message_name in(const std::string& payload) {
    return {std::stoi(payload), std::stoi(payload.substr(payload.find('.') + 1))};
  }
  std::string text() const { return std::to_string(publisher) + "." + std::to_string(number); }
  bool operator<(const message_name& b) const {
    return publisher != b.publisher ? publisher < b.publisher : number < b.number;
  }
};

std::uint64_t number_of_lease(const std::string& lease) {
  return std::stoull(lease.substr(lease.find('.') + 1));
}

/// What a subscriber was told, and what it has said.
struct reader {
  int topic = 0;
  std::string name;
  std::uint64_t since = 0;  ///< it gets what was begun to be published later
  std::vector<delivered> got;
  std::map<message_name, std::uint64_t> acknowledged;  ///< by the number of the lease
  std::deque<std::string> held;                        ///< leases
};

/// A connection with a request that is not answered yet, perhaps.
struct agent {
  std::unique_ptr<http_client> http;
  std::deque<std::function<void(const http_answer&)>> asked;
};

class topic_kill_run {
 public:
  explicit topic_kill_run(std::uint64_t seed)
      : random_(seed),
        broker_({{"statistics.interval", "1h"},
                 {"log.level", "info"},
                 {"topic.idle-timeout", "50ms"},
                 {"topic.commit-interval", "10ms"}}) {
    program maker{broker_};
    for (int t = 0; t != topics; ++t) {
      maker.create(
          name_of(t),
          R"({"lease_ms":150,"retry_delay_ms":5,"max_deliveries":0,"max_pending":1000000})");
      for (int s = 0; s != first_subscribers; ++s) {
        maker.subscribe(name_of(t), "s" + std::to_string(s));
        readers_.push_back({t, "s" + std::to_string(s), 0, {}, {}, {}});
      }
    }
    connect();
  }

  void run(std::uint64_t rounds) {
    for (std::uint64_t round = 0; round != rounds && !testing::Test::HasFailure(); ++round) {
      SCOPED_TRACE(testing::Message() << "round " << round);
      play(random_.between<std::size_t>(0, 250));
      end_daemon();
      resume();
    }
    finish();
    verify();
  }

 private:
  static std::string name_of(int topic) { return "t" + std::to_string(topic); }
  static std::string path_of(const reader& r) { return subscriber_path(name_of(r.topic), r.name); }

  void connect() {
    agents_.clear();
    agents_.resize(publishers + consumers);
    for (auto& a : agents_) a.http = std::make_unique<http_client>(broker_.http_port());
  }

  /// Until so many answers have come.
  void play(std::size_t answers) {
    const auto until = answered_ + answers;
    await("answers", [&] {
      for (int i = 0; i != publishers + consumers; ++i) {
        agent& a = agents_[static_cast<std::size_t>(i)];
        hear(a);
        const bool is_publisher = i < publishers;
        if (a.asked.size() >= (is_publisher ? 3u : 1u) || random_.one_in(3)) continue;
        is_publisher ? publish(a, i) : consume(a);
      }
      return answered_ >= until;
    });
  }

  /// Takes the answers that are there.
  void hear(agent& a) {
    while (!a.asked.empty()) {
      const auto answer = a.http->receive_now();
      if (!answer) return;
      ++answered_;
      a.asked.front()(*answer);
      a.asked.pop_front();
    }
  }

  template <class Then>
  void ask(agent& a, const http_message& what, Then&& then) {
    a.http->send(what);
    a.asked.emplace_back(std::forward<Then>(then));
  }

  // --- publishers ---

  void publish(agent& a, int publisher) {
    std::string body;
    std::vector<message_name> names;
    for (int many = random_.between(1, 5); many != 0; --many) {
      names.push_back({publisher, ++published_[publisher]});
      body +=
          (body.empty() ? "" : ",") + std::string{R"({"payload":")"} + names.back().text() + "\"}";
    }
    const auto began = ++time_;
    const int topic = publisher % topics;
    ask(a, {"POST", topic_path(name_of(topic)) + "/messages", R"({"messages":[)" + body + "]}"},
        [this, names, began, topic](const http_answer& answer) {
          if (!went_well(answer)) return;
          const auto said = answer.json();
          const auto& messages = said.at("messages").as_array();
          for (std::size_t i = 0; i != names.size(); ++i) {
            promised_[names[i]] = began;
            note_id(topic, std::stoull(messages.at(i).at("id").as_string().c_str()), names[i]);
          }
        });
  }

  /// Of one message, and of no other.
  void note_id(int topic, std::uint64_t id, const message_name& of) {
    const auto found = by_id_.emplace(std::pair{topic, id}, of).first;
    EXPECT_EQ(found->second.text(), of.text()) << "both have id " << id;
    const auto known = ids_.emplace(of, id).first;
    EXPECT_EQ(known->second, id) << of.text() << " has two ids";
  }

  /// Else the daemon was ending, and it is not known what was done.
  static bool went_well(const http_answer& answer) {
    EXPECT_TRUE(answer.status == 200 || answer.status == 201 || answer.status == 503)
        << text_of(answer);
    return answer.status < 300;
  }

  // --- consumers ---

  void consume(agent& a) {
    const auto which = random_.between<std::size_t>(0, readers_.size() - 1);
    reader& r = readers_[which];
    const int what = random_.between(0, 19);
    if (what == 0 && readers_.size() < 20) {
      subscribe(a);
    } else if (what <= 10 && !r.held.empty()) {
      settle(a, which, what == 1 ? "nack" : "ack");
    } else {
      ask(a,
          {"POST", path_of(r) + "/lease",
           R"({"max":)" + std::to_string(random_.between(1, 20)) + R"(,"wait_ms":)" +
               std::to_string(random_.between(0, 30)) + "}"},
          [this, which](const http_answer& answer) {
            if (went_well(answer)) note_deliveries(which, deliveries_in(answer));
          });
    }
  }

  void note_deliveries(std::size_t which, const std::vector<delivered>& all) {
    reader& r = readers_[which];
    for (const auto& d : all) {
      note_id(r.topic, d.id, message_name::in(d.payload));
      lease_of_[{r.topic, r.name, d.lease}] = message_name::in(d.payload);
      r.got.push_back(d);
      r.held.push_back(d.lease);
    }
  }

  void settle(agent& a, std::size_t which, const std::string& how) {
    reader& r = readers_[which];
    std::vector<std::string> leases;
    std::string list;
    for (int many = random_.between(1, 8); many != 0 && !r.held.empty(); --many) {
      const bool from_front = random_.one_in(2);
      leases.push_back(from_front ? r.held.front() : r.held.back());
      from_front ? r.held.pop_front() : r.held.pop_back();
      list += (list.empty() ? "\"" : ",\"") + leases.back() + "\"";
    }
    ask(a, {"POST", path_of(r) + "/" + how, R"({"leases":[)" + list + "]}"},
        [this, which, leases, how](const http_answer& answer) {
          if (answer.status != 409 && !went_well(answer)) return;
          reader& of = readers_[which];
          const auto said = answer.json();
          for (const auto& one : said.at("leases").as_array()) {
            const std::string lease = one.at("lease").as_string().c_str();
            if (how != "ack" || one.at("outcome") != "done") continue;
            of.acknowledged[lease_of_.at({of.topic, of.name, lease})] = number_of_lease(lease);
          }
        });
  }

  void subscribe(agent& a) {
    const int topic = random_.between(0, topics - 1);
    const auto name = "late" + std::to_string(++late_);
    ask(a, {"PUT", subscriber_path(name_of(topic), name), ""},
        [this, topic, name](const http_answer& answer) {
          if (went_well(answer)) readers_.push_back({topic, name, time_, {}, {}, {}});
        });
  }

  // --- ends and beginnings ---

  void end_daemon() {
    if (random_.one_in(5)) {
      broker_.program().signal(SIGTERM);
      EXPECT_EQ(broker_.program().wait(), 0) << broker_.program().err();
    } else {
      let_pass(std::chrono::microseconds{random_.between(0, 3000)});
      broker_.kill();
    }
    for (auto& a : agents_) {
      a.http->connection().receive_all();
      hear(a);
    }
  }

  void resume() {
    for (int n = random_.between(-4, 3); n > 0; --n) {  // killed before it is up
      broker_.begin_again();
      let_pass(std::chrono::microseconds{random_.between(0, 80'000)});
      broker_.kill();
    }
    broker_.start_again();
    connect();
  }

  /// Everybody gets and acknowledges the rest.
  void finish() {
    if (testing::Test::HasFailure()) return;
    program last{broker_};
    remove_unknown_subscribers(last);
    for (std::size_t i = 0; i != readers_.size(); ++i) {
      const reader& r = readers_[i];
      while (last.number(path_of(r), "pending") != 0) {
        const auto some = last.lease(name_of(r.topic), r.name, R"({"wait_ms":1000})");
        note_deliveries(i, some);
        if (some.empty()) continue;
        const auto outcomes = last.settle("ack", name_of(r.topic), r.name, leases_of(some));
        for (std::size_t at = 0, n = 0; n != some.size(); ++n, at = outcomes.find(' ', at) + 1) {
          if (outcomes.compare(at, 4, "done") != 0) continue;
          readers_[i].acknowledged[message_name::in(some[n].payload)] =
              number_of_lease(some[n].lease);
        }
      }
    }
    for (int t = 0; t != topics; ++t) {
      EXPECT_EQ(last.number(topic_path(name_of(t)), "messages"), 0u);
    }
  }

  /// Those who were made, but nobody was told so.
  void remove_unknown_subscribers(program& by) {
    for (int t = 0; t != topics; ++t) {
      const auto listed = by.get(topic_path(name_of(t)) + "/subscribers?limit=1000").json();
      for (const auto& one : listed.at("subscribers").as_array()) {
        const std::string name = one.at("name").as_string().c_str();
        const bool is_known = std::any_of(readers_.begin(), readers_.end(), [&](const reader& r) {
          return r.topic == t && r.name == name;
        });
        if (is_known) continue;
        EXPECT_EQ(by.remove(subscriber_path(name_of(t), name)).status, 204u);
      }
    }
  }

  void verify() {
    if (testing::Test::HasFailure()) return;
    std::size_t deliveries = 0, again = 0;
    for (reader& r : readers_) {
      SCOPED_TRACE(testing::Message() << name_of(r.topic) << " " << r.name);
      std::sort(r.got.begin(), r.got.end(), [](const delivered& a, const delivered& b) {
        return number_of_lease(a.lease) < number_of_lease(b.lease);
      });
      std::map<int, int> last;  // of each publisher
      std::set<message_name> had;
      std::uint64_t lease = 0;
      for (const delivered& d : r.got) {
        const auto name = message_name::in(d.payload);
        ASSERT_GT(number_of_lease(d.lease), lease) << "a lease twice";
        lease = number_of_lease(d.lease);
        ASSERT_EQ(name.publisher % topics, r.topic);
        const auto done = r.acknowledged.find(name);
        if (done != r.acknowledged.end()) {
          EXPECT_LE(lease, done->second) << d.payload << " again, after it was acknowledged";
        }
        had.insert(name);
        ++deliveries;
        if (d.attempt != 1) {
          ++again;
          continue;
        }
        EXPECT_GT(name.number, last[name.publisher]) << d.payload << " is out of order";
        last[name.publisher] = name.number;
      }
      for (const auto& [name, began] : promised_) {
        if (name.publisher % topics != r.topic || began <= r.since) continue;
        EXPECT_EQ(had.count(name), 1u) << name.text() << " was never delivered";
      }
    }
    std::size_t sent = 0;
    for (const auto& [publisher, number] : published_) sent += static_cast<std::size_t>(number);
    std::cout << sent << " messages, of which " << promised_.size() << " were promised; "
              << readers_.size() << " subscribers, " << deliveries << " deliveries, " << again
              << " of them again\n";
  }

  random_source random_;
  daemon broker_;
  std::vector<agent> agents_;  ///< publishers first
  std::deque<reader> readers_;
  std::map<int, int> published_;                    ///< number of the last message of each
  std::map<message_name, std::uint64_t> promised_;  ///< answered, with when they were begun
  std::map<std::pair<int, std::uint64_t>, message_name> by_id_;
  std::map<message_name, std::uint64_t> ids_;
  std::map<std::tuple<int, std::string, std::string>, message_name> lease_of_;
  std::uint64_t time_ = 0;  ///< counts publishes
  std::size_t answered_ = 0;
  int late_ = 0;
};

/// Two ask for the same subscriber or topic at once: who is told that it was there is told what is
/// on disk.
TEST(TopicKill, LosesNothingThatOnlyWasThere) {
  daemon broker;
  for (int round = 0; round != 6; ++round) {
    std::vector<std::pair<http_client, http_client>> pairs;
    const auto target = [round](std::size_t pair, int i) {
      const auto name =
          std::to_string(round) + "." + std::to_string(pair) + "." + std::to_string(i);
      return pair % 2 == 0 ? topic_path(name) : subscriber_path("t", name);
    };
    for (std::size_t p = 0; p != 12; ++p) {
      pairs.emplace_back(broker.http_port(), broker.http_port());
      std::string bytes;
      for (int i = 0; i != 200; ++i) bytes += bytes_of(http_message{"PUT", target(p, i), ""});
      pairs.back().first.send(bytes);
      pairs.back().second.send(bytes);
    }
    pairs.back().second.connection().receive(1000);
    broker.kill();
    broker.start_again();
    http_client again{broker.http_port()};
    for (std::size_t p = 0; p != pairs.size(); ++p) {
      for (http_client* const one : {&pairs[p].first, &pairs[p].second}) {
        one->connection().receive_all();
        for (int i = 0; one->receive_now(); ++i) {
          EXPECT_EQ(again.get(target(p, i)).status, 200u) << target(p, i);
        }
      }
    }
  }
}

TEST(TopicKill, AtAnyMomentBreaksNothingThatWasAnswered) {
  const auto seed = number_from("SKEIN_KILL_SEED", 1);
  const auto rounds = number_from("SKEIN_KILL_ROUNDS", 8);
  std::cout << "seed " << seed << ", " << rounds << " rounds\n";
  SKEIN_TRACE_SEED(seed);
  topic_kill_run{seed}.run(rounds);
}

}  // namespace
}  // namespace skein::test
