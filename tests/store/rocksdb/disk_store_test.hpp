/// Stores in directories, and processes that end in the middle of their work.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "store/engine.hpp"
#include "support/temporary_directory.hpp"

namespace skein::store {

using contents = std::map<std::pair<family, std::string>, std::string>;

/// All families, without the format.
inline contents contents_of(engine& store) {
  contents all;
  for (std::size_t f = 0; f < families; ++f) {
    const auto at = store.walk(static_cast<family>(f), reading::many);
    for (at->seek(""); at->valid(); at->next()) {
      all.emplace(std::pair{static_cast<family>(f), std::string{at->key()}}, at->value());
    }
  }
  all.erase({family::meta, "format"});
  return all;
}

/// The error of `call`, of which it must be this kind.
template <class Call>
std::string error_text(error::kind expected, Call call) {
  try {
    call();
  } catch (const error& thrown) {
    EXPECT_EQ(thrown.what_kind(), expected) << thrown.what();
    return thrown.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

/// A death test in here is run by a new process (threads of RocksDB do not survive a fork), which
/// runs the test up to there once more and has the same directory.
class DiskStore : public ::testing::Test {
 protected:
  DiskStore() {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    if (const char* of_parent = ::getenv(variable)) {
      where = of_parent;
    } else {
      own_.emplace();
      where = own_->path() / "store";
      ::setenv(variable, where.c_str(), 1);
    }
  }
  ~DiskStore() override { ::unsetenv(variable); }

  std::unique_ptr<engine> open() const { return open_disk({where}); }

  std::filesystem::path where;  ///< does not exist at first; its parent does

 private:
  static constexpr const char* variable = "SKEIN_TEST_STORE";

  std::optional<test::temporary_directory> own_;
};

}  // namespace skein::store
