/// Any call of the store may fail at any moment, for each of those who use it, while all others
/// work. The same load is played once for each call that there is, and that one fails.

#include <algorithm>
#include <caf/send.hpp>
#include <set>

#include "daemon/doors.hpp"
#include "daemon/supervisor.hpp"
#include "store/events/recovery.hpp"
#include "support/failing_call_engine.hpp"
#include "support/fake_stream.hpp"
#include "support/topic_plane.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using stream_pointer = std::shared_ptr<fake_stream>;

class FailingStoreCall : public topic_plane {
 protected:
  struct failure {
    durability level;
    std::uint64_t n = 0;  ///< of the calls since the start; 0: none
    std::uint64_t count = 1;
    store::error::kind what = store::error::kind::closed;
  };

  /// Plays the load. Returns how many calls there were.
  std::uint64_t play(const failure& how);

  void play_each(durability level, std::uint64_t count, store::error::kind what) {
    const std::uint64_t made = play({level});
    // At the end it is tried twice, and no more.
    const std::uint64_t last = count == 1 ? made : calls_before_end - count;
    EXPECT_GT(last, 200u);
    for (std::uint64_t n = 1; n <= last && !HasFailure(); ++n) {
      SCOPED_TRACE("call " + std::to_string(n) + " of " + std::to_string(last));
      play({level, n, count, what});
    }
  }

  void start_daemon() {
    auto stored = std::make_shared<stored_state>();
    stored->engine = calls;
    stored->log = std::make_unique<store::event_log>(*calls, all.event.log, false);
    stored->start = stored->log->start();
    stored->graph = store::recover_graph(*calls, [](auto, auto) {});
    parent = system.spawn(supervisor,
                          std::make_shared<const supervisor_environment>(supervisor_environment{
                              all, all_doors(all), flow, nullptr, [] {},
                              [this](int status) { finished.push_back(status); }, false}),
                          stored);
    run();
    plane = caf::actor_cast<topics_actor>(the("topics"));
  }
  void end_daemon() {
    caf::anon_send(parent, drain{});
    for (int tries = 0; tries != 30 && finished.empty(); ++tries) pass(100ms);
    EXPECT_EQ(finished, std::vector<int>{exit_ok}) << "it has not ended before, and loses nothing";
    finished.clear();
    parent = nullptr;
    plane = nullptr;
    kill_all();
    EXPECT_EQ(flow.bytes(), 0u);
  }

  stream_pointer connect(const char* door, const std::string& first) {
    auto connection = std::make_shared<fake_stream>();
    if (!first.empty()) connection->says(first);
    caf::anon_send(parent, accepted{door, connection});
    run();
    return connection;
  }

  void send_events(int count) {
    std::string text;
    for (; count != 0; --count) {
      const std::string line = std::to_string(++sent) + "|B";
      expected += line + "\r\n";
      text += line + "\n";
    }
    source->says(text);
  }

  // --- a user who wants everything, and connects again whenever the connection is closed ---

  void connect_user() {
    user = connect("client", "2|\r\n");
    taken = 0;
  }
  void leave() {
    hear();
    user->ends();
    run();
    user = nullptr;
  }
  void hear() {
    const std::string& heard = user->heard();
    while (true) {
      const auto end = heard.find("\r\n", taken);
      if (end == std::string::npos) break;
      const std::string line = heard.substr(taken, end - taken);
      taken = end + 2;
      if (line.substr(0, 4) == "ERR ") {
        errors += line + "; ";
        continue;
      }
      const int number = std::stoi(line);
      EXPECT_LE(number, heard_upto + 1) << "what was between is lost; " << errors;
      heard_upto = std::max(heard_upto, number);
      user->says("A|" + std::to_string(number) + "\n");
    }
    run();
    if (user->closed()) connect_user();
  }

  // --- messages, each with a payload of its own ---

  void publish_messages(int count, api::wait_for wait) {
    for (; count != 0; --count) {
      const std::string payload = "m" + std::to_string(++last_message);
      api::publish what;
      what.messages.push_back(text(payload, "of " + payload));
      if (last_message % 5 == 0) what.messages.back().delay = 40ms;
      what.wait = wait;
      const auto call = begin("t", what);
      pass(1ms);
      const auto* const done = call->answer ? std::get_if<api::published>(&*call->answer) : nullptr;
      if (done) answered_for.insert(payload);
    }
  }
  void take_messages(bool acknowledge) {
    const auto call = lease("t", "s", 3);
    pass(5ms);
    const auto* const got = call->answer ? std::get_if<api::leased>(&*call->answer) : nullptr;
    if (!got || got->messages.empty()) return;
    api::settle what{"s", api::settle::action::ack, {}, {}};
    for (const auto& d : got->messages) {
      EXPECT_EQ(acknowledged.count(*d.what.payload), 0u) << *d.what.payload;
      delivered.insert(*d.what.payload);
      what.leases.push_back(d.lease);
    }
    if (!acknowledge) return;
    const auto settled = begin("t", what);
    pass(5ms);
    if (!settled->answer || !std::get_if<api::settled>(&*settled->answer)) return;
    for (const auto& d : got->messages) acknowledged.insert(*d.what.payload);
  }
  template <class Answer, class Request>
  void ask_recorder(Request request) {
    system.spawn([to = caf::actor_cast<recorder_actor>(the("recorder")),
                  request](caf::event_based_actor* self) {
      self->request(to, caf::infinite, request).then([](const Answer&) {}, [](caf::error&) {});
    });
    run();
  }

