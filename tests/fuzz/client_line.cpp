/// What is read as the words of a client can be said again, and means the same.

#include "core/events/client_line.hpp"

#include <string>

#include "fuzz/fuzz_input.hpp"

namespace {

using namespace skein::core;

bool equal(const std::optional<named_position>& a, const std::optional<named_position>& b) {
  return a.has_value() == b.has_value() && (!a || (a->epoch == b->epoch && a->number == b->number));
}

std::string written(const introduction& said) {
  std::string line = std::to_string(said.user);
  if (!said.durable) return line;
  line += '|';
  if (said.beyond) return line + text_of(*said.beyond);
  return said.names_epochs ? line + '.' : line;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string line(bytes, bytes + size);
  const introduction said = parse_first_line(line);
  if (!said.wrong) {
    SKEIN_REQUIRE(said.user != no_user);
    SKEIN_REQUIRE(said.durable == (line.find('|') != line.npos));
    SKEIN_REQUIRE(!said.beyond || said.durable);
    SKEIN_REQUIRE(!said.beyond || said.beyond->epoch.has_value() == said.names_epochs);
    const std::string again = written(said);
    SKEIN_REQUIRE(again.size() <= line.size());
    const introduction second = parse_first_line(again);
    SKEIN_REQUIRE(!second.wrong && second.user == said.user && second.durable == said.durable);
    SKEIN_REQUIRE(second.names_epochs == said.names_epochs && equal(second.beyond, said.beyond));
  }
  for (const bool names_epochs : {false, true}) {
    const auto acknowledged = parse_acknowledgement(line, names_epochs);
    if (!acknowledged) continue;
    SKEIN_REQUIRE(acknowledged->number >= 0);
    SKEIN_REQUIRE(acknowledged->epoch.has_value() == names_epochs);
    SKEIN_REQUIRE(
        equal(parse_acknowledgement("A|" + text_of(*acknowledged), names_epochs), acknowledged));
  }
  return 0;
}
