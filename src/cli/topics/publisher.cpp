#include "cli/topics/publisher.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <set>

#include "config/values.hpp"
#include "core/visible_text.hpp"
#include "json/json_text.hpp"

namespace skein::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t most_pending_bytes = 1 << 20;
/// How much longer a daemon may take than the time in which messages are to be acknowledged.
constexpr std::chrono::milliseconds grace{10'000};

/// Why a message with this outcome was refused; null if it was not.
const char* refusal(std::string_view outcome) {
  if (outcome == "no_subscribers") return "the topic has no subscribers";
  if (outcome == "overflow") return "a subscriber has too many messages pending";
  if (outcome == "no_room") return "the topic, or all of them, keep as much as they may";
  if (outcome == "too_many_delayed") return "the topic has too many delayed messages";
  if (outcome == "no_such_priority") return "the topic has no such priority";
  return nullptr;
}

/// The index in `/messages/17/priority`, and what comes after it.
std::optional<std::pair<std::size_t, std::string>> message_at(std::string_view pointer) {
  constexpr std::string_view begin = "/messages/";
  if (pointer.substr(0, begin.size()) != begin) return {};
  pointer.remove_prefix(begin.size());
  const auto slash = std::min(pointer.find('/'), pointer.size());
  const auto index = config::read_number(pointer.substr(0, slash));
  if (!index || *index < 0) return {};
  return std::pair{static_cast<std::size_t>(*index), std::string{pointer.substr(slash)}};
}

}  // namespace

publisher::publisher(const publishing& options, const door& where)
    : options_{options},
      client_{where},
      target_{topic_path({options.topic, "messages"}) + "?wait=" + options.wait} {
  if (options.wait != "delivered" || where.timeout == where.timeout.zero()) return;
  target_ += "&timeout_ms=" + std::to_string(where.timeout.count());
  patience_ = grace;
}

void publisher::add(std::string text) {
  pending_bytes_ += text.size();
  pending_.push_back({++number_, std::move(text)});
  if (pending_.size() >= options_.batch || pending_bytes_ >= most_pending_bytes) flush();
}

void publisher::refuse(std::string reason) {
  note_refused(++number_, std::move(reason));
  if (results_.size() >= options_.batch) flush();
}

void publisher::flush() {
  auto what = std::exchange(pending_, {});
  pending_bytes_ = 0;
  const auto size = what.size() + results_.size();
  try {
    if (!what.empty()) publish(std::move(what));
  } catch (...) {
    tell();
    throw;
  }
  tell();
  progress_.advance(size);
}

void publisher::publish(messages what) {
  std::string body = "{\"messages\":[";
  for (const auto& m : what) body.append(&m == &what.front() ? "" : ",").append(m.text);
  body += "]}";
  try {
    note(what, client_.ask("POST", target_, body, patience_));
  } catch (const server_lost& e) {
    if (!e.may_be_done()) throw;
    throw server_lost{std::string{e.what()} + "; " +
                          numbers(what.front().number, what.back().number) +
                          " may be published or not",
                      true};
  } catch (const problem& p) {
    if (p.members.contains("messages")) {
      note(what, p.members);
      const bool failed = text_in(p.members, "type") == "/problems/delivery-failed";
      if (p.status != 504 && !failed) return;
      good_ = false;
      progress_.clear();
      std::cerr << "skein: " << numbers(what.front().number, what.back().number) << ": "
                << p.what();
      const char* before = "; not by ";
      if (!failed) {
        for (const auto& name : array_in(p.members, "waits_for")) {
          std::cerr << std::exchange(before, ", ") << core::visible(json::serialize(name));
        }
      }
      if (p.members.contains("missed_by")) {
        for (const auto& miss : array_in(p.members, "missed_by")) {
          if (!miss.is_object()) continue;
          std::cerr << std::exchange(before, ", ")
                    << core::visible(json::serialize(miss.get_object().at("subscriber"))) << " ("
                    << core::visible(std::string{text_in(miss.get_object(), "outcome")}) << ')';
        }
      }
      std::cerr << std::endl;
    } else if (auto rest = without_wrong(std::move(what), p); !rest.empty()) {
      publish(std::move(rest));
    }
  }
}

