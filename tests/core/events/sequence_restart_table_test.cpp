/// The table of docs/protocol.md, "A source that begins at 1": each row with each column.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/events/sequence.hpp"
#include "core/events/sequence_rig.hpp"
#include "core/hash.hpp"
#include "support/events.hpp"

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using test::numbers_between;

/// How the stream stands, of which 1..5 have come, all of them broadcasts.
struct standing {
  const char* name;
  std::function<sequence_rig(const sequence_options&)> make;
  std::function<void(sequence_rig&)> meanwhile = [](sequence_rig& r) { r.pass(2s); };
};

sequence_rig sent_by(source_kind kind, const sequence_options& options) {
  sequence_rig r{options};
  r.open(1, kind);
  r.push(1, numbers_between(1, 5));
  return r;
}

sequence_rig stored(bool interrupted, const sequence_options& options) {
  sequence_start start;
  start.next = 6;
  start.interrupted = interrupted;
  start.first_event = fingerprint_of("1|B");
  return sequence_rig{options, start};
}

std::function<sequence_rig(const sequence_options&)> ended(
    source_end how, source_kind kind = source_kind::connection) {
  return [=](const sequence_options& options) {
    sequence_rig r = sent_by(kind, options);
    r.close(1, how);
    return r;
  };
}

std::function<sequence_rig(const sequence_options&)> connected(std::chrono::milliseconds silent) {
  return [=](const sequence_options& options) {
    sequence_rig r = sent_by(source_kind::connection, options);
    r.pass(silent);
    return r;
  };
}

/// What the next life finds when the daemon drains as `r` stands.
sequence_rig drained(const sequence_rig& r, const sequence_options& options) {
  return stored(!r.sequence.over(), options);
}

void go_on(sequence_rig& r) {
  for (int i = 0; i != 5; ++i) {
    r.push(1, {r.sequence.next()});
    r.pass(500ms);
  }
}

const std::vector<standing> over{
    {"all have ended", ended(source_end::finished)},
    {"all had ended before the daemon did", [](const auto& o) { return stored(false, o); }},
    {"one broke off, one that came later has ended",
     [](const sequence_options& options) {
       sequence_rig r = ended(source_end::broken)(options);
       r.open(2);
       r.push(2, numbers_between(1, 5));
       r.close(2);
       return r;
     }},
    {"all had ended when the daemon drained, but who had sent what had come, or nothing",
     [](const sequence_options& options) {
       sequence_rig r = ended(source_end::finished)(options);
       r.open(2);
       r.push(2, {3});
       r.open(3, source_kind::request);
       r.push(3, {5});
       r.open(4);
       r.pass(1s);
       return drained(r, options);
     }},
};
const std::vector<standing> interrupted{
    {"it broke off", ended(source_end::broken)},
    {"it was a request", ended(source_end::finished, source_kind::request)},
    {"the daemon was killed, or cut it", [](const auto& o) { return stored(true, o); }},
    {"one broke off, one that was there before has ended",
     [](const sequence_options& options) {
       sequence_rig r{options};
       r.open(1);
       r.open(2);
       r.push(1, numbers_between(1, 4));
       r.close(1, source_end::broken);
       r.push(2, {5});
       r.close(2);
       return r;
     }},
    {"one broke off, and nobody has sent anything since",
     [](const sequence_options& options) {
       sequence_rig r = ended(source_end::broken)(options);
       r.open(2);
       r.close(2);
       r.open(3);
       return r;
     }},
    {"one that had brought something was connected when the daemon drained",
     [](const sequence_options& options) {
       return drained(sent_by(source_kind::connection, options), options);
     }},
    {"something waited when the daemon drained",
     [](const sequence_options& options) {
       sequence_rig r = ended(source_end::finished)(options);
       r.open(2);
       r.push(2, {7});
       r.close(2);
       return drained(r, options);
     }},
    {"it was interrupted, and being repeated, when the daemon drained",
     [](const sequence_options& options) {
       sequence_rig r = stored(true, options);
       r.open(2);
       r.push(2, {1, 2});
       return drained(r, options);
     }},
};
const std::vector<standing> going_on{{"it goes on", connected(0ms), go_on}};
const std::vector<standing> silent{
    {"it has been silent", connected(1h)},
    {"it falls silent", connected(0ms)},
};

enum class first_event { same, another };
const sequence_options defaults;

/// Plays what begins, two events or one alone.
sequence_rig play(const standing& s, source_kind kind, first_event first, bool alone = false) {
  sequence_rig r = s.make(defaults);
  r.open(9, kind);
  const std::string one = first == first_event::same ? "1|B" : "1|S|7";
  r.push_lines(
      9, alone ? std::vector<std::string_view>{one} : std::vector<std::string_view>{one, "2|S|7"});
  if (kind == source_kind::request) r.close(9);
  s.meanwhile(r);
  return r;
}

void expect_new_epoch(const sequence_rig& r, std::size_t events = 2) {
  EXPECT_EQ(r.sequence.epoch(), 2u);
  EXPECT_EQ(r.released(2), numbers_between(1, static_cast<sequence_number>(events)));
  EXPECT_EQ(r.sequence.held(), 0u);
}

void expect_as_what_they_are(const sequence_rig& r) {
  EXPECT_EQ(r.sequence.epoch(), 1u);
  EXPECT_GE(r.sequence.counts().duplicate, 2u);
  EXPECT_EQ(r.sequence.held(), 0u);
  EXPECT_EQ(r.taken(9), 1);
  EXPECT_EQ(r.sequence.next_deadline(), never);
}

constexpr source_kind kinds[]{source_kind::connection, source_kind::request};

