#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/topics/topic_client.hpp"
#include "cli/work_progress.hpp"
#include "core/visible_text.hpp"
#include "doors/http/api/target.hpp"
#include "json/json_text.hpp"

namespace skein::cli {

namespace json = boost::json;
namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein dlq [options] list TOPIC NAME
       skein dlq [options] replay TOPIC NAME [ID...]
       skein dlq [options] purge TOPIC NAME [ID...]

list prints the dead letters of the subscriber NAME of a topic: messages that were
delivered too often in vain. replay delivers those with the IDs again, purge
deletes them; without an ID, all that are there. Exit status 1 if an ID is no dead
letter.

)";

constexpr std::ptrdiff_t most_ids = 1000;  // of one request, as the API has it

struct dlq_options {
  std::string what;
  std::string topic;
  std::string name;
  arguments ids;
  bool json = false;
  door where;

  std::string path() const { return topic_path({topic, "subscribers", name, "dead-letters"}); }
};

int list(const dlq_options& o) {
  topic_client daemon{o.where};
  work_progress progress{"dead letters"};
  daemon.list(o.path(), "messages", [&](const json::object& letter) {
    progress.clear();
    std::cout << (o.json ? core::visible(json::serialize(letter)) : fields_of(letter)) << '\n';
    progress.advance(1);
    return bool{std::cout};
  });
  return std::cout.flush() ? exit_good : exit_bad;
}

/// Replays or purges dead letters, up to a thousand in a request, so that the topic serves others
/// in between; says how many they were, also if it fails in the middle.
class settling {
 public:
  explicit settling(const dlq_options& o) : options_{o}, daemon_{o.where} {}

  int run() {
    try {
      if (options_.ids.empty()) {
        settle_all();
      } else {
        settle_given();
      }
    } catch (...) {
      if (progress_.count() != 0) print_sum();
      throw;
    }
    print_sum();
    return std::cout.flush() && unknown_.empty() ? exit_good : exit_bad;
  }

 private:
  /// Goes through all of them once, by id: a message that is replayed and dies again meanwhile is
  /// left alone.
  void settle_all() {
    daemon_.list_pages(options_.path(), "messages", [this](const json::array& letters) {
      arguments ids;
      for (const auto& letter : letters) {
        if (letter.is_object()) ids.emplace_back(text_in(letter.get_object(), "id"));
      }
      // Others have settled the unknown ones since. A request without ids would mean all.
      if (!ids.empty()) settle(ids);
      return true;
    });
  }

  void settle_given() {
    const auto& ids = options_.ids;
    for (auto begin = ids.begin(); begin != ids.end();) {
      const auto end = begin + std::min(ids.end() - begin, most_ids);
      for (const auto& id : settle({begin, end})) {
        progress_.clear();
        std::cerr << "skein: " << field_text({}, id) << " is no dead letter of "
                  << core::visible(options_.name) << std::endl;
        unknown_.push_back(id);
      }
      begin = end;
    }
  }

  /// Returns those that are unknown.
  json::array settle(const arguments& ids) {
    std::string body;
    api::json_writer out{body};
    out.begin_object().name("ids").begin_array();
    for (const auto& id : ids) out.text(id);
    out.end_array().end_object();
    const auto answer = daemon_.ask("POST", options_.path() + "/" + options_.what, body);
    progress_.advance(number_in(answer, "messages"));
    return array_in(answer, "unknown");
  }

  void print_sum() {
    progress_.clear();
    if (options_.json) {
      const json::object sum{{"messages", progress_.count()}, {"unknown", unknown_}};
      std::cout << core::visible(json::serialize(sum)) << '\n';
    } else {
      std::cout << (options_.what == "replay" ? "replayed: " : "purged: ") << progress_.count()
                << '\n';
    }
  }

  const dlq_options& options_;
  topic_client daemon_;
  work_progress progress_{"dead letters"};
  json::array unknown_;
};

}  // namespace

int dlq_command(const arguments& args) {
  dlq_options o;
  arguments words;
  bool help = false;
  po::options_description visible{"Options", 96, 56};
  o.where.add_to(visible);
  visible.add_options()                                                             //
      ("json", po::bool_switch(&o.json), "print lines of JSON, as the API has it")  //
      ("help", po::bool_switch(&help), "show this text");
  parse_words(args, visible, words);
  if (help) {
    std::cout << about << visible << std::flush;
    return exit_good;
  }
  if (words.size() < 3) throw usage_error{"dlq takes list, replay or purge, a TOPIC and a NAME"};
  o.what = words[0];
  o.topic = words[1];
  o.name = words[2];
  o.ids.assign(words.begin() + 3, words.end());
  check_name(o.topic);
  check_name(o.name);
  for (const auto& id : o.ids) {
    if (!api::number_in(id)) throw usage_error{"'" + id + "' is no id of a message"};
  }
  if (o.what == "list" && o.ids.empty()) return list(o);
  if (o.what == "replay" || o.what == "purge") return settling{o}.run();
  throw usage_error{o.what == "list" ? "dlq list takes no ID"
                                     : "dlq takes list, replay or purge, not '" + o.what + "'"};
}

}  // namespace skein::cli
