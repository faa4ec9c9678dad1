#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/topics/topic_client.hpp"
#include "config/values.hpp"
#include "core/visible_text.hpp"
#include "json/json_text.hpp"

namespace skein::cli {

namespace json = boost::json;
namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein topics [options]
       skein topics [options] create TOPIC
       skein topics [options] set TOPIC
       skein topics [options] show TOPIC
       skein topics [options] delete TOPIC
       skein topics [options] delayed TOPIC
       skein topics [options] cancel TOPIC ID...

Lists all topics of a daemon by name, and where they are stored. create makes
one; options of topics that are not given are as the daemon's configuration says.
set changes those that are given; --storage, --priorities, --dedupe and --ordered
cannot change.
show describes it, and each of its subscribers in a line. delete deletes it, with
its messages and subscribers. delayed prints the messages that are not due yet,
with their ids; cancel deletes those with the IDs. Exit status 1 if an ID is none of
them.

)";

constexpr std::ptrdiff_t most_ids = 1000;  // of one request, as the API has it

/// An option of `create` and `set`, and what it is in the API.
struct topic_option {
  enum class kinds { word, number, flag, time };

  const char* name;    ///< on the command line
  const char* member;  ///< of TopicOptions
  kinds kind;
  const char* value;  ///< what the help calls it
  const char* meaning;
};

using kinds = topic_option::kinds;

constexpr topic_option topic_options[] = {
    {"storage", "storage", kinds::word, "WHERE", "memory or durable"},
    {"priorities", "priorities", kinds::number, "N", "levels; 0 is the highest"},
    {"order", "order", kinds::word, "HOW",
     "strict: the highest priority first; weighted: one in eight is of a lower one, of each in "
     "turn"},
    {"no-subscribers", "no_subscribers", kinds::word, "HOW",
     "a message for which there is no subscriber: reject, hold or drop"},
    {"max-pending", "max_pending", kinds::number, "N",
     "most messages that a subscriber may not have acknowledged"},
    {"max-delayed", "max_delayed", kinds::number, "N", "most messages that are not due yet"},
    {"overflow", "overflow", kinds::word, "HOW",
     "a message beyond --max-pending: reject or drop-oldest"},
    {"dedupe", "dedupe", kinds::word, "HOW",
     "messages with one key: off; replace what is pending; first within --dedupe-window"},
    {"dedupe-window", "dedupe_window_ms", kinds::time, "TIME",
     "how long a key is remembered, with --dedupe first"},
    {"expire", "expire", kinds::flag, "BOOL", "honour the expiry of messages"},
    {"ordered", "ordered", kinds::flag, "BOOL", "a message waits for all before it with its key"},
    {"batch", "batch", kinds::number, "N", "most messages of one lease request"},
    {"lease", "lease_ms", kinds::time, "TIME", "time until a message is delivered again; 0: never"},
    {"retry-delay", "retry_delay_ms", kinds::time, "TIME",
     "pause before the second delivery; then twice as long each time"},
    {"max-retry-delay", "max_retry_delay_ms", kinds::time, "TIME", "longest such pause"},
    {"max-deliveries", "max_deliveries", kinds::number, "N",
     "deliveries of one message, then it is a dead letter; 0: no bound"},
};

void write(api::json_writer& out, const topic_option& option, const std::string& text) {
  out.name(option.member);
  if (option.kind == kinds::time) {
    out.number(parse_duration(option.name, text).count());
  } else if (option.kind == kinds::number) {
    const auto number = config::read_number(text);
    if (!number) {
      throw usage_error{std::string{"--"} + option.name + " must be a number, not '" + text + "'"};
    }
    out.number(*number);
  } else if (option.kind == kinds::flag) {
    if (text != "true" && text != "false") {
      throw usage_error{std::string{"--"} + option.name + " must be true or false, not '" + text +
                        "'"};
    }
    out.flag(text == "true");
  } else {
    out.text(text);
  }
}

/// The body of the request.
std::string options_given(const po::variables_map& values) {
  std::string body;
  api::json_writer out{body};
  out.begin_object();
  for (const auto& option : topic_options) {
    if (values.count(option.name) != 0) {
      write(out, option, values[option.name].as<std::string>());
    }
  }
  out.end_object();
  return body;
}

void list(topic_client& daemon, bool verbose, bool as_json) {
  daemon.list(topic_path({}), "topics", [&](const json::object& topic) {
    if (as_json) {
      std::cout << core::visible(json::serialize(topic)) << '\n';
      return bool{std::cout};
    }
    const auto& options = object_in(topic, "options");
    std::cout << core::visible(text_in(topic, "name")) << ' '
              << (verbose ? fields_of(options) : core::visible(text_in(options, "storage")))
              << '\n';
    return bool{std::cout};
  });
}

/// Creates it, or sets its options.
void put(topic_client& daemon, const char* method, const std::string& topic,
         const std::string& body, bool as_json) {
  const auto answer = daemon.ask(method, topic_path({topic}), body);
  if (as_json) {
    std::cout << core::visible(json::serialize(answer)) << '\n';
  } else {
    std::cout << core::visible(topic) << ' ' << fields_of(object_in(answer, "options")) << '\n';
  }
}

