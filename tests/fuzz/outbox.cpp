/// The outbox against a list of lines.

#include "core/events/outbox.hpp"

#include <string>

#include "fuzz/fuzz_input.hpp"
#include "support/naive_outbox.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace skein;
  fuzz::input in{bytes, size};
  core::outbox_options options;
  options.on_overflow = static_cast<core::overflow_policy>(in.below(3));
  options.max_bytes = 1 + in.below(512);
  core::outbox box{options};
  test::naive_outbox model{options};
  while (!in.empty()) {
    const std::size_t what = in.below(16);
    if (what == 0) {
      SKEIN_REQUIRE(box.drop_all() == model.drop_all());
    } else if (what < 8) {
      const std::size_t n = std::min(in.below(256), box.size());
      box.written(n);
      model.written(n);
    } else {
      std::string lines;
      for (std::size_t i = 1 + in.below(4); i != 0; --i) {
        lines += std::string(in.below(64), 'x') + static_cast<char>('a' + in.below(26));
        lines += in.flag() ? "\r\n" : "\n";
      }
      const bool mid_line = box.empty() && in.flag();
      const bool fits = box.size() + lines.size() <= options.max_bytes;
      const core::outbox::appended appended = box.append(lines, mid_line);
      SKEIN_REQUIRE(appended.dropped == model.append(lines, mid_line));
      SKEIN_REQUIRE(appended.overflow == !fits);
    }
    SKEIN_REQUIRE(box.front() == model.text());
    SKEIN_REQUIRE(box.lines() == model.lines());
    SKEIN_REQUIRE(box.size() <= options.max_bytes || model.keeps_a_line_too_large());
  }
  return 0;
}
