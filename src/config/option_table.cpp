#include "config/option_table.hpp"

#include <algorithm>

#include "config/error.hpp"

// The member of daemon_options to which a row belongs.
#define SKEIN_MEMBER(path) \
  [](auto& all) -> auto& { \
    return all.path;       \
  }

namespace skein::config {
namespace {

using namespace std::chrono_literals;

constexpr auto longest = 24h;

std::vector<option> make_table() {
  using core::dedupe_policy;
  using core::gap_policy;
  using core::late_policy;
  using core::line_ending;
  using core::no_subscribers_policy;
  using core::overflow_policy;
  using core::pending_policy;
  using core::priority_policy;
  using core::restart_policy;
  using core::topic_storage;
  return {
      {"drain-timeout", duration(SKEIN_MEMBER(drain_timeout), 1ms, longest),
       "Longest time for the end of the daemon to deliver what was read. What clients have not "
       "taken by then is dropped; the store keeps what it has.",
       ""},

      {"source.listen", listen_address(SKEIN_MEMBER(source.listen), 9090),
       "Where sources connect. Without a host the daemon listens on every interface; without a "
       "port the port is 9090; port 0 is any free port; none closes this door.",
       "EVENT_SOURCE"},
      {"source.max-connections", number(SKEIN_MEMBER(source.max_connections), 1, 1'000'000),
       "Sources at a time. One more is closed at once. There may be fewer descriptors than this.",
       ""},
      {"source.max-line", size(SKEIN_MEMBER(source.max_line), 16, 32768),
       "Longest line of a source, in bytes without its end. A longer one is counted and skipped to "
       "its end. This times sequence.window must be less than 4 GiB.",
       ""},
      {"source.keep-alive", duration(SKEIN_MEMBER(source.watch.keep_alive), 0ms, 1h),
       "When a source has been silent for this time, TCP asks whether its machine is there; "
       "without an answer for as long again, the connection is broken. Rounded up to whole "
       "seconds; 0 never asks.",
       ""},
      {"source.user-timeout", duration(SKEIN_MEMBER(source.watch.user_timeout), 0ms, 1h),
       "A source that answers nothing for this time, when it is asked or something is sent to it, "
       "has broken its connection. 0 leaves that to keep-alive, and to the kernel: a quarter of an "
       "hour.",
       ""},

      {"client.listen", listen_address(SKEIN_MEMBER(client.listen), 9099),
       "Where clients connect. Without a host the daemon listens on every interface; without a "
       "port the port is 9099; port 0 is any free port; none closes this door.",
       "CLIENT"},
      {"client.max-connections", number(SKEIN_MEMBER(client.max_connections), 1, 1'000'000),
       "Clients at a time. One more gets a line ERR that says so, and is closed. There may be "
       "fewer descriptors than this.",
       ""},
      {"client.handshake-timeout", duration(SKEIN_MEMBER(client.handshake_timeout), 1ms, 1h),
       "Longest time from connecting to the line that names the user. Shorter frees silent "
       "connections earlier, longer is kind to slow networks.",
       ""},
      {"client.keep-alive", duration(SKEIN_MEMBER(client.watch.keep_alive), 0ms, 1h),
       "When a client has been silent for this time, TCP asks whether its machine is there; "
       "without an answer for as long again, the connection is broken. Rounded up to whole "
       "seconds; 0 never asks.",
       ""},
      {"client.user-timeout", duration(SKEIN_MEMBER(client.watch.user_timeout), 0ms, 1h),
       "A client that answers nothing for this time, when it is asked or something is sent to it, "
       "has broken its connection; so has a client that is there, but does not read for this time. "
       "0 leaves that to keep-alive, and to the kernel: a quarter of an hour, and never while the "
       "client is there.",
       ""},
      {"client.line-ending",
       choice<line_ending>(SKEIN_MEMBER(client.ending),
                           {{"crlf", line_ending::crlf}, {"lf", line_ending::lf}}),
       "Bytes at the end of every line that clients get.", ""},
      {"client.duplicate-policy",
       choice<duplicate_policy>(
           SKEIN_MEMBER(client.on_duplicate),
           {{"all", duplicate_policy::all}, {"newest", duplicate_policy::newest}}),
       "Several connections of one user: with all, each gets everything; with newest, a new one "
       "closes the older.",
       ""},
      {"client.max-outbox", size(SKEIN_MEMBER(client.outbox.max_bytes), 4 << 10, 4ll << 30),
       "Bytes that may wait for one client in addition to what the kernel buffers. More forgives "
       "longer pauses, and takes memory for every slow client.",
       ""},
      {"client.overflow-policy",
       choice<overflow_policy>(SKEIN_MEMBER(client.outbox.on_overflow),
                               {{"disconnect", overflow_policy::disconnect},
                                {"drop-oldest", overflow_policy::drop_oldest},
                                {"drop-newest", overflow_policy::drop_newest}}),
       "What happens when more than max-outbox waits for a client: disconnect closes its "
       "connection, so that it knows; with drop-oldest or drop-newest it stays and misses the "
       "oldest or the newest notifications, which are counted.",
       ""},
      {"client.stall-timeout", duration(SKEIN_MEMBER(client.stall_timeout), 1ms, longest),
       "Longest time without progress in which a client that lags may slow the sources down. "
       "Longer "
       "loses less at that client and delays all others.",
       ""},

      {"sequence.window", number(SKEIN_MEMBER(sequence.window), 1, 1 << 24),
       "Largest distance from the next expected number that is waited for. More tolerates more "
       "disorder and takes memory for it.",
       "QUEUE_LIMIT"},
      {"sequence.gap-timeout", duration(SKEIN_MEMBER(sequence.gap_timeout), 1ms, longest),
       "Longest time for which a missing number holds back the numbers after it. Shorter gives up "
       "events that are merely slow, longer delays everybody at each lost event.",
       "QUEUE_TTL"},
      {"sequence.gap-policy",
       choice<gap_policy>(SKEIN_MEMBER(sequence.on_gap),
                          {{"skip", gap_policy::skip}, {"wait", gap_policy::wait}}),
       "skip gives a gap up when the window or the gap timeout is exceeded; wait waits for ever "
       "and does not read a source that is ahead of the window.",
       ""},
      {"sequence.late-policy",
       choice<late_policy>(SKEIN_MEMBER(sequence.on_late),
                           {{"drop", late_policy::drop}, {"deliver", late_policy::deliver}}),
       "An event whose turn has passed: drop counts it and keeps the order, deliver passes it on "
       "out of order.",
       ""},
      {"sequence.max-jump", number(SKEIN_MEMBER(sequence.max_jump), 1, 1'000'000'000'000),
       "Numbers further than this from the next expected number are refused, so that wrong lines "
       "cannot make the whole stream late. Nearer numbers beyond the window are believed when two "
       "of them are within the window of each other. At least the window.",
       ""},
      {"sequence.on-restart",
       choice<restart_policy>(SKEIN_MEMBER(sequence.on_restart),
                              {{"auto", restart_policy::automatic},
                               {"continue", restart_policy::off},
                               {"always", restart_policy::every_time}}),
       "When a source that starts again at 1 begins a new epoch. auto: when all older sources have "
       "ended or are silent, unless it repeats a stream that was interrupted. continue: never. "
       "always: with the first event of a source, if no source that had sent an event was "
       "connected when it connected.",
       ""},
      {"sequence.restart-wait", duration(SKEIN_MEMBER(sequence.restart_wait), 1ms, longest),
       "Longest time for which a source that starts again at 1 waits for older sources to end, or "
       "to be silent.",
       ""},
      {"sequence.keep-graph", boolean(SKEIN_MEMBER(keep_graph)),
       "A new epoch keeps the follower graph; otherwise it starts with an empty one.", ""},

      {"event.durability",
       choice<durability>(
           SKEIN_MEMBER(event.level),
           {{"async", durability::async}, {"sync", durability::sync}, {"none", durability::none}}),
       "async routes events at once and has them on disk within commit-interval; sync has them on "
       "disk before anybody sees them, which costs delay; none stores nothing: no resume, no "
       "durable sessions.",
       ""},
      {"event.commit-interval", duration(SKEIN_MEMBER(event.commit_interval), 1ms, 60s),
       "Longest time until an event is on disk, with durability async. Shorter loses less when the "
       "machine fails, longer writes less often.",
       ""},
      {"event.max-bytes", size(SKEIN_MEMBER(event.log.max_bytes), 1 << 20, 1ll << 50),
       "Most bytes of events that the log keeps. Older events are cut off, and cannot be replayed "
       "any more.",
       ""},
      {"event.max-events", number(SKEIN_MEMBER(event.log.max_events), 0, 1ll << 60),
       "Most events that the log keeps. 0 is no bound.", ""},
      {"event.max-age", duration(SKEIN_MEMBER(event.log.max_age), 0ms, 87'600h),
       "Longest time that the log keeps an event. 0 is no bound.", ""},

      {"inbox.max-events", number(SKEIN_MEMBER(inbox.quota.max_events), 0, 1ll << 60),
       "Most events that are served to a user who comes back. 0 is no bound except that of the "
       "log. With a bound the log is read twice for users who come back.",
       ""},
      {"inbox.max-bytes", size(SKEIN_MEMBER(inbox.quota.max_bytes), 0, 1ll << 50),
       "Most bytes that are served to a user who comes back. 0 is no bound except that of the log.",
       ""},
      {"inbox.max-age", duration(SKEIN_MEMBER(inbox.quota.max_age), 0ms, 87'600h),
       "Oldest event that is served to a user who comes back. 0 is no bound except that of the "
       "log.",
       ""},
      {"inbox.overflow-policy",
       choice<store::quota_policy>(SKEIN_MEMBER(inbox.quota.policy),
                                   {{"drop-oldest", store::quota_policy::drop_oldest},
                                    {"drop-all", store::quota_policy::drop_all}}),
       "What is dropped when a user has missed more than max-events or max-bytes: the oldest "
       "events, or all. The user is told.",
       ""},

      {"topic.storage",
       choice<topic_storage>(
           SKEIN_MEMBER(topic.defaults.storage),
           {{"durable", topic_storage::durable}, {"memory", topic_storage::memory}}),
       "Where topics are kept that are created without saying so: durable topics outlive the "
       "process, topics in memory are faster and do not. With event.durability none and memory "
       "nothing is stored at all.",
       ""},
      {"topic.no-subscribers",
       choice<no_subscribers_policy>(SKEIN_MEMBER(topic.defaults.no_subscribers),
                                     {{"reject", no_subscribers_policy::reject},
                                      {"hold", no_subscribers_policy::hold},
                                      {"drop", no_subscribers_policy::drop}}),
       "A message that is published when its topic has no subscriber: reject refuses it, hold "
       "keeps it for the first subscriber, drop takes it and forgets it.",
       ""},
      {"topic.max-pending", number(SKEIN_MEMBER(topic.defaults.max_pending), 1, 1ll << 53),
       "Most messages that a subscriber may have without having acknowledged them. More forgives "
       "longer pauses and takes room on disk, or in memory.",
       "GOPHERMQ_BROKER_MAX__PENDING"},
      {"topic.max-delayed", number(SKEIN_MEMBER(topic.defaults.max_delayed), 1, 1ll << 53),
       "Most messages of a topic that are not due yet. They do not count as pending.", ""},
      {"topic.overflow",
       choice<pending_policy>(
           SKEIN_MEMBER(topic.defaults.overflow),
           {{"reject", pending_policy::reject}, {"drop-oldest", pending_policy::drop_oldest}}),
       "A message beyond max-pending: reject refuses it for all subscribers, drop-oldest accepts "
       "it, and the subscribers that have too much lose their oldest message.",
       ""},
      {"topic.priorities", number(SKEIN_MEMBER(topic.defaults.priorities), 1, 32),
       "Levels of priority; 0 is the highest.", ""},
      {"topic.order",
       choice<priority_policy>(
           SKEIN_MEMBER(topic.defaults.order),
           {{"strict", priority_policy::strict}, {"weighted", priority_policy::weighted}}),
       "strict: a message is delivered only if there is none of a higher priority; weighted: one "
       "delivery in eight is of a lower priority, of each of them in turn.",
       ""},
      {"topic.dedupe",
       choice<dedupe_policy>(SKEIN_MEMBER(topic.defaults.dedupe),
                             {{"off", dedupe_policy::off},
                              {"replace", dedupe_policy::replace},
                              {"first", dedupe_policy::first}}),
       "Messages with the same key: replace delivers the newest of those that are pending; first "
       "drops a message if its key came within dedupe-window before, and keeps these keys in "
       "memory.",
       ""},
      {"topic.dedupe-window", duration(SKEIN_MEMBER(topic.defaults.dedupe_window), 1ms, longest),
       "How long a key is remembered, with dedupe first.", ""},
      {"topic.expire", boolean(SKEIN_MEMBER(topic.defaults.expire)),
       "The expiry of messages is honoured.", ""},
      {"topic.lease", duration(SKEIN_MEMBER(topic.defaults.lease), 0ms, longest),
       "Longest time from a delivery to its acknowledgement; after that the message is delivered "
       "again. 0 waits for ever. Shorter delivers messages again whose work is merely slow.",
       ""},
      {"topic.retry-delay", duration(SKEIN_MEMBER(topic.defaults.retry_delay), 0ms, longest),
       "Pause before the second delivery; it doubles with each further one.", ""},
      {"topic.max-retry-delay",
       duration(SKEIN_MEMBER(topic.defaults.most_retry_delay), 0ms, longest),
       "Longest pause between two deliveries.", ""},
      {"topic.max-deliveries", number(SKEIN_MEMBER(topic.defaults.max_deliveries), 0, 1'000'000),
       "Deliveries of one message before it becomes a dead letter. 0 is no bound.", ""},
      {"topic.batch", number(SKEIN_MEMBER(topic.defaults.batch), 1, 10'000),
       "Most messages of one delivery.", ""},
      {"topic.ordered", boolean(SKEIN_MEMBER(topic.defaults.ordered)),
       "A message that is to be delivered again holds back the later messages of its key. Order "
       "costs throughput while messages fail.",
       ""},
      {"topic.max-bytes", size(SKEIN_MEMBER(topic.limits.bytes), 1 << 10, 1ll << 50),
       "Most bytes of messages of one topic that is in memory. More are refused.", ""},
      {"topic.max-memory", size(SKEIN_MEMBER(topic.max_memory), 1 << 20, 1ll << 50),
       "Most memory of all topics together: messages of topics in memory; for all topics what is "
       "kept of subscribers, of keys for dedupe first, and of publishes that wait for "
       "acknowledgements. More is refused.",
       ""},
      {"topic.max-topics", number(SKEIN_MEMBER(topic.max_topics), 1, 1ll << 32),
       "Topics at a time. More are refused.", ""},
      {"topic.max-subscribers", number(SKEIN_MEMBER(topic.max_subscribers), 1, 1ll << 32),
       "Subscribers of one topic. More are refused.", ""},
      {"topic.max-keys", number(SKEIN_MEMBER(topic.limits.keys), 1, 1ll << 32),
       "Keys of one topic that are kept for dedupe first. While the window holds this number of "
       "keys, messages with further keys are refused.",
       ""},
      {"topic.commit-interval", duration(SKEIN_MEMBER(topic.commit_interval), 1ms, 60s),
       "Longest time until a message is written to the store if its publisher does not wait for "
       "that. What was written but not synced survives the end of the process, but not a failure "
       "of the machine. Shorter loses less when the process ends, longer writes less often.",
       ""},
      {"topic.idle-timeout", duration(SKEIN_MEMBER(topic.idle_timeout), 10ms, longest),
       "A topic that was not asked for anything for this time leaves memory. The next call reads "
       "it from the store, which takes a moment.",
       ""},

      {"http.listen", listen_address(SKEIN_MEMBER(http.listen), 8082),
       "Where programs connect over HTTP. Without a host the daemon listens on every interface; "
       "without a port the port is 8082; port 0 is any free port; none closes this door.",
       "GOPHERMQ_BROKER_PORT"},
      {"http.keep-alive", duration(SKEIN_MEMBER(http.watch.keep_alive), 0ms, 1h),
       "When a connection has been silent for this time, TCP asks whether the machine of its "
       "client is there; without an answer for as long again, the connection is broken. Rounded up "
       "to whole seconds; 0 never asks.",
       ""},
      {"http.user-timeout", duration(SKEIN_MEMBER(http.watch.user_timeout), 0ms, 1h),
       "A connection whose other side answers nothing for this time, when it is asked or something "
       "is sent to it, is broken. 0 leaves that to keep-alive and http.request-timeout.",
       ""},
      {"http.max-connections", number(SKEIN_MEMBER(http.max_connections), 1, 1'000'000),
       "Connections at a time. One more is answered by 503, and closed. There may be fewer "
       "descriptors than this.",
       ""},
      {"http.max-target", size(SKEIN_MEMBER(http.max_target), 256, 1 << 20),
       "Longest path with its query, in bytes.", ""},
      {"http.max-headers", size(SKEIN_MEMBER(http.max_headers), 1 << 10, 1 << 20),
       "Most bytes of the headers of a request.", ""},
      {"http.max-body", size(SKEIN_MEMBER(http.max_body), 1 << 10, 1 << 30),
       "Most bytes of the body of a request, which is held in memory.", ""},
      {"http.max-bodies", size(SKEIN_MEMBER(http.max_bodies), 2 << 10, 1ull << 40),
       "Most memory for requests that are being read, of all connections together, in addition to "
       "128 KiB for each. A request that exceeds it is answered by 503. At least twice "
       "http.max-body.",
       ""},
      {"http.max-answers", size(SKEIN_MEMBER(http.max_answers), 1 << 20, 1ull << 40),
       "Most memory for answers that are written, or that clients have not taken, of all "
       "connections together, in addition to 64 KiB for each. An answer that exceeds it is "
       "replaced by 503, and its messages stay as if they had not been asked for. A single answer "
       "may be larger.",
       ""},
      {"http.request-timeout", duration(SKEIN_MEMBER(http.request_timeout), 1ms, 1h),
       "Longest time from the first byte of a request to its last, and longest time without "
       "progress of a client that takes an answer.",
       ""},
      {"http.idle-timeout", duration(SKEIN_MEMBER(http.idle_timeout), 1ms, longest),
       "Longest time between two requests of a connection.", ""},
      {"http.max-wait", duration(SKEIN_MEMBER(http.max_wait), 0ms, 1h),
       "Longest time that a request may ask to be held: for messages, or for acknowledgements.",
       ""},
      {"http.api-wait",
       choice<api::wait_for>(SKEIN_MEMBER(http.api_wait),
                             {{"accepted", api::wait_for::accepted},
                              {"durable", api::wait_for::durable},
                              {"delivered", api::wait_for::delivered}}),
       "When /api/publish is answered: accepted at once, and the message is written within "
       "topic.commit-interval, but not synced; durable when it is on disk; delivered when all "
       "subscribers have acknowledged it. Requests of /v1 say it themselves.",
       ""},
      {"http.api-expiry", duration(SKEIN_MEMBER(http.api_expiry), 0ms, 87'600h),
       "A subscriber that was created by /api/subscribe is removed when it has fetched nothing for "
       "this time. 0 is never.",
       ""},

      {"http.hosts", list(SKEIN_MEMBER(http.hosts), "hosts", is_host_name),
       "Names by which programs reach the daemon, for example broker.example. If it listens on "
       "localhost they are added to the names of localhost; otherwise, if there are none, every "
       "name is accepted. Addresses always are. A request for any other name is answered by 421: "
       "so a web page whose name was made to lead here gets no further.",
       ""},
      {"http.origins",
       list(SKEIN_MEMBER(http.origins), "http://HOST[:PORT] or https://HOST[:PORT]", is_origin),
       "Web pages that may use this door from a browser, for example https://shop.example. All "
       "others are answered by 403, since a browser lets any page send requests to its own "
       "machine.",
       ""},
      {"http.operator", boolean(SKEIN_MEMBER(http.for_operator)),
       "Any program that reaches this door may begin an epoch, and purge all dead letters of a "
       "subscriber at once. Otherwise only skein can, at the control door.",
       ""},

      {"store.directory", path(SKEIN_MEMBER(store.directory)),
       "Where everything durable is kept. It is created if it does not exist.", ""},

      {"control.socket", path(SKEIN_MEMBER(control.socket)),
       "Unix socket of the door for the operator. auto is \"control\" in the store's directory; "
       "if nothing is stored (event.durability none and topic.storage memory) there is then no "
       "such "
       "door. none closes it.",
       ""},

      {"flow.high-mark", size(SKEIN_MEMBER(flow.high_mark), 1 << 20, 1ll << 40),
       "When this many bytes are between being read and being written, sources are not read any "
       "more. More smooths bursts and takes that memory.",
       ""},
      {"flow.low-mark", size(SKEIN_MEMBER(flow.low_mark), 1, 1ll << 40),
       "Below this many bytes sources are read again. Less than the high mark. Close to it, "
       "sources are stopped and started often; far from it, the daemon may run out of work.",
       ""},

      {"router.flush-interval", duration(SKEIN_MEMBER(flush_interval), 0ms, 1s),
       "Longest pause between two rounds of writing while the daemon is busy. Longer "
       "gives more throughput, shorter less delay under load.",
       ""},

      {"statistics.interval", duration(SKEIN_MEMBER(statistics_interval), 0ms, longest),
       "Time between two lines of statistics. 0 writes only the totals at exit.", ""},

      {"log.level",
       choice<log_level>(SKEIN_MEMBER(level), {{"debug", log_level::debug},
                                               {"info", log_level::info},
                                               {"warn", log_level::warn},
                                               {"error", log_level::error},
                                               {"warning", log_level::warn}}),
       "Lines of this level and above are written to standard error. debug also logs every "
       "connection and, at a limited rate, malformed input.",
       "LOG_LEVEL"},

      {"scheduler.policy", caf_choice("scheduler.policy", {"stealing", "sharing"}),
       "How actors get to threads: stealing has the most throughput, sharing takes no CPU when "
       "idle and has 5 to 20 % less throughput.",
       ""},
      {"scheduler.max-threads", caf_number("scheduler.max-threads", 0, 0, 1024),
       "Threads that run actors. 0 is one for each core except one core, which reads and decodes.",
       ""},
      {"scheduler.max-throughput", caf_number("scheduler.max-throughput", 300, 1, 1'000'000'000),
       "Messages that an actor handles before others get their turn. More costs fairness, fewer "
       "cost throughput.",
       ""},

      {"work-stealing.aggressive-poll-attempts",
       caf_number("work-stealing.aggressive-poll-attempts", 100, 0, 1'000'000'000),
       "How often an idle thread looks for work without a pause.", ""},
      {"work-stealing.aggressive-steal-interval",
       caf_number("work-stealing.aggressive-steal-interval", 10, 1, 1'000'000'000),
       "It attempts to steal once in this many of these looks.", ""},
      {"work-stealing.moderate-poll-attempts",
       caf_number("work-stealing.moderate-poll-attempts", 0, 0, 1'000'000'000),
       "How often it then looks with a short sleep in between. 0 goes on to the long sleep at "
       "once, which saves CPU; new work wakes it.",
       ""},
      {"work-stealing.moderate-steal-interval",
       caf_number("work-stealing.moderate-steal-interval", 5, 1, 1'000'000'000),
       "It attempts to steal once in this many of these looks.", ""},
      {"work-stealing.moderate-sleep-duration",
       caf_duration("work-stealing.moderate-sleep-duration", 50us, 1us, 10s), "The short sleep.",
       ""},
      {"work-stealing.relaxed-steal-interval",
       caf_number("work-stealing.relaxed-steal-interval", 1, 1, 1'000'000'000),
       "It attempts to steal once in this many long sleeps.", ""},
      {"work-stealing.relaxed-sleep-duration",
       caf_duration("work-stealing.relaxed-sleep-duration", 10ms, 1us, 10s), "The long sleep.", ""},
  };
}

}  // namespace

#undef SKEIN_MEMBER

std::string option::section() const {
  const auto dot = name.find('.');
  return dot == std::string::npos ? std::string{} : name.substr(0, dot);
}

std::string option::key() const {
  const auto dot = name.find('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

std::string option::flag() const {
  return "--" + name;
}

std::string option::variable() const {
  auto result = "SKEIN_" + name;
  for (auto& c : result) {
    if (c == '.' || c == '-') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return result;
}

const std::vector<section>& sections() {
  static const std::vector<section> all = {
      {"", "The daemon"},
      {"source", "Sources, which send events"},
      {"client", "Clients, which are told events"},
      {"sequence", "The common order of all sources"},
      {"event", "Durability of events"},
      {"inbox", "Users who come back"},
      {"topic", "Defaults of new topics, and bounds of all topics"},
      {"http", "The door for programs, over HTTP"},
      {"store", "Storage"},
      {"control", "The door for the operator"},
      {"flow", "Backpressure"},
      {"router", "Routing"},
      {"statistics", "Statistics"},
      {"log", "Log"},
      {"scheduler", "Threads (CAF)"},
      {"work-stealing", "How idle threads look for work (CAF, policy stealing)"}};
  return all;
}

const std::vector<option>& option_table() {
  static const auto table = make_table();
  return table;
}

const option* find_option(std::string_view name) {
  const auto& table = option_table();
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const option& o) { return o.name == name; });
  return row == table.end() ? nullptr : &*row;
}

namespace {

bool is_quoted(std::string_view text) {
  return text.size() > 1 && text.front() == text.back() &&
         (text.front() == '"' || text.front() == '\'');
}

/// What was meant by `64M`, `5m`, `1 GiB` or `10,000`, as it has to be written; or nothing.
std::string meant(const option& row, std::string_view text) {
  std::string bare;
  for (const char c : text)
    if (c != ' ' && c != '_' && c != ',') bare += c;
  if (bare.empty() || bare.front() < '0' || bare.front() > '9') return {};
  for (const char* ending : {"", "iB", "in", "B"}) {
    daemon_options scratch;
    if (row.kind.set(scratch, bare + ending)) return row.kind.text(scratch);
  }
  return {};
}

}  // namespace

void assign(daemon_options& all, const option& row, std::string_view text,
            const std::string& place) {
  if (is_quoted(text)) throw error(place, "must be without quotes around it, got " + quoted(text));
  if (row.kind.set(all, text)) return;
  const auto near = meant(row, text);
  throw error(place, "must be " + row.kind.allowed + ", got " + quoted(text) +
                         (near.empty() ? "" : ", did you mean " + near + "?"));
}

}  // namespace skein::config