void remove(topic_client& daemon, const std::string& topic, bool as_json) {
  daemon.ask("DELETE", topic_path({topic}));
  if (as_json) std::cout << done_as_json;
}

void show(topic_client& daemon, const std::string& topic, bool as_json) {
  const auto answer = daemon.ask("GET", topic_path({topic}));
  if (as_json) {
    std::cout << core::visible(json::serialize(answer)) << '\n';
  } else {
    for (const auto& [key, value] : answer) {
      if (key != "options") {
        std::cout << core::visible(key) << ": " << field_text(key, value) << '\n';
        continue;
      }
      for (const auto& option : topic_options) {
        if (const auto* const v = object_in(answer, "options").if_contains(option.member)) {
          std::cout << option.name << ": " << field_text(option.member, *v) << '\n';
        }
      }
    }
  }
  daemon.list(topic_path({topic, "subscribers"}), "subscribers", [&](const json::object& s) {
    std::cout << (as_json ? core::visible(json::serialize(s)) : "subscriber: " + fields_of(s))
              << '\n';
    return bool{std::cout};
  });
}

void list_delayed(topic_client& daemon, const std::string& topic, bool as_json) {
  daemon.list(topic_path({topic, "delayed"}), "messages", [&](const json::object& message) {
    std::cout << (as_json ? core::visible(json::serialize(message)) : fields_of(message)) << '\n';
    return bool{std::cout};
  });
}

/// Returns whether all were there.
bool cancel(topic_client& daemon, const std::string& topic, const arguments& ids, bool as_json) {
  json::array unknown;
  std::uint64_t messages = 0;
  for (auto begin = ids.begin(); begin != ids.end();) {
    const auto end = begin + std::min(ids.end() - begin, most_ids);
    std::string body;
    api::json_writer out{body};
    out.begin_object().name("ids").begin_array();
    for (auto id = begin; id != end; ++id) out.text(*id);
    out.end_array().end_object();
    const auto answer = daemon.ask("POST", topic_path({topic, "delayed", "cancel"}), body);
    messages += number_in(answer, "messages");
    for (const auto& id : array_in(answer, "unknown")) {
      std::cerr << "skein: " << field_text({}, id) << " is not delayed" << std::endl;
      unknown.push_back(id);
    }
    begin = end;
  }
  if (as_json) {
    const json::object sum{{"messages", messages}, {"unknown", unknown}};
    std::cout << core::visible(json::serialize(sum)) << '\n';
  } else {
    std::cout << "cancelled: " << messages << '\n';
  }
  return unknown.empty();
}

}  // namespace

int topics_command(const arguments& args) {
  door where;
  arguments words;
  bool verbose = false;
  bool as_json = false;
  bool help = false;
  po::options_description general{"Options", 96, 56};
  where.add_to(general);
  general.add_options()                                                               //
      ("verbose,v", po::bool_switch(&verbose), "list topics with all their options")  //
      ("json", po::bool_switch(&as_json), "print lines of JSON, as the API has it")   //
      ("help", po::bool_switch(&help), "show this text");
  po::options_description of_topics{"Options of create and set", 96, 56};
  for (const auto& o : topic_options) {
    of_topics.add_options()(o.name, po::value<std::string>()->value_name(o.value), o.meaning);
  }
  po::options_description all;
  all.add(general).add(of_topics);
  const auto values = parse_words(args, all, words);
  if (help) {
    std::cout << about << general << '\n' << of_topics << std::flush;
    return exit_good;
  }
  const std::string what = words.empty() ? "list" : words.front();
  const auto body = options_given(values);
  const bool puts = what == "create" || what == "set";
  if (body != "{}" && !puts) throw usage_error{"options of topics are for create and set"};
  const bool takes_topic = puts || what == "show" || what == "delete" || what == "delayed";
  if (words.size() == 2 ? takes_topic : words.size() > 2 && what == "cancel") {
    check_name(words[1]);
  } else if (!words.empty()) {
    throw usage_error{
        "topics takes nothing, or create, set, show, delete or delayed and a TOPIC, or cancel, a "
        "TOPIC and IDs"};
  }
  if (body == "{}" && what == "set") throw usage_error{"set takes the options that are to change"};

  topic_client daemon{where};
  if (what == "list") list(daemon, verbose, as_json);
  if (puts) put(daemon, what == "set" ? "PATCH" : "PUT", words[1], body, as_json);
  if (what == "show") show(daemon, words[1], as_json);
  if (what == "delete") remove(daemon, words[1], as_json);
  if (what == "delayed") list_delayed(daemon, words[1], as_json);
  const bool done =
      what != "cancel" || cancel(daemon, words[1], {words.begin() + 2, words.end()}, as_json);
  return std::cout.flush() && done ? exit_good : exit_bad;
}

}  // namespace skein::cli
