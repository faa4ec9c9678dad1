#include "cli/maze/stream_verifier.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace skein::cli {

namespace {

std::uint64_t word_at(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

/// memcmp without the call for lengths of a line.
inline bool equal(const char* a, const char* b, std::size_t size) {
  if (size > 32 || size < 8) return std::memcmp(a, b, size) == 0;
  for (std::size_t i = 0; i + 8 < size; i += 8) {
    if (word_at(a + i) != word_at(b + i)) return false;
  }
  return word_at(a + size - 8) == word_at(b + size - 8);
}

std::string without_end(std::string_view line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return std::string{line};
}

std::string quoted(std::string_view text) {
  constexpr std::size_t most = 200;
  constexpr const char* digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') {
      out += "\\x";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + (text.size() > most ? "\"..." : "\"");
}

}  // namespace

std::string sentence_of(const difference& d) {
  return "client " + std::to_string(d.user) + ", line " + std::to_string(d.position) + ": " +
         d.what + ": expected " + (d.expected.empty() ? "nothing more" : quoted(d.expected)) +
         ", received " + quoted(d.received);
}

stream_verifier::stream_verifier(const maze_script& script, std::size_t client)
    : script_{&script},
      client_{&script.clients()[client]},
      next_{client_->own.data()},
      end_{next_ + client_->own.size()},
      broadcast_size_{static_cast<std::uint32_t>(script.broadcast_text().size())} {}

fed_lines stream_verifier::feed(const char* data, std::size_t size) {
  if (wrong_) {
    collect(data, size);
    return {};
  }
  if (complete()) {
    if (size > 0) note_difference(data, size);
    return {};
  }
  fed_lines fed;
  fed.first_event = next_event();
  const auto lines_before = lines();
  const auto* const broadcasts = script_->broadcast_text().data();
  const std::size_t end_size = core::text_of(script_->made_from().received_ending).size();

  while (size > 0) {
    const auto run_end = next_ != end_ ? next_->broadcast_end : broadcast_size_;
    if (broadcast_position_ < run_end) {
      const auto run = std::min(size, std::size_t{run_end - broadcast_position_});
      if (!equal(data, broadcasts + broadcast_position_, run)) break;
      broadcast_position_ += static_cast<std::uint32_t>(run);
      data += run;
      size -= run;
      continue;
    }
    if (next_ == end_) break;
    const auto line = script_->line(next_->event);
    const auto whole = line.size() + end_size;
    if (line_position_ == 0 && size >= whole) {
      if (!equal(data, line.data(), line.size()) || data[whole - 1] != '\n' ||
          (end_size == 2 && data[whole - 2] != '\r')) {
        break;
      }
      ++next_;
      data += whole;
      size -= whole;
      continue;
    }
    const auto byte_expected = line_position_ < line.size()  ? line[line_position_]
                               : line_position_ + 1 == whole ? '\n'
                                                             : '\r';
    if (*data != byte_expected) break;
    if (++line_position_ == whole) {
      line_position_ = 0;
      ++next_;
    }
    ++data;
    --size;
  }

  broadcasts_done_ = script_->broadcasts_before(broadcast_position_);
  fed.count = static_cast<std::uint32_t>(lines() - lines_before);
  if (fed.count > 0) {
    // Of the last own line and the last broadcast that came, the later one.
    if (next_ != client_->own.data()) fed.last_event = next_[-1].event;
    if (broadcasts_done_ > 0) {
      fed.last_event = std::max(fed.last_event, script_->broadcast_event(broadcasts_done_ - 1));
    }
  }
  if (size > 0) note_difference(data, size);
  return fed;
}

std::uint64_t stream_verifier::lines() const {
  return static_cast<std::uint64_t>(next_ - client_->own.data()) + broadcasts_done_;
}

std::uint32_t stream_verifier::next_event() const {
  const auto run_end = next_ != end_ ? next_->broadcast_end : broadcast_size_;
  if (broadcast_position_ < run_end) return script_->broadcast_event(broadcasts_done_);
  return next_->event;
}

/// The cursor stands at the start of the piece (a run of broadcasts or a line) that differs from
/// `data`; finds the line and the part of it that was as expected.
void stream_verifier::note_difference(const char* data, std::size_t size) {
  wrong_line line{0, -1, {}, {}};
  const auto run_end = next_ != end_ ? next_->broadcast_end : broadcast_size_;
  if (broadcast_position_ < run_end) {
    const auto text = script_->broadcast_text();
    while (size > 0 && broadcast_position_ < run_end && *data == text[broadcast_position_]) {
      ++broadcast_position_;
      ++data;
      --size;
    }
    broadcasts_done_ = script_->broadcasts_before(broadcast_position_);
    const auto start = script_->broadcast_start(broadcasts_done_);
    line.event = script_->broadcast_event(broadcasts_done_);
    line.received = text.substr(start, broadcast_position_ - start);
  } else if (next_ != end_) {
    line.event = next_->event;
  }
  if (line.event >= 0) {
    const auto text = script_->line(static_cast<std::uint32_t>(line.event));
    line.expected = std::string{text}.append(core::text_of(script_->made_from().received_ending));
    if (line.received.empty()) line.received = line.expected.substr(0, line_position_);
  }
  line.position = lines() + 1;
  wrong_ = std::make_unique<wrong_line>(std::move(line));
  collect(data, size);
}

void stream_verifier::collect(const char* data, std::size_t size) {
  constexpr std::size_t longest = 4096;
  auto& received = wrong_->received;
  for (; size > 0 && !wrong_line_ended() && received.size() < longest; --size) received += *data++;
}

bool stream_verifier::wrong_line_ended() const {
  return wrong_ && !wrong_->received.empty() && wrong_->received.back() == '\n';
}

difference stream_verifier::first_difference() const {
  return {client_->user, wrong_->position, wrong_->expected, wrong_->received, classify(*wrong_)};
}

bool stream_verifier::is_own(std::uint32_t event) const {
  const auto& own = client_->own;
  const auto found = std::lower_bound(own.begin(), own.end(), event,
                                      [](const auto& o, auto e) { return o.event < e; });
  return found != own.end() && found->event == event;
}

std::string stream_verifier::classify(const wrong_line& line) const {
  if (!wrong_line_ended()) return "incomplete line";
  const auto received = without_end(line.received);
  std::int64_t number = 0;
  std::from_chars(received.data(), received.data() + received.size(), number);
  const auto index = number - script_->made_from().first_number;
  if (number < 1 || index < 0 || index >= script_->events() ||
      received != script_->line(static_cast<std::uint32_t>(index))) {
    return line.event < 0 ? "extra line" : "altered line";
  }
  const auto event = static_cast<std::uint32_t>(index);
  const bool broadcast = received.size() > 2 && received.substr(received.size() - 2) == "|B";
  if (!broadcast && !is_own(event)) return "extra line, meant for others";
  if (index == line.event) return "altered line end";
  if (line.event < 0 || index < line.event) return "extra line, repeated or too late";
  return "missing line(s) before event " + std::to_string(number);
}

}  // namespace skein::cli
