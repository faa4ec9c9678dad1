#include "core/events/client_line.hpp"

#include <charconv>

#include "core/events/event_line.hpp"

namespace skein::core {

namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || text.front() == '-') return std::nullopt;
  return number;
}

std::optional<named_position> parse_position(std::string_view text, bool names_epoch) {
  named_position said;
  if (names_epoch) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    said.epoch = parse_number<epoch_number>(text.substr(0, dot));
    if (!said.epoch) return std::nullopt;
    text.remove_prefix(dot + 1);
  }
  const auto number = parse_number<sequence_number>(text);
  if (!number) return std::nullopt;
  said.number = *number;
  return said;
}

}  // namespace

std::string text_of(const named_position& p) {
  return (p.epoch ? std::to_string(*p.epoch) + "." : "") + std::to_string(p.number);
}

introduction parse_first_line(std::string_view line) {
  introduction said;
  const std::size_t bar = line.find('|');
  said.user = parse_user(line.substr(0, bar));
  if (said.user == no_user) said.wrong = "the first line must be a user: a number of 64 bits";
  if (bar == std::string_view::npos || said.wrong) return said;
  said.durable = true;
  const std::string_view position = line.substr(bar + 1);
  said.names_epochs = position.find('.') != std::string_view::npos;
  if (position.empty() || position == ".") return said;
  said.beyond = parse_position(position, said.names_epochs);
  if (!said.beyond)
    said.wrong =
        "after the user and | there must be nothing, a number, or an epoch, a dot and a number";
  return said;
}

std::optional<named_position> parse_acknowledgement(std::string_view line, bool names_epochs) {
  if (line.substr(0, 2) != "A|") return std::nullopt;
  return parse_position(line.substr(2), names_epochs);
}

}  // namespace skein::core
