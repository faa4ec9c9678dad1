#include "store/events/log_reader.hpp"

#include <algorithm>
#include <utility>

#include "core/events/event_line.hpp"

namespace skein::store {

namespace {

/// Where the index cannot be read, it is tried again this many positions further on; then twice as
/// many, and so on.
constexpr core::log_position first_stride = 64u << 10;

[[noreturn]] void damaged(core::log_position begin, const char* why) {
  throw error{error::kind::corrupted,
              "the record at position " + std::to_string(begin) + " of the log is damaged: " + why};
}

located_entry locate(const cursor& index) {
  located_entry found;
  found.begin = position_of(index.key());
  found.what = decode_entry(index.key(), index.value());
  found.end = found.begin + found.what.bytes;
  return found;
}

template <class T, class Decode>
std::vector<T> read_all(engine& where, std::string_view name, Decode decode) {
  std::vector<T> all;
  const auto meta = where.walk(family::meta);
  for (meta->seek(name); meta->valid() && meta->key().substr(0, name.size()) == name;
       meta->next()) {
    all.push_back(decode(meta->key(), meta->value()));
  }
  return all;
}

}  // namespace

log_index::log_index(engine& where)
    : begin_(read_begin(where).position), index_(where.walk(family::index)) {}

std::optional<located_entry> log_index::at(core::log_position position) {
  index_->seek_back(position_key(position));
  if (!index_->valid()) return std::nullopt;
  located_entry found = locate(*index_);
  if (found.end <= begin_) return std::nullopt;  // a remain of what was cut off
  found.what.filter = {};
  return found;
}

std::optional<located_entry> log_index::first(const std::function<bool(const entry&)>& is) {
  std::optional<located_entry> found = last();
  if (!found || !is(found->what)) return std::nullopt;
  // It is `found`, or begins in [low, found->begin).
  core::log_position low = begin_;
  while (low < found->begin) {
    const core::log_position middle = low + (found->begin - low) / 2;
    const auto e = at(middle);
    if (e && is(e->what)) {
      found = e;
    } else {
      low = std::max(e ? e->end : 0, middle + 1);
    }
  }
  return found;
}

core::log_position log_index::end() {
  const auto found = last();
  return found ? found->end : begin_;
}

std::optional<located_entry> entry_at(engine& where, core::log_position position) {
  return log_index{where}.at(position);
}

std::optional<located_entry> last_entry(engine& where) {
  return log_index{where}.last();
}

std::vector<epoch_begin> read_epochs(engine& where) {
  return read_all<epoch_begin>(where, "epoch", decode_epoch);
}

std::vector<checkpoint> read_checkpoints(engine& where) {
  auto all = read_all<checkpoint>(where, "checkpoint", decode_checkpoint);
  std::sort(all.begin(), all.end(),
            [](const checkpoint& a, const checkpoint& b) { return a.from < b.from; });
  return all;
}

log_begin read_begin(engine& where) {
  const auto value = where.get(family::meta, begin_key);
  return value ? decode_begin(*value) : log_begin{};
}

core::log_position position_beyond(engine& where, core::epoch_number epoch,
                                   core::sequence_number number) {
  log_index index{where};
  const auto found = index.first(
      [&](const entry& e) { return e.epoch > epoch || (e.epoch == epoch && e.next - 1 > number); });
  if (!found) return index.end();
  if (found->what.epoch > epoch) return found->begin;
  const std::string key = position_key(found->begin);
  const auto value = where.get(family::log, key);
  if (!value) return found->begin;  // it is cut off by now, or damaged
  try {
    const core::ordered_block block =
        block_of(found->begin, decode_record(key, *value), core::line_ending::lf);
    const auto event = std::find_if(block.events.begin(), block.events.end(),
                                    [&](const core::event& e) { return e.sequence > number; });
    return block.position_of(static_cast<std::size_t>(event - block.events.begin()));
  } catch (const error& e) {
    if (e.what_kind() != error::kind::corrupted) throw;
    return found->begin;
  }
}

core::ordered_block block_of(core::log_position begin, const record& r, core::line_ending ending) {
  core::ordered_block block;
  block.epoch = r.epoch;
  block.begin = begin;
  block.ending = ending;
  const std::string_view line_end = core::text_of(ending);
  const bool as_it_is = line_end.size() == r.line_end;
  if (as_it_is) {
    block.text = r.text;
  } else {
    block.text.reserve(r.text.size() + r.events);
  }
  block.events.reserve(r.events);
  for (std::size_t from = 0; from != r.text.size();) {
    const std::size_t end = r.text.find('\n', from);
    if (end == std::string_view::npos || end - from + 1 < r.line_end) {
      damaged(begin, "a line has no end");
    }
    const std::string_view line = r.text.substr(from, end + 1 - from - r.line_end);
    const core::parsed_line parsed = core::parse_event(line);
    if (!parsed.ok) damaged(begin, "a line is no event");
    core::event& e = block.events.emplace_back(parsed.value);
    e.length = static_cast<std::uint16_t>(line.size() + line_end.size());
    if (as_it_is) {
      e.offset = static_cast<std::uint32_t>(from);
    } else {
      e.offset = static_cast<std::uint32_t>(block.text.size());
      block.text.append(line);
      block.text.append(line_end);
    }
    from = end + 1;
  }
  if (block.events.size() != r.events) damaged(begin, "it has more or fewer events than it says");
  return block;
}

log_reader::log_reader(engine& where, core::line_ending ending, reading how)
    : where_(where), ending_(ending), how_(how), at_(read_begin(where).position) {}

void log_reader::close() {
  index_.reset();
  log_.reset();
}

void log_reader::refresh() {
  close();
  ended_ = false;
}

void log_reader::seek(core::log_position position) {
  refresh();
  at_ = position;
  skipping_ = false;
  lost_ = false;
}

void log_reader::open() {
  const std::string key = position_key(at_);
  // The log comes second, so that it has everything that the index speaks of.
  auto index = where_.walk(family::index, how_);
  auto log = where_.walk(family::log, how_);
  if (!skipping_) index->seek_back(key);
  if (!index->valid()) index->seek(key);
  index_ = std::move(index);
  log_ = std::move(log);
  log_at_ = 0;
}

/// Reads the record with the index entry at which `index_` is.
std::optional<core::ordered_block> log_reader::read(core::log_position begin,
                                                    std::string_view key) {
  if (log_->valid() && log_at_ == begin) log_->next();
  if (!log_->valid() || log_->key() != key) log_->seek(key);
  if (!log_->valid() || log_->key() != key) {
    lost_ = read_begin(where_).position > begin;
    if (lost_) return std::nullopt;
    damaged(begin, "it is missing");
  }
  return block_of(begin, decode_record(key, log_->value()), ending_);
}

std::optional<core::ordered_block> log_reader::find(const filter& wanted) {
  if (!index_) open();
  for (; index_->valid(); index_->next()) {
    const std::string key{index_->key()};
    const core::log_position begin = position_of(key);
    entry e;
    try {
      e = decode_entry(key, index_->value());
    } catch (...) {
      at_ = std::max(at_, begin) + 1;
      skipping_ = true;
      throw;
    }
    const core::log_position end = begin + e.bytes;
    if (end <= at_) continue;
    if (begin > at_ && !skipping_) {
      lost_ = true;
      return std::nullopt;
    }
    skipping_ = false;
    at_ = std::max(at_, begin);
    const bool is_wanted = !wanted || wanted(e);
    at_ = end;
    if (!is_wanted) continue;
    std::optional<core::ordered_block> block = read(begin, key);
    log_at_ = end;
    time_ = e.time;
    return block;
  }
  ended_ = true;
  lost_ = at_ < read_begin(where_).position;  // all that was there was cut off
  return std::nullopt;
}

std::optional<core::ordered_block> log_reader::next(const filter& wanted) {
  if (ended_ || lost_) return std::nullopt;
  const core::log_position before = at_;
  const bool skipped = skipping_;
  try {
    std::optional<core::ordered_block> block = find(wanted);
    if (!block) close();
    return block;
  } catch (const error& e) {
    close();
    if (!e.is_damage()) {
      at_ = before;
      skipping_ = skipped;
    } else if (e.what_kind() == error::kind::corrupted && at_ == before) {
      pass_over_unreadable();
    }
    throw;
  }
}

/// Goes on where the index can be read again.
void log_reader::pass_over_unreadable() {
  skipping_ = true;
  for (core::log_position stride = first_stride; stride != 0 && stride <= ~at_; stride *= 2) {
    try {
      const auto index = where_.walk(family::index);
      index->seek(position_key(at_ + stride));
      if (!index->valid()) break;
      at_ = position_of(index->key());
      return;
    } catch (const error& e) {
      if (e.what_kind() != error::kind::corrupted) throw;
    }
  }
  ended_ = true;
}

}  // namespace skein::store
