#include <gtest/gtest.h>

#include "store/check.hpp"
#include "store/events/event_log.hpp"
#include "store/events/log_reader.hpp"
#include "store/events/recovery.hpp"
#include "support/log_rig.hpp"
#include "support/temporary_directory.hpp"
#include "support/told.hpp"

namespace skein::store {
namespace {

using core::line_ending;

/// The log is written against `engine`; that both engines are alike is promised elsewhere. This is
/// about what only one of them has: files, and room that comes back.
class EventLogOnDisk : public ::testing::Test {
 protected:
  EventLogOnDisk() : rig(options()) { open(); }

  static log_options options() {
    log_options most;
    most.max_bytes = 4u << 20;
    return most;
  }

  void open() {
    rig.log.reset();
    rig.engine.reset();
    rig.reopen(open_disk({where}));
  }

  /// `bytes` of follows, unfollows and what they lead to, with the retention of the recorder.
  void write(std::uint64_t bytes) {
    for (const core::log_position end = rig.log->end() + bytes; rig.log->end() < end;) {
      rig.now += 10;
      rig.add(make.lines(200, number), line_ending::crlf);
      if (random.one_in(20)) {
        rig.log->commit(false);
        rig.retain();
      }
    }
    rig.log->commit(true);
    rig.retain();
  }

  test::temporary_directory directory;
  std::filesystem::path where = directory.path() / "store";
  test::log_rig rig;
  test::random_source random{1};
  test::random_lines make{random, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
  core::sequence_number number = 0;
};

TEST_F(EventLogOnDisk, IsTheSameWhenItIsOpenedAgain) {
  for (int starts = 0; starts != 4; ++starts) {
    write(1500u << 10);
    const core::sequence_start before = rig.log->start();
    open();
    const core::sequence_start after = rig.log->start();
    EXPECT_EQ(after.next, before.next);
    EXPECT_EQ(after.position, rig.stream.end());
    EXPECT_EQ(after.first_event, before.first_event);
    EXPECT_EQ(test::edges_of(recover_graph(*rig.engine, [](auto, auto) {})), rig.stream.edges());
    const check_counts counts =
        check(*rig.engine, [](const std::string& f) { ADD_FAILURE() << f; });
    EXPECT_EQ(counts.events, rig.log->events());
  }
  EXPECT_GT(rig.log->begin(), 0u);
  const core::log_position from = history_begin(*rig.engine);
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  for (const core::session_index m : {0u, 1u}) pass.add(m, make.users()[m], from);
  pass.start();
  EXPECT_EQ(test::run(pass), replay::stepped::at_head);
  for (const core::session_index m : {0u, 1u}) {
    EXPECT_EQ(to.lines[m], rig.stream.told(make.users()[m], from, rig.stream.end(), "\n"));
  }
}

TEST_F(EventLogOnDisk, IsReadWhileItIsCut) {
  write(3u << 20);
  log_reader slow{*rig.engine, line_ending::lf};
  ASSERT_TRUE(slow.next());
  write(3u << 20);
  ASSERT_GT(rig.log->begin(), slow.at());
  while (slow.next()) {
  }
  EXPECT_FALSE(slow.lost());  // it has seen what was there when it began
  slow.refresh();
  while (slow.next()) {
  }
  EXPECT_FALSE(slow.lost());
  log_reader late{*rig.engine, line_ending::lf};
  late.seek(0);
  EXPECT_FALSE(late.next());
  EXPECT_TRUE(late.lost());
}

}  // namespace
}  // namespace skein::store
