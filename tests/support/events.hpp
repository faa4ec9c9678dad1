/// Blocks of events as sources send them, and what came out of core, in a form tests can compare.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.hpp"
#include "core/events/event_line.hpp"

namespace skein::test {

/// Appends the event that `line` is. The line must be one.
inline void append_line(core::event_block& block, std::string_view line) {
  core::event e = core::parse_event(line).value;
  e.offset = static_cast<std::uint32_t>(block.text.size());
  e.length = static_cast<std::uint16_t>(line.size());
  block.text.append(line);
  block.events.push_back(e);
}

/// A broadcast for each number, `N|B`.
inline core::event_block block_of(const std::vector<core::sequence_number>& numbers) {
  core::event_block block;
  for (const auto n : numbers) append_line(block, std::to_string(n) + "|B");
  return block;
}

inline std::shared_ptr<const core::event_block> shared_block_of(
    const std::vector<core::sequence_number>& numbers) {
  return std::make_shared<const core::event_block>(block_of(numbers));
}

inline std::vector<core::sequence_number> numbers_of(const core::event_block& block) {
  std::vector<core::sequence_number> numbers;
  for (const core::event& e : block.events) numbers.push_back(e.sequence);
  return numbers;
}

/// first, first + 1, ... last
inline std::vector<core::sequence_number> numbers_between(core::sequence_number first,
                                                          core::sequence_number last) {
  std::vector<core::sequence_number> numbers;
  for (auto n = first; n <= last; ++n) numbers.push_back(n);
  return numbers;
}

/// Whether each text of an ordered block is the broadcast of its event and ends with `ending`.
inline bool texts_are_intact(const core::event_block& block, std::string_view ending) {
  for (const core::event& e : block.events) {
    if (block.text_of(e) != std::to_string(e.sequence) + "|B" + std::string{ending}) return false;
  }
  return true;
}

}  // namespace skein::test
