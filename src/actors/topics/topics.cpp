#include "actors/topics/topics.hpp"

#include <algorithm>
#include <utility>

#include "actors/base/log_exceptions.hpp"
#include "actors/topics/refusal.hpp"

namespace skein {

namespace {

using pointer = reading_actor<topics_actor, topics_state>*;
using result = caf::result<answered>;
using reason = api::refused::reason;

answered no_topic(const std::string& name) {
  return refusal(reason::no_such_topic, "there is no topic " + name);
}

answered too_many(const topics_state& state) {
  return refusal(reason::no_room, "there are " + std::to_string(state.count) +
                                      " topics, as many as topic.max-topics allows");
}

answered not_stored() {
  return refusal(reason::not_stored, "the store cannot be written");
}

/// A publish to a topic that does not exist.
void count_refused(pointer self, const api::topic_call& call) {
  const auto* const asked = std::get_if<api::publish>(&call.what);
  if (!asked) return;
  self->state.counted.count(self, core::counter::messages_refused, asked->messages.size());
}

/// Throws store::error.
std::optional<store::topic_entry> find(topics_state& state, const std::string& name) {
  const auto open = state.open.find(name);
  if (open != state.open.end()) return open->second.entry;
  const auto newest = std::find_if(state.changes.rbegin(), state.changes.rend(),
                                   [&](const auto& c) { return c.topic.name == name; });
  if (newest != state.changes.rend()) {
    return newest->made ? std::optional{newest->topic} : std::nullopt;
  }
  if (state.catalog) return state.catalog->find(name);
  const auto found = state.unstored.find(name);
  if (found == state.unstored.end()) return std::nullopt;
  return store::topic_entry{0, name, found->second};
}

void finish(pointer self) {
  topics_state& state = self->state;
  const bool waits = std::any_of(state.changes.begin(), state.changes.end(),
                                 [](const auto& c) { return !c.late; });
  if (!state.end || state.ending != 0 || state.deleting != 0 || waits) return;
  state.counted.count(self, core::counter::topics_in_memory, core::minus(state.names.size()));
  state.counted.report(self);
  state.end->deliver(drained{state.lost});
  self->quit();
}

void on_recorded(pointer self) {
  auto& all = self->state.changes;
  topics_state::change done = std::move(all.front());
  all.pop_front();
  for (std::size_t i = 0; i != done.to.size(); ++i) {
    if (done.made) {
      done.to[i].deliver(
          answered{api::created{i == 0 && done.asked_for && !done.is_change, done.topic.options}});
    } else {
      done.to[i].deliver(answered{api::removed{}});
    }
  }
  finish(self);
}

/// What comes late comes with `recorded_late`, in the same order.
void fall_behind(pointer self) {
  for (topics_state::change& c : self->state.changes) {
    c.late = true;
    for (auto& to : std::exchange(c.to, {})) {
      to.deliver(
          refusal(reason::not_stored, "the store cannot be written; it may take effect later"));
    }
  }
  finish(self);
}

void record(pointer self, store::changes what, topics_state::change change) {
  topics_state& state = self->state;
  change.asked_for = !change.to.empty();
  state.changes.push_back(std::move(change));
  self->request(state.environment->recorder, caf::infinite,
                record_changes{std::make_shared<const store::changes>(std::move(what)), true})
      .then([self](changes_recorded) { on_recorded(self); },
            [self](caf::error&) { fall_behind(self); });
}

/// Makes a topic that does not exist. \param to  who is answered when it is on disk
store::topic_entry make(pointer self, const std::string& name, core::topic_options options,
                        std::vector<caf::typed_response_promise<answered>> to) {
  topics_state& state = self->state;
  ++state.count;
  if (!state.catalog) {
    options.storage = core::topic_storage::memory;
    state.unstored.emplace(name, options);
    for (auto& one : to) one.deliver(answered{api::created{true, options}});
    return {0, name, options};
  }
  store::changes what;
  const store::topic_entry made = state.catalog->create(name, options, what);
  record(self, std::move(what), {made, true, std::move(to)});
  return made;
}

topics_state::open_topic& open(pointer self, const store::topic_entry& entry) {
  topics_state& state = self->state;
  const auto found = state.open.find(entry.name);
  if (found != state.open.end()) return found->second;
  const auto actor = self->spawn(topic, state.environment, entry.name, entry.options, entry.number);
  self->monitor(actor);
  state.names.emplace(actor.id(), entry.name);
  state.counted.count(self, core::counter::topics_in_memory);
  return state.open.emplace(entry.name, topics_state::open_topic{actor, entry, 0}).first->second;
}

/// It is not in memory any more.
void forget(pointer self, caf::actor_id actor) {
  topics_state& state = self->state;
  const auto name = state.names.find(actor);
  if (name == state.names.end()) return;
  state.open.erase(name->second);
  state.names.erase(name);
  state.counted.count(self, core::counter::topics_in_memory, core::minus(1));
}

/// The recorder has not written yet what it was given before.
bool is_failing(const topics_state& state) {
  return !state.changes.empty() && state.changes.front().late;
}

result create(pointer self, const std::string& name, const api::create_topic& asked) {
  topics_state& state = self->state;
  const auto open = state.open.find(name);
  if (open != state.open.end() && !open->second.actor) {
    return refusal(reason::exists_differently, "the topic that has this name is being deleted");
  }
  if (const auto there = find(state, name)) {
    auto others = core::differences(there->options, asked.options, asked.said);
    if (!others.empty()) return differs("the topic exists and differs in", std::move(others));
    const auto change =
        std::find_if(state.changes.rbegin(), state.changes.rend(),
                     [&](const auto& c) { return c.topic.number == there->number; });
    if (change == state.changes.rend()) return answered{api::created{false, there->options}};
    if (change->late) return not_stored();
    auto promise = self->make_response_promise<answered>();
    change->to.push_back(promise);
    return promise;
  }
  if (is_failing(state)) return not_stored();
  if (!state.catalog && asked.options.storage == core::topic_storage::durable) {
    return refusal(reason::nothing_stored, "nothing is stored here: topics can only be in memory");
  }
  if (state.count >= state.environment->options.max_topics) return too_many(state);
  auto promise = self->make_response_promise<answered>();
  make(self, name, asked.options, {promise});
  return promise;
}

result change(pointer self, const std::string& name, const api::change_topic& asked) {
  topics_state& state = self->state;
  const auto open = state.open.find(name);
  auto entry = find(state, name);
  if (!entry || (open != state.open.end() && !open->second.actor)) return no_topic(name);
  auto others = core::differences(entry->options, asked.options, asked.said);
  others.erase(std::remove_if(others.begin(), others.end(), core::can_change), others.end());
  if (!others.empty()) return differs("these cannot change:", std::move(others));
  if (is_failing(state)) return not_stored();
  core::change(entry->options, asked.options, asked.said);
  if (open != state.open.end()) {
    open->second.entry.options = entry->options;
    self->send(open->second.actor, topic_changed{entry->options});
  }
  if (!state.catalog) {
    state.unstored[name] = entry->options;
    return answered{api::created{false, entry->options}};
  }
  auto promise = self->make_response_promise<answered>();
  store::changes what;
  state.catalog->change(*entry, what);
  record(self, std::move(what), {*entry, true, {promise}, false, true});
  return promise;
}

void remove_stored(pointer self, const store::topic_entry& entry,
                   caf::typed_response_promise<answered> to) {
  topics_state& state = self->state;
  --state.count;
  if (!state.catalog) {
    state.unstored.erase(entry.name);
    to.deliver(answered{api::removed{}});
    return;
  }
  store::changes what;
  state.catalog->remove(entry, what);
  record(self, std::move(what), {entry, false, {std::move(to)}});
}

/// The daemon ends, and so does the topic.
void end(pointer self, const topic_actor& topic) {
  ++self->state.ending;
  const auto ended = [self](bool lost) {
    self->state.lost |= lost;
    --self->state.ending;
    finish(self);
  };
  self->request(topic, caf::infinite, end_topic{})
      .then([ended](drained d) { ended(d.lost); }, [ended](caf::error&) { ended(true); });
}

result remove(pointer self, const std::string& name) {
  topics_state& state = self->state;
  const auto entry = find(state, name);
  const auto found = state.open.find(name);
  const bool is_being_deleted = found != state.open.end() && !found->second.actor;
  if (!entry || is_being_deleted) return no_topic(name);
  if (is_failing(state)) return not_stored();
  auto promise = self->make_response_promise<answered>();
  if (found == state.open.end()) {
    remove_stored(self, *entry, promise);
    return promise;
  }
  // What it has sent to the recorder comes before what erases it.
  ++state.deleting;
  const topic_actor actor = std::exchange(found->second.actor, nullptr);
  const auto then = [self, entry, actor, promise](bool is_discarded) {
    topics_state& s = self->state;
    --s.deleting;
    if (is_discarded) {
      forget(self, actor.id());
      remove_stored(self, *entry, promise);
    } else {
      s.open.at(entry->name).actor = actor;
      if (s.end) end(self, actor);
      auto to = promise;
      to.deliver(not_stored());
    }
    finish(self);
  };
  self->request(actor, caf::infinite, discard_topic{})
      .then([then](topic_discarded d) { then(d.done); }, [then](caf::error&) { then(true); });
  return promise;
}

bool makes_topic(const topics_state& state, const api::topic_call& call) {
  if (std::holds_alternative<api::subscribe>(call.what)) return true;
  const auto policy = state.environment->options.defaults.no_subscribers;
  return std::holds_alternative<api::publish>(call.what) &&
         policy != core::no_subscribers_policy::reject;
}

result pass_on(pointer self, api::topic_call& call) {
  topics_state& state = self->state;
  auto at = state.open.find(call.topic);
  if (at == state.open.end()) {
    auto entry = find(state, call.topic);
    if (!entry) {
      if (!makes_topic(state, call)) {
        count_refused(self, call);
        return no_topic(call.topic);
      }
      if (is_failing(state)) return not_stored();
      if (state.count >= state.environment->options.max_topics) {
        count_refused(self, call);
        return too_many(state);
      }
      entry = make(self, call.topic, state.environment->options.defaults, {});
    }
    open(self, *entry);
    at = state.open.find(call.topic);
  }
  topics_state::open_topic& t = at->second;
  if (!t.actor) return no_topic(call.topic);
  ++t.calls;
  return self->delegate(t.actor, std::move(call));
}

result handle(pointer self, api::topic_call& call) {
  topics_state& state = self->state;
  const bool ends = state.end || (*state.environment->ending && api::only_reads(call));
  if (ends) return refusal(reason::ending);
  try {
    if (const auto* asked = std::get_if<api::create_topic>(&call.what)) {
      return create(self, call.topic, *asked);
    }
    if (const auto* asked = std::get_if<api::change_topic>(&call.what)) {
      return change(self, call.topic, *asked);
    }
    if (std::holds_alternative<api::delete_topic>(call.what)) return remove(self, call.topic);
    return pass_on(self, call);
  } catch (const store::error& e) {
    if (const auto suppressed = state.failures.pass(self->clock().now())) {
      log::error("the catalog of topics cannot be read",
                 {{"reason", e.what()}, {"suppressed", *suppressed}});
    }
    return cannot_be_read(e);
  }
}

result list(topics_state& state, const api::list_topics& asked) {
  std::map<std::string, core::topic_options> all;
  if (state.catalog) {
    // As many more as may be gone.
    const std::size_t most = asked.most + 1 + state.changes.size();
    for (const auto& entry : state.catalog->list(asked.after, most)) {
      all.emplace(entry.name, entry.options);
    }
    const bool cut = all.size() == most;
    const std::string last = cut ? all.rbegin()->first : std::string{};
    for (const auto& c : state.changes) {
      if (c.topic.name <= asked.after || (cut && c.topic.name > last)) continue;
      if (c.made) {
        all[c.topic.name] = c.topic.options;
      } else {
        all.erase(c.topic.name);
      }
    }
  } else {
    all.insert(state.unstored.upper_bound(asked.after), state.unstored.end());
  }
  api::topic_list listed;
  for (auto& [name, options] : all) {
    if (listed.topics.size() == asked.most) {
      listed.more = true;
      break;
    }
    listed.topics.push_back({name, options});
  }
  return answered{std::move(listed)};
}

void on_down(pointer self, const caf::down_msg& down) {
  topics_state& state = self->state;
  if (down.source == state.environment->recorder) {
    fall_behind(self);
    return;
  }
  const auto name = state.names.find(down.source.id());
  if (name == state.names.end()) return;
  const auto open = state.open.find(name->second);
  // One that ends to be deleted is forgotten when it has answered.
  if (open != state.open.end() && !open->second.actor) return;
  if (down.reason) {
    log::error("topic failed",
               {{"topic", name->second}, {"reason", self->system().render(down.reason)}});
  }
  forget(self, down.source.id());
}

}  // namespace

topics_actor::behavior_type topics(pointer self, topic_environment environment) {
  log_exceptions(self);
  topics_state& state = self->state;
  if (environment.engine) {
    state.catalog.emplace(*environment.engine);
    state.count = state.catalog->count();
  }
  environment.memory = std::make_shared<byte_budget>(environment.options.max_memory);
  environment.topics = topics_actor{self};
  if (environment.recorder) self->monitor(environment.recorder);
  state.environment = std::make_shared<const topic_environment>(std::move(environment));
  state.counted = {state.environment->statistics, state.environment->report_interval};
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });

  return {
      [self](api::topic_call& call) { return handle(self, call); },
      [self](const api::list_topics& asked) -> result {
        try {
          return list(self->state, asked);
        } catch (const store::error& e) {
          log::error("the catalog of topics cannot be read", {{"reason", e.what()}});
          return cannot_be_read(e);
        }
      },
      [self](const wait_abandoned& gone) {
        const auto found = self->state.open.find(gone.topic);
        if (found == self->state.open.end() || !found->second.actor) return;
        self->send(found->second.actor, gone);
      },
      [self](const topic_idle& idle) {
        topics_state& s = self->state;
        const auto found = s.open.find(idle.topic);
        if (s.end || found == s.open.end() || found->second.calls != idle.calls) return;
        const topic_actor actor = found->second.actor;
        if (!actor || self->current_sender()->id() != actor.id()) return;
        forget(self, actor.id());
        self->demonitor(actor.address());
        self->request(actor, caf::infinite, end_topic{}).then([](drained) {}, [](caf::error&) {});
      },
      [self](recorded_late) { on_recorded(self); },
      [self](report_due) { self->state.counted.report(self); },
      [self](drain) {
        topics_state& s = self->state;
        auto promise = self->make_response_promise<drained>();
        s.end = promise;
        for (const auto& [name, t] : s.open) {
          if (t.actor) end(self, t.actor);
        }
        finish(self);
        return promise;
      },
  };
}

}  // namespace skein
