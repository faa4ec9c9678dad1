/// Disks that are full, and directories that are no good.

#include <sys/stat.h>

#include <future>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "harm.hpp"
#include "support/private_mounts.hpp"
#include "support/program.hpp"

namespace skein::test {
namespace {

namespace fs = std::filesystem;

// --- full disks ---

std::string message_of(const std::string& payload) {
  return R"({"payload":)" + json_text(payload) + "}";
}

class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_mount()) GTEST_SKIP() << "mounting is not permitted here";
    disk.emplace(store.parent_path(), 224u << 20);
  }

  temporary_directory where;
  std::optional<small_disk> disk;
  const fs::path store = where.path() / "disk" / "store";
};

class FullDiskWhileItRuns : public FullDisk, public testing::WithParamInterface<const char*> {};

TEST_P(FullDiskWhileItRuns, LosesNothing) {
  daemon broker{{{"store.directory", store},
                 {"event.durability", GetParam()},
                 {"flow.high-mark", "8MiB"},
                 {"flow.low-mark", "4MiB"}}};
  auto live = broker.durable(1, 0);
  auto away = broker.durable(2, 0);
  constexpr std::int64_t last = 25'000;
  const auto lines = long_broadcasts(1, last);
  const auto part = [&](std::int64_t first) {
    return std::vector<std::string>{lines.begin() + first - 1, lines.end()};
  };
  auto source = broker.source();
  source.send(sent({lines.begin(), lines.begin() + 1000}));
  for (peer* client : {&live, &away}) {
    expect_told_lines(*client, {lines.begin(), lines.begin() + 1000});
  }
  acknowledge(live, 300);
  acknowledge(away, 200);
  away.close();

  disk->fill();
  auto sender = std::async(std::launch::async, [&] { source.send(sent(part(1001))); });
  broker.await_status("store_failing", 1);
  broker.await_line("msg=\"cannot write to the store, trying again\" reason=");
  acknowledge(live, 700);
  auto late = broker.durable(3, 0);
  disk->make_room();
  broker.await_line("msg=\"the store can be written again\"");
  sender.get();
  expect_told_lines(live, part(1001));
  expect_told_lines(late, lines);
  auto back = broker.durable(2);
  expect_told_lines(back, part(201));

  broker.command("epoch new");  // with that all of it is on disk
  EXPECT_EQ(broker.status("store_failing"), 0u);
  broker.kill();
  broker.start_again();
  auto live_again = broker.durable(1);
  expect_told_lines(live_again, part(701));
  auto back_again = broker.durable(2);
  expect_told_lines(back_again, part(201));
  auto late_again = broker.durable(3);
  expect_told_lines(late_again, lines);
  broker.stop();
  EXPECT_EQ(live_again.receive_all(), "");
}

INSTANTIATE_TEST_SUITE_P(With, FullDiskWhileItRuns, testing::Values("async", "sync"),
                         [](const auto& instance) { return std::string{instance.param}; });

/// Both who write recover, each while the other writes.
TEST_F(FullDisk, LosesNothingOfEventsThatComeWhileTopicsRecover) {
  daemon broker{{{"store.directory", store}}};
  program programs{broker};
  programs.create("t");
  programs.subscribe("t", "s");
  auto client = broker.durable(1, 0);
  auto source = broker.source();
  const auto lines = long_broadcasts(1, 3000);
  std::set<std::string> published;
  std::size_t at = 0;
  for (int time = 0; time != 2; ++time) {
    disk->fill();
    await("that publishes fail", [&] {
      const std::string payload = std::to_string(time) + std::string(1u << 20, 'x');
      const auto answer = programs.post(topic_path("t") + "/messages", message_of(payload));
      if (answer.status == 200) published.insert(payload);
      return answer.status == 507;
    });
    disk->make_room();
    const std::size_t upto = at + 1500;
    for (; at != upto; ++at) {
      source.send(lines[at] + "\n");
      if (at % 20 == 0) std::this_thread::yield();
    }
    await("that publishes work again", [&] {
      const std::string payload = std::to_string(time) + "again";
      const auto answer = programs.post(topic_path("t") + "/messages", message_of(payload));
      if (answer.status == 200) published.insert(payload);
      return answer.status == 200;
    });
  }
  expect_told_lines(client, lines);
  broker.stop();
  broker.start_again({{"event.durability", "async"}});
  EXPECT_EQ(broker.status("next"), 3001u);
  EXPECT_EQ(broker.status("log_events"), 3000u);
  program again{broker};
  std::set<std::string> got;
  for (auto all = again.lease("t", "s"); !all.empty(); all = again.lease("t", "s")) {
    for (const auto& one : all) got.insert(one.payload);
    again.ack("t", "s", all);
  }
  for (const auto& payload : published) EXPECT_EQ(got.count(payload), 1u) << payload.substr(0, 9);
  broker.stop();
}

