/// Arguments of the commands: parsing, ranges, and errors in one line.
#pragma once

#include <boost/program_options.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace skein::cli {

/// The command line is wrong; the text says what, in one line.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using arguments = std::vector<std::string>;

/// A number option with its default; outside of least..most it is a usage_error.
boost::program_options::typed_value<std::int64_t>* number(std::int64_t& target, const char* name,
                                                          std::int64_t least, std::int64_t most);

/// A port option, 1..65535, with its default.
boost::program_options::typed_value<std::int64_t>* port(std::uint16_t& target, const char* name);

/// The same without a default: `target` stays as it is.
boost::program_options::typed_value<std::int64_t>* optional_port(std::uint16_t& target,
                                                                 const char* name);

/// An option for a time with its default, in the grammar of the daemon's options (config/values):
/// a number alone is milliseconds;
/// `1us` is a usage_error.
boost::program_options::typed_value<std::string>* duration(std::chrono::milliseconds& target,
                                                           const char* name);

/// Whole milliseconds. Throws usage_error.
std::chrono::milliseconds parse_duration(const char* name, const std::string& text);

/// Fills the options' targets: flag before environment before default. `environment` maps variable
/// names to option names. Throws usage_error, also for an option whose value is empty.
boost::program_options::variables_map parse(
    const arguments& args, const boost::program_options::options_description& options,
    const boost::program_options::positional_options_description& positional = {},
    const std::map<std::string, std::string>& environment = {});

/// The same; arguments that are no options go to `words`.
boost::program_options::variables_map parse_words(
    const arguments& args, const boost::program_options::options_description& options,
    arguments& words);

}  // namespace skein::cli
