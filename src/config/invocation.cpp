#include "config/invocation.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <map>
#include <system_error>

#include "core/visible_text.hpp"
#include "io/address.hpp"

namespace skein::config {
namespace {

using origins = std::map<std::string, setting>;  // by option name, the strongest

void apply(const std::vector<setting>& settings, daemon_options& all, origins& from) {
  for (const auto& s : settings) {
    assign(all, *s.row, s.text, s.place);
    from[s.row->name] = s;
  }
}

/// The place to blame when two options do not fit: that of `first` if it was set at all.
std::string place_of(const std::string& first, const std::string& second, const origins& from) {
  for (const auto& name : {first, second})
    if (const auto found = from.find(name); found != from.end()) return found->second.place;
  return first;
}

using door = std::pair<const char*, const std::string&>;

std::array<door, 3> doors_of(const daemon_options& all) {
  return {{{"source.listen", all.source.listen},
           {"client.listen", all.client.listen},
           {"http.listen", all.http.listen}}};
}

void check_together(const daemon_options& all, const origins& from) {
  const auto text = [&](const char* name) {
    return std::string{name} + " (" + find_option(name)->kind.text(all) + ")";
  };
  if (all.sequence.max_jump < all.sequence.window)
    throw error(place_of("sequence.max-jump", "sequence.window", from),
                text("sequence.max-jump") + " must be at least " + text("sequence.window"));
  // One release in order addresses its text with 32 bits.
  constexpr std::uint64_t most_text = 1ull << 32;
  if (static_cast<std::uint64_t>(all.sequence.window) * (all.source.max_line + 2) >= most_text)
    throw error(
        place_of("sequence.window", "source.max-line", from),
        text("sequence.window") + " times " + text("source.max-line") + " must be less than 4 GiB");
  if (all.flow.low_mark >= all.flow.high_mark)
    throw error(place_of("flow.low-mark", "flow.high-mark", from),
                text("flow.low-mark") + " must be less than " + text("flow.high-mark"));
  if (all.http.max_bodies / 2 < all.http.max_body)
    throw error(place_of("http.max-bodies", "http.max-body", from),
                text("http.max-bodies") + " must be at least twice " + text("http.max-body"));
  const auto doors = doors_of(all);
  for (const auto& later : doors) {
    for (const auto& earlier : doors) {
      if (&earlier == &later) break;
      if (later.second == no_door || earlier.second == no_door) continue;
      const auto port = read_address(later.second, 0)->port;
      if (port == 0 || port != read_address(earlier.second, 0)->port) continue;
      throw error(place_of(later.first, earlier.first, from),
                  text(later.first) + " and " + text(earlier.first) + " must not share a port");
    }
  }
  if (all.topic.defaults.retry_delay > all.topic.defaults.most_retry_delay)
    throw error(place_of("topic.retry-delay", "topic.max-retry-delay", from),
                text("topic.retry-delay") + " must be at most " + text("topic.max-retry-delay"));
}

std::string effective(const daemon_options& all, const std::string& file, const origins& from) {
  auto result = "configuration ok (" + (file.empty() ? "no file" : core::visible(file)) + ")\n";
  for (const auto& row : option_table()) {
    const auto found = from.find(row.name);
    result += row.name + " = " + row.kind.text(all) + "  # " +
              (found == from.end() ? "default" : core::visible(found->second.source)) + '\n';
  }
  return result;
}

std::string file_to_read(const command_line& flags, const std::filesystem::path& directory) {
  if (flags.config_file) return *flags.config_file;
  const auto usual = directory / default_file;
  std::error_code ignored;
  return std::filesystem::exists(usual, ignored) ? usual.string() : std::string{};
}

}  // namespace

invocation read(int argc, const char* const* argv, const environment& variables,
                const std::filesystem::path& directory) {
  invocation result;
  const auto flags = read_command_line(argc, argv);
  if (flags.help) {
    result.what = invocation::action::help;
    result.text = help();
    return result;
  }
  if (flags.version) {
    result.what = invocation::action::version;
    return result;
  }

  auto& all = result.options;
  origins from;
  result.config_file = file_to_read(flags, directory);
  if (!result.config_file.empty()) apply(read_file(result.config_file), all, from);
  apply(read_environment(variables), all, from);
  apply(flags.settings, all, from);
  // A window that was asked for must be within what is believed.
  if (from.count("sequence.max-jump") == 0)
    all.sequence.max_jump = std::max(all.sequence.max_jump, std::int64_t{all.sequence.window});
  check_together(all, from);
  for (const auto& [name, s] : from) result.places[name] = s.place;
  // A setting of CAF that was not given has our default, which may not be CAF's.
  const auto given = all;
  all.caf.clear();
  for (const auto& row : option_table()) row.kind.set(all, row.kind.text(given));

  if (flags.check) {
    result.what = invocation::action::check;
    result.text = effective(all, result.config_file, from);
  } else if (flags.print) {
    result.what = invocation::action::print;
    result.text = render(all);
  }
  return result;
}

void check_doors(const invocation& given) {
  boost::asio::io_context context;
  for (const auto& [name, address] : doors_of(given.options)) {
    if (address == no_door) continue;
    try {
      io::check_listener(context, address);
    } catch (const std::runtime_error& e) {
      const auto place = given.places.find(name);
      throw error(place == given.places.end() ? name : place->second,
                  "nobody can listen at " + config::quoted(address) + ": " + e.what());
    }
  }
}

}  // namespace skein::config