TEST_F(FullDisk, AtTheEndCostsNoMoreThanTheLogSays) {
  daemon broker{{{"store.directory", store}, {"drain-timeout", "1s"}}};
  const auto lines = long_broadcasts(1, 25'000);
  broker.durable(1, 0).receive_now();
  auto source = broker.source();
  source.send(sent({lines.begin(), lines.begin() + 1000}));
  broker.await_status("next", 1001);
  disk->fill();
  auto sender = std::async(std::launch::async, [&] {
    try {
      source.send(sent({lines.begin() + 1000, lines.end()}));
    } catch (const std::runtime_error&) {  // the daemon has ended
    }
  });
  broker.await_status("store_failing", 1);
  broker.program().signal(SIGTERM);
  EXPECT_EQ(broker.program().wait(), 4);
  const auto totals = broker.totals();
  sender.get();
  const std::string said = "msg=\"the store cannot be written, events are lost\" events=";
  EXPECT_EQ(broker.lines_with(said + std::to_string(totals["events_lost"])), 1u);
  EXPECT_GT(totals["events_lost"], 0u);
  EXPECT_GT(totals["commit_failures"], 0u);

  disk->make_room();
  broker.start_again();
  const auto next = broker.status("next");
  EXPECT_GT(next, 1000u);
  EXPECT_LE(next, 25'001u);
  auto again = broker.source();
  again.send(sent({lines.begin() + static_cast<std::ptrdiff_t>(next) - 1, lines.end()}));
  auto client = broker.durable(1);
  expect_told_lines(client, lines);
  broker.stop();
}

TEST_F(FullDisk, AtTheStartIsSaidAndHarmsNothing) {
  disk->fill();
  expect_refused(start_in_vain(store), store, "No space left on device");
  disk->make_room();
  daemon broker{{{"store.directory", store}}};
  auto client = broker.durable(1, 0);
  const auto lines = long_broadcasts(1, 5000);
  {
    auto source = broker.source();
    source.send(sent(lines));
    expect_told_lines(client, lines);
    acknowledge(client, 10);
    broker.command("epoch new");
    broker.kill();
  }
  disk->fill();
  for (int i = 0; i != 3; ++i) {
    expect_refused(start_in_vain(store), store, "No space left on device");
  }
  disk->make_room();
  broker.start_again();
  auto again = broker.durable(1);
  expect_told_lines(again, {lines.begin() + 10, lines.end()});
  broker.stop();
}

// --- directories that are no good ---

class StoreDirectory : public testing::Test {
 protected:
  /// Expects a refusal, and everything in `where` as it was.
  void expect_refused_untouched(const std::string& why) const {
    const auto before = contents_of(where.path());
    expect_refused(start_in_vain(store), store, why);
    EXPECT_TRUE(contents_of(where.path()) == before) << "something has changed";
  }

  temporary_directory where;
  fs::path store = where.path() / "store";
};

TEST_F(StoreDirectory, NeedsItsParent) {
  store = where.path() / "none" / "store";
  expect_refused_untouched(": its parent directory does not exist");
}

TEST_F(StoreDirectory, MustNotBeAFile) {
  write_bytes(store, "a diary");
  expect_refused_untouched(": is no directory");
}

TEST_F(StoreDirectory, MustNotHoldAnythingElse) {
  fs::create_directory(store);
  write_bytes(store / "diary.txt", "a diary");
  expect_refused_untouched(": is neither empty nor a store");
}

TEST_F(StoreDirectory, MustBeWritable) {
  if (!may_mount()) GTEST_SKIP() << "mounting is not permitted here";
  {
    const read_only_directory parent{where.path()};
    expect_refused_untouched(": cannot be created: Read-only file system");
  }
  daemon broker{{{"store.directory", store}}};
  play(broker, broadcasts(1, 10), 11);
  broker.stop();
  {
    const read_only_directory itself{store};
    expect_refused_untouched(": cannot be written: Read-only file system");
  }
  broker.start_again();
  EXPECT_EQ(broker.status("next"), 11u);
  broker.stop();
}

TEST_F(StoreDirectory, BelongsToOneDaemon) {
  daemon broker{{{"store.directory", store}}};
  auto client = broker.durable(1, 0);
  play(broker, broadcasts(1, 10), 11);
  expect_told(client, told(1, 10));
  broker.command("epoch new");
  expect_refused_untouched(": another process has it open");
  play(broker, broadcasts(1, 10), 11);
  expect_told(client, told(1, 10));
  broker.stop();
}

/// CRC-32C of `bytes` as RocksDB stores it in its write-ahead log.
std::string stored_checksum(const std::string& bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit != 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
  }
  crc = ~crc;
  crc = (crc >> 15 | crc << 17) + 0xA282EAD8u;
  std::string stored;
  for (int shift = 0; shift != 32; shift += 8) stored += static_cast<char>(crc >> shift);
  return stored;
}

TEST_F(StoreDirectory, MustNotBeOfALaterVersion) {
  daemon{{{"store.directory", store}}}.stop();
  bool found = false;
  for (const auto& file : fs::directory_iterator{store}) {
    std::string bytes = bytes_of(file.path());
    // A record: checksum, length, type, sequence number and count (12), a put into no family but
    // the first (1), key and value with their lengths.
    const auto key = bytes.find(std::string{"\6format\4\0\0\0\1", 12});
    if (file.path().extension() != ".log" || key == std::string::npos) continue;
    const auto record = key - 13 - 7;
    bytes[key + 11] = 2;
    const std::string covered = bytes.substr(record + 6, 1 + 13 + 12);
    bytes.replace(record, 4, stored_checksum(covered));
    write_bytes(file.path(), bytes);
    found = true;
  }
  ASSERT_TRUE(found);
  expect_refused_untouched(": has format 2, this version of skein knows up to 1");
}

// --- directories that are gone ---

class DeletedStore : public testing::TestWithParam<const char*> {};

TEST_P(DeletedStore, IsSaidAndNothingIsPromisedAnyMore) {
  const temporary_directory where;  // else the operator's door goes with the store
  daemon broker{{{"event.durability", GetParam()},
                 {"control.socket", where.path() / "control"},
                 {"drain-timeout", "1s"}}};
  program programs{broker};
  programs.create("t");
  programs.subscribe("t", "s");
  auto client = broker.durable(1, 0);
  auto source = broker.source();
  source.send("1|B\n");
  client.receive_until("1|B\r\n");
  fs::remove_all(broker.store());
  source.send("2|B\n");
  broker.await_line("it was deleted, moved or replaced");
  broker.await_status("store_failing", 1);
  EXPECT_EQ(programs.post(topic_path("t") + "/messages", message_of("m")).status, 507u);
  if (GetParam() == std::string{"sync"}) {
    EXPECT_EQ(client.receive_now().find("2|B"), std::string::npos);
  }
  broker.program().signal(SIGTERM);
  EXPECT_EQ(broker.program().wait(), 4);
}

TEST_P(DeletedStore, IsSeenAtTheEndAtTheLatest) {
  daemon broker{{{"event.durability", GetParam()}, {"drain-timeout", "1s"}}};
  auto source = broker.source();
  source.send("1|B\n");
  broker.await_status("log_events", 1);
  source.half_close();
  broker.await_line("msg=\"source ended\"");
  broker.command("epoch new");
  fs::remove_all(broker.store());
  broker.program().signal(SIGTERM);
  EXPECT_EQ(broker.program().wait(), 4);
}

TEST_P(DeletedStore, IsOneOfWhichOnlyCurrentWasDeleted) {
  daemon broker{{{"event.durability", GetParam()}}};
  auto source = broker.source();
  source.send("1|B\n");
  broker.await_status("log_events", 1);
  source.half_close();
  broker.await_line("msg=\"source ended\"");
  broker.command("epoch new");
  fs::remove(broker.store() / "CURRENT");
  broker.program().signal(SIGTERM);
  EXPECT_EQ(broker.program().wait(), 4);
  broker.await_line("its file CURRENT was deleted");
}

INSTANTIATE_TEST_SUITE_P(With, DeletedStore, testing::Values("async", "sync"),
                         [](const auto& instance) { return std::string{instance.param}; });

TEST(DeletedStoreOfTopics, IsSeenAtTheEndAlsoIfOnlyTopicsAreStored) {
  daemon broker{{{"event.durability", "none"}, {"drain-timeout", "1s"}}};
  program{broker}.create("t");
  fs::remove_all(broker.store());
  broker.program().signal(SIGTERM);
  EXPECT_EQ(broker.program().wait(), 4);
}

TEST(MovedStore, GoesOnWhenItIsBack) {
  daemon broker{{{"event.durability", "sync"}}};
  auto client = broker.durable(1, 0);
  auto source = broker.source();
  const fs::path away = broker.store().string() + ".away";
  fs::rename(broker.store(), away);
  source.send("1|B\n");
  broker.await_line("it was deleted, moved or replaced");
  fs::rename(away, broker.store());
  client.receive_until("1|B\r\n");
  EXPECT_EQ(broker.status("store_failing"), 0u);
  broker.stop();
}

TEST(MovedStore, GivesNoLeaseTheNameOfOneThatCouldNotBeStored) {
  daemon broker;
  std::optional<program> worker{broker};
  worker->create("t", R"({"lease_ms":600000})");
  worker->subscribe("t", "s");
  worker->publish("t", "work");
  const fs::path away = broker.store().string() + ".away";
  fs::rename(broker.store(), away);
  const auto lost = worker->lease("t", "s");
  ASSERT_EQ(lost.size(), 1u);
  broker.kill();
  fs::rename(away, broker.store());
  broker.start_again();
  worker.emplace(broker);
  const auto held = worker->lease("t", "s");
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(worker->settle("ack", "t", "s", leases_of(lost)), "over");
  EXPECT_EQ(worker->settle("ack", "t", "s", leases_of(held)), "done");
  broker.stop();
}

// --- who may read it ---

TEST(StoredFiles, AreTheirOwnersAloneWhateverTheUmask) {
  temporary_directory where;
  const fs::path store = where.path() / "store", copy = where.path() / "copy";
  fs::create_directory(store);
  fs::permissions(store, static_cast<fs::perms>(0755));
  const mode_t former = ::umask(0);
  daemon broker{{{"store.directory", store}}};
  ::umask(former);
  EXPECT_EQ(broker.lines_with("others may read or write files of the store"), 0u);
  auto client = broker.durable(1, 0);
  auto source = broker.source();
  source.send(sent(broadcasts(1, 1000)));
  client.receive_until("1000|B\r\n");
  EXPECT_NE(broker.command("backup " + copy.string()).find("\"ok\":true"), std::string::npos);
  for (const fs::path& directory : {store, copy}) {
    for (const auto& file : fs::directory_iterator{directory}) {
      EXPECT_EQ(file.status().permissions() & static_cast<fs::perms>(077), fs::perms::none)
          << file.path();
    }
  }
  EXPECT_EQ(fs::status(copy).permissions(), fs::perms::owner_all);
  broker.stop();

  fs::permissions(store / "IDENTITY", static_cast<fs::perms>(0644));
  broker.start_again();
  broker.await_line("msg=\"others may read or write files of the store\" files=1 first=" +
                    (store / "IDENTITY").string());
  broker.stop();
}

}  // namespace
}  // namespace skein::test
