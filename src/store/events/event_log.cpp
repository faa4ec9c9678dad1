#include "store/events/event_log.hpp"

#include <algorithm>
#include <utility>

#include "core/events/event_keys.hpp"
#include "core/events/key_filter.hpp"
#include "core/expects.hpp"
#include "core/hash.hpp"
#include "store/events/log_reader.hpp"
#include "store/events/recovery.hpp"

namespace skein::store {

namespace {

/// A record has at most about this much text, in bytes: it all has to be read for one event.
constexpr std::size_t full_record = 64u << 10;
/// A start has to read at most this much text, in bytes.
constexpr std::uint64_t longest_replay = 256u << 20;
/// Checkpoints within a bound: one each tenth, since it has to be complete before an eighth is
/// full.
constexpr std::uint64_t parts = 10;
/// Follows of a slice of a checkpoint.
constexpr std::uint64_t edges_of_a_slice = 8192;

/// For a log that begins after the record; the caller fills in the position.
log_begin begin_behind(const entry& e) {
  return {0, e.before + e.events, e.next, e.time};
}

}  // namespace

event_log::event_log(engine& where, const log_options& options, bool keep_graph)
    : where_(where), options_(options), keep_graph_(keep_graph), changes_(where.new_batch()) {
  begin_ = read_begin(where);
  end_ = begin_.position;
  events_ = begin_.before;
  next_ = begin_.next;
  time_ = begin_.time;
  if (const auto last = last_entry(where)) {
    end_ = last->end;
    events_ = last->what.before + last->what.events;
    next_ = last->what.next;
    time_ = last->what.time;
  }
  const std::vector<epoch_begin> epochs = read_epochs(where);
  has_epoch_ = !epochs.empty();
  if (has_epoch_) {
    epoch_ = epochs.back();
    first_epoch_ = epochs.front().epoch;
    if (epoch_.begin == end_) next_ = 1;
  }
  const auto over = where.get(family::meta, over_key);
  over_ = over ? decode_over(*over) == end_ : !has_epoch_;
  checkpoints_ = read_checkpoints(where);
  for (const checkpoint& c : checkpoints_) {
    next_generation_ = std::max(next_generation_, c.generation + 1);
  }
  erase_unfinished();
  const auto inboxes = where_.walk(family::inbox, reading::many);
  for (inboxes->seek(""); inboxes->valid(); inboxes->next()) ++inboxes_at_start_;
}

/// What checkpoints that were never complete have left.
void event_log::erase_unfinished() {
  const auto graph = where_.walk(family::graph);
  for (graph->seek(slice_key(0, 0)); graph->valid();) {
    const generation_number found = place_of_slice(graph->key()).generation;
    const bool complete = std::any_of(checkpoints_.begin(), checkpoints_.end(),
                                      [&](const checkpoint& c) { return c.generation == found; });
    if (!complete) erase_slices(found);
    graph->seek(slice_key(found + 1, 0));
  }
}

generation_number event_log::next_generation() {
  if (!asked_) asked_ = next_generation_++;
  return *asked_;
}

core::sequence_start event_log::start() const {
  return {epoch_.epoch, next_, end_, !over_, epoch_.first_event};
}

void event_log::append(const core::ordered_block& block, wall_time now) {
  core::expects(block.begin == end_, "a block follows what is in the log");
  time_ = std::max(time_, now);
  if (std::exchange(over_, false)) changes_->erase(family::meta, over_key);
  if (block.epoch != epoch_.epoch || !has_epoch_) {
    end_record();
    if (has_epoch_) ended_.push_back({epoch_.epoch, next_});
    bool keeps_graph = keep_graph_ && has_epoch_;
    if (has_epoch_ && epoch_.begin == block.begin) {  // nothing has come of it
      changes_->erase(family::meta, epoch_key(epoch_.epoch));
      keeps_graph = keeps_graph && epoch_.keeps_graph;
    }
    epoch_ = {block.epoch, block.begin, 0, time_, keeps_graph};
    has_epoch_ = true;
    next_ = 1;
    changes_->put(family::meta, epoch_key(epoch_.epoch), {encode(epoch_)});
  }
  const auto line_end = static_cast<std::uint32_t>(core::text_of(block.ending).size());
  if (record_events_ != 0 && line_end != line_end_) end_record();
  std::size_t kept = 0;  // bytes of the block that are in a record, or in `text_`
  const auto keep = [&](std::size_t upto, bool ends) {
    const std::string_view text = std::string_view{block.text}.substr(kept, upto - kept);
    kept = upto;
    if (ends && text_.empty()) {
      end_record(text);
    } else {
      text_ += text;
      if (ends) end_record();
    }
  };
  for (std::size_t i = 0; i != block.events.size(); ++i) {
    const core::event& e = block.events[i];
    if (text_.size() + e.offset - kept >= full_record) {
      end_ = block.position_of(i);
      keep(e.offset, true);
    }
    if (record_events_ == 0) {
      record_begin_ = block.position_of(i);
      line_end_ = line_end;
    }
    add(e);
    if (e.sequence == 1 && epoch_.first_event == 0) {
      epoch_.first_event = core::fingerprint_of(block.text_of(e).substr(0, e.length - line_end));
      changes_->put(family::meta, epoch_key(epoch_.epoch), {encode(epoch_)});
    }
  }
  end_ = block.end();
  keep(block.text.size(), text_.size() + block.text.size() - kept >= full_record / 2);
}

void event_log::add(const core::event& e) {
  ++record_events_;
  ++events_;
  next_ = std::max(next_, e.sequence + 1);
  record_broadcasts_ += e.kind == core::event_kind::broadcast ? 1 : 0;
  if (key_count_ + core::most_keys_of_an_event > keys_.size()) keys_.resize(2 * keys_.size() + 64);
  key_count_ += core::write_keys(e, keys_.data() + key_count_);
}

/// `text` is the text of all events added since the last record.
void event_log::end_record(std::string_view text) {
  if (record_events_ == 0) return;
  const std::string key = position_key(record_begin_);
  const record r{epoch_.epoch, record_events_, line_end_, text};
  changes_->put(family::log, key, {encode_head(key, r), text});
  const std::string filter = core::key_filter::of(keys_.data(), key_count_);
  const entry e{epoch_.epoch,
                next_,
                time_,
                events_ - record_events_,
                record_events_,
                record_broadcasts_,
                static_cast<std::uint32_t>(end_ - record_begin_),
                filter};
  changes_->put(family::index, key, {encode_head(key, e), filter});
  key_count_ = 0;
  record_events_ = 0;
  record_broadcasts_ = 0;
}

void event_log::end_record() {
  end_record(text_);
  text_.clear();
}

void event_log::mark_over() {
  over_ = true;
  changes_->put(family::meta, over_key, {encode_over(end_)});
}

void event_log::put(core::user_id user, const inbox& i) {
  const std::string key = user_key(user);
  changes_->put(family::inbox, key, {encode(key, i)});
}

void event_log::erase_inbox(core::user_id user) {
  changes_->erase(family::inbox, user_key(user));
}

void event_log::put_slice(const std::string& key, const std::string& value) {
  const slice_place at = place_of_slice(key);
  if (is_superseded(at.generation)) return;
  if (at.place == 0) erase_slices(at.generation);
  changes_->put(family::graph, key, {value});
}

/// Whether a stretch of the log is at least such a part of a bound.
bool event_log::is_part(core::log_position from, std::uint64_t before, core::log_position to,
                        std::uint64_t before_to) const {
  return to - from >= options_.max_bytes / parts ||
         (options_.max_events != 0 && before_to - before >= options_.max_events / parts) ||
         (ages_ && ages_->time_of(to) - ages_->time_of(from) >=
                       options_.max_age.count() / static_cast<wall_time>(parts));
}

void event_log::put(checkpoint c) {
  if (is_superseded(c.generation)) return;
  asked_.reset();
  next_generation_ = std::max(next_generation_, c.generation + 1);
  if (c.places == 0 || c.from < begin_.position) erase_slices(c.generation);
  if (c.from < begin_.position) return;
  const auto at = entry_at(where_, c.from);
  c.before = !at ? begin_.before : at->what.before + (c.from < at->end ? 0 : at->what.events);
  c.time = time_;
  insert(c);
  // Checkpoints that only make the start quick are not needed once there is a newer one.
  while (checkpoints_.size() > 2) {
    const auto middle = checkpoints_.end() - 2;
    const checkpoint& older = *(middle - 1);
    if (is_part(older.from, older.before, c.from, c.before)) break;
    forget(*middle);
    checkpoints_.erase(middle);
  }
}

void event_log::insert(const checkpoint& c) {
  changes_->put(family::meta, checkpoint_key(c.generation), {encode(c)});
  const auto behind =
      std::upper_bound(checkpoints_.begin(), checkpoints_.end(), c.from,
                       [](core::log_position from, const checkpoint& o) { return from < o.from; });
  checkpoints_.insert(behind, c);
}

void event_log::forget(const checkpoint& c) {
  changes_->erase(family::meta, checkpoint_key(c.generation));
  erase_slices(c.generation);
}

void event_log::erase_slices(generation_number generation) {
  changes_->erase_range(family::graph, slice_key(generation, 0), slice_key(generation + 1, 0));
}

void event_log::commit(bool sync) {
  end_record();
  if (changes_->bytes() == 0) return;
  where_.commit(*changes_, sync);
  changes_->clear();
  ended_.clear();
  if (std::exchange(cut_, false)) reclaim();
}

/// The commit has succeeded, whatever happens here: sooner or later the engine frees the disk space
/// by itself; and if the engine fails, the next commit says so.
void event_log::reclaim() {
  const std::string end = position_key(begin_.position);
  try {
    where_.reclaim(family::log, position_key(0), end);
    where_.reclaim(family::index, position_key(0), end);
  } catch (const error&) {
    cut_ = true;
  }
}

bool event_log::wants_checkpoint(wall_time now) const {
  checkpoint last;
  if (checkpoints_.empty()) {
    last.from = begin_.position;
    last.before = begin_.before;
  } else {
    last = checkpoints_.back();
  }
  const auto part_of_age = options_.max_age.count() / static_cast<wall_time>(parts);
  return end_ - last.from >= longest_replay ||
         (end_ != last.from && is_part(last.from, last.before, end_, events_)) ||
         (ages_ && ages_->end_at(now - part_of_age) > last.from);
}

/// From here on everything is within the bounds, or at most this many eighths above them.
core::log_position event_log::kept_from(wall_time now, unsigned eighths_above) const {
  const auto above = [&](auto bound) { return bound + bound / 8 * eighths_above; };
  core::log_position from = begin_.position;
  if (const auto most = above(options_.max_bytes); end_ - from > most) from = end_ - most;
  if (const auto most = above(options_.max_events); most != 0 && events() > most) {
    const auto first = log_index{where_}.first(
        [&](const entry& e) { return e.before + e.events > events_ - most; });
    if (first) from = std::max(from, first->begin);
  }
  if (ages_) from = std::max(from, ages_->end_at(now - above(options_.max_age.count())));
  return from;
}

/// Where the log begins if it is cut at the checkpoint: at the record in which that begins.
core::log_position event_log::cut_of(const checkpoint& c) const {
  const auto at = entry_at(where_, c.from);
  if (!at) return begin_.position;
  return at->end > c.from ? at->begin : at->end;
}

/// Makes a checkpoint at the record that holds `target`. If it throws, none is made until the next
/// cut.
checkpoint event_log::make_checkpoint(core::log_position target) {
  cannot_make_ = true;
  if (asked_) erase_slices(*asked_);
  asked_.reset();
  checkpoint c;
  c.generation = next_generation_;
  c.from = target;
  c.from = c.upto = cut_of(c);
  const auto at = entry_at(where_, c.from);
  c.before = at->what.before + (c.from < at->end ? 0 : at->what.events);
  c.time = time_;
  const graph_at_position found = graph_at(where_, c.from);
  c.epoch = found.epoch;
  c.secret = core::table_secret;
  c.places = found.graph.places();
  c.edges = found.graph.edges();
  const std::uint64_t places = edges_of_a_slice * c.places / (c.edges + 1) + 1;
  for (std::uint64_t place = 0; place < c.places; place += places) {
    const std::string key = slice_key(c.generation, static_cast<std::uint32_t>(place));
    const auto end = std::min<std::uint64_t>(c.places, place + places);
    put_slice(key, encode_slice(key, found.graph, static_cast<std::uint32_t>(place),
                                static_cast<std::uint32_t>(end)));
  }
  ++next_generation_;
  insert(c);
  return c;
}

bool event_log::trim(wall_time now) {
  if (options_.max_age.count() != 0) {
    if (!ages_) ages_.emplace(where_, options_.max_age, now);
    ages_->note(now, end_);
  }
  const core::log_position target = kept_from(now, 0);
  core::log_position at = begin_.position;
  if (target == at) return false;
  for (const checkpoint& c : checkpoints_) {
    if (c.upto <= target) at = std::max(at, cut_of(c));
  }
  if (!cannot_make_ && kept_from(now, 1) > at) at = std::max(at, make_checkpoint(target).from);
  if (at == begin_.position) return false;
  cut(at);
  return true;
}

/// There is a checkpoint in the record at `at`.
void event_log::cut(core::log_position at) {
  const std::string from = position_key(begin_.position), to = position_key(at);
  const auto gone = entry_at(where_, at - 1);
  begin_ = begin_behind(gone->what);
  begin_.position = at;
  while (checkpoints_.front().from < at) {
    forget(checkpoints_.front());
    checkpoints_.erase(checkpoints_.begin());
  }
  changes_->put(family::meta, begin_key, {encode(begin_)});
  changes_->erase_range(family::log, from, to);
  changes_->erase_range(family::index, from, to);
  // The graph at the begin is that of the checkpoint: earlier epochs than its own are not needed.
  if (const core::epoch_number epoch = checkpoints_.front().epoch; epoch > first_epoch_) {
    changes_->erase_range(family::meta, epoch_key(first_epoch_), epoch_key(epoch));
    first_epoch_ = epoch;
  }
  if (ages_) ages_->forget(at);
  cannot_make_ = false;
  cut_ = true;
}

std::optional<inbox> event_log::inbox_of(core::user_id user) {
  const std::string key = user_key(user);
  const auto value = where_.get(family::inbox, key);
  if (!value) return std::nullopt;
  return decode_inbox(key, *value);
}

bool event_log::has_come_to(core::epoch_number epoch, core::sequence_number number) {
  if (epoch == 0 || epoch > epoch_.epoch) return false;
  if (number == 0) return true;
  if (epoch == epoch_.epoch) return number < next_;
  for (const auto& [ended, next] : ended_) {
    if (ended == epoch) return number < next;
  }
  log_index index{where_};
  const auto behind = index.first([&](const entry& e) { return e.epoch > epoch; });
  const auto last = !behind              ? index.last()
                    : behind->begin == 0 ? std::nullopt
                                         : index.at(behind->begin - 1);
  if (!last) return begin_.position != 0;
  return last->what.epoch == epoch && number < last->what.next;
}

}  // namespace skein::store
