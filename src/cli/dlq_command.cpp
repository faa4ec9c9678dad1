#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>

#include "api/json_text.hpp"
#include "api/target.hpp"
#include "cli/commands.hpp"
#include "cli/topic_client.hpp"
#include "cli/work_progress.hpp"

namespace skein::cli {

namespace json = boost::json;
namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein dlq [options] list TOPIC NAME
       skein dlq [options] replay TOPIC NAME [ID...]
       skein dlq [options] purge TOPIC NAME [ID...]

list prints the dead letters of the subscriber NAME of a topic: messages that were
delivered too often in vain. replay delivers those with the IDs again, purge
deletes them; without an ID, all. Exit status 1 if an ID is no dead letter.

)";

constexpr std::size_t most_ids = 1000;  // of one request, as the API has it

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
    std::cout << (o.json ? json::serialize(letter) : fields_of(letter)) << '\n';
    progress.advance(1);
    return bool{std::cout};
  });
  return std::cout.flush() ? exit_good : exit_bad;
}

/// Replays or purges the IDs from `begin` on to `end`, or all; returns how many it were.
std::uint64_t settle(topic_client& daemon, const dlq_options& o, std::size_t begin, std::size_t end,
                     bool& all_known) {
  std::string body;
  api::json_writer out{body};
  out.begin_object();
  if (begin != end) {
    out.name("ids").begin_array();
    for (auto i = begin; i != end; ++i) out.text(o.ids[i]);
    out.end_array();
  }
  out.end_object();
  const auto answer = daemon.ask("POST", o.path() + "/" + o.what, body);
  if (o.json) std::cout << json::serialize(answer) << '\n';
  for (const auto& id : array_in(answer, "unknown")) {
    all_known = false;
    std::cerr << "skein: " << field_text({}, id) << " is no dead letter of " << o.name << std::endl;
  }
  return number_in(answer, "messages");
}

int settle(const dlq_options& o) {
  topic_client daemon{o.where};
  work_progress progress{"dead letters"};
  bool all_known = true;
  std::size_t begin = 0;
  do {
    const auto end = std::min(o.ids.size(), begin + most_ids);
    progress.clear();
    progress.advance(settle(daemon, o, begin, end, all_known));
    begin = end;
  } while (begin != o.ids.size());
  progress.clear();
  if (!o.json) {
    std::cout << (o.what == "replay" ? "replayed: " : "purged: ") << progress.count() << '\n';
  }
  return std::cout.flush() && all_known ? exit_good : exit_bad;
}

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
  po::options_description all;
  all.add(visible).add_options()("word", po::value(&words));
  po::positional_options_description positional;
  positional.add("word", -1);
  parse(args, all, positional);
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
  if (o.what == "replay" || o.what == "purge") return settle(o);
  throw usage_error{o.what == "list" ? "dlq list takes no ID"
                                     : "dlq takes list, replay or purge, not '" + o.what + "'"};
}

}  // namespace skein::cli
