#include "config/option_kinds.hpp"

namespace skein::config {
namespace {

/// Reads and writes as `inner` does, but keeps the text under `name`.
template <class Value>
option_kind kept_for_caf(const std::string& name, const std::string& standard,
                         std::function<option_kind(Value&)> inner) {
  Value shape{};
  auto kind = inner(shape);
  kind.set = [=](daemon_options& all, std::string_view text) {
    Value value{};
    const auto reader = inner(value);
    if (!reader.set(all, text)) return false;
    const auto canonical = reader.text(all);
    for (auto& [key, old] : all.caf) {
      if (key != name) continue;
      old = canonical;
      return true;
    }
    all.caf.emplace_back(name, canonical);
    return true;
  };
  kind.text = [=](const daemon_options& all) {
    for (const auto& [key, value] : all.caf)
      if (key == name) return value;
    return standard;
  };
  return kind;
}

template <class Value>
auto fixed(Value& value) {
  return [&value](auto&) -> Value& { return value; };
}

}  // namespace

option_kind caf_number(const std::string& name, std::int64_t standard, std::int64_t least,
                       std::int64_t most) {
  return kept_for_caf<std::int64_t>(name, std::to_string(standard), [=](std::int64_t& value) {
    return number(fixed(value), least, most);
  });
}

option_kind caf_duration(const std::string& name, std::chrono::microseconds standard,
                         std::chrono::microseconds least, std::chrono::microseconds most) {
  return kept_for_caf<std::chrono::microseconds>(
      name, write_duration(standard),
      [=](std::chrono::microseconds& value) { return duration(fixed(value), least, most); });
}

option_kind caf_choice(const std::string& name, const std::vector<std::string>& words) {
  return kept_for_caf<std::string>(name, words.front(), [=](std::string& value) {
    std::vector<word<std::string>> choices;
    for (const auto& w : words) choices.push_back({w, w});
    return choice<std::string>(fixed(value), choices);
  });
}

}  // namespace skein::config
