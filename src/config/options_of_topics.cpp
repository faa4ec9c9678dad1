#include "config/option_rows.hpp"

namespace skein::config {

using namespace std::chrono_literals;

std::vector<option> options_of_topics() {
  using core::dedupe_policy;
  using core::no_subscribers_policy;
  using core::pending_policy;
  using core::priority_policy;
  using core::topic_storage;
  return {
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
  };
}

}  // namespace skein::config
