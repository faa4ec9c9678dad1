/// Remembers what each member of a replay is told.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/events/replay.hpp"

namespace skein::test {

class told final : public store::audience {
 public:
  void tell(core::session_index member, std::string_view line) override {
    EXPECT_EQ(active.count(member), 1u) << "told while it has not begun, or has ended";
    note(member, line);
  }
  void tell_all(std::string_view line) override {
    for (const auto member : active) note(member, line);
  }
  void begin(core::session_index member) override {
    EXPECT_EQ(begun.count(member), 0u);
    begun.insert(member);
    active.insert(member);
  }
  void end(core::session_index member) override { EXPECT_EQ(active.erase(member), 1u); }
  void keep(std::shared_ptr<const core::ordered_block> block) override {
    for (const std::string_view view : views) {
      EXPECT_GE(view.data(), block->text.data());
      EXPECT_LE(view.data() + view.size(), block->text.data() + block->text.size());
    }
    views.clear();
    ++blocks;
  }

  std::map<core::session_index, std::vector<std::string>> lines;
  std::set<core::session_index> begun;
  std::set<core::session_index> active;
  std::size_t blocks = 0;  ///< that were read

 private:
  void note(core::session_index member, std::string_view line) {
    lines[member].emplace_back(line);
    views.push_back(line);
  }

  std::vector<std::string_view> views;
};

/// Until there is no more. Returns what ended it; damaged records are passed over and counted.
inline store::replay::stepped run(store::replay& pass, int* damaged = nullptr) {
  for (;;) {
    try {
      const auto what = pass.step();
      if (what == store::replay::stepped::at_head || what == store::replay::stepped::lost) {
        return what;
      }
    } catch (const store::error& e) {
      EXPECT_EQ(e.what_kind(), store::error::kind::corrupted);
      EXPECT_NE(damaged, nullptr) << e.what();
      if (damaged) ++*damaged;
    }
  }
}

}  // namespace skein::test
