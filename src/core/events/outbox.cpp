#include "core/events/outbox.hpp"

#include <algorithm>
#include <cstring>

namespace skein::core {

namespace {

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Length of the lines at the start of `text` that have at least `bytes` together.
std::size_t whole_lines(std::string_view text, std::size_t bytes) {
  if (bytes == 0) return 0;
  const std::size_t end = text.find('\n', bytes - 1);
  return end == text.npos ? text.size() : end + 1;
}

}  // namespace

outbox::appended outbox::append(std::string_view lines, bool mid_line) {
  appended result;
  if (empty()) {
    mid_line_ = mid_line;
    const std::size_t begun = mid_line ? whole_lines(lines, 1) : 0;
    buffer_.append(lines.substr(0, begun));
    lines.remove_prefix(begun);
  }
  if (size() + lines.size() > options_.max_bytes) result = make_room(lines);
  buffer_.append(lines);
  return result;
}

outbox::appended outbox::make_room(std::string_view& lines) {
  appended result{true, 0};
  switch (options_.on_overflow) {
    case overflow_policy::disconnect:
      result.dropped = lines_in(lines);
      lines = {};
      break;
    case overflow_policy::drop_newest: {
      const std::size_t room = options_.max_bytes - std::min(size(), options_.max_bytes);
      const std::size_t last = lines.substr(0, room).rfind('\n');
      const std::size_t fits = last == lines.npos ? 0 : last + 1;
      result.dropped = lines_in(lines.substr(fits));
      lines = lines.substr(0, fits);
      break;
    }
    case overflow_policy::drop_oldest: {
      const std::size_t begun = mid_line_ ? whole_lines(front(), 1) : 0;
      const std::size_t excess = size() + lines.size() - options_.max_bytes;
      const std::string_view droppable = front().substr(begun);
      const std::size_t old = whole_lines(droppable, std::min(excess, droppable.size()));
      result.dropped = lines_in(droppable.substr(0, old));
      // The line that is begun moves up to the rest, which is shorter than to move the rest.
      std::memmove(&buffer_[begin_ + old], &buffer_[begin_], begun);
      discard(old);
      if (old < excess) {
        const std::size_t skipped = whole_lines(lines, std::min(excess - old, lines.size()));
        result.dropped += lines_in(lines.substr(0, skipped));
        lines = lines.substr(skipped);
      }
      break;
    }
  }
  return result;
}

void outbox::written(std::size_t bytes) {
  if (bytes == 0) return;
  mid_line_ = buffer_[begin_ + bytes - 1] != '\n';
  discard(bytes);
}

/// Forgets the first `bytes` of `front()`; amortised, each byte is moved once at most.
void outbox::discard(std::size_t bytes) {
  begin_ += bytes;
  if (begin_ == buffer_.size()) {
    begin_ = 0;
    buffer_.clear();
    constexpr std::size_t kept_capacity = 256;
    if (buffer_.capacity() > kept_capacity) buffer_.shrink_to_fit();
  } else if (begin_ > buffer_.size() / 2) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
}

std::size_t outbox::drop_all() {
  const std::size_t begun = mid_line_ ? whole_lines(front(), 1) : 0;
  const std::size_t dropped = lines_in(front().substr(begun));
  buffer_.resize(begin_ + begun);
  if (empty()) {
    begin_ = 0;
    buffer_ = {};
  }
  return dropped;
}

std::size_t outbox::lines() const {
  return lines_in(front());
}

}  // namespace skein::core
