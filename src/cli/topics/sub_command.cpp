#include <iostream>
#include <limits>
#include <random>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/topics/consumer.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about_sub = R"(usage: skein sub [options] TOPIC [NAME]

Makes the durable subscriber NAME of a topic, if it is not there, and prints the
payload of each message that it gets as a line, until SIGINT, SIGTERM or --count.
Without a NAME it makes a subscriber of its own that gets what is published from
now on, and is removed at the end. What was written out, or what was read from the
pipe, is acknowledged, and does not come again. If the daemon is lost, sub waits for
it.

)";

constexpr const char* about_fetch = R"(usage: skein fetch [options] TOPIC NAME

Prints the payload of each message that is there for the subscriber NAME of a
topic as a line, acknowledges them, and ends.

)";

constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();

struct sub_options {
  consumption what;
  door where;
  bool no_ack = false;
  bool unsubscribe = false;
  bool may_be_nameless = false;
  bool help = false;
};

/// A name that no other subscriber has.
std::string name_of_its_own() {
  std::random_device random;
  std::ostringstream name;
  name << "skein-" << std::hex << random() << random();
  return name.str();
}

/// Prints `about` and the options if they are asked for.
void parse_sub(const arguments& args, const char* about, po::options_description& visible,
               sub_options& o) {
  std::vector<std::string> words;
  visible.add_options()                                                                   //
      ("json", po::bool_switch(&o.what.json), "print whole deliveries as lines of JSON")  //
      ("help", po::bool_switch(&o.help), "show this text");
  parse_words(args, visible, words);
  if (o.help) {
    std::cout << about << visible << std::flush;
    return;
  }
  if (words.size() == 1 && o.may_be_nameless) {
    words.push_back(name_of_its_own());
    o.what.ephemeral = true;
  }
  if (words.size() != 2) throw usage_error{"a TOPIC and the NAME of a subscriber are needed"};
  for (const auto& word : words) check_name(word);
  o.what.topic = words[0];
  o.what.subscriber = words[1];
}

int unsubscribe(const sub_options& o) {
  topic_client daemon{o.where};
  daemon.ask("DELETE", topic_path({o.what.topic, "subscribers", o.what.subscriber}));
  if (o.what.json) std::cout << done_as_json;
  return std::cout.flush() ? exit_good : exit_bad;
}

}  // namespace

int sub_command(const arguments& args) {
  sub_options o;
  o.what.wait = std::chrono::seconds{20};
  o.what.retry = std::chrono::seconds{1};
  po::options_description visible{"Options", 96, 56};
  o.where.add_to(visible);
  visible.add_options()  //
      ("count", number(o.what.count, "count", 0, any_number),
       "end after this many messages; 0: never")  //
      ("max", number(o.what.lease, "max", 0, 1000),
       "most messages that are leased at once; 0: the topic's batch")  //
      ("no-ack", po::bool_switch(&o.no_ack),
       "do not acknowledge: messages come again when their lease ends")  //
      ("wait", duration(o.what.wait, "wait"),
       "how long one request waits for messages, within the daemon's http.max-wait")  //
      ("retry", duration(o.what.retry, "retry"),
       "pause before a lost daemon is tried again; 0: end instead")  //
      ("unsubscribe", po::bool_switch(&o.unsubscribe),
       "remove NAME, with what waits for it, and end");
  o.may_be_nameless = true;
  parse_sub(args, about_sub, visible, o);
  if (o.help) return exit_good;
  if (o.unsubscribe && o.what.ephemeral) throw usage_error{"--unsubscribe needs a NAME"};
  o.what.ack = !o.no_ack;
  if (o.unsubscribe) return unsubscribe(o);
  consumer{o.what, o.where}.run();
  return exit_good;
}

int fetch_command(const arguments& args) {
  sub_options o;
  o.what.subscribe = false;
  o.what.until_empty = true;
  po::options_description visible{"Options", 96, 56};
  o.where.add_to(visible);
  visible.add_options()("max", number(o.what.count, "max", 0, any_number), "most messages; 0: all");
  parse_sub(args, about_fetch, visible, o);
  if (o.help) return exit_good;
  consumer{o.what, o.where}.run();
  return exit_good;
}

}  // namespace skein::cli
