/// Runs every fuzzer over fixed inputs and a few thousand random ones, with any compiler: what a
/// fuzzer once found is found again, and no fuzzer breaks unseen.
///
///     fuzz_smoke [inputs [seed]]

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
int fuzz_event_line(const std::uint8_t*, std::size_t);
int fuzz_event_decoder(const std::uint8_t*, std::size_t);
int fuzz_client_line(const std::uint8_t*, std::size_t);
int fuzz_reorder_buffer(const std::uint8_t*, std::size_t);
int fuzz_sequence(const std::uint8_t*, std::size_t);
int fuzz_follower_graph(const std::uint8_t*, std::size_t);
int fuzz_outbox(const std::uint8_t*, std::size_t);
int fuzz_round(const std::uint8_t*, std::size_t);
int fuzz_live_session(const std::uint8_t*, std::size_t);
int fuzz_inbox_session(const std::uint8_t*, std::size_t);
int fuzz_layout(const std::uint8_t*, std::size_t);
int fuzz_event_log(const std::uint8_t*, std::size_t);
int fuzz_topic_queue(const std::uint8_t*, std::size_t);
int fuzz_topic_layout(const std::uint8_t*, std::size_t);
int fuzz_http_reader(const std::uint8_t*, std::size_t);
int fuzz_http_api(const std::uint8_t*, std::size_t);
}

namespace {

using namespace std::string_view_literals;

struct fuzzer {
  const char* name;
  int (*run)(const std::uint8_t*, std::size_t);
};

constexpr fuzzer fuzzers[] = {
    {"event_line", fuzz_event_line},
    {"event_decoder", fuzz_event_decoder},
    {"client_line", fuzz_client_line},
    {"reorder_buffer", fuzz_reorder_buffer},
    {"sequence", fuzz_sequence},
    {"follower_graph", fuzz_follower_graph},
    {"outbox", fuzz_outbox},
    {"round", fuzz_round},
    {"live_session", fuzz_live_session},
    {"inbox_session", fuzz_inbox_session},
    {"layout", fuzz_layout},
    {"event_log", fuzz_event_log},
    {"topic_queue", fuzz_topic_queue},
    {"topic_layout", fuzz_topic_layout},
    {"http_reader", fuzz_http_reader},
    {"http_api", fuzz_http_api},
};

constexpr std::string_view fixed_inputs[] = {
    ""sv,
    "\0"sv,
    "1|B"sv,
    "+0012|F|-3|9223372036854775807"sv,
    "9223372036854775807|P|-9223372036854775807|0"sv,
    "9223372036854775808|B"sv,
    "1|S|-9223372036854775808"sv,
    "5|4294967295.9223372036854775807"sv,
    "A|3.17"sv,
    "1|B\r\n2|S|7\n3|F|1|2\r\r\n\n\n4|U|1|2\nno event\n5|P|1|2"sv,
    "\x08\x01\x03\x05\x07\x09\x0B\x0D\x0F\xFF\xFE\xFD 1|B\n22222222222222222222222222\n1|B\r\n"sv,
};

/// Bytes of all kinds: any, few, or of lines.
std::string random_input(std::mt19937_64& random) {
  constexpr std::string_view of_lines = "0123456789||||FUBPS+-\r\n\n";
  std::string bytes(random() % (random() % 4 == 0 ? 1500 : 200), '\0');
  const auto kind = random() % 3;
  for (char& c : bytes) {
    const auto r = random();
    c = kind == 0   ? static_cast<char>(r & 0xFF)
        : kind == 1 ? static_cast<char>(r % 16)
                    : of_lines[r % of_lines.size()];
  }
  return bytes;
}

void run(const fuzzer& f, std::string_view bytes) {
  // A block of its own: a sanitizer sees what is read beyond it.
  const std::vector<std::uint8_t> own(bytes.begin(), bytes.end());
  f.run(own.data(), own.size());
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long inputs = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 3000;
  const unsigned long seed = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  for (const fuzzer& f : fuzzers) {
    std::printf("%s: %lu inputs, seed %lu\n", f.name, inputs, seed);
    std::fflush(stdout);
    for (const std::string_view bytes : fixed_inputs) run(f, bytes);
    std::mt19937_64 random{seed};
    for (unsigned long i = 0; i != inputs; ++i) run(f, random_input(random));
  }
}
