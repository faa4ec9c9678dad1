/// What holds for the connections of every door, whatever they say. A door that is added to the
/// list needs a row here.

#include <algorithm>
#include <tuple>

#include "support/whole_daemon.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using ending = io::stream::ending;

struct visitor {
  std::string_view door;
  std::string_view actor;  ///< that serves it
  std::string words;       ///< to which it gets an answer, unless it is a source
};

const std::vector<visitor>& visitors() {
  static const std::vector<visitor> all{
      {"source", "source", "1|B\n"},
      {"event_body", "source", "2|B\n"},
      {"client", "session", "7|0\r\n"},
      {"http", "http_session", "GET /v1/topics HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"control", "control", "status\n"},
  };
  return all;
}

std::string name_of(const visitor& v) {
  return std::string{v.door};
}

TEST(EveryDoor, HasARowInThisTest) {
  std::vector<std::string_view> listed, tested;
  for (const door& d : all_doors({})) listed.push_back(d.name);
  for (const visitor& v : visitors()) tested.push_back(v.door);
  EXPECT_EQ(listed, tested);
}

class visited_daemon : public storing_daemon {
 protected:
  stream_pointer come(const visitor& v) {
    auto connection = std::make_shared<fake_stream>();
    caf::anon_send(parent, accepted{v.door, connection});
    run();
    return connection;
  }

  /// What the operator is told of one gauge.
  std::string gauge(const std::string& key) {
    const auto connection = come(visitors().back());
    connection->says("status\n");
    settle();
    const std::string said = connection->heard();
    const auto at = said.find("\"" + key + "\":");
    if (at == std::string::npos) return "none in " + said;
    const auto from = at + key.size() + 3;
    return said.substr(from, said.find(',', from) - from);
  }

  const door& described(const visitor& v) {
    return *std::find_if(all.begin(), all.end(), [&](const door& d) { return d.name == v.door; });
  }

  std::vector<door> all = all_doors(options);
};

class AConnectionThroughADoor : public visited_daemon,
                                public testing::WithParamInterface<visitor> {};

TEST_P(AConnectionThroughADoor, HarmsNobodyWhenItFailsAndIsCountedNoMore) {
  start();
  std::vector<stream_pointer> others;
  for (const visitor& v : visitors()) others.push_back(come(v));
  const auto failing = come(GetParam());
  fail(all_named(GetParam().actor).back());
  EXPECT_TRUE(failing->closed());
  for (const auto& other : others) EXPECT_FALSE(other->closed());
  EXPECT_TRUE(finished.empty());
  EXPECT_EQ(gauge("sources"), "2");
  EXPECT_EQ(gauge("http_connections"), "1");
  for (const auto& other : others) other->ends();
  settle();
  EXPECT_EQ(gauge("sources"), "0");
  EXPECT_EQ(gauge("clients"), "0");
  EXPECT_EQ(gauge("http_connections"), "0");
}

TEST_P(AConnectionThroughADoor, IsClosedWhenItSaysNothingIfTheDoorHasADeadline) {
  start();
  const auto silent = come(GetParam());
  const door::look& looks = described(GetParam()).looks;
  pass(looks.after - 1ms);
  EXPECT_FALSE(silent->closed());
  leap(1h);
  EXPECT_EQ(silent->closed().has_value(), looks.after.count() != 0);
  drain();
  EXPECT_EQ(finished, statuses{exit_ok});
}

TEST_P(AConnectionThroughADoor, IsNotServedWhenItComesWhileTheDaemonEnds) {
  start();
  const visitor source = visitors().front();
  come(source);
  hold_up(the("source"));
  drain();
  ASSERT_TRUE(finished.empty());
  const std::size_t before = alive();
  const auto late = come(GetParam());
  EXPECT_EQ(alive(), before);
  EXPECT_EQ(late.use_count(), 1) << "so it is closed";
  let_go(the("source"));
  leap(1ms);
  EXPECT_EQ(finished, statuses{exit_ok});
}

INSTANTIATE_TEST_SUITE_P(Of, AConnectionThroughADoor, testing::ValuesIn(visitors()),
                         [](const auto& instance) { return name_of(instance.param); });

/// What a connection is about when the end begins.
enum class peer {
  silent,
  half_said,
  answered,
  unread,
  lost,
  lost_for_writing,
  gone,
  failed,
  killed,
  hung
};

constexpr const char* peers[] = {"silent",           "half_said", "answered", "unread", "lost",
                                 "lost_for_writing", "gone",      "failed",   "killed", "hung"};

class DrainOfADoor : public visited_daemon,
                     public testing::WithParamInterface<std::tuple<visitor, peer>> {
 protected:
  void begin_to_harm(const visitor& v, peer what, fake_stream& connection) {
    if (what == peer::unread) connection.takes(0);
    if (what == peer::half_said) connection.says(v.words.substr(0, v.words.size() / 2));
    if (what == peer::answered || what == peer::unread || what == peer::lost_for_writing) {
      connection.says(v.words);
    }
    if (what == peer::lost_for_writing) connection.breaks_writing();
    run();
    const auto actors = all_named(v.actor);
    if (actors.empty()) return;
    if (what == peer::hung) hold_up(actors.back());
  }

  /// The daemon is told to end in the same moment.
  void harm(const visitor& v, peer what, fake_stream& connection) {
    if (what == peer::lost) connection.breaks();
    if (what == peer::gone) connection.ends();
    const auto actors = all_named(v.actor);
    if (actors.empty()) return;
    if (what == peer::failed) {
      caf::anon_send_exit(actors.back(), caf::exit_reason::unhandled_exception);
    }
    if (what == peer::killed) caf::anon_send_exit(actors.back(), caf::exit_reason::kill);
  }
};

TEST_P(DrainOfADoor, EndsInTimeAndClosesEveryConnection) {
  const auto& [who, what] = GetParam();
  for (const bool after : {false, true}) {
    SCOPED_TRACE(after ? "after the end has begun" : "before the end begins");
    engine = std::make_shared<test::fragile_engine>();
    finished.clear();
    start();
    std::vector<stream_pointer> connections;
    for (const visitor& v : visitors()) connections.push_back(come(v));
    const auto it = come(who);
    begin_to_harm(who, what, *it);
    if (!after) harm(who, what, *it);
    caf::anon_send(parent, skein::drain{});
    if (after) harm(who, what, *it);
    run();
    leap(options.drain_timeout);
    const bool holds_up = what == peer::hung && described(who).ends_with != drain_group::operators;
    if (holds_up) {
      EXPECT_TRUE(finished.empty());
      leap(supervisor_state::last_try);
    }
    EXPECT_EQ(finished, statuses{holds_up ? exit_failed : exit_ok});
    EXPECT_EQ(it->closed().has_value(), what != peer::hung);
    for (const auto& connection : connections) EXPECT_TRUE(connection->closed());
    kill_all();
    finished.clear();
  }
}

INSTANTIATE_TEST_SUITE_P(By, DrainOfADoor,
                         testing::Combine(testing::ValuesIn(visitors()),
                                          testing::Values(peer::silent, peer::half_said,
                                                          peer::answered, peer::unread, peer::lost,
                                                          peer::lost_for_writing, peer::gone,
                                                          peer::failed, peer::killed, peer::hung)),
                         [](const auto& instance) {
                           return name_of(std::get<0>(instance.param)) + "_" +
                                  peers[static_cast<std::size_t>(std::get<1>(instance.param))];
                         });

}  // namespace
}  // namespace skein
