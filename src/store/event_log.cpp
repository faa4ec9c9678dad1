#include "store/event_log.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/event_keys.hpp"
#include "core/key_filter.hpp"
#include "store/log_reader.hpp"

namespace skein::store {

namespace {

/// A record has at most about this much text, bytes: what has to be read for one event.
constexpr std::size_t full_record = 64u << 10;
/// A start takes as long as it takes to read this much text, bytes, at most.
constexpr std::uint64_t longest_replay = 256u << 20;
/// Checkpoints within a bound, and how many parts of it are filled when it is cut.
constexpr std::uint64_t parts = 8, full_parts = 7;

/// Of a log that begins behind the record; the position is left to the caller.
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
  find_begin_time();
  const std::vector<epoch_begin> epochs = read_epochs(where);
  has_epoch_ = !epochs.empty();
  if (has_epoch_) {
    epoch_ = epochs.back();
    if (epoch_.begin == end_) next_ = 1;
  }
  const auto over = where.get(family::meta, over_key);
  over_ = over ? decode_over(*over) == end_ : !has_epoch_;
  checkpoints_ = read_checkpoints(where);
  if (!checkpoints_.empty()) next_generation_ = checkpoints_.back().generation + 1;
  // What an unfinished checkpoint has left.
  const std::string unfinished = slice_key(next_generation_, 0);
  const auto graph = where.walk(family::graph);
  graph->seek(unfinished);
  if (graph->valid()) changes_->erase_range(family::graph, unfinished, slice_key(~0u, ~0u));
}

void event_log::find_begin_time() {
  const auto first = entry_at(where_, begin_.position);
  begin_time_ = first && first->end > begin_.position ? first->what.time : time_;
}

core::sequence_start event_log::start() const {
  return {epoch_.epoch, next_, end_, !over_, epoch_.first_event};
}

void event_log::append(const core::ordered_block& block, wall_time now) {
  assert(block.begin == end_);
  time_ = std::max(time_, now);
  if (end_ == begin_.position) begin_time_ = time_;
  if (std::exchange(over_, false)) changes_->erase(family::meta, over_key);
  if (block.epoch != epoch_.epoch || !has_epoch_) {
    end_record();
    if (has_epoch_) ended_.push_back({epoch_.epoch, next_});
    epoch_ = {block.epoch, block.begin, 0, time_, keep_graph_ && has_epoch_};
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

/// `text` is that of all events added since the last record.
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

void event_log::put_slice(const std::string& key, const std::string& value) {
  const slice_place at = place_of_slice(key);
  if (at.place == 0) erase_slices(at.generation);
  changes_->put(family::graph, key, {value});
}

/// Whether a stretch of the log is an eighth of a bound or more.
bool event_log::is_part(core::log_position from, std::uint64_t before, wall_time since,
                        core::log_position to, std::uint64_t before_to, wall_time now) const {
  return to - from >= options_.max_bytes / parts ||
         (options_.max_events != 0 && before_to - before >= options_.max_events / parts) ||
         (options_.max_age.count() != 0 &&
          now - since >= options_.max_age.count() / static_cast<wall_time>(parts));
}

void event_log::put(checkpoint c) {
  const auto at = entry_at(where_, c.from);
  c.before = !at ? begin_.before : at->what.before + (c.from < at->end ? 0 : at->what.events);
  c.time = time_;
  if (c.places == 0) erase_slices(c.generation);
  changes_->put(family::meta, checkpoint_key(c.generation), {encode(c)});
  next_generation_ = c.generation + 1;
  checkpoints_.push_back(c);
  // Checkpoints that only make the start quick are not needed once there is a newer one.
  while (checkpoints_.size() > 2) {
    const auto middle = checkpoints_.end() - 2;
    const checkpoint& older = *(middle - 1);
    if (is_part(older.from, older.before, older.time, c.from, c.before, c.time)) break;
    forget(*middle);
    checkpoints_.erase(middle);
  }
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

/// The commit has worked, whatever becomes of this: sooner or later the engine gives the room back
/// by itself, and if it is failing, the next commit says so.
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
    last.time = begin_time_;
  } else {
    last = checkpoints_.back();
  }
  return end_ != last.from &&
         (end_ - last.from >= longest_replay ||
          is_part(last.from, last.before, last.time, end_, events_, std::max(now, time_)));
}

bool event_log::is_full(wall_time now) const {
  return end_ - begin_.position > options_.max_bytes / parts * full_parts ||
         (options_.max_events != 0 && events() > options_.max_events / parts * full_parts) ||
         (options_.max_age.count() != 0 && end_ != begin_.position &&
          now - begin_time_ > options_.max_age.count() / static_cast<wall_time>(parts) *
                                  static_cast<wall_time>(full_parts));
}

bool event_log::trim(wall_time now) {
  now = std::max(now, time_);
  const core::log_position before = begin_.position;
  auto next = checkpoints_.begin();
  for (; next != checkpoints_.end() && is_full(now); ++next) {
    const auto at = entry_at(where_, next->from);
    if (!at) continue;
    const core::log_position cut = at->end > next->from ? at->begin : at->end;
    if (cut <= begin_.position) continue;
    const auto gone = cut == at->end ? at : entry_at(where_, cut - 1);
    begin_ = gone ? begin_behind(gone->what) : log_begin{0, at->what.before};
    begin_.position = cut;
    find_begin_time();
  }
  if (begin_.position == before) return false;
  for (auto c = checkpoints_.begin(); c + 1 != next; ++c) forget(*c);
  checkpoints_.erase(checkpoints_.begin(), next - 1);
  changes_->put(family::meta, begin_key, {encode(begin_)});
  const std::string from = position_key(before), to = position_key(begin_.position);
  changes_->erase_range(family::log, from, to);
  changes_->erase_range(family::index, from, to);
  cut_ = true;
  return true;
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
