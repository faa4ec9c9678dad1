#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>

#include "cli/commands.hpp"
#include "cli/daemon_place.hpp"
#include "cli/events/source_connection.hpp"
#include "cli/input.hpp"
#include "core/visible_text.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein source [options] [FILE]

Sends the lines of FILE, or of standard input, to a server's event source door as
they are (a last line without an end gets one), and waits until the server has said
what became of each: it asks for receipts (ACK), says how many lines are durable,
and names those that were refused and why.

Exit status 0: all are durable. 1: some were refused, or have no receipt; then
everything after the last one that is durable has to be sent again. A line has no
receipt while it waits for a number that is missing.

--no-receipts is for servers that give none, for example a skeind that stores nothing:
then it only says how many lines were written, and what became of them says
`skein status`.

)";

/// More refusals are counted, and not named.
constexpr std::uint64_t most_named = 20;

struct source_options {
  door_place place{"source.listen", {}, 0, {}};
  sending_options sending;
  bool without_receipts = false;
  std::string file = "-";
};

void name_refused(const std::string& refusal, std::uint64_t refused) {
  if (refused > most_named) return;
  std::cerr << "refused " << core::visible(refusal) << "\n";
  if (refused == most_named) std::cerr << "further ones are counted\n";
  std::cerr << std::flush;
}

void report(const source_connection& sent, bool receipts, double seconds) {
  const auto& ledger = sent.ledger();
  const auto lines = receipts ? ledger.durable() : sent.lines();
  std::cerr << (receipts ? "durable: " : "written: ") << lines;
  if (receipts && lines != ledger.lines()) std::cerr << " of " << ledger.lines();
  std::cerr << " lines, " << sent.bytes() << " bytes in " << seconds << " s ("
            << static_cast<std::uint64_t>(static_cast<double>(sent.lines()) / seconds)
            << " lines/s)";
  if (!receipts) std::cerr << "; what became of them: skein status";
  std::cerr << "\n";
  if (ledger.refused() != 0) {
    std::cerr << "refused: " << ledger.refused() << " lines: " << core::visible(ledger.reasons())
              << "\n";
  }
  if (ledger.open() != 0) {
    std::cerr << "without a receipt: " << ledger.open() << " lines; to be sent again: everything";
    if (const auto last = ledger.last(); !last.empty()) std::cerr << " after " << last;
    std::cerr << "\n";
  }
  std::cerr << std::flush;
}

}  // namespace

int source_command(const arguments& args) {
  source_options o;
  po::options_description visible{"Options", 96, 56};
  o.place.add_to(visible);
  visible.add_options()  //
      ("rate", number(o.sending.rate, "rate", 0, 1'000'000'000),
       "lines per second; 0: as fast as they come and the server takes them")  //
      ("no-receipts", po::bool_switch(&o.without_receipts),
       "for servers that give no receipts")  //
      ("timeout", duration(o.sending.timeout, "timeout"),
       "give up if the server neither takes nor says anything for this time; 0: never")  //
      ("help", "show this text");
  po::options_description all;
  all.add(visible).add_options()("file", po::value(&o.file));
  po::positional_options_description positional;
  positional.add("file", 1);
  const auto values = parse(args, all, positional);
  if (values.count("help") != 0) {
    std::cout << about << visible;
    return exit_good;
  }
  if (values.count("file") != 0 && o.file.empty()) throw usage_error{"FILE must not be empty"};
  o.sending.receipts = !o.without_receipts;

  const input_descriptor from{o.file};
  const auto server = o.place.address();
  std::uint64_t refused = 0;
  source_connection connection{
      resolve(server.host, server.port), o.sending,
      [&](const std::string& refusal) { name_refused(refusal, ++refused); }};
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    return std::max(taken.count(), 1e-9);
  };
  try {
    connection.send(from.get(), from.name());
  } catch (const std::runtime_error&) {
    if (connection.lines() != 0) report(connection, o.sending.receipts, seconds());
    throw;
  }
  report(connection, o.sending.receipts, seconds());
  const auto& ledger = connection.ledger();
  return ledger.refused() == 0 && ledger.open() == 0 ? exit_good : exit_bad;
}

}  // namespace skein::cli