/// Refuses the messages that the daemon does not understand, and returns the others. Throws `p` if
/// it is not about any of them.
publisher::messages publisher::without_wrong(messages what, const problem& p) {
  std::map<std::size_t, std::string> wrong;
  if (p.members.contains("errors")) {
    for (const auto& error : array_in(p.members, "errors")) {
      if (!error.is_object()) continue;
      const auto place = message_at(text_in(error.get_object(), "pointer"));
      if (!place || place->first >= what.size()) throw p;
      auto& reason = wrong[place->first];
      if (!reason.empty()) reason += "; ";
      reason += place->second.empty() ? "it" : place->second;
      reason.append(" ").append(text_in(error.get_object(), "detail"));
    }
  } else if (p.status == 400 || p.status == 413) {
    // The body as a whole is wrong, or too long: then each message is sent alone.
    if (what.size() > 1) {
      for (auto& m : what) publish({std::move(m)});
      return {};
    }
    wrong[0] = p.what();
  }
  if (wrong.empty()) throw p;
  messages rest;
  for (std::size_t i = 0; i != what.size(); ++i) {
    const auto found = wrong.find(i);
    if (found == wrong.end()) {
      rest.push_back(std::move(what[i]));
    } else {
      note_refused(what[i].number, std::move(found->second));
    }
  }
  return rest;
}

void publisher::note(const messages& what, const json::object& answer) {
  const auto& results = array_in(answer, "messages");
  if (results.size() != what.size()) {
    throw std::runtime_error{"the daemon's answer is not about the messages that were sent"};
  }
  for (std::size_t i = 0; i != what.size(); ++i) {
    const auto* const object = results[i].if_object();
    const std::string outcome{object == nullptr ? std::string_view{} : text_in(*object, "outcome")};
    const char* const reason = refusal(outcome);
    results_[what[i].number] = {reason == nullptr ? "" : reason,
                                options_.json ? json::serialize(results[i]) : ""};
    count(reason == nullptr ? outcome : "refused");
  }
}

void publisher::note_refused(std::uint64_t number, std::string reason) {
  std::string text;
  api::json_writer out{text};
  out.begin_object().name("outcome").text("refused").name("detail").text(reason).end_object();
  results_[number] = {std::move(reason), std::move(text)};
  count("refused");
}

void publisher::count(const std::string& outcome) {
  const auto known = std::find_if(outcomes_.begin(), outcomes_.end(),
                                  [&](const auto& o) { return o.first == outcome; });
  if (known == outcomes_.end()) {
    outcomes_.emplace_back(outcome, 1);
  } else {
    ++known->second;
  }
}

/// Neighbours that were refused for the same reason are named together.
void publisher::tell() {
  for (auto first = results_.begin(); first != results_.end();) {
    const std::string& reason = first->second.reason;
    auto last = first;
    for (auto next = first; next != results_.end() && next->second.reason == reason; ++next) {
      if (options_.json) std::cout << core::visible(next->second.json) << '\n';
      last = next;
    }
    if (!reason.empty()) {
      good_ = false;
      progress_.clear();
      std::cerr << "skein: " << numbers(first->first, last->first)
                << (first == last ? " is refused: " : " are refused: ") << core::visible(reason)
                << std::endl;
    }
    first = std::next(last);
  }
  results_.clear();
  std::cout.flush();
}

std::string publisher::numbers(std::uint64_t first, std::uint64_t last) const {
  if (first == last) return options_.called + " " + std::to_string(first);
  return options_.called + "s " + std::to_string(first) + " to " + std::to_string(last);
}

std::string publisher::summary() const {
  std::string text = progress_.summary();
  const char* before = ": ";
  for (const auto& [outcome, times] : outcomes_) {
    text.append(std::exchange(before, ", ")).append(std::to_string(times) + " " + outcome);
  }
  return text;
}

}  // namespace skein::cli
