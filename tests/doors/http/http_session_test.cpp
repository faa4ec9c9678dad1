#include "doors/http/http_session.hpp"

#include <cstring>

#include "doors/lines/source.hpp"
#include "support/fake_stream.hpp"
#include "support/topic_plane.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using ending = io::stream::ending;

using streams = std::vector<std::shared_ptr<io::stream>>;

/// Hands what it gets as a source to a real one, or to nobody.
supervisor_actor::behavior_type supervisor_stand_in(
    supervisor_actor::pointer self, std::shared_ptr<const source_environment> for_sources,
    streams* unread) {
  return {
      [=](accepted& one) {
        if (for_sources) {
          self->spawn(source, for_sources, 1u, std::move(one.connection));
        } else {
          unread->push_back(std::move(one.connection));
        }
      },
      [](look_at_deadline) {},
      [](const report&) {},
      [](drain) {},
      [](drain_overdue) {},
  };
}

class HttpSession : public topic_plane {
 protected:
  void serve(bool sources = true) {
    answers = std::make_shared<byte_budget>(http.max_answers);
    start();
    const auto sequencer_is = system.spawn(sequencer_stand_in, &sequencer);
    std::shared_ptr<const source_environment> for_sources;
    if (sources) {
      for_sources = std::make_shared<const source_environment>(source_environment{
          source_options{}, flow, sequencer_is, statistics_is, report_interval, nullptr});
    }
    auto all = std::make_shared<http_environment>();
    all->options = http;
    all->settings = settings;
    all->max_line = 4096;
    all->ask.topics = plane;
    all->ask.router = system.spawn(router_stand_in, &router);
    all->ask.parts.sequencer = sequencer_is;
    all->ask.parts.statistics = statistics_is;
    all->ask.parts.topic_recorder = recorder;
    all->bodies = std::make_shared<byte_budget>(http.max_bodies);
    all->answers = answers;
    for (auto* const line : {&all->bodies_line, &all->pages_line, &all->answers_line}) {
      *line = std::make_shared<waiting_line>(1);
    }
    all->supervisor = system.spawn(supervisor_stand_in, for_sources, &unread);
    all->report_interval = report_interval;
    environment = std::move(all);
    run();
  }

  std::shared_ptr<fake_stream> connect() {
    auto stream = std::make_shared<fake_stream>();
    last = system.spawn(http_session, environment, stream);
    run();
    return stream;
  }

  /// Time passes, and the supervisor lets sessions look at it.
  void wait(std::chrono::nanoseconds time) {
    pass(time);
    for (const auto& session : all_named("http_session")) {
      caf::anon_send(caf::actor_cast<caf::actor>(session), look_at_deadline{});
    }
    run();
  }

  static std::string post(const std::string& path, const std::string& body,
                          const std::string& type = "application/json") {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string publishing(const std::string& payload) {
    return post("/api/publish", "{\"subject\":\"a\",\"data\":\"" + payload + "\"}");
  }
  static std::string leasing(int wait_ms) {
    return post("/v1/topics/a/subscribers/one/lease",
                "{\"wait_ms\":" + std::to_string(wait_ms) + "}");
  }
  static std::string fetching() { return post("/api/fetch", "{\"subject\":\"a\",\"id\":\"one\"}"); }
  std::uint64_t pending() {
    return begin("a", api::describe_subscriber{"one"})->as<api::subscriber_description>().pending;
  }
  static constexpr const char* dead_letters =
      "GET /v1/topics/a/subscribers/one/dead-letters HTTP/1.1\r\nHost: a\r\n\r\n";
  static constexpr const char* ready = "GET /ready HTTP/1.1\r\nHost: a\r\n\r\n";

  /// Statuses of the responses so far.
  static std::vector<int> statuses(const fake_stream& stream) {
    std::vector<int> all;
    const std::string& text = stream.heard();
    for (auto at = text.find("HTTP/1.1 "); at != text.npos; at = text.find("HTTP/1.1 ", at + 1)) {
      all.push_back(std::stoi(text.substr(at + 9, 3)));
    }
    return all;
  }
  using codes = std::vector<int>;

  http_options http;
  api::settings settings;
  sequencer_record sequencer;
  router_record router;
  streams unread;
  std::shared_ptr<const http_environment> environment;
  http_session_actor last;
};

TEST_F(HttpSession, AnswersOneRequestAfterTheOther) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  stream->says(publishing("x"));
  run();
  EXPECT_EQ(statuses(*stream), codes{200});
  stream->says(publishing("y"));
  run();
  EXPECT_EQ(statuses(*stream), (codes{200, 200}));
  EXPECT_FALSE(stream->closed());
  EXPECT_EQ(payloads(*lease("a", "one")), (texts{"x", "y"}));
}

