#include "store/topics/topic_check.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "store/reporting.hpp"

namespace skein::store {

namespace {

class topic_check {
 public:
  topic_check(engine& where, std::optional<topic_number> next, const report_function& report)
      : where_(where), next_(next), report_(report) {}

  topic_counts run() {
    for_each(where_, family::topic, report_,
             [&](std::string_view key, std::string_view value) { check_topic(key, value); });
    for_each(where_, family::message, report_,
             [&](std::string_view key, std::string_view value) { check_message(key, value); });
    for (const auto& [number, t] : topics_) {
      if (!t.state || t.delayed == t.state->delayed) continue;
      report_(name_of(number) + std::to_string(t.delayed) + " messages are delayed, not " +
              std::to_string(t.state->delayed));
    }
    return counts_;
  }

 private:
  struct topic {
    std::optional<std::string> name;  ///< none: it is not in the catalog
    unsigned priorities = 0;
    std::optional<topic_state> state;
    bool is_damaged = false;  ///< its state
    std::uint64_t delayed = 0;
  };

  std::string name_of(topic_number number) const {
    const auto found = topics_.find(number);
    std::string text = "topic " + std::to_string(number);
    if (found != topics_.end() && found->second.name) text += " (" + *found->second.name + ")";
    return text + ": ";
  }

  /// Reports once that there is no such topic, unless it may be one of those that are damaged.
  topic& known(topic_number number) {
    const auto [found, is_new] = topics_.try_emplace(number);
    if (is_new && !has_lost_topics_)
      report_(name_of(number) + "something is stored of it, but there is no such topic");
    return found->second;
  }

  /// A topic that was never changed has no state.
  topic_state::stream stream_of(const topic& t, core::priority_level priority) const {
    return t.state && priority < t.state->streams.size() ? t.state->streams[priority]
                                                         : topic_state::stream{};
  }

  void check_topic(std::string_view key, std::string_view value) {
    using kind = topic_family_key::kind;
    const topic_family_key k = parse_topic_key(key);
    if (k.what == kind::topic) return check_name(key, value);
    topic& t = known(k.topic);
    switch (k.what) {
      case kind::topic:
        break;
      case kind::state:
        check_state(t, k.topic, key, value);
        break;
      case kind::place:
        check_place(t, k, decode_place(key, value));
        break;
      case kind::head:
        check_head(t, k, key, value);
        break;
      case kind::page:
        check_page(t, k, key, value);
        break;
      case kind::window:
        decode_window(key, value);
        break;
      case kind::withdrawn:
        check_withdrawn(t, k, decode_withdrawn(key, value));
        break;
    }
  }

  void check_name(std::string_view key, std::string_view value) {
    ++counts_.topics;
    topic_record r;
    has_lost_topics_ |= !try_to(report_, [&] { r = decode_topic(key, value); });
    if (r.number == 0) return;
    const std::string name{parse_topic_key(key).text};
    if (next_ && r.number >= *next_) {
      report_("topic " + std::to_string(r.number) + " (" + name +
              "): its number was not given yet");
    }
    const auto [found, is_new] = topics_.try_emplace(r.number);
    if (!is_new) report_(name_of(r.number) + "topic " + name + " has the same number");
    found->second.name = name;
    found->second.priorities = r.options.priorities;
  }

  void check_state(topic& t, topic_number number, std::string_view key, std::string_view value) {
    t.is_damaged = true;
    topic_state s = decode_state(key, value);
    t.is_damaged = false;
    if (t.name && s.streams.size() != t.priorities) {
      report_(name_of(number) + "its priorities are not those of its options");
    }
    t.state = std::move(s);
  }

  void check_place(const topic& t, const topic_family_key& k, core::message_id id) {
    if (t.is_damaged) return;
    const std::string key{k.text};
    const topic_state::stream s = stream_of(t, id.priority);
    const std::string stored_key = message_key(k.topic, id);
    const auto stored = where_.get(family::message, stored_key);
    if (id.at < s.begin || id.at >= s.end || !stored) {
      report_(name_of(k.topic) + "a key leads to a message that is not there: " + key);
      return;
    }
    // A damaged message is reported by the check that reads all of them.
    try_to([](auto&) {},
           [&] {
             if (decode_message(stored_key, *stored).key == key) return;
             report_(name_of(k.topic) + "a key leads to a message of another key: " + key);
           });
  }

