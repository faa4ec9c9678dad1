#include "cli/command_line.hpp"

#include "config/values.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

void check_range(const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  throw usage_error{std::string{"--"} + name + " must be " + std::to_string(least) + ".." +
                    std::to_string(most) + ", not " + std::to_string(value)};
}

/// An empty value means nothing, and is not the same as an option that was not given.
void refuse_empty_values(const po::parsed_options& given) {
  for (const auto& o : given.options) {
    const bool is_word = o.position_key >= 0;
    if (!is_word && o.value.size() == 1 && o.value.front().empty()) {
      throw usage_error{"--" + o.string_key + " must not be empty"};
    }
  }
}

}  // namespace

po::typed_value<std::int64_t>* number(std::int64_t& target, const char* name, std::int64_t least,
                                      std::int64_t most) {
  return po::value(&target)->default_value(target)->value_name("N")->notifier(
      [=](std::int64_t value) { check_range(name, value, least, most); });
}

po::typed_value<std::int64_t>* port(std::uint16_t& target, const char* name) {
  return optional_port(target, name)->default_value(target);
}

po::typed_value<std::int64_t>* optional_port(std::uint16_t& target, const char* name) {
  return po::value<std::int64_t>()->value_name("PORT")->notifier(
      [&target, name](std::int64_t value) {
        check_range(name, value, 1, 65535);
        target = static_cast<std::uint16_t>(value);
      });
}

std::chrono::milliseconds parse_duration(const char* name, const std::string& text) {
  using std::chrono::milliseconds;
  constexpr std::chrono::hours longest{24 * 36'525};  // a hundred years, as in the API
  const auto value = config::read_duration(text);
  if (value && *value <= longest && *value % milliseconds{1} == value->zero()) {
    return std::chrono::duration_cast<milliseconds>(*value);
  }
  throw usage_error{std::string{"--"} + name +
                    " must be a time such as 500ms or 2s, a number alone is ms; not '" + text +
                    "'"};
}

po::typed_value<std::string>* duration(std::chrono::milliseconds& target, const char* name) {
  return po::value<std::string>()
      ->default_value(config::write_duration(target))
      ->value_name("TIME")
      ->notifier([&target, name](const std::string& text) { target = parse_duration(name, text); });
}

po::variables_map parse(const arguments& args, const po::options_description& options,
                        const po::positional_options_description& positional,
                        const std::map<std::string, std::string>& environment) {
  namespace style = po::command_line_style;
  po::variables_map values;
  try {
    // Abbreviations would change their meaning with each new option.
    const auto given = po::command_line_parser{args}
                           .options(options)
                           .positional(positional)
                           .style(style::default_style & ~style::allow_guessing)
                           .run();
    refuse_empty_values(given);
    po::store(given, values);
  } catch (const po::error& e) {
    throw usage_error{e.what()};
  }
  try {
    const auto from_environment = po::parse_environment(options, [&](const std::string& name) {
      const auto known = environment.find(name);
      return known == environment.end() ? std::string{} : known->second;
    });
    po::store(from_environment, values);
  } catch (const po::error& e) {
    throw usage_error{std::string{"in the environment: "} + e.what()};
  }
  po::notify(values);
  return values;
}

po::variables_map parse_words(const arguments& args, const po::options_description& options,
                              arguments& words) {
  po::options_description all;
  all.add(options).add_options()("word", po::value(&words));
  po::positional_options_description positional;
  positional.add("word", -1);
  return parse(args, all, positional);
}

}  // namespace skein::cli