TEST_F(HttpSession, AnswersPipelinedRequestsInTheirOrder) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  stream->says(leasing(1000) + ready + publishing("late"));
  run();
  EXPECT_EQ(statuses(*stream), codes{}) << "the first one waits";
  publish("a", "x");
  EXPECT_EQ(statuses(*stream), (codes{200, 204, 200}));
}

TEST_F(HttpSession, ReadsOnWhileARequestWaitsOnlyAsFarAsABufferGoes) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  stream->says(leasing(1000));
  run();
  const std::size_t many = (200u << 10) / std::strlen(ready);
  for (std::size_t i = 0; i != many; ++i) {
    stream->says(ready);
    run();
  }
  EXPECT_LE(stream->reads(), (64u << 10) / std::strlen(ready) + 4);
  publish("a", "x");
  run();
  EXPECT_EQ(statuses(*stream).size(), many + 1);
}

TEST_F(HttpSession, ClosesBehindTheAnswerIfTheClientWantsThat) {
  serve();
  const auto stream = connect();
  stream->says("GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + std::string{ready});
  run();
  EXPECT_EQ(statuses(*stream), codes{204});
  EXPECT_EQ(stream->closed(), ending::graceful);
}

TEST_F(HttpSession, WhatIsNoRequestIsAnsweredAndTheConnectionClosed) {
  serve();
  const auto stream = connect();
  stream->says("nonsense\r\n\r\n");
  run();
  EXPECT_EQ(statuses(*stream), codes{400});
  EXPECT_EQ(stream->closed(), ending::graceful);
}

TEST_F(HttpSession, ARequestThatTakesTooLongIsAnsweredBy408) {
  serve();
  const auto stream = connect();
  stream->says("GET /rea");
  wait(http.request_timeout - 1ms);
  stream->says("d");
  run();
  EXPECT_FALSE(stream->closed());
  wait(1ms);
  EXPECT_EQ(statuses(*stream), codes{408});
  EXPECT_EQ(stream->closed(), ending::graceful);
}

TEST_F(HttpSession, AnIdleConnectionIsClosedInTime) {
  serve();
  const auto stream = connect();
  stream->says(ready);
  run();
  wait(http.idle_timeout - 1ms);
  EXPECT_FALSE(stream->closed());
  stream->says(ready);
  wait(http.idle_timeout - 1ms);
  EXPECT_FALSE(stream->closed());
  wait(2ms);
  EXPECT_EQ(stream->closed(), ending::graceful);
  EXPECT_EQ(statuses(*stream), (codes{204, 204}));
}

TEST_F(HttpSession, OneThatSaysNothingAtAllIsClosedInTime) {
  serve();
  const auto stream = connect();
  wait(http.request_timeout);
  EXPECT_TRUE(stream->closed());
}

TEST_F(HttpSession, AClientThatTakesNoAnswerIsLetGoOf) {
  serve();
  const auto stream = connect();
  stream->takes(10);
  stream->says(ready);
  run();
  wait(http.request_timeout);
  EXPECT_EQ(stream->closed(), ending::abort);
}

TEST_F(HttpSession, AnAnswerIsWrittenAsTheClientTakesIt) {
  serve();
  const auto stream = connect();
  stream->takes(10);
  stream->says(ready + std::string{ready});
  run();
  stream->takes(20);
  run();
  EXPECT_EQ(stream->heard().size(), 30u);
  stream->takes_all();
  run();
  EXPECT_EQ(statuses(*stream), (codes{204, 204}));
}

TEST_F(HttpSession, WhoGoesAwayWhileWaitingLeavesTheMessageToOthers) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  stream->says(leasing(60'000));
  run();
  stream->breaks();
  run();
  EXPECT_TRUE(has_ended(last));
  publish("a", "x");
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"});
}

TEST_F(HttpSession, AMessageForOneWhoHasJustGoneIsGivenBack) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  stream->says(leasing(60'000));
  run();
  // The message is on its way when the connection breaks.
  stream->breaks();
  publish("a", "x");
  run();
  EXPECT_TRUE(has_ended(last));
  const auto again = lease("a", "one");
  EXPECT_EQ(payloads(*again), texts{"x"});
}

TEST_F(HttpSession, WhoSendsNoMoreStillGetsAnAnswerAtOnce) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  stream->says(leasing(60'000));
  stream->ends();
  run();
  EXPECT_EQ(statuses(*stream), codes{200});
  EXPECT_EQ(stream->closed(), ending::graceful);
}

TEST_F(HttpSession, WhoSendsNoMoreWaitsWithNoneOfItsRequests) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  stream->says(leasing(60'000) + leasing(60'000));
  stream->ends();
  run();
  EXPECT_EQ(statuses(*stream), (codes{200, 200}));
  EXPECT_EQ(stream->closed(), ending::graceful);
}

TEST_F(HttpSession, AsksForTheBodyIfTheClientWaitsForThat) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  const std::string request = publishing("x");
  const auto body = request.find("\r\n\r\n") + 4;
  stream->says(request.substr(0, body - 2) + "Expect: 100-continue\r\n\r\n");
  run();
  EXPECT_EQ(statuses(*stream), codes{100});
  stream->says(request.substr(body));
  run();
  EXPECT_EQ(statuses(*stream), (codes{100, 200}));
}

TEST_F(HttpSession, APublishThatIsRefusedAfterItWasAnsweredIsCounted) {
  serve();
  const auto stream = connect();
  stream->says(post("/api/publish/async", "{\"subject\":\"nobody\",\"data\":\"x\"}"));
  run();
  EXPECT_EQ(statuses(*stream), codes{200});
  pass(report_interval);
  EXPECT_EQ(statistics.counted[core::counter::messages_refused_unheard], 1u);
}

TEST_F(HttpSession, APublishThereIsNoRoomForAfterItWasAnsweredIsCounted) {
  options.defaults.storage = core::topic_storage::memory;
  options.max_memory = 2'000;
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  const std::string payload(5'000, 'x');
  for (int i = 0; i != 2; ++i) {
    stream->says(post("/api/publish/async", "{\"subject\":\"a\",\"data\":\"" + payload + "\"}"));
  }
  run();
  EXPECT_EQ(statuses(*stream), (codes{200, 200}));
  EXPECT_EQ(pending(), 0u);
  pass(report_interval);
  EXPECT_EQ(statistics.counted[core::counter::messages_refused_unheard], 2u);
}

TEST_F(HttpSession, APublishThatIsRefusedWhenTheConnectionIsClosedIsCounted) {
  serve();
  const auto stream = connect();
  const std::string request = post("/api/publish/async", "{\"subject\":\"nobody\",\"data\":\"x\"}");
  stream->says("POST /api/publish/async HTTP/1.0\r\n" + request.substr(request.find('\n') + 1));
  run();
  EXPECT_EQ(statuses(*stream), codes{200});
  EXPECT_EQ(stream->closed(), ending::graceful);
  EXPECT_TRUE(has_ended(last));
  EXPECT_EQ(statistics.counted[core::counter::messages_refused_unheard], 1u);
}

TEST_F(HttpSession, WhatIsFetchedIsAcknowledgedWhenTheConnectionHasTakenIt) {
  serve();
  subscribe("a", "one");
  publish("a", "x");
  const auto stream = connect();
  stream->takes(10);
  stream->says(fetching());
  run();
  EXPECT_EQ(pending(), 1u);
  stream->takes_all();
  run();
  EXPECT_EQ(statuses(*stream), codes{200});
  EXPECT_EQ(pending(), 0u);
}

TEST_F(HttpSession, WhatAClientDidNotTakeIsForTheNext) {
  options.defaults.lease = 0ms;
  options.defaults.max_deliveries = 1;
  serve();
  subscribe("a", "one");
  publish("a", "x");
  for (const std::string& request : {fetching(), leasing(0), fetching()}) {
    const auto stream = connect();
    stream->takes(10);
    stream->says(request);
    run();
    EXPECT_EQ(payloads(*lease("a", "one")), texts{});
    stream->breaks();
    run();
    EXPECT_TRUE(has_ended(last));
    const auto again = lease("a", "one");
    ASSERT_EQ(payloads(*again), texts{"x"}) << request;
    EXPECT_EQ(again->as<api::leased>().messages[0].attempt, 1u);
    begin("a", api::handed_over{"one", leases_of(*again), false});
  }
}

TEST_F(HttpSession, AllBodiesTogetherAreBounded) {
  http.max_bodies = 1 << 20;
  serve();
  subscribe("a", "one");
  const std::string large = publishing(std::string(700 << 10, 'x'));
  const auto half = large.substr(0, large.size() - 10);
  const auto first = connect(), second = connect(), small = connect();
  first->says(half);
  run();
  second->says(half);
  run();
  EXPECT_EQ(statuses(*second), codes{503});
  EXPECT_NE(second->heard().find("Retry-After: 1"), std::string::npos);
  EXPECT_EQ(second->closed(), ending::graceful);
  small->says(publishing(std::string(40 << 10, 'x')));
  run();
  EXPECT_EQ(statuses(*small), codes{200}) << "one of the usual size needs no share";
  first->says(large.substr(half.size()));
  run();
  EXPECT_EQ(statuses(*first), codes{200});
  const auto third = connect();
  third->says(large);
  run();
  EXPECT_EQ(statuses(*third), codes{200});
}

TEST_F(HttpSession, EventsCountUntilTheyAreRead) {
  http.max_bodies = 1 << 20;
  serve(false);
  std::string events;
  while (events.size() < (600u << 10)) events += "1|B\n";
  const auto first = connect();
  first->says(post("/v1/events", events, "text/plain"));
  run();
  EXPECT_EQ(statuses(*first), codes{});
  first->breaks();
  run();
  const auto second = connect();
  second->says(post("/v1/events", events, "text/plain"));
  run();
  EXPECT_EQ(statuses(*second), codes{503}) << "those of the one who has gone wait to be read";
  unread.clear();
  const auto third = connect();
  third->says(post("/v1/events", events, "text/plain"));
  run();
  EXPECT_EQ(statuses(*third), codes{});
  EXPECT_EQ(unread.size(), 1u);
  unread.clear();
}

TEST_F(HttpSession, EventsOfARequestComeFromASource) {
  serve();
  const auto stream = connect();
  stream->says(post("/v1/events", "1|B\nx\n2|B", "text/plain"));
  run();
  EXPECT_EQ(statuses(*stream), codes{200});
  EXPECT_NE(stream->heard().find("{\"events\":2,\"malformed\":1,"), std::string::npos);
  EXPECT_EQ(sequencer.text, "1|B\n2|B\n");
  EXPECT_EQ(sequencer.closed.size(), 1u);
}

TEST_F(HttpSession, EventsThatNobodyReadsAreRefused) {
  serve(false);
  const auto stream = connect();
  stream->says(post("/v1/events", "1|B\n", "text/plain"));
  run();
  EXPECT_EQ(statuses(*stream), codes{});
  unread.clear();
  run();
  EXPECT_EQ(statuses(*stream), codes{503});
}

TEST_F(HttpSession, DrainsBehindTheAnswer) {
  serve();
  subscribe("a", "one");
  const auto stream = connect(), idle = connect(), half = connect(), late = connect();
  const std::string async = post("/api/publish/async", "{\"subject\":\"a\",\"data\":\"x\"}");
  late->says(async.substr(0, 20));
  stream->says(leasing(1000));
  half->says("GET /ready");
  run();
  for (const auto& session : all_named("http_session")) {
    caf::anon_send(caf::actor_cast<caf::actor>(session), drain{});
  }
  run();
  EXPECT_TRUE(idle->closed());
  EXPECT_EQ(statuses(*stream), codes{200}) << "it waits no longer";
  EXPECT_NE(stream->heard().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(stream->closed());
  for (const auto& unfinished : {late, half}) {
    EXPECT_EQ(statuses(*unfinished), codes{503}) << "nobody waits for the rest of it";
    EXPECT_TRUE(unfinished->closed());
  }
}

TEST_F(HttpSession, DrainsBehindWhatItsClientTakes) {
  serve();
  subscribe("a", "one");
  subscribe("b", "one");
  const auto publishes = connect();
  publishes->says(post("/v1/topics/b/messages?wait=delivered", "{\"payload\":\"x\"}"));
  run();
  publish("a", "x");
  const auto fetches = connect();
  fetches->takes(10);
  fetches->says(fetching() + ready);
  run();
  const auto sessions = all_named("http_session");
  for (const auto& session : sessions) {
    caf::anon_send(caf::actor_cast<caf::actor>(session), drain{});
  }
  run();
  EXPECT_EQ(statuses(*publishes), codes{504}) << "it is published";
  EXPECT_TRUE(publishes->closed());
  EXPECT_FALSE(fetches->closed());
  EXPECT_EQ(pending(), 1u);
  fetches->takes_all();
  run();
  EXPECT_EQ(statuses(*fetches), (codes{200, 204}));
  EXPECT_TRUE(fetches->closed());
  EXPECT_EQ(pending(), 0u);
}

TEST_F(HttpSession, AnswersEventsThatNobodyReadsInTime) {
  serve(false);
  const auto stream = connect();
  stream->says(post("/v1/events", "1|B\n", "text/plain"));
  wait(http.max_wait + http.request_timeout);
  EXPECT_EQ(statuses(*stream), codes{503});
  EXPECT_NE(stream->heard().find("it is safe to send them again"), std::string::npos);
  EXPECT_EQ(stream->closed(), ending::graceful);
  unread.clear();
}

TEST_F(HttpSession, GivesBackMessagesThatComeWhenItsTimeIsOver) {
  options.defaults.lease = 0ms;
  serve();
  subscribe("a", "one");
  publish("a", "x");
  const auto stream = connect();
  stream->says(leasing(0));
  stream->breaks();
  run();
  EXPECT_TRUE(has_ended(last));
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"});
}

TEST_F(HttpSession, APartThatNeverAnswersIsNotWaitedForForEver) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  stream->says(leasing(1000));
  run();
  fail(the("topic"));
  wait(http.max_wait + http.request_timeout);
  EXPECT_EQ(stream->closed(), ending::abort);
}

TEST_F(HttpSession, PublishesThatNobodyHasHeardOfYetAreBounded) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  std::string flood;
  for (int i = 0; i != 2000; ++i) {
    flood += post("/api/publish/async", "{\"subject\":\"a\",\"data\":\"x\"}");
  }
  stream->says(flood);
  run();
  EXPECT_EQ(statuses(*stream).size(), 2000u);
  EXPECT_FALSE(stream->closed());
  EXPECT_EQ(begin("a", api::fetch{"one"})->as<api::leased>().messages.size(), 2000u);
}

TEST_F(HttpSession, APartThatFailsIsAnAnswer) {
  serve();
  const auto stream = connect();
  fail(caf::actor_cast<caf::strong_actor_ptr>(plane));
  stream->says(publishing("x"));
  run();
  EXPECT_EQ(statuses(*stream), codes{500});
}

TEST_F(HttpSession, CountsRequests) {
  serve();
  const auto stream = connect();
  stream->says(ready + std::string{"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"});
  run();
  stream->ends();
  run();
  EXPECT_EQ(statistics.counted[core::counter::http_requests], 2u);
  EXPECT_EQ(statistics.counted[core::counter::http_refused], 1u);
}

// --- what takes long ---

TEST_F(HttpSession, ReadsALargeRequestAndWritesALargeAnswerAside) {
  serve();
  subscribe("a", "one");
  const auto stream = connect();
  const std::string large(3 << 20, 'x');
  stream->says(publishing(large) + ready + fetching() + ready);
  run();
  EXPECT_EQ(statuses(*stream), (codes{200, 204, 200, 204}));
  EXPECT_NE(stream->heard().find(large), std::string::npos);
  EXPECT_EQ(pending(), 0u);
}

TEST_F(HttpSession, RefusesMistakesInALargeRequestAsInAnyOther) {
  serve();
  const auto stream = connect();
  stream->says(post("/v1/topics/a/messages", "{\"" + std::string(1 << 20, '\x1f') + "\":1}") +
               ready);
  run();
  EXPECT_EQ(statuses(*stream), (codes{400, 204}));
  EXPECT_LT(stream->heard().size(), 4096u) << "what was wrong is not sent back whole";
}

TEST_F(HttpSession, ThatIsLostWhileALargeRequestIsReadHarmsNobody) {
  serve();
  subscribe("a", "one");
  const auto stream = connect(), other = connect();
  stream->says(publishing(std::string(1 << 20, 'x')));
  stream->breaks();
  run();
  other->says(ready);
  run();
  EXPECT_EQ(statuses(*other), codes{204});
}

TEST_F(HttpSession, KeepsOnlySoMuchOfAnswersThatAreNotTaken) {
  http.max_answers = 2 << 20;
  serve();
  std::vector<std::shared_ptr<fake_stream>> all;
  const std::string escaped(200 << 10, '\x01');  // six times as large in JSON
  for (int i = 0; i != 4; ++i) {
    subscribe("a", "s" + std::to_string(i));
    all.push_back(connect());
    all.back()->takes(0);
    all.back()->says(
        post("/v1/topics/a/subscribers/s" + std::to_string(i) + "/lease", "{\"wait_ms\":1000}"));
  }
  run();
  publish("a", escaped);
  run();
  int given = 0;
  int refused = 0;
  for (const auto& stream : all) {
    stream->takes_all();
    run();
    const auto status = statuses(*stream).at(0);
    status == 200 ? ++given : ++refused;
    if (status != 200) {
      EXPECT_EQ(status, 503);
    }
  }
  EXPECT_EQ(given, 1);
  EXPECT_EQ(refused, 3);
  // Those who were refused get it now, as if they had not asked.
  for (int i = 0; i != 4; ++i) {
    const auto again = begin("a", api::lease{"s" + std::to_string(i)});
    const auto& messages = again->as<api::leased>().messages;
    if (messages.empty()) continue;
    EXPECT_EQ(messages[0].attempt, 1u);
    --refused;
  }
  EXPECT_EQ(refused, 0);
}

// --- turns ---

TEST_F(HttpSession, AsksForOnePageAfterTheOther) {
  serve();
  subscribe("a", "one");
  hold_up(the("topic"));
  std::vector<std::shared_ptr<fake_stream>> all;
  for (int i = 0; i != 5; ++i) {
    all.push_back(connect());
    all.back()->says(dead_letters);
  }
  run();
  const auto other = connect();
  other->says(ready);
  run();
  EXPECT_EQ(statuses(*other), codes{204}) << "it is not held up";
  all[0]->breaks();  // its turn has come, and is over when the topic has answered
  all[2]->breaks();  // it leaves the line
  run();
  EXPECT_EQ(all_named("http_session").size(), 5u);
  let_go(the("topic"));
  run();
  for (const auto i : {1, 3, 4}) EXPECT_EQ(statuses(*all[i]), codes{200}) << i;
  EXPECT_EQ(all_named("http_session").size(), 4u);
}

TEST_F(HttpSession, WhoWaitsInLineWhenTheDaemonEndsIsRefusedAtOnce) {
  serve();
  subscribe("a", "one");
  publish("a", std::string(100'000, 'x'));
  hold_up(the("topic"));
  const auto asked = connect(), waits = connect();
  asked->says(dead_letters);
  waits->says(dead_letters);
  run();
  for (const auto& session : all_named("http_session")) {
    caf::anon_send(caf::actor_cast<caf::actor>(session), drain{});
  }
  run();
  EXPECT_EQ(statuses(*asked), codes{});
  EXPECT_EQ(statuses(*waits), codes{503});
  EXPECT_EQ(waits->closed(), ending::graceful);
  let_go(the("topic"));
  run();
  EXPECT_EQ(statuses(*asked), codes{200});
}

TEST_F(HttpSession, LargeBodiesAndAnswersTakeTurnsAndAllAreServed) {
  serve();
  subscribe("a", "one");
  std::vector<std::shared_ptr<fake_stream>> all;
  const std::string large(200'000, 'x');
  for (int i = 0; i != 10; ++i) {
    all.push_back(connect());
    all.back()->says(publishing(large) + fetching() + dead_letters);
    if (i % 3 == 2) all.back()->breaks();
  }
  run();
  for (std::size_t i = 0; i != all.size(); ++i) {
    if (i % 3 == 2) continue;
    const auto got = statuses(*all[i]);
    ASSERT_EQ(got.size(), 3u) << i;
    EXPECT_EQ(got[0], 200) << i;
    EXPECT_EQ(got[2], 200) << i;
  }
}

}  // namespace
}  // namespace skein
