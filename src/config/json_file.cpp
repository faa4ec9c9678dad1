#include <boost/algorithm/string/predicate.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>

#include "config/error.hpp"
#include "config/nearest.hpp"
#include "config/sources.hpp"

namespace skein::config {
namespace {

namespace json = boost::json;

struct port {
  const char* key;
  const char* option;
  std::optional<std::int64_t> number;
  int line = 0;
};

/// What Boost.JSON tells about an object of two ports. Boost.JSON does not count lines: it is given
/// one at a time, and `line` says which.
class port_reader {
 public:
  static constexpr std::size_t max_object_size = 1000;
  static constexpr std::size_t max_array_size = 1000;
  static constexpr std::size_t max_key_size = 1000;
  static constexpr std::size_t max_string_size = 1000;

  explicit port_reader(std::string path) : path_{std::move(path)} {}

  port client{"clientListenerPort", "client.listen", {}, 0};
  port event{"eventListenerPort", "source.listen", {}, 0};
  int line = 0;

  std::string place() const { return path_ + ":" + std::to_string(line); }

  bool on_object_begin(json::error_code&) { return depth_++ == 0 || no_port("an object"); }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) {
    key_.append(s.data(), s.size());
    return true;
  }
  bool on_key(json::string_view s, std::size_t, json::error_code&) {
    key_.append(s.data(), s.size());
    auto* found = current();
    if (found == nullptr) {
      const auto near = nearest(key_, {client.key, event.key});
      throw error(place(), "unknown key " + quoted(key_) +
                               (near.empty() ? "" : ", did you mean " + near + "?"));
    }
    if (found->line != 0)
      throw error(place() + ": " + key_,
                  "is set in line " + std::to_string(found->line) + " already");
    found->line = line;
    return true;
  }
  bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
    if (current() == nullptr || value < 0 || value > 65535) return no_port(std::to_string(value));
    current()->number = value;
    key_.clear();
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
    return no_port(std::to_string(value));
  }
  bool on_double(double, json::string_view text, json::error_code&) {
    return no_port("the fraction " + std::string{text.data(), text.size()});
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) {
    return no_port("a string");
  }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return no_port("a string"); }
  bool on_bool(bool value, json::error_code&) { return no_port(value ? "true" : "false"); }
  bool on_null(json::error_code&) { return no_port("null"); }
  bool on_array_begin(json::error_code&) { return no_port("an array"); }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_object_end(std::size_t, json::error_code&) { return true; }
  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  /// go-eventserver knows its keys in any letter case.
  port* current() {
    if (boost::algorithm::iequals(key_, client.key)) return &client;
    return boost::algorithm::iequals(key_, event.key) ? &event : nullptr;
  }

  bool no_port(const std::string& got) const {
    if (key_.empty()) throw error(place(), "must be an object with two ports, got " + got);
    throw error(place() + ": " + key_, "must be a port, 1..65535, got " + got);
  }

  std::string path_;
  std::string key_;
  int depth_ = 0;
};

}  // namespace

std::vector<setting> read_json(const std::string& text, const std::string& path) {
  json::basic_parser<port_reader> parser{json::parse_options{}, path};
  auto& ports = parser.handler();
  const auto feed = [&](std::string_view part, bool more) {
    json::error_code wrong;
    const auto used = parser.write_some(more, part.data(), part.size(), wrong);
    if (!wrong && used < part.size()) wrong = json::error::extra_data;
    if (wrong) throw error(ports.place(), "is no JSON: " + wrong.message());
  };
  for (std::string_view rest = text; !rest.empty();) {
    const auto length = std::min(rest.find('\n'), rest.size() - 1) + 1;
    ++ports.line;
    feed(rest.substr(0, length), true);
    rest.remove_prefix(length);
  }
  feed({}, false);

  for (const auto* port : {&ports.client, &ports.event})
    if (port->number.value_or(0) == 0) throw error(path, std::string{"missing "} + port->key);
  if (ports.client.number == ports.event.number)
    throw error(path, "clientListenerPort and eventListenerPort can not be same");

  std::vector<setting> result;
  for (const auto* port : {&ports.client, &ports.event}) {
    const auto source = path + ":" + std::to_string(port->line);
    result.push_back({find_option(port->option), ":" + std::to_string(*port->number), source,
                      source + ": " + port->key});
  }
  // As the program whose file it is: it waits for every event, however many wait for it.
  for (const auto& [option, value] :
       {std::pair{"sequence.gap-policy", "wait"}, std::pair{"sequence.window", "100000"}}) {
    result.push_back({find_option(option), value, path, path});
  }
  return result;
}

}  // namespace skein::config
