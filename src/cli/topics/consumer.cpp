#include "cli/topics/consumer.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <utility>

#include "core/visible_text.hpp"
#include "json/base64.hpp"
#include "json/json_text.hpp"

namespace skein::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t most_leases = 1000;  // of one request, as the API has it
constexpr const char* ephemeral_subscriber = "{\"idle_expiry_ms\":300000}";

std::string payload_of(const json::object& delivery) {
  if (const auto coded = text_in(delivery, "payload_base64"); !coded.empty()) {
    if (auto bytes = api::bytes_in_base64(coded)) return *std::move(bytes);
  }
  return std::string{text_in(delivery, "payload")};
}

/// `most` 0: as many as the topic says.
std::string lease_request(std::int64_t most, std::chrono::milliseconds wait) {
  std::string body;
  api::json_writer out{body};
  out.begin_object();
  if (most != 0) out.name("max").number(most);
  out.name("wait_ms").number(wait.count());
  out.end_object();
  return body;
}

/// Returns how many of the texts with these ends were written.
std::ptrdiff_t write_all(std::string_view text, const std::vector<std::size_t>& ends,
                         const interruption& stop) {
  const auto written = write_out(text, stop);
  return std::upper_bound(ends.begin(), ends.end(), written) - ends.begin();
}

/// How many were written and read.
std::ptrdiff_t hand_over(std::string_view text, const std::vector<std::size_t>& ends,
                         const interruption& stop) {
  std::ptrdiff_t read = 0;
  std::size_t begin = 0;
  for (const auto end : ends) {
    const auto one = text.substr(begin, end - begin);
    if (write_out(one, stop) != one.size() || !await_reader(stop)) break;
    begin = end;
    ++read;
  }
  return read;
}

}  // namespace

consumer::consumer(const consumption& options, const door& where)
    : options_{options},
      client_{where},
      subscribed_{!options.subscribe},
      terminal_{::isatty(STDOUT_FILENO) != 0} {}

std::string consumer::path(std::string_view what) const {
  auto path = topic_path({options_.topic, "subscribers", options_.subscriber});
  return what.empty() ? path : path.append("/").append(what);
}

void consumer::run() {
  {
    const interruption stop;
    client_.http().heed(&stop);
    try {
      consume(stop);
    } catch (const interrupted&) {
    } catch (...) {
      client_.http().heed(nullptr);
      give_back();
      unsubscribe();
      throw;
    }
    client_.http().heed(nullptr);
  }
  // From here on a second signal ends the process.
  acknowledge();
  give_back();
  unsubscribe();
}

void consumer::consume(const interruption& stop) {
  for (;;) {
    try {
      if (!consume_some(stop)) return;
      if (std::exchange(lost_, false)) {
        std::cerr << "skein: the daemon at " << client_.http().server() << " is there again"
                  << std::endl;
      }
      was_here_ = true;
    } catch (const server_lost& e) {
      if (options_.retry == options_.retry.zero() || !was_here_) throw;
      await_daemon(e.what(), stop);
    } catch (const problem& p) {
      if (options_.retry == options_.retry.zero() || !was_here_ || !p.may_pass()) throw;
      await_daemon(p.what(), stop);
    }
  }
}

bool consumer::consume_some(const interruption& stop) {
  if (!subscribed_) {
    client_.ask("PUT", path(), options_.ephemeral ? ephemeral_subscriber : "{}");
    subscribed_ = true;
    return true;
  }
  acknowledge();
  if (stop.has_come()) return false;
  auto most = options_.lease;
  if (options_.count != 0) {
    const auto left = std::min<std::int64_t>(options_.count - printed_, most_leases);
    if (left == 0) return false;
    most = most == 0 ? left : std::min(most, left);
  }
  const auto leased =
      client_.ask("POST", path("lease"), lease_request(most, options_.wait), options_.wait);
  const auto& deliveries = array_in(leased, "deliveries");
  print(deliveries, stop);
  return unwritten_.empty() && !(options_.until_empty && deliveries.empty());
}

std::string consumer::text_of(const json::value& delivery) const {
  if (options_.json) return core::visible(json::serialize(delivery)) + '\n';
  const auto payload = payload_of(delivery.get_object()) + '\n';
  return terminal_ ? for_terminal(payload) : payload;
}

void consumer::print(const json::array& deliveries, const interruption& stop) {
  std::string text;
  std::vector<std::size_t> ends;
  for (const auto& d : deliveries) {
    if (!d.is_object()) continue;
    text += text_of(d);
    ends.push_back(text.size());
    unwritten_.emplace_back(text_in(d.get_object(), "lease"));
  }
  const auto whole = one_by_one_ ? hand_over(text, ends, stop) : write_all(text, ends, stop);
  printed_ += whole;
  if (options_.ack) written_.insert(written_.end(), unwritten_.begin(), unwritten_.begin() + whole);
  unwritten_.erase(unwritten_.begin(), unwritten_.begin() + whole);
}

json::object consumer::settle(const char* how, const std::vector<std::string>& leases,
                              std::size_t begin, std::size_t end) {
  std::string body;
  api::json_writer out{body};
  out.begin_object().name("leases").begin_array();
  for (auto i = begin; i != end; ++i) out.text(leases[i]);
  out.end_array();
  // What was not seen is given back without the pause that follows a failure.
  if (how == std::string_view{"nack"}) out.name("delay_ms").number(std::int64_t{0});
  out.end_object();
  return client_.ask("POST", path(how), body);
}

void consumer::acknowledge() {
  while (!written_.empty()) {
    const auto size = std::min(written_.size(), most_leases);
    // If there was no answer it may have been done nevertheless: then the leases are not known any
    // more.
    const bool again = std::exchange(acknowledging_, true);
    try {
      settle("ack", written_, 0, size);
    } catch (const problem& p) {
      if (p.status != 409 || !p.members.contains("leases")) throw;
      std::int64_t missing = 0;
      for (const auto& lease : array_in(p.members, "leases")) {
        if (!lease.is_object()) continue;
        const auto outcome = text_in(lease.get_object(), "outcome");
        if (outcome == "over" || (outcome == "unknown" && !again)) ++missing;
      }
      if (missing != 0) {
        std::cerr << "skein: " << missing
                  << " messages were printed, but not acknowledged in time: they may come again"
                  << std::endl;
      }
    }
    acknowledging_ = false;
    written_.erase(written_.begin(), written_.begin() + static_cast<std::ptrdiff_t>(size));
  }
}

/// So that others get at once what was not written.
void consumer::give_back() {
  for (std::size_t begin = 0; begin < unwritten_.size(); begin += most_leases) {
    try {
      settle("nack", unwritten_, begin, std::min(begin + most_leases, unwritten_.size()));
    } catch (const std::runtime_error&) {
      return;  // their leases end by themselves
    }
  }
}

/// If this fails, the daemon removes the subscriber when nothing was asked for it for a while.
void consumer::unsubscribe() {
  if (!options_.ephemeral || !subscribed_) return;
  try {
    client_.ask("DELETE", path());
  } catch (const std::runtime_error&) {
  }
}

void consumer::await_daemon(const std::string& reason, const interruption& stop) {
  subscribed_ = !options_.subscribe;
  if (!std::exchange(lost_, true)) {
    std::cerr << "skein: " << reason << "; trying again" << std::endl;
  }
  await(-1, 0, std::chrono::steady_clock::now() + options_.retry, &stop);
}

}  // namespace skein::cli
