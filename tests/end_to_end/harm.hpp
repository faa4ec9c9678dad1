/// What tests have in common that harm a store, or the daemon that has it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "resuming.hpp"

namespace skein::test {

/// Of the environment.
inline std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream{file, std::ios::binary | std::ios::trunc} << bytes;
}

/// Every file below, by its path, with its bytes.
inline std::map<std::string, std::string> contents_of(const std::filesystem::path& where) {
  std::map<std::string, std::string> contents;
  if (!std::filesystem::is_directory(where)) return contents;
  for (const auto& file : std::filesystem::recursive_directory_iterator{where}) {
    contents[file.path()] = file.is_regular_file() ? bytes_of(file.path()) : "";
  }
  return contents;
}

/// Of a store that nobody has open. What was at `to` goes.
inline void copy_store(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::create_directory(to);
  for (const auto& file : std::filesystem::directory_iterator{from}) {
    if (file.is_regular_file())
      std::filesystem::copy_file(file.path(), to / file.path().filename());
  }
}

/// A daemon that cannot start.
inline finished start_in_vain(const std::filesystem::path& store) {
  return run(SKEIND_PATH,
             {{"--source.listen", "127.0.0.1:0", "--client.listen", "127.0.0.1:0", "--http.listen",
               "127.0.0.1:0", "--log.level", "warn", "--store.directory", store}});
}

/// Expects that it has said so in one line, which begins with `skeind: ` and `place`.
inline void expect_refused(const finished& done, const std::string& place, const std::string& why) {
  EXPECT_EQ(done.status, 1);
  EXPECT_EQ(done.err.rfind("skeind: " + place, 0), 0u) << done.err;
  EXPECT_NE(done.err.find(why), std::string::npos) << done.err;
  EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
}

/// `2000 zeros 1|B`, ...: they fill a disk quickly.
inline std::vector<std::string> long_broadcasts(std::int64_t first, std::int64_t last) {
  std::vector<std::string> lines = broadcasts(first, last);
  for (auto& line : lines) line.insert(0, 2000, '0');
  return lines;
}

inline void expect_told_lines(peer& client, const std::vector<std::string>& lines) {
  expect_told(client, sent(lines, "\r\n"));
}

/// Not a sleep: as long as that, something is about to happen elsewhere.
inline void let_pass(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
}

}  // namespace skein::test
