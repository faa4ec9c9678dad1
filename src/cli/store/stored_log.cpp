#include "cli/store/stored_log.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include "core/events/event_line.hpp"

namespace skein::cli {

std::unique_ptr<store::engine> open_store(const std::string& directory) {
  store::disk_options options;
  options.directory = directory;
  options.create = false;
  options.read_only = true;
  return store::open_disk(options);
}

core::user_id parse_user_id(const std::string& user) {
  const core::user_id id = core::parse_user(user);
  if (id == core::no_user) throw usage_error{"'" + user + "' is no user: a number of 64 bits"};
  return id;
}

std::string time_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%FT%T", &parts);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(ms % 1000));
  return std::string{text.data(), size} + fraction.data();
}

}  // namespace skein::cli
