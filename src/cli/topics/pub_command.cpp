#include <boost/json/parse.hpp>
#include <iostream>
#include <iterator>
#include <limits>

#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/topics/publisher.hpp"
#include "core/utf8.hpp"
#include "json/base64.hpp"
#include "json/json_text.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein pub [options] TOPIC [PAYLOAD...]

Publishes each PAYLOAD as a message; without one, each line of standard input or
of --file, as it comes, or with --whole all of it as one message. Says on standard
error what became of them: exit status 1 if any was refused.

)";

struct pub_options {
  publishing how;
  door where;
  std::string file;
  bool whole = false;
  std::string key;
  std::optional<std::int64_t> priority;
  std::optional<std::chrono::milliseconds> delay;
  std::optional<std::chrono::milliseconds> ttl;
  std::vector<std::string> words;  ///< the topic and payloads

  bool describes_messages() const { return !key.empty() || priority || delay || ttl; }
};

class message_maker {
 public:
  explicit message_maker(const pub_options& o) : options_{o} {}

  void give(const std::string& text, publisher& to) const {
    if (!options_.how.json) return to.add(message_of(text));
    boost::json::error_code error;
    const auto parsed = boost::json::parse(text, error);
    if (error || !parsed.is_object()) return to.refuse("it is no JSON object");
    to.add(text);
  }

 private:
  std::string message_of(const std::string& payload) const {
    std::string text;
    api::json_writer out{text};
    out.begin_object();
    if (core::is_utf8(payload)) {
      out.name("payload").text(payload);
    } else {
      out.name("payload_base64").text(api::base64_of(payload));
    }
    if (!options_.key.empty()) out.name("key").text(options_.key);
    if (options_.priority) out.name("priority").number(*options_.priority);
    if (options_.delay) out.name("delay_ms").number(options_.delay->count());
    if (options_.ttl) out.name("ttl_ms").number(options_.ttl->count());
    out.end_object();
    return text;
  }

  const pub_options& options_;
};

void publish_lines(std::istream& input, const message_maker& maker, publisher& to) {
  for (std::string line; std::getline(input, line);) {
    maker.give(line, to);
    // What is typed goes out at once; a file or a full pipe in large requests.
    if (input.rdbuf()->in_avail() <= 0) to.flush();
  }
}

void publish_input(const pub_options& o, input& from, const message_maker& maker, publisher& to) {
  if (!o.whole) {
    publish_lines(from.stream(), maker, to);
    return from.check();
  }
  maker.give(from.read_all(), to);
}

int publish(const pub_options& o) {
  input from{o.file};
  const message_maker maker{o};
  publisher to{o.how, o.where};
  const auto finish = [&] {
    to.progress().clear();
    std::cerr << to.summary() << std::endl;
  };
  try {
    if (o.words.size() > 1) {
      for (std::size_t i = 1; i != o.words.size(); ++i) maker.give(o.words[i], to);
    } else {
      publish_input(o, from, maker, to);
    }
    to.flush();
  } catch (...) {
    if (to.progress().count() != 0) finish();
    throw;
  }
  finish();
  return to.good() && std::cout ? exit_good : exit_bad;
}

}  // namespace

int pub_command(const arguments& args) {
  std::ios::sync_with_stdio(false);  // lets std::cin tell what is already read
  pub_options o;
  std::int64_t batch = 100;
  std::int64_t priority = 0;
  std::string delay;
  std::string ttl;
  bool help = false;
  po::options_description visible{"Options", 96, 56};
  o.where.add_to(visible);
  visible.add_options()                                                                           //
      ("file", po::value(&o.file)->value_name("FILE"), "publish its lines; -: standard input")    //
      ("whole", po::bool_switch(&o.whole), "the whole input is one message, line ends and all")   //
      ("key", po::value(&o.key)->value_name("KEY"), "key of all messages, for dedupe and order")  //
      ("priority", po::value(&priority)->value_name("N"),
       "priority of all messages; 0 is the highest")  //
      ("delay", po::value(&delay)->value_name("TIME"),
       "deliver the messages only after this time")  //
      ("ttl", po::value(&ttl)->value_name("TIME"),
       "do not deliver the messages after this time")  //
      ("wait", po::value(&o.how.wait)->default_value(o.how.wait)->value_name("FOR"),
       "accepted: for nothing; durable: until they are on disk; delivered: until all subscribers "
       "have acknowledged them, within --timeout")                                //
      ("batch", number(batch, "batch", 1, 1000), "most messages of one request")  //
      ("json", po::bool_switch(&o.how.json),
       "each line, or PAYLOAD, is a message as the API takes it, as {\"payload\":\"a\",\"key\":"
       "\"b\"}; print what became of each as a line of JSON")  //
      ("help", po::bool_switch(&help), "show this text");
  const auto values = parse_words(args, visible, o.words);
  if (help) {
    std::cout << about << visible << std::flush;
    return exit_good;
  }
  if (o.words.empty()) throw usage_error{"pub needs a TOPIC"};
  check_name(o.words.front());
  if (o.words.size() > 1 && !o.file.empty())
    throw usage_error{"--file and PAYLOAD exclude each other"};
  if (o.words.size() > 1 && o.whole)
    throw usage_error{"--whole is for --file and standard input, a PAYLOAD is whole by itself"};
  if (o.how.wait != "accepted" && o.how.wait != "durable" && o.how.wait != "delivered") {
    throw usage_error{"--wait must be accepted, durable or delivered, not '" + o.how.wait + "'"};
  }
  if (values.count("priority") != 0) o.priority = priority;
  if (!delay.empty()) o.delay = parse_duration("delay", delay);
  if (!ttl.empty()) o.ttl = parse_duration("ttl", ttl);
  if (o.how.json && o.describes_messages()) {
    throw usage_error{"with --json the messages themselves say key, priority, delay_ms and ttl_ms"};
  }
  o.how.topic = o.words.front();
  o.how.batch = static_cast<std::size_t>(batch);
  if (o.words.size() == 1 && !o.whole) o.how.called = "line";
  return publish(o);
}

}  // namespace skein::cli
