#include <boost/program_options.hpp>
#include <set>
#include <sstream>

#include "config/error.hpp"
#include "config/nearest.hpp"
#include "config/sources.hpp"

namespace skein::config {
namespace {

namespace po = boost::program_options;

constexpr unsigned help_width = 100;

po::options_description general_flags() {
  po::options_description flags{"General", help_width, help_width / 2};
  flags.add_options()  //
      ("config", po::value<std::string>()->value_name("FILE"),
       "Read this file instead of caf-application.conf. One that ends in .json is read as "
       "go-eventserver's, with eventListenerPort and clientListenerPort.")                 //
      ("check-config", "Check all settings, print them with their places, and exit.")      //
      ("print-config", "Print the settings in effect as a configuration file, and exit.")  //
      ("help", "Print this and exit; also -h.")                                            //
      ("version", "Print the version and exit; also -V.");
  return flags;
}

po::options_description all_flags() {
  const daemon_options defaults;
  po::options_description result{help_width, help_width / 2};
  result.add(general_flags());
  for (const auto& section : sections()) {
    po::options_description group{section.title, help_width, help_width / 2};
    for (const auto& row : option_table()) {
      if (row.section() != section.name) continue;
      auto text = row.meaning;
      if (row.kind.value != row.kind.allowed) text += " Allowed: " + row.kind.allowed + ".";
      if (!row.legacy.empty()) text += " Also read from " + row.legacy + ".";
      const auto value = po::value<std::string>()->value_name(row.kind.value);
      group.add_options()(row.name.c_str(), value->default_value(row.kind.text(defaults)),
                          text.c_str());
    }
    result.add(group);
  }
  return result;
}

std::string nearest_flag(const std::string& name) {
  std::vector<std::string> known;
  const auto general = general_flags();
  for (const auto& flag : general.options()) known.push_back(flag->long_name());
  for (const auto& row : option_table()) known.push_back(row.name);
  const auto near = nearest(name, known);
  return near.empty() ? "" : ", did you mean --" + near + "?";
}

[[noreturn]] void refuse_word(const std::string& word) {
  const bool dash = word.size() > 1 && word[0] == '-' && word[1] != '-';
  throw error("command line",
              "unexpected argument " + quoted(word) + (dash ? nearest_flag(word.substr(1)) : ""));
}

/// Whether the word after this one is its value.
bool awaits_value(const std::string& word) {
  if (word.substr(0, 2) != "--") return false;
  const auto name = word.substr(2);
  return name == "config" || find_option(name) != nullptr;
}

/// With the long name for each short one: the short names that people try, and go-eventserver's
/// only flag.
std::vector<std::string> with_long_names(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (words.empty() || !awaits_value(words.back())) {
      if (word == "-h") word = "--help";
      if (word == "-V") word = "--version";
      if (word == "-config" || word.rfind("-config=", 0) == 0) word = "-" + word;
    }
    words.push_back(word);
  }
  return words;
}

po::parsed_options parse(int argc, const char* const* argv) {
  namespace style = po::command_line_style;
  const auto flags = all_flags();
  try {
    return po::command_line_parser(with_long_names(argc, argv))
        .options(flags)
        .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
        .allow_unregistered()
        .run();
  } catch (const po::invalid_command_line_syntax& wrong) {
    const bool surplus = wrong.kind() == po::invalid_syntax::extra_parameter;
    throw error(wrong.get_option_name(), surplus ? "takes no value" : "needs a value");
  } catch (const po::error& wrong) {
    throw error("command line", wrong.what());
  }
}

}  // namespace

command_line read_command_line(int argc, const char* const* argv) {
  command_line result;
  if (argc < 1) return result;
  const auto parsed = parse(argc, argv);
  std::set<std::string> seen;
  for (const auto& found : parsed.options) {
    if (found.string_key.empty()) refuse_word(found.original_tokens.front());
    if (found.unregistered)
      throw error("--" + found.string_key, "unknown option" + nearest_flag(found.string_key));
    const auto flag = "--" + found.string_key;
    if (!seen.insert(flag).second) throw error(flag, "given twice");
    if (const auto row = find_option(found.string_key))
      result.settings.push_back({row, found.value.front(), flag, flag});
    else if (found.string_key == "config")
      result.config_file = found.value.front();
    if (result.config_file && result.config_file->empty())
      throw error("--config", "needs the name of a file");
  }
  result.check = seen.count("--check-config") > 0;
  result.print = seen.count("--print-config") > 0;
  result.help = seen.count("--help") > 0;
  result.version = seen.count("--version") > 0;
  return result;
}

std::string help() {
  std::ostringstream out;
  out << "skeind: takes numbered events from sources, puts them in order, and tells each\n"
         "connected user what concerns them.\n\n"
         "usage: skeind [--OPTION VALUE]...\n\n"
         "Every option is also read from the environment, --sequence.gap-timeout as\n"
         "SKEIN_SEQUENCE_GAP_TIMEOUT, and from a file, as gap-timeout in section [sequence].\n"
         "A flag is stronger than the environment, the environment stronger than the file.\n"
         "Durations are 500ms, 2s, 10us or 1min (a bare number: milliseconds), sizes 4096,\n"
         "64MiB or 16MB.\n\n"
      << all_flags();
  return out.str();
}

}  // namespace skein::config
