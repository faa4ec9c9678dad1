/// Rounds against one string a session.

#include "core/events/round.hpp"

#include <memory>
#include <string>
#include <vector>

#include "fuzz/fuzz_input.hpp"
#include "support/naive_round.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace skein;
  fuzz::input in{bytes, size};
  core::round_builder builder;
  test::naive_round model;
  core::session_index joined = 0;
  while (!in.empty()) {
    const std::size_t what = in.below(16);
    const auto line = std::make_shared<const std::string>(std::string(in.take(in.below(8))) + "\n");
    if (what == 0 || joined == 0) {
      builder.join(joined);
      model.connect(joined++);
    } else if (what < 5) {
      builder.broadcast(*line);
      model.broadcast(*line);
    } else if (what < 15) {
      const auto session = static_cast<core::session_index>(in.below(joined));
      builder.add(session, *line);
      builder.keep(line);
      model.add(session, *line);
    } else {
      const auto round = builder.seal();
      SKEIN_REQUIRE(builder.empty() && builder.size() == 0 && builder.groups() == 0);
      for (const auto& [session, expected] : model.portions()) {
        SKEIN_REQUIRE(test::portion_for(*round, session) == expected);
      }
      for (std::uint32_t i = 0; i != round->groups().size(); ++i) {
        const std::string_view piece = round->in_one_piece(i);
        SKEIN_REQUIRE(piece.empty() || piece == test::portion_of(*round, i));
      }
      model.seal();
    }
  }
  return 0;
}
