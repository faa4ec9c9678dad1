#include "core/events/client_line.hpp"

#include <gtest/gtest.h>

namespace skein::core {
namespace {

struct said {
  const char* line;
  user_id user;
  bool durable;
  bool names_epochs;
  const char* beyond;  ///< null: nothing
};

TEST(FirstLine, NamesTheUserAndMaySayWhatTheyHave) {
  for (const said& s : {
           said{"5", 5, false, false, nullptr},
           said{"-5", -5, false, false, nullptr},
           said{"5|", 5, true, false, nullptr},
           said{"5|0", 5, true, false, "0"},
           said{"5|0017", 5, true, false, "17"},
           said{"5|9223372036854775807", 5, true, false, "9223372036854775807"},
           said{"5|.", 5, true, true, nullptr},
           said{"5|1.0", 5, true, true, "1.0"},
           said{"5|007.0017", 5, true, true, "7.17"},
           said{"5|4294967295.9223372036854775807", 5, true, true,
                "4294967295.9223372036854775807"},
       }) {
    const introduction i = parse_first_line(s.line);
    EXPECT_EQ(i.wrong, nullptr) << s.line;
    EXPECT_EQ(i.user, s.user) << s.line;
    EXPECT_EQ(i.durable, s.durable) << s.line;
    EXPECT_EQ(i.names_epochs, s.names_epochs) << s.line;
    EXPECT_EQ(i.beyond.has_value(), s.beyond != nullptr) << s.line;
    if (!i.beyond || !s.beyond) continue;
    EXPECT_EQ(text_of(*i.beyond), s.beyond);
  }
}

TEST(FirstLine, ThatSaysAnythingElseIsWrong) {
  for (const char* line : {"",
                           "|",
                           "|5",
                           "x|",
                           "x",
                           "5 |",
                           "5|x",
                           "5||",
                           "5|-1",
                           "5|+1",
                           "5| 1",
                           "5|1|",
                           "5|9223372036854775808",
                           "5|1.",
                           "5|.1",
                           "5|..",
                           "5|1.2.3",
                           "5|1.-2",
                           "5|-1.2",
                           "5|1.x",
                           "5|1. 2",
                           "5|4294967296.1",
                           "5|1.9223372036854775808"}) {
    EXPECT_NE(parse_first_line(line).wrong, nullptr) << line;
  }
}

TEST(AcknowledgementLine, IsANumberOrAPlaceAsTheFirstLineWas) {
  EXPECT_EQ(text_of(parse_acknowledgement("A|17", false).value()), "17");
  EXPECT_EQ(text_of(parse_acknowledgement("A|2.17", true).value()), "2.17");
  EXPECT_FALSE(parse_acknowledgement("A|2.17", false));
  EXPECT_FALSE(parse_acknowledgement("A|17", true));
  for (const bool names_epochs : {false, true}) {
    for (const char* line : {"", "A", "A|", "A|x", "a|1", " A|1", "A|1 ", "A|-1", "A|+1", "A|.",
                             "A|1.", "A|.1", "A|1.2.3", "B|1.2", "E|1", "A|9223372036854775808"}) {
      EXPECT_FALSE(parse_acknowledgement(line, names_epochs)) << line;
    }
  }
}

}  // namespace
}  // namespace skein::core
