/// Asks a daemon for what is in its API of topics (docs/openapi.json).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "cli/command_line.hpp"
#include "cli/daemon_place.hpp"
#include "cli/topics/http_client.hpp"

namespace skein::cli {

/// Where the daemon is, and how long to wait for it; options of every command for topics.
struct door {
  door_place place{"http.listen", {}, 0, {}};
  std::chrono::milliseconds timeout{30'000};  ///< of one request

  void add_to(boost::program_options::options_description& options);
};

/// The daemon has answered that something is wrong; the text says what, in one line.
class problem : public std::runtime_error {
 public:
  problem(unsigned status_given, boost::json::object members_given);

  unsigned status;
  boost::json::object members;  ///< of the problem document (RFC 9457)

  /// The problem may be over soon: something is full, cannot be written, or is ending.
  bool may_pass() const { return status == 429 || status >= 500; }
};

class topic_client {
 public:
  explicit topic_client(const door& where);

  /// The object that is answered, empty if there is none. `patience` is how much longer the daemon
  /// may take. Throws problem, and as http_client does.
  boost::json::object ask(const char* method, std::string_view target,
                          const std::optional<std::string>& body = {},
                          std::chrono::milliseconds patience = {});

  /// Asks for all pages of a list, whose elements are the member `name`; stops when `each` returns
  /// false.
  void list(const std::string& path, std::string_view name,
            const std::function<bool(const boost::json::object&)>& each);

  /// The same, page by page; the next one is asked for when `each` has returned.
  void list_pages(const std::string& path, std::string_view name,
                  const std::function<bool(const boost::json::array&)>& each);

  http_client& http() { return http_; }

 private:
  http_client http_;
  std::chrono::milliseconds timeout_;
};

/// What a command prints with --json if the API answers nothing; as the control door says it.
inline constexpr const char* done_as_json = "{\"ok\":true}\n";

/// `/v1/topics`, followed by all `parts` as segments, encoded.
std::string topic_path(std::initializer_list<std::string_view> parts);

/// \throws usage_error if it cannot be the name of a topic or subscriber
void check_name(const std::string& name);

/// A member as text; empty if it is not there, or is no text.
std::string_view text_in(const boost::json::object& object, std::string_view name);

// A member of an answer. \throws std::runtime_error if there is none of this kind
const boost::json::array& array_in(const boost::json::object& object, std::string_view name);
const boost::json::object& object_in(const boost::json::object& object, std::string_view name);
std::uint64_t number_in(const boost::json::object& object, std::string_view name);

/// `key=value key="a value"`: the members of an object in one line. Times (`*_ms`) are written as
/// durations, without that ending.
std::string fields_of(const boost::json::object& object);

/// One value of that.
std::string field_text(std::string_view name, const boost::json::value& value);

}  // namespace skein::cli