TEST(ASourceThatBeginsAt1, BeginsANewEpochIfTheStreamIsOver) {
  for (const standing& s : over) {
    SCOPED_TRACE(s.name);
    expect_new_epoch(play(s, source_kind::connection, first_event::same));
    for (const auto kind : kinds) {
      expect_new_epoch(play(s, kind, first_event::another));
      expect_new_epoch(play(s, kind, first_event::another, true), 1);
    }
    expect_as_what_they_are(play(s, source_kind::request, first_event::same));
  }
}

TEST(ASourceThatBeginsAt1, RepeatsAnInterruptedStreamByTheSameEvent) {
  for (const standing& s : interrupted) {
    for (const auto kind : kinds) {
      SCOPED_TRACE(s.name);
      expect_as_what_they_are(play(s, kind, first_event::same));
      expect_new_epoch(play(s, kind, first_event::another));
      expect_new_epoch(play(s, kind, first_event::another, true), 1);
    }
  }
}

TEST(ASourceThatBeginsAt1, BeginsNothingBesideOneThatGoesOn) {
  for (const standing& s : going_on) {
    for (const auto kind : kinds) {
      for (const auto first : {first_event::same, first_event::another}) {
        expect_as_what_they_are(play(s, kind, first));
      }
    }
  }
}

TEST(ASourceThatBeginsAt1, WaitsForTheEndOfOneThatGoesOn) {
  for (const auto how : {source_end::finished, source_end::broken}) {
    for (const auto kind : kinds) {
      for (const auto first : {first_event::same, first_event::another}) {
        standing ends{"", connected(0ms), [&](sequence_rig& r) {
                        r.pass(1s);
                        r.push(1, {6});
                        r.close(1, how);
                      }};
        const sequence_rig r = play(ends, kind, first);
        EXPECT_EQ(r.released(1), numbers_between(1, 6));
        const bool repeats = first == first_event::same &&
                             (how == source_end::broken || kind == source_kind::request);
        repeats ? expect_as_what_they_are(r) : expect_new_epoch(r);
      }
    }
  }
}

TEST(ASourceThatBeginsAt1, DoesNotWaitForOneThatIsSilent) {
  for (const standing& s : silent) {
    SCOPED_TRACE(s.name);
    for (const auto kind : kinds) {
      expect_new_epoch(play(s, kind, first_event::another));
      expect_as_what_they_are(play(s, kind, first_event::same));
    }
  }
}

TEST(ASourceThatBeginsAt1, AloneBesideASilentOneIsNoStream) {
  for (const standing& s : silent) {
    SCOPED_TRACE(s.name);
    sequence_rig r = play(s, source_kind::request, first_event::another, true);
    EXPECT_EQ(r.sequence.epoch(), 1u);
    EXPECT_EQ(r.sequence.counts().duplicate, 1u);
    EXPECT_EQ(r.sequence.held(), 0u);
  }
}

TEST(ASourceThatBeginsAt1, AloneBesideASilentOneMayGoOnAtAnyTime) {
  for (const standing& s : silent) {
    SCOPED_TRACE(s.name);
    sequence_rig r = play(s, source_kind::connection, first_event::another, true);
    r.pass(1h);
    EXPECT_EQ(r.sequence.held(), 1u);
    EXPECT_EQ(r.sequence.next_deadline(), never);
    r.push_lines(9, {"2|S|7"});
    r.pass(0ms);
    expect_new_epoch(r);
  }
}

TEST(ASourceThatBeginsAt1, AloneIsWhatItIsOnceTheSilentOneSpeaks) {
  for (const standing& s : silent) {
    SCOPED_TRACE(s.name);
    sequence_rig r = play(s, source_kind::connection, first_event::another, true);
    r.pass(1h);
    r.push(1, {6});
    r.pass(0ms);
    EXPECT_EQ(r.sequence.held(), 0u);
    EXPECT_EQ(r.released(1), numbers_between(1, 6));
    EXPECT_EQ(r.sequence.counts().duplicate, 1u);
  }
}

TEST(ASourceThatBeginsAt1, BesideASilentOneOfWhichSomethingWaitsIsNoStream) {
  sequence_options options;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  r.open(1);
  r.push(1, {1, 2, 4});
  r.pass(1h);
  r.open(9);
  r.push_lines(9, {"1|S|7", "2|S|7"});
  r.pass(2s);
  EXPECT_EQ(r.sequence.epoch(), 1u);
  EXPECT_EQ(r.sequence.counts().duplicate, 2u);
}

TEST(ASourceThatBeginsAt1, DoesNotWaitForANumberFarAhead) {
  sequence_options options;
  options.on_gap = gap_policy::wait;
  sequence_rig r = connected(0ms)(options);
  r.push(1, {900'000});
  r.pass(1h);
  r.open(9);
  r.push_lines(9, {"1|S|7", "2|S|7"});
  r.pass(0ms);
  expect_new_epoch(r);
}

TEST(ASourceThatBeginsAt1, MayBeShuffledBesideASilentOne) {
  sequence_rig r = connected(1h)(defaults);
  r.open(9);
  r.push_lines(9, {"3|S|7", "2|S|7"});
  r.push_lines(9, {"4|S|7", "1|S|7"});
  r.pass(0ms);
  expect_new_epoch(r, 4);
}

TEST(ASourceThatBeginsAt1, TwiceByRequestsBeginsOneEpoch) {
  sequence_rig r = connected(0ms)(defaults);
  for (const source_id id : {7u, 8u}) {
    r.open(id, source_kind::request);
    r.push_lines(id, {"1|S|7", "2|S|7"});
    r.close(id);
  }
  r.pass(2s);
  EXPECT_EQ(r.sequence.epoch(), 2u);
  EXPECT_EQ(r.sequence.counts().duplicate, 2u);
}

}  // namespace
}  // namespace skein::core
