#include "doors/control/control.hpp"

#include <caf/send.hpp>

#include "support/actor_test.hpp"
#include "support/fake_stream.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using ending = io::stream::ending;

class Control : public actor_test {
 protected:
  void connect(bool stores = true) {
    connection = std::make_shared<fake_stream>();
    sequencer_is = system.spawn(sequencer_stand_in, &sequencer);
    actor =
        system.spawn(control,
                     std::make_shared<const control_environment>(control_environment{
                         {sequencer_is, system.spawn(statistics_stand_in, &statistics),
                          stores ? system.spawn(recorder_stand_in, &recorder) : recorder_actor{},
                          topic_recorder_actor{}}}),
                     connection);
    run();
  }
  std::string answer_to(const std::string& command, bool stores = true) {
    connect(stores);
    connection->says(command);
    run();
    EXPECT_EQ(connection->closed(), ending::graceful);
    EXPECT_TRUE(has_ended(actor));
    EXPECT_EQ(connection->awaited_twice(), 0u);
    return connection->heard();
  }

  std::shared_ptr<fake_stream> connection;
  control_actor actor;
  sequencer_actor sequencer_is;
  sequencer_record sequencer;
  recorder_record recorder;
  statistics_record statistics;
};

TEST_F(Control, StatusIsWhatSequenceStatisticsAndLogSay) {
  EXPECT_EQ(answer_to("status\n"), "{\"ok\":true,\"epoch\":1,\"clients\":3,\"log_end\":17}\n");
}

TEST_F(Control, WithoutAStoreStatusSaysNothingOfALog) {
  EXPECT_EQ(answer_to("status\r\n", false), "{\"ok\":true,\"epoch\":1,\"clients\":3}\n");
}

TEST_F(Control, AnEpochBegins) {
  EXPECT_EQ(answer_to("epoch new\n"), "{\"ok\":true,\"epoch\":2,\"next\":1}\n");
  EXPECT_EQ(sequencer.epoch, 2u);
}

TEST_F(Control, ABackupIsMade) {
  EXPECT_EQ(answer_to("backup /a/b c\n"), "{\"ok\":true}\n");
  EXPECT_EQ(recorder.backups, std::vector<std::string>{"/a/b c"});
}

TEST_F(Control, ABackupThatFailsSaysWhy) {
  recorder.backup_fails = "no space \"left\"";
  EXPECT_EQ(answer_to("backup /a\n"), "{\"ok\":false,\"error\":\"no space \\\"left\\\"\"}\n");
}

TEST_F(Control, WithoutAStoreThereIsNoBackup) {
  EXPECT_EQ(answer_to("backup /a\n", false),
            "{\"ok\":false,\"error\":\"nothing is stored here\"}\n");
}

TEST_F(Control, AnInboxIsDeleted) {
  EXPECT_EQ(answer_to("inbox delete 5\n"), "{\"ok\":true}\n");
  EXPECT_EQ(answer_to("inbox delete -5\n"), "{\"ok\":false,\"error\":\"user -5 has no inbox\"}\n");
  EXPECT_EQ(recorder.deleted_inboxes, (std::vector<core::user_id>{5, -5}));
  EXPECT_EQ(answer_to("inbox delete 5\n", false),
            "{\"ok\":false,\"error\":\"nothing is stored here\"}\n");
}

TEST_F(Control, WhatIsNoCommandIsRefused) {
  for (const std::string command :
       {"", "stats", "status ", " status", "epoch", "epoch  new", "backup", "backup ", "backup a",
        "STATUS", "inbox delete ", "inbox delete x", "inbox"}) {
    SCOPED_TRACE(command);
    EXPECT_EQ(answer_to(command + "\n"),
              "{\"ok\":false,\"error\":\"the commands are: status, epoch new, inbox delete and a "
              "user, backup and an "
              "absolute path\"}\n");
  }
  EXPECT_TRUE(recorder.backups.empty());
  EXPECT_EQ(sequencer.epoch, 1u);
}

