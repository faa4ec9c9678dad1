#include "core/events/event_line.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace skein::core {
namespace {

using namespace std::string_view_literals;

struct valid_line {
  std::string_view text;
  event_kind kind;
  sequence_number sequence;
  user_id from;
  user_id to;
};

constexpr sequence_number greatest = std::numeric_limits<sequence_number>::max();
constexpr user_id nobody = no_user;

constexpr valid_line valid_lines[] = {
    {"1|B", event_kind::broadcast, 1, nobody, nobody},
    {"542532|B", event_kind::broadcast, 542532, nobody, nobody},
    {"666|F|60|50", event_kind::follow, 666, 60, 50},
    {"1|U|12|9", event_kind::unfollow, 1, 12, 9},
    {"43|P|32|56", event_kind::private_message, 43, 32, 56},
    {"634|S|32", event_kind::status_update, 634, 32, nobody},
    {"+1|B", event_kind::broadcast, 1, nobody, nobody},
    {"0001|B", event_kind::broadcast, 1, nobody, nobody},
    {"+00000000000000000000000000012|S|0007", event_kind::status_update, 12, 7, nobody},
    {"9223372036854775807|B", event_kind::broadcast, greatest, nobody, nobody},
    {"1|S|0", event_kind::status_update, 1, 0, nobody},
    {"1|S|-0", event_kind::status_update, 1, 0, nobody},
    {"1|S|+5", event_kind::status_update, 1, 5, nobody},
    {"1|S|-5", event_kind::status_update, 1, -5, nobody},
    {"1|F|7|7", event_kind::follow, 1, 7, 7},
    {"1|P|9223372036854775807|-9223372036854775807", event_kind::private_message, 1, greatest,
     -greatest},
};

TEST(EventLine, ReadsEveryValidForm) {
  for (const valid_line& expected : valid_lines) {
    SCOPED_TRACE(expected.text);
    const parsed_line parsed = parse_event(expected.text);
    ASSERT_TRUE(parsed.ok) << name_of(parsed.reason);
    EXPECT_EQ(parsed.value.kind, expected.kind);
    EXPECT_EQ(parsed.value.sequence, expected.sequence);
    EXPECT_EQ(parsed.value.from, expected.from);
    EXPECT_EQ(parsed.value.to, expected.to);
  }
}

struct invalid_line {
  std::string_view text;
  malformed reason;
};

constexpr invalid_line invalid_lines[] = {
    {"", malformed::empty_line},
    {"1", malformed::no_separator},
    {"B", malformed::no_separator},
    {"hello world", malformed::no_separator},
    {"-1", malformed::no_separator},
    {"99999999999999999999999", malformed::no_separator},
    {"\0"sv, malformed::no_separator},
    {"\r", malformed::no_separator},
    {"|", malformed::bad_sequence},
    {"|B", malformed::bad_sequence},
    {"x|B", malformed::bad_sequence},
    {"1x|B", malformed::bad_sequence},
    {"x1|B", malformed::bad_sequence},
    {" 1|B", malformed::bad_sequence},
    {"1 |B", malformed::bad_sequence},
    {"+|B", malformed::bad_sequence},
    {"++1|B", malformed::bad_sequence},
    {"-1|B", malformed::bad_sequence},
    {"-|B", malformed::bad_sequence},
    {"-0|B", malformed::bad_sequence},
    {"1.0|B", malformed::bad_sequence},
    {"0x1|B", malformed::bad_sequence},
    {"1\0|B"sv, malformed::bad_sequence},
    {"\0001|B"sv, malformed::bad_sequence},
    {"\xFF|B", malformed::bad_sequence},
    {"\xD9\xA1|B", malformed::bad_sequence},  // a digit elsewhere, not here
    {"0|B", malformed::sequence_out_of_range},
    {"000|B", malformed::sequence_out_of_range},
    {"+0|B", malformed::sequence_out_of_range},
    {"9223372036854775808|B", malformed::sequence_out_of_range},
    {"18446744073709551617|B", malformed::sequence_out_of_range},  // 2^64 + 1
    {"99999999999999999999999999999999|B", malformed::sequence_out_of_range},
    {"1|X", malformed::unknown_type},
    {"1|X|1|2", malformed::unknown_type},
    {"1|f|1|2", malformed::unknown_type},
    {"1|b", malformed::unknown_type},
    {"1|BB", malformed::unknown_type},
    {"1|B ", malformed::unknown_type},
    {"1| B", malformed::unknown_type},
    {"1|B\r", malformed::unknown_type},
    {"1|\0"sv, malformed::unknown_type},
    {"1|B\0"sv, malformed::unknown_type},
    {"1|\xC3\x28", malformed::unknown_type},
    {"1|FU|1|2", malformed::unknown_type},
    {"1|", malformed::missing_field},
    {"1||", malformed::missing_field},
    {"1|F", malformed::missing_field},
    {"1|F|", malformed::missing_field},
    {"1|F|1", malformed::missing_field},
    {"1|F|1|", malformed::missing_field},
    {"1|F||2", malformed::missing_field},
    {"1|U|1", malformed::missing_field},
    {"1|P|1", malformed::missing_field},
    {"1|S", malformed::missing_field},
    {"1|S|", malformed::missing_field},
    {"1|B|", malformed::extra_field},
    {"1|B|x", malformed::extra_field},
    {"1|S|1|", malformed::extra_field},
    {"1|S|1|2", malformed::extra_field},
    {"1|F|1|2|", malformed::extra_field},
    {"1|F|1|2|3", malformed::extra_field},
    {"1|P|1|2|hello", malformed::extra_field},
    {"1|F|x|2", malformed::bad_user},
    {"1|F|1|x", malformed::bad_user},
    {"1|F|1x|2", malformed::bad_user},
    {"1|F|1|2 ", malformed::bad_user},
    {"1|F|-|2", malformed::bad_user},
    {"1|F|+|2", malformed::bad_user},
    {"1|F|+-1|2", malformed::bad_user},
    {"1|F|1\0|2"sv, malformed::bad_user},
    {"1|S|\xFF\xFE", malformed::bad_user},
    {"1|S|1.5", malformed::bad_user},
    {"1|S|99999999999999999999x", malformed::bad_user},
    {"1|S|9223372036854775808", malformed::user_out_of_range},
    {"1|S|-9223372036854775808", malformed::user_out_of_range},
    {"1|P|1|18446744073709551616", malformed::user_out_of_range},
};

TEST(EventLine, NamesWhyALineIsNoEvent) {
  for (const invalid_line& line : invalid_lines) {
    SCOPED_TRACE(::testing::PrintToString(line.text));
    const parsed_line parsed = parse_event(line.text);
    ASSERT_FALSE(parsed.ok);
    EXPECT_STREQ(name_of(parsed.reason), name_of(line.reason));
  }
}

TEST(EventLine, GivesEveryReasonOfItsOwn) {
  std::set<malformed> seen;
  for (const invalid_line& line : invalid_lines) seen.insert(parse_event(line.text).reason);
  // The framer and the end of a source give the other two.
  EXPECT_EQ(seen.size(), malformed_reasons - 2);
}

TEST(EventLine, HasADistinctNameForEveryReason) {
  std::set<std::string> names;
  for (std::size_t i = 0; i != malformed_reasons; ++i) {
    names.insert(name_of(static_cast<malformed>(i)));
  }
  EXPECT_EQ(names.size(), malformed_reasons);
}

TEST(EventLine, ReadsNothingBehindTheLine) {
  const std::string_view buffer = "12|S|345";
  EXPECT_EQ(parse_event(buffer.substr(0, 6)).value.from, 3);
  EXPECT_EQ(parse_event(buffer.substr(0, 5)).reason, malformed::missing_field);
}

TEST(UserLine, ReadsOneNumberAndNothingElse) {
  EXPECT_EQ(parse_user("2932"), 2932);
  EXPECT_EQ(parse_user("+7"), 7);
  EXPECT_EQ(parse_user("-7"), -7);
  EXPECT_EQ(parse_user("007"), 7);
  EXPECT_EQ(parse_user("9223372036854775807"), greatest);
  for (const std::string_view text :
       {""sv, "-"sv, "+"sv, "x"sv, " 1"sv, "1 "sv, "1|"sv, "1|2"sv, "1\0"sv, "1\r"sv, "--1"sv,
        "9223372036854775808"sv, "-9223372036854775808"sv, "\xFF"sv}) {
    EXPECT_EQ(parse_user(text), no_user) << ::testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace skein::core
