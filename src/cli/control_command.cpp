#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/control_client.hpp"
#include "cli/daemon_place.hpp"
#include "core/events/durable_position.hpp"
#include "core/visible_text.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about_status = R"(usage: skein status [options]

Prints how a daemon on this machine is doing, as it says through its control
door: one "key: value" a line.

)";

constexpr const char* about_epoch = R"(usage: skein epoch [options] [new]

Prints the epoch of a daemon on this machine and the next number it expects.
"new" makes it begin a new epoch at once, and prints that.

)";

struct control_options {
  store_place place;
  std::chrono::milliseconds timeout{10'000};
  bool json = false;
  bool help = false;
  arguments words;  ///< what is no option

  control_answer ask(const std::string& line) const {
    return control_request(place.socket(), line, timeout);
  }
};

/// Prints `about` and the options if they are asked for.
control_options parse_control(const arguments& args, const char* about) {
  control_options o;
  po::options_description visible{"Options", 96, 56};
  o.place.add_to(visible, true);
  visible.add_options()  //
      ("timeout", duration(o.timeout, "timeout"),
       "give up after this time without an answer; 0: never")                  //
      ("json", po::bool_switch(&o.json), "print the whole answer as it came")  //
      ("help", po::bool_switch(&o.help), "show this text");
  parse_words(args, visible, o.words);
  if (o.help) std::cout << about << visible << std::flush;
  return o;
}

std::string text_of(const boost::json::value& value) {
  if (value.is_string()) return core::visible(value.get_string());
  if (!value.is_double()) return core::visible(boost::json::serialize(value));
  // Boost.JSON writes 1.5 as 1.5E0.
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value.get_double()).ptr;
  return {text.data(), end};
}

void print(std::string_view key, const boost::json::value& value) {
  std::cout << core::visible(key) << ": " << text_of(value) << "\n";
}

/// The exit status: a command whose answer cannot be written has failed.
int end_of_output() {
  return std::cout.flush() ? exit_good : exit_bad;
}

int print_all(const control_options& o, const control_answer& answer) {
  if (o.json) {
    std::cout << answer.text << "\n";
  } else {
    for (const auto& [key, value] : answer.values) {
      if (key != "ok") print(key, value);
    }
  }
  return end_of_output();
}

}  // namespace

int status_command(const arguments& args) {
  const auto o = parse_control(args, about_status);
  if (o.help) return exit_good;
  if (!o.words.empty()) throw usage_error{"status takes no '" + o.words.front() + "'"};
  return print_all(o, o.ask("status"));
}

int epoch_command(const arguments& args) {
  const auto o = parse_control(args, about_epoch);
  if (o.help) return exit_good;
  if (o.words == arguments{"new"}) return print_all(o, o.ask("epoch new"));
  if (!o.words.empty()) throw usage_error{"epoch takes 'new' or nothing"};
  auto answer = o.ask("status");
  if (o.json) return print_all(o, answer);
  auto& told = answer.values;
  if (told.contains("durable_next") && told.contains("epoch") && told.contains("durable_epoch")) {
    told["durable_next"] =
        core::durable_next_of(told["epoch"].to_number<core::epoch_number>(),
                              told["durable_epoch"].to_number<core::epoch_number>(),
                              told["durable_next"].to_number<core::sequence_number>());
  }
  for (const std::string key : {"epoch", "next", "durable_next"}) {
    const auto* const value = answer.values.if_contains(key);
    if (value == nullptr && key == "durable_next") continue;  // nothing is stored
    if (value == nullptr) throw std::runtime_error{"the daemon's answer has no \"" + key + "\""};
    print(key, *value);
  }
  return end_of_output();
}

}  // namespace skein::cli
