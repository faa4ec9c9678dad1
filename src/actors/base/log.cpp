#include "actors/base/log.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

#include "core/expects.hpp"
#include "core/keyed_table.hpp"
#include "core/rate_limiter.hpp"
#include "core/visible_text.hpp"
#include "io/patient_output.hpp"

namespace skein::log {
namespace {

/// Standard error. Only the thread of the log waits for its reader, and after `end` not even that
/// thread for long.
class standard_error : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  void end() { deadline_ = (clock::now() + patience).time_since_epoch().count(); }
  std::uint64_t lost() const { return lost_; }

 private:
  using clock = std::chrono::steady_clock;

  void sink_it_(const spdlog::details::log_msg& line) override {
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    const auto over = [&] { return clock::now().time_since_epoch().count() >= deadline_; };
    if (!out_.write({text.data(), text.size()}, over)) ++lost_;
  }
  void flush_() override {}

  io::patient_output out_{STDERR_FILENO};
  std::atomic<clock::rep> deadline_{clock::duration::max().count()};
  std::atomic<std::uint64_t> lost_{0};
};

class running {
 public:
  std::shared_ptr<standard_error> out;  ///< null: another sink
  std::shared_ptr<spdlog::details::thread_pool> writer;
  std::shared_ptr<spdlog::async_logger> lines;
  std::atomic<std::uint64_t> omitted{0};

  /// Nothing if there are too many lines of this message, else how many of it were omitted before.
  std::optional<std::uint64_t> pass(std::string_view message) {
    if (enabled(log_level::debug)) return 0;
    const std::lock_guard alone{counting_};
    const auto kind = kinds_.try_emplace(std::string{message}, most_of_a_kind).first;
    const auto passed = kind->second.pass(std::chrono::steady_clock::now());
    if (!passed) ++omitted;
    return passed;
  }

  std::uint64_t dropped() const {
    return writer->overrun_counter() + (out == nullptr ? 0 : out->lost());
  }

 private:
  std::mutex counting_;
  core::keyed_map<std::string, core::rate_limiter> kinds_;  ///< messages are literals: they are few
};

std::shared_mutex changing;  // shared by threads that log, exclusive to start and stop
std::unique_ptr<running> current;

const char* name_of(log_level level) {
  constexpr const char* names[] = {"debug", "info", "warn", "error"};
  return names[static_cast<std::size_t>(level)];
}

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    const auto special = text.find_first_of("\"\\");
    core::append_visible(line, text.substr(0, special));
    if (special == text.npos) break;
    line += '\\';
    line += text[special];
    text.remove_prefix(special + 1);
  }
  line += '"';
}

void append_text(std::string& line, std::string_view text) {
  if (!text.empty() && text.find_first_of(" \"=\\") == text.npos && core::is_visible(text))
    line += text;
  else
    append_quoted(line, text);
}

template <class Number>
void append_number(std::string& line, Number number) {
  char digits[32];
  line.append(digits, std::to_chars(std::begin(digits), std::end(digits), number).ptr);
}

/// Before the process ends.
void tell_of_bug(const char* what) {
  error("a bug: this does not hold", {{"what", what}});
  stop();
}

void start_on(log_level least, std::shared_ptr<spdlog::sinks::sink> sink,
              std::shared_ptr<standard_error> out = nullptr) {
  stop();
  auto next = std::make_unique<running>();
  next->out = std::move(out);
  next->writer = std::make_shared<spdlog::details::thread_pool>(queue_capacity, 1);
  next->lines = std::make_shared<spdlog::async_logger>(
      "skein", std::move(sink), next->writer, spdlog::async_overflow_policy::overrun_oldest);
  next->lines->set_level(spdlog::level::trace);
  next->lines->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "time=%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc));
  core::when_broken(tell_of_bug);
  const std::lock_guard alone{changing};
  current = std::move(next);
  detail::threshold = static_cast<int>(least);
}

void write_text(const running& log, const std::string& text) {
  log.lines->log(spdlog::level::info, spdlog::string_view_t{text.data(), text.size()});
}

}  // namespace

void value::append_to(std::string& line) const {
  if (const auto* text = std::get_if<std::string_view>(&kept_))
    append_text(line, *text);
  else if (const auto* truth = std::get_if<bool>(&kept_))
    line += *truth ? "true" : "false";
  else if (const auto* number = std::get_if<std::int64_t>(&kept_))
    append_number(line, *number);
  else if (const auto* count = std::get_if<std::uint64_t>(&kept_))
    append_number(line, *count);
  else
    append_number(line, std::get<double>(kept_));
}

std::string format(log_level level, std::string_view message, fields all) {
  std::string line = "level=";
  line += name_of(level);
  line += " msg=";
  append_quoted(line, message);
  for (const auto& f : all) {
    line += ' ';
    line += f.key;
    line += '=';
    f.value.append_to(line);
  }
  return line;
}

void start(log_level least) {
  const auto out = std::make_shared<standard_error>();
  start_on(least, out, out);
}

void start(log_level least, std::ostream& out) {
  start_on(least, std::make_shared<spdlog::sinks::ostream_sink_mt>(out, true));
}

void stop() {
  std::unique_ptr<running> last;
  {
    const std::lock_guard alone{changing};
    detail::threshold = detail::off;
    last = std::move(current);
  }
  if (!last) return;
  if (last->out) last->out->end();
  if (const auto lost = last->dropped(); lost > 0)
    write_text(*last, format(log_level::warn, "log lines dropped", {{"lines", lost}}));
  if (const auto omitted = last->omitted.load(); omitted > 0)
    write_text(*last, format(log_level::warn, "log lines omitted", {{"lines", omitted}}));
  last->lines->flush();
}  // the end of `last` waits until its thread has written all

std::uint64_t omitted() {
  const std::shared_lock shared{changing};
  return current ? current->omitted.load() : 0;
}

std::uint64_t dropped() {
  const std::shared_lock shared{changing};
  return current ? current->dropped() : 0;
}

void detail::write(log_level level, std::string_view message, fields all) {
  const std::shared_lock shared{changing};
  if (!current) return;
  const auto omitted_before = current->pass(message);
  if (!omitted_before) return;
  auto line = format(level, message, all);
  if (*omitted_before != 0) line += " omitted=" + std::to_string(*omitted_before);
  write_text(*current, line);
}

}  // namespace skein::log
