/// The outbox as a list of lines: slow and plainly right.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "core/events/outbox_options.hpp"

namespace skein::test {

class naive_outbox {
 public:
  explicit naive_outbox(core::outbox_options options) : options_(options) {}

  /// What waits, as it would be written.
  std::string text() const {
    std::string all;
    for (const line& l : lines_) all += l.rest;
    return all;
  }
  std::size_t lines() const { return lines_.size(); }

  /// Returns the number of lines dropped.
  std::size_t append(std::string_view text, bool mid_line) {
    std::deque<line> added;
    while (!text.empty()) {
      const std::size_t end = text.find('\n') + 1;
      added.push_back({std::string{text.substr(0, end)}, false});
      text.remove_prefix(end);
    }
    if (lines_.empty() && mid_line && !added.empty()) added.front().begun = true;
    const std::size_t all = lines_.size() + added.size();
    switch (options_.on_overflow) {
      case core::overflow_policy::disconnect:
        if (bytes_of(lines_) + bytes_of(added) > options_.max_bytes) {
          while (!added.empty() && !added.back().begun) added.pop_back();
        }
        append(added);
        break;
      case core::overflow_policy::drop_newest:
        while (!added.empty() && !added.back().begun &&
               bytes_of(lines_) + bytes_of(added) > options_.max_bytes) {
          added.pop_back();
        }
        append(added);
        break;
      case core::overflow_policy::drop_oldest:
        append(added);
        while (bytes_of(lines_) > options_.max_bytes) {
          const auto oldest = lines_.begin() + (lines_.front().begun ? 1 : 0);
          if (oldest == lines_.end()) break;
          lines_.erase(oldest);
        }
        break;
    }
    return all - lines_.size();
  }

  void written(std::size_t bytes) {
    while (bytes != 0) {
      line& first = lines_.front();
      if (bytes < first.rest.size()) {
        first.rest.erase(0, bytes);
        first.begun = true;
        return;
      }
      bytes -= first.rest.size();
      lines_.pop_front();
    }
  }

  std::size_t drop_all() {
    const std::size_t before = lines_.size();
    while (!lines_.empty() && !lines_.back().begun) lines_.pop_back();
    return before - lines_.size();
  }

  /// Whether the first line alone is too large; it is kept because the client has a part of it.
  bool keeps_a_line_too_large() const {
    return lines_.size() == 1 && lines_.front().begun &&
           lines_.front().rest.size() > options_.max_bytes;
  }

 private:
  struct line {
    std::string rest;
    bool begun;  ///< the client has a part of it
  };

  static std::size_t bytes_of(const std::deque<line>& lines) {
    std::size_t bytes = 0;
    for (const line& l : lines) bytes += l.rest.size();
    return bytes;
  }

  void append(const std::deque<line>& added) {
    lines_.insert(lines_.end(), added.begin(), added.end());
  }

  core::outbox_options options_;
  std::deque<line> lines_;
};

}  // namespace skein::test
