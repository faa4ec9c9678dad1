/// Arbitrary bytes as stored values: decoders refuse them as damaged or of a later version, read
/// nothing beyond them, and take nothing for whole that they would have written otherwise.

#include "store/events/layout.hpp"

#include "fuzz/fuzz_input.hpp"
#include "store/engine.hpp"
#include "store/events/log_reader.hpp"

namespace {

using namespace skein;
using store::error;

/// Whether `decode` takes it; else it refuses as it should.
template <class F>
bool takes(F&& decode) {
  try {
    decode();
    return true;
  } catch (const error& e) {
    SKEIN_REQUIRE(e.what_kind() == error::kind::corrupted ||
                  e.what_kind() == error::kind::newer_version);
    return false;
  }
}

void decode_any(std::string_view key, std::string_view value) {
  takes([&] { store::position_of(key); });
  takes([&] { store::user_of(key); });
  takes([&] { store::place_of_slice(key); });
  takes([&] {
    const store::record r = store::decode_record(key, value);
    SKEIN_REQUIRE(store::encode_head(key, r) + std::string{r.text} == value);
    store::block_of(store::position_of(key), r, core::line_ending::crlf);
  });
  takes([&] {
    const store::entry e = store::decode_entry(key, value);
    SKEIN_REQUIRE(store::encode_head(key, e) + std::string{e.filter} == value);
  });
  takes([&] { SKEIN_REQUIRE(store::encode(store::decode_begin(value)) == value); });
  takes([&] { SKEIN_REQUIRE(store::encode_over(store::decode_over(value)) == value); });
  takes([&] { SKEIN_REQUIRE(store::encode(store::decode_epoch(key, value)) == value); });
  takes([&] { SKEIN_REQUIRE(store::encode(store::decode_checkpoint(key, value)) == value); });
  takes([&] { SKEIN_REQUIRE(store::encode(key, store::decode_inbox(key, value)) == value); });
  takes([&] { store::decode_slice(key, value, [](core::user_id, core::user_id) {}); });
}

/// The text of a record is what sources sent; all else of it is right.
void read_text(std::string_view text, fuzz::input& in) {
  store::record r;
  r.events = static_cast<std::uint32_t>(in.below(8));
  r.line_end = 1 + static_cast<std::uint32_t>(in.below(2));
  r.text = text;
  for (const auto ending : {core::line_ending::lf, core::line_ending::crlf}) {
    takes([&] {
      const core::ordered_block block = store::block_of(1000, r, ending);
      SKEIN_REQUIRE(block.events.size() == r.events);
      SKEIN_REQUIRE(block.end() - block.begin == text.size() - (r.line_end - 1) * r.events);
      for (const core::event& e : block.events) {
        const std::string_view line = block.text_of(e), end = core::text_of(ending);
        SKEIN_REQUIRE(line.size() > end.size() && line.substr(line.size() - end.size()) == end);
      }
    });
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in{bytes, size};
  const std::string key{in.take(in.flag() ? 8 : in.below(20))};
  // A version and zeros lead further in than any bytes.
  std::string value = in.flag() ? std::string{"\1\0\0\0", 4} : "";
  value += in.take(size);
  decode_any(key, value);
  fuzz::input again{bytes, size};
  read_text(again.take(size), again);
  return 0;
}
