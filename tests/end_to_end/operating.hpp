/// What tests of the operator's commands share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "resuming.hpp"

namespace skein::test {

/// Runs `skein` for this store.
inline finished operate(const std::filesystem::path& store, std::vector<std::string> words) {
  words.insert(words.begin() + 1, {"--directory", store.string()});
  return run(SKEIN_PATH, {words});
}

/// What a command prints that must go well.
inline std::string printed(const std::filesystem::path& store,
                           const std::vector<std::string>& words) {
  const auto done = operate(store, words);
  EXPECT_EQ(done.status, 0) << words.front() << ": " << done.out << done.err;
  EXPECT_EQ(done.err, "") << words.front();
  return done.out;
}

/// Of a line `key: value`.
inline std::string text_of(const std::string& key, const std::string& printed) {
  const auto at = ("\n" + printed).find("\n" + key + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + key.size() + 2;
  return printed.substr(begin, printed.find('\n', begin) - begin);
}
inline std::uint64_t number_of(const std::string& key, const std::string& printed) {
  const auto text = text_of(key, printed);
  if (text.empty()) throw std::runtime_error{"no " + key + " in " + printed};
  return std::stoull(text);
}

/// Returns when everything before this number is in the files.
inline void await_stored(const daemon& broker, std::uint64_t next) {
  await("a log up to " + std::to_string(next), [&] {
    return number_of("next", printed(broker.store(), {"store", "info"})) == next;
  });
}

/// Returns when every source has ended and nothing of theirs waits.
inline void await_end_of_sources(const daemon& broker) {
  broker.await_status("sources", 0);
  broker.await_status("held", 0);
}

}  // namespace skein::test