  daemon_options all;
  std::uint64_t calls_before_end = 0;
  std::shared_ptr<test::failing_call_engine> calls;
  supervisor_actor parent;
  std::vector<int> finished;
  stream_pointer source, live, user;
  int sent = 0;
  std::string expected;
  std::string errors;     ///< that the user was told
  std::size_t taken = 0;  ///< bytes of what the user has heard on this connection
  int heard_upto = 0;
  int last_message = 0;
  std::set<std::string> answered_for, delivered, acknowledged;
};

std::uint64_t FailingStoreCall::play(const failure& how) {
  const auto disk = std::make_shared<test::fragile_engine>();
  calls = std::make_shared<test::failing_call_engine>(disk);
  all.event.level = how.level;
  all.event.log.max_events = 120;  // it is cut, but not before the user has had it
  all.topic.defaults.dedupe = core::dedupe_policy::first;
  all.topic.idle_timeout = 40ms;
  all.topic.defaults.lease = 1s;
  all.topic.defaults.retry_delay = 10ms;
  sent = heard_upto = last_message = 0;
  expected.clear();
  errors.clear();
  answered_for.clear();
  delivered.clear();
  acknowledged.clear();
  start_daemon();
  source = connect("source", "");
  // Subscribed, connected, and known to all, before anything fails.
  live = connect("client", "1\r\n");
  connect_user();
  subscribe("t", "s");
  pass(60ms);
  send_events(60);
  pass(60ms);
  hear();
  pass(60ms);

  calls->fail(how.n, how.count, how.what);
  for (int round = 0; round != 5; ++round) {
    send_events(12);
    publish_messages(3, api::wait_for::durable);
    pass(30ms);
    hear();
    publish_messages(2, api::wait_for::accepted);
    take_messages(round % 2 == 0);
    if (round == 2) ask_recorder<backup_made>(backup_wanted{"copy"});
    if (round == 3) ask_recorder<status>(status_wanted{});
    leave();
    send_events(5);
    pass(90ms);  // the topic leaves memory
    connect_user();
    pass(20ms);
    hear();
  }
  send_events(1);
  for (int tries = 0; tries != 30 && (heard_upto != sent || live->heard() != expected); ++tries) {
    pass(100ms);
    hear();
  }
  EXPECT_EQ(live->heard(), expected);
  EXPECT_EQ(heard_upto, sent);
  for (int time = 0; time != 3; ++time) {  // what was delayed comes due
    take_messages(true);
    pass(50ms);
  }
  leave();
  calls_before_end = calls->calls();
  end_daemon();
  const std::uint64_t made = calls->calls();
  EXPECT_EQ(calls->failures() != 0, how.n != 0);
  calls->fail(0, 0, how.what);

  // What is left is all there.
  start_daemon();
  source = connect("source", "");
  EXPECT_EQ(store::event_log(*calls, all.event.log, false).next(), sent + 1);
  pass(1s);  // leases end
  for (int time = 0; time != 30; ++time) {
    take_messages(true);
    pass(20ms);
  }
  for (const std::string& payload : answered_for) {
    EXPECT_EQ(delivered.count(payload), 1u) << payload << " was answered, and is gone";
  }
  connect_user();
  pass(100ms);
  EXPECT_EQ(user->heard(), "") << "all of it was acknowledged";
  leave();
  end_daemon();
  return made;
}

TEST_F(FailingStoreCall, LosesNothingAndEndsNothingWhileAnotherWriterRecovers) {
  play_each(durability::async, 1, store::error::kind::closed);
}

TEST_F(FailingStoreCall, LosesNothingAndEndsNothingWhileAnotherWriterRecoversAtSync) {
  play_each(durability::sync, 3, store::error::kind::closed);
}

TEST_F(FailingStoreCall, LosesNothingAndEndsNothingWhenTheMachineFailsOnce) {
  play_each(durability::async, 1, store::error::kind::failed);
}

TEST_F(FailingStoreCall, LosesNothingAndEndsNothingWhileThereIsNoRoom) {
  play_each(durability::sync, 3, store::error::kind::no_space);
}

}  // namespace
}  // namespace skein