TEST_F(Control, ACommandThatIsNoVisibleTextIsRefused) {
  for (const std::string& command :
       {std::string{"backup /a\0b", 11}, std::string{"backup /a\xff"}, std::string{"sta\x1btus"}}) {
    EXPECT_EQ(answer_to(command + "\n"),
              "{\"ok\":false,\"error\":\"a command is text in UTF-8 without control "
              "characters\"}\n");
  }
  EXPECT_TRUE(recorder.backups.empty());
}

TEST_F(Control, ACommandThatIsTooLongIsRefused) {
  EXPECT_EQ(answer_to(std::string(4098, 'x')),
            "{\"ok\":false,\"error\":\"the command is too long\"}\n");
}

TEST_F(Control, OnlyTheFirstCommandCounts) {
  EXPECT_EQ(answer_to("status\nepoch new\n"),
            "{\"ok\":true,\"epoch\":1,\"clients\":3,\"log_end\":17}\n");
  EXPECT_EQ(sequencer.epoch, 1u);
}

TEST_F(Control, ACommandMayComeInPieces) {
  connect();
  for (const char* piece : {"ep", "och n", "ew", "\n"}) {
    EXPECT_EQ(connection->heard(), "");
    connection->says(piece);
    run();
  }
  EXPECT_EQ(connection->heard(), "{\"ok\":true,\"epoch\":2,\"next\":1}\n");
}

TEST_F(Control, WhoSaysNothingIsRefusedInTheEnd) {
  connect();
  connection->says("stat");
  run();
  caf::anon_send(actor, look_at_deadline{});
  run();
  EXPECT_EQ(connection->heard(), "{\"ok\":false,\"error\":\"no command has come in time\"}\n");
  EXPECT_TRUE(has_ended(actor));
}

TEST_F(Control, WhoDoesNotTakeTheAnswerIsLeft) {
  connect();
  connection->takes(5);
  connection->says("status\n");
  run();
  EXPECT_FALSE(has_ended(actor));
  caf::anon_send(actor, look_at_deadline{});
  run();
  EXPECT_EQ(connection->closed(), ending::abort);
  EXPECT_TRUE(has_ended(actor));
}

TEST_F(Control, WhoTakesTheAnswerSlowlyGetsAllOfIt) {
  connect();
  connection->takes(5);
  connection->says("status\n");
  run();
  connection->takes(7);
  run();
  connection->takes_all();
  run();
  EXPECT_EQ(connection->heard(), "{\"ok\":true,\"epoch\":1,\"clients\":3,\"log_end\":17}\n");
  EXPECT_TRUE(has_ended(actor));
}

TEST_F(Control, WhoGoesBeforeTheCommandIsForgotten) {
  connect();
  connection->says("stat");
  connection->ends();
  run();
  EXPECT_EQ(connection->heard(), "");
  EXPECT_TRUE(has_ended(actor));
}

TEST_F(Control, WhoHasSaidAllStillGetsTheAnswer) {
  connect();
  connection->says("epoch new\n");
  connection->ends();
  run();
  EXPECT_EQ(connection->heard(), "{\"ok\":true,\"epoch\":2,\"next\":1}\n");
}

TEST_F(Control, ALostConnectionEndsIt) {
  connect();
  connection->takes(5);
  connection->says("status\n");
  run();
  connection->breaks();
  run();
  EXPECT_TRUE(has_ended(actor));
}

TEST_F(Control, APartThatHasFailedIsAnAnswer) {
  connect();
  fail(caf::actor_cast<caf::strong_actor_ptr>(sequencer_is));
  connection->says("status\n");
  run();
  EXPECT_EQ(connection->heard().substr(0, 21), "{\"ok\":false,\"error\":\"");
  EXPECT_TRUE(has_ended(actor));
}

TEST_F(Control, DrainEndsIt) {
  connect();
  caf::anon_send(actor, drain{});
  run();
  EXPECT_EQ(connection->closed(), ending::graceful);
  EXPECT_TRUE(has_ended(actor));
}

}  // namespace
}  // namespace skein
