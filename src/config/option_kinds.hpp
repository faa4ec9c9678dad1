/// The kinds of values an option may have. A kind knows what is allowed, reads a text into its
/// member of `daemon_options`, and writes that member as text.
///
/// A member is given as a function: `[](auto& all) -> auto& { return all.source.max_line; }`.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/values.hpp"
#include "core/visible_text.hpp"
#include "options/daemon_options.hpp"

namespace skein::config {

struct option_kind {
  std::string value;    ///< what a value is, for the help: `NUMBER`
  std::string allowed;  ///< completes "must be": `1..16777216`
  /// Reads a text into its member. False, and nothing is changed, when it is not allowed.
  std::function<bool(daemon_options&, std::string_view)> set;
  std::function<std::string(const daemon_options&)> text;
};

template <class Member>
option_kind number(Member member, std::int64_t least, std::int64_t most) {
  const auto set = [=](daemon_options& all, std::string_view text) {
    const auto value = read_number(text);
    if (!value || *value < least || *value > most) return false;
    member(all) = static_cast<std::decay_t<decltype(member(all))>>(*value);
    return true;
  };
  return {"NUMBER", std::to_string(least) + ".." + std::to_string(most), set,
          [=](const daemon_options& all) { return std::to_string(member(all)); }};
}

/// Both limits included, bytes.
template <class Member>
option_kind size(Member member, std::int64_t least, std::int64_t most) {
  const auto set = [=](daemon_options& all, std::string_view text) {
    const auto value = read_size(text);
    if (!value || *value < least || *value > most) return false;
    member(all) = static_cast<std::size_t>(*value);
    return true;
  };
  return {"SIZE", write_size(least) + ".." + write_size(most), set, [=](const daemon_options& all) {
            return write_size(static_cast<std::int64_t>(member(all)));
          }};
}

template <class Duration>
std::string unit_of() {
  return write_duration(Duration{1}).substr(1);
}

/// Both limits included. A value that is no whole number of the member's unit is not allowed.
template <class Member>
option_kind duration(Member member, std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  const auto set = [=](daemon_options& all, std::string_view text) {
    auto& kept = member(all);
    const auto value = read_duration(text);
    if (!value || *value < least || *value > most) return false;
    const auto rounded = std::chrono::duration_cast<std::decay_t<decltype(kept)>>(*value);
    if (rounded != *value) return false;
    kept = rounded;
    return true;
  };
  using kept_type = std::decay_t<decltype(member(std::declval<daemon_options&>()))>;
  return {"DURATION",
          write_duration(least) + ".." + write_duration(most) + " in whole " + unit_of<kept_type>(),
          set, [=](const daemon_options& all) { return write_duration(member(all)); }};
}

/// One word of a choice. Of several words with one value the first is written and documented.
template <class Value>
struct word {
  std::string text;
  Value value;
};

/// Words are read in any letter case.
template <class Value, class Member>
option_kind choice(Member member, std::vector<word<Value>> words) {
  std::string allowed;
  for (auto w = words.begin(); w != words.end(); ++w) {
    const auto same = [&](const auto& other) { return other.value == w->value; };
    if (std::find_if(words.begin(), w, same) == w)
      allowed += (allowed.empty() ? "" : "|") + w->text;
  }
  const auto set = [=](daemon_options& all, std::string_view text) {
    std::string lower{text};
    for (auto& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    for (const auto& w : words) {
      if (w.text != lower) continue;
      member(all) = w.value;
      return true;
    }
    return false;
  };
  const auto text = [=](const daemon_options& all) {
    for (const auto& w : words)
      if (w.value == member(all)) return w.text;
    return std::string{};
  };
  return {allowed, allowed, set, text};
}

template <class Member>
option_kind boolean(Member member) {
  return choice<bool>(member, {{"true", true}, {"false", false}});
}

/// Words with commas between, or none; `is_one` is true for each.
template <class Member>
option_kind list(Member member, std::string word, bool (*is_one)(std::string_view)) {
  const auto set = [=](daemon_options& all, std::string_view text) {
    auto words = read_list(text);
    const auto may_be = [&](const std::string& one) { return one != "none" && is_one(one); };
    if (!std::all_of(words.begin(), words.end(), may_be)) return false;
    member(all) = std::move(words);
    return true;
  };
  return {"LIST", "none, or with commas between " + word, set,
          [=](const daemon_options& all) { return write_list(member(all)); }};
}

/// Any text, unless it is empty, or a terminal or a file of settings could not show it as it is.
template <class Member>
option_kind path(Member member) {
  const auto set = [=](daemon_options& all, std::string_view text) {
    if (text.empty() || !core::is_visible(text)) return false;
    member(all) = text;
    return true;
  };
  return {"PATH", "a path in UTF-8 without control characters", set,
          [=](const daemon_options& all) { return member(all); }};
}

/// Written with its port; or no address.
template <class Member>
option_kind listen_address(Member member, std::uint16_t default_port) {
  const auto set = [=](daemon_options& all, std::string_view text) {
    if (text == no_door) {
      member(all) = text;
      return true;
    }
    const auto value = read_address(text, default_port);
    if (!value) return false;
    member(all) = write_address(*value);
    return true;
  };
  return {"ADDRESS", "host:port, :port, host or port, with a port of 0..65535, or none", set,
          [=](const daemon_options& all) { return member(all); }};
}

/// Settings that CAF reads itself, kept as texts in `daemon_options::caf` under their own name.
/// One that is not there has the value `standard`.
option_kind caf_number(const std::string& name, std::int64_t standard, std::int64_t least,
                       std::int64_t most);
option_kind caf_duration(const std::string& name, std::chrono::microseconds standard,
                         std::chrono::microseconds least, std::chrono::microseconds most);
option_kind caf_choice(const std::string& name, const std::vector<std::string>& words);

}  // namespace skein::config
