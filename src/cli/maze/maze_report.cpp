#include "cli/maze/maze_report.hpp"

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <sstream>

namespace skein::cli {

namespace {

double per_second(double count, double seconds) {
  return seconds > 0 ? count / seconds : 0;
}
double ms(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) * 1e-6;
}
double micro(double seconds, std::uint64_t count) {
  return count > 0 ? seconds * 1e6 / static_cast<double>(count) : 0;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  return out;
}

/// Fields of one flat JSON object.
class json_object {
 public:
  json_object() { out_ << std::fixed << '{'; }
  void text(const char* name, const std::string& value) {
    key(name) << '"' << escaped(value) << '"';
  }
  void flag(const char* name, bool value) { key(name) << (value ? "true" : "false"); }
  void integer(const char* name, std::uint64_t value) { key(name) << value; }
  void real(const char* name, double value, int digits) {
    key(name) << std::setprecision(digits) << value;
  }
  std::string close() {
    out_ << '}';
    return out_.str();
  }

 private:
  std::ostream& key(const char* name) {
    if (!first_) out_ << ',';
    first_ = false;
    return out_ << '"' << name << "\":";
  }
  std::ostringstream out_;
  bool first_ = true;
};

}  // namespace

std::string verdict(const maze_result& r) {
  if (r.good()) return "\\o/ ALL NOTIFICATIONS RECEIVED \\o/\n";
  return "SOMETHING WENT WRONG\n" + r.problem + "\n";
}

std::string text_report(const maze_result& r, const maze_options& o, const script_totals& totals) {
  std::ostringstream out;
  out << std::fixed;
  const auto& recipe = o.recipe;
  out << "mix " << name_of(recipe.mix) << ", " << recipe.clients << " clients of " << recipe.users
      << " users, " << o.sources << (o.sources == 1 ? " source" : " sources") << ", seed "
      << recipe.seed << "\n";
  out << "events      " << r.events_sent << " of " << totals.events << ", " << std::setprecision(0)
      << per_second(static_cast<double>(r.events_sent), r.seconds) << " /s\n";
  out << "deliveries  " << r.deliveries << " of " << totals.deliveries << ", "
      << per_second(static_cast<double>(r.deliveries), r.seconds) << " /s, " << std::setprecision(1)
      << per_second(static_cast<double>(r.bytes) * 1e-6, r.seconds) << " MB/s\n";
  const auto& l = r.latency;
  out << std::setprecision(3) << "latency ms  min " << ms(l.min()) << "  p50 "
      << ms(l.percentile(0.5)) << "  p99 " << ms(l.percentile(0.99)) << "  p99.9 "
      << ms(l.percentile(0.999)) << "  max " << ms(l.max()) << "\n";
  out << "time s      " << r.seconds << "  (prepared in " << totals.prepare_seconds
      << ", connected in " << r.connect_seconds << ")\n";
  if (o.rate != 0) out << "pace        " << o.rate << " /s, at worst " << r.lag_ms << " ms late\n";
  out << "own CPU s   " << r.own_cpu_seconds << "  (sending " << r.sender_cpu_seconds
      << ", reading " << r.reader_cpu_seconds << ", " << r.reads << " reads)\n";
  if (r.server_cpu_seconds) {
    out << "server CPU  " << *r.server_cpu_seconds << " s, "
        << micro(*r.server_cpu_seconds, r.events_sent) << " us/event\n";
  }
  if (r.server_peak_kib) out << "server peak " << *r.server_peak_kib << " KiB resident\n";
  out << verdict(r);
  return out.str();
}

std::string json_report(const maze_result& r, const maze_options& o, const script_totals& totals) {
  json_object json;
  json.flag("ok", r.good());
  if (!r.good()) json.text("problem", r.problem);
  json.text("mix", name_of(o.recipe.mix));
  json.integer("events", totals.events);
  json.integer("clients", o.recipe.clients);
  json.integer("users", o.recipe.users);
  json.integer("sources", static_cast<std::uint64_t>(o.sources));
  json.integer("seed", o.recipe.seed);
  json.integer("max_batch", o.recipe.max_batch);
  json.integer("rate", static_cast<std::uint64_t>(o.rate));
  json.integer("events_sent", r.events_sent);
  json.integer("deliveries_expected", totals.deliveries);
  json.integer("deliveries", r.deliveries);
  json.integer("bytes", r.bytes);
  json.real("seconds", r.seconds, 6);
  json.real("events_per_second", per_second(static_cast<double>(r.events_sent), r.seconds), 0);
  json.real("deliveries_per_second", per_second(static_cast<double>(r.deliveries), r.seconds), 0);
  json.real("megabytes_per_second", per_second(static_cast<double>(r.bytes) * 1e-6, r.seconds), 3);
  json.real("latency_min_ms", ms(r.latency.min()), 4);
  json.real("latency_p50_ms", ms(r.latency.percentile(0.5)), 4);
  json.real("latency_p99_ms", ms(r.latency.percentile(0.99)), 4);
  json.real("latency_p999_ms", ms(r.latency.percentile(0.999)), 4);
  json.real("latency_max_ms", ms(r.latency.max()), 4);
  json.real("lag_ms", r.lag_ms, 4);
  json.real("prepare_seconds", totals.prepare_seconds, 3);
  json.real("connect_seconds", r.connect_seconds, 6);
  json.real("own_cpu_seconds", r.own_cpu_seconds, 6);
  json.real("sender_cpu_seconds", r.sender_cpu_seconds, 6);
  json.real("reader_cpu_seconds", r.reader_cpu_seconds, 6);
  json.integer("reads", r.reads);
  if (r.server_cpu_seconds) {
    json.real("server_cpu_seconds", *r.server_cpu_seconds, 6);
    json.real("server_cpu_us_per_event", micro(*r.server_cpu_seconds, r.events_sent), 4);
  }
  if (r.server_peak_kib) json.integer("server_peak_kib", *r.server_peak_kib);
  return json.close();
}

std::string progress_line(const maze_progress& p, const script_totals& totals, bool terminal) {
  const auto share = totals.deliveries > 0 ? static_cast<double>(p.lines_received) /
                                                 static_cast<double>(totals.deliveries)
                                           : 1.0;
  std::ostringstream out;
  out << std::fixed << std::setprecision(1);
  if (terminal) {
    constexpr std::size_t width = 40;
    const auto filled =
        std::min(width, static_cast<std::size_t>(share * static_cast<double>(width)));
    out << '[' << std::string(filled, '=') << std::string(width - filled, ' ') << "] "
        << share * 100 << " %, " << p.seconds << " s";
  } else {
    out << "seconds=" << p.seconds << " events_sent=" << p.events_sent
        << " lines_received=" << p.lines_received << " percent=" << share * 100;
  }
  return out.str();
}

}  // namespace skein::cli