  void check_head(const topic& t, const topic_family_key& k, std::string_view key,
                  std::string_view value) {
    ++counts_.subscribers;
    cursors_.reset();
    owner_ = {k.topic, k.subscriber};
    is_owner_damaged_ = true;
    const subscriber_head h = decode_head(key, value);
    is_owner_damaged_ = false;
    cursors_ = h.cursors;
    if (t.is_damaged) return;
    const std::string name =
        name_of(k.topic) + "subscriber " + std::to_string(k.subscriber) + " (" + h.name + "): ";
    if (k.subscriber == 0 || !t.state || k.subscriber > t.state->subscribers_ever) {
      report_(name + "the topic has had fewer subscribers");
    }
    const std::size_t priorities = t.state ? t.state->streams.size() : 0;
    if (h.cursors.size() != priorities) report_(name + "it has other priorities");
    for (std::size_t p = 0; p != std::min(priorities, h.cursors.size()); ++p) {
      const topic_state::stream& s = t.state->streams[p];
      if (h.cursors[p] < s.begin) report_(name + "it has not read what was erased");
      if (h.cursors[p] > s.end) report_(name + "it has read what was never published");
    }
  }

  void check_page(const topic& t, const topic_family_key& k, std::string_view key,
                  std::string_view value) {
    const stored_page page = decode_page(key, value);
    const std::string name = name_of(k.topic) + "subscriber " + std::to_string(k.subscriber) + ": ";
    if (owner_ != std::pair{k.topic, k.subscriber}) {
      report_(name + "there is a page, but no such subscriber");
      owner_ = {k.topic, k.subscriber};
      is_owner_damaged_ = true;
    }
    if (t.is_damaged || is_owner_damaged_) return;
    if (k.page.priority >= cursors_->size()) {
      report_(name + "a page is of another priority");
      return;
    }
    if (page.back().first.at >= (*cursors_)[k.page.priority]) {
      report_(name + "a page goes beyond what it has read");
    }
    if (page.front().first.at < stream_of(t, k.page.priority).begin) {
      report_(name + "it has not finished what was erased");
    }
  }

  void check_withdrawn(const topic& t, const topic_family_key& k, std::uint64_t places) {
    if (t.is_damaged) return;
    const core::place first = k.page.number * core::page_places;
    const core::place end = stream_of(t, k.page.priority).end;
    if (first < end && (end - first >= core::page_places || places >> (end - first) == 0)) return;
    report_(name_of(k.topic) + "a message is withdrawn that was never published");
  }

  void check_message(std::string_view key, std::string_view value) {
    const message_family_key k = parse_message_key(key);
    topic& t = known(k.topic);
    if (k.is_delayed) {
      ++counts_.messages;
      ++t.delayed;
      const delayed_message d = decode_delayed(key, value);
      const std::string name = name_of(k.topic) + "delayed message " + std::to_string(k.n) + ": ";
      if (!t.name || t.is_damaged) return;
      if (d.priority >= t.priorities) report_(name + "there is no such priority");
      if (!t.state || k.n >= t.state->delayed_ever) report_(name + "its number was not given yet");
      return;
    }
    const topic_state::stream s = stream_of(t, k.id.priority);
    counts_.messages += k.id.at < s.begin ? 0 : 1;  // those before are remains
    decode_message(key, value);
    if (!t.name || t.is_damaged || k.id.at < s.end) return;
    report_(name_of(k.topic) + "message " + std::to_string(k.id.at) + " of priority " +
            std::to_string(k.id.priority) + " lies outside of its stream");
  }

  engine& where_;
  std::optional<topic_number> next_;
  const report_function& report_;
  topic_counts counts_;
  std::map<topic_number, topic> topics_;
  bool has_lost_topics_ = false;

  // The owner of the head that was read last.
  std::pair<topic_number, core::subscriber_id> owner_;
  bool is_owner_damaged_ = true;
  std::optional<std::vector<core::place>> cursors_;
};

}  // namespace

topic_counts check_topics(engine& where, std::optional<topic_number> next,
                          const report_function& report) {
  return topic_check{where, next, report}.run();
}

}  // namespace skein::store
