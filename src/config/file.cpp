#include <boost/program_options.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "config/error.hpp"
#include "config/nearest.hpp"
#include "config/sources.hpp"

namespace skein::config {
namespace {

namespace po = boost::program_options;

std::string content_of(const std::string& path) {
  constexpr std::size_t longest = 1 << 20;  // bytes
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  std::string content(longest + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!in.is_open() || in.bad())
    throw error(path, std::string{"cannot be read: "} + std::strerror(errno));
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > longest)
    throw error(path, "is longer than 1 MiB: it is no file of settings");
  for (const std::string_view mark : {"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"})
    if (content.compare(0, mark.size(), mark) == 0)
      throw error(path, "begins with a byte order mark; it must be UTF-8 without one");
  return content;
}

/// Without its comment and the blanks around it.
std::string_view bare(std::string_view line) {
  constexpr auto blanks = " \t\r\n";
  line = line.substr(0, line.find('#'));
  const auto first = line.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

std::string checked_section(std::string_view name, const std::string& place) {
  std::vector<std::string> known;
  for (const auto& section : sections()) {
    if (section.name.empty()) continue;
    if (section.name == name) return section.name;
    known.push_back(section.name);
  }
  const auto near = nearest(name, known);
  throw error(place, "unknown section [" + std::string{name} + "]" +
                         (near.empty() ? "" : ", did you mean [" + near + "]?"));
}

const option& checked_name(const std::string& name, const std::string& place) {
  if (const auto row = find_option(name)) return *row;
  std::vector<std::string> known;
  for (const auto& row : option_table()) known.push_back(row.name);
  const auto near = find_option(nearest(name, known));
  const auto where = [](const option& row) {
    return row.section().empty() ? " before the first section"
                                 : " in section [" + row.section() + "]";
  };
  throw error(place + ": " + name,
              "unknown name" + (near ? ", did you mean " + near->key() + where(*near) + "?" : ""));
}

/// One line is read at a time, below its section, so that an error has its line.
po::option parsed_line(const std::string& section, std::string_view line,
                       const std::string& place) {
  std::istringstream text{(section.empty() ? "" : "[" + section + "]\n") + std::string{line}};
  try {
    return po::parse_config_file(text, po::options_description{}, true).options.at(0);
  } catch (const po::error&) {
    throw error(place, "must be [section] or name = value, got " + quoted(line));
  }
}

std::vector<setting> read_lines(const std::string& text, const std::string& path) {
  std::vector<setting> result;
  std::map<const option*, int> seen;
  std::string section;
  std::istringstream lines{text};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto place = path + ":" + std::to_string(++number);
    const auto content = bare(line);
    if (content.empty()) continue;
    if (content.front() == '[' && content.back() == ']') {
      section = checked_section(bare(content.substr(1, content.size() - 2)), place);
      continue;
    }
    const auto found = parsed_line(section, content, place);
    const auto& row = checked_name(found.string_key, place);
    const auto [first, fresh] = seen.emplace(&row, number);
    if (!fresh)
      throw error(place + ": " + row.name,
                  "is set in line " + std::to_string(first->second) + " already");
    result.push_back({&row, found.value.at(0), place, place + ": " + row.name});
  }
  return result;
}

}  // namespace

std::vector<setting> read_file(const std::string& path) {
  const auto text = content_of(path);
  if (std::filesystem::path{path}.extension() == ".json") return read_json(text, path);
  return read_lines(text, path);
}

}  // namespace skein::config
