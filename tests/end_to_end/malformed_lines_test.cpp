/// Whatever a source sends: the daemon lives, skips what is no event, counts it under its reason,
/// and tells everybody of everything else.

#include <string>

#include "audience.hpp"

namespace skein::test {
namespace {

struct bad_line {
  const char* name;
  std::string line;
  const char* reason;
};

void PrintTo(const bad_line& bad, std::ostream* out) {
  *out << bad.name;
}

class MalformedLine : public testing::TestWithParam<bad_line> {};

TEST_P(MalformedLine, IsSkippedAndCounted) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|F|1|2\n" + GetParam().line + "\n2|S|2\r\n" + GetParam().line + "\r\n3|B\n");
  users.expect({"1|F|1|2", "2|S|2", "3|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["malformed"], 2u);
  EXPECT_EQ(totals.text("malformed_by_reason"), GetParam().reason + std::string{":2"});
  EXPECT_EQ(totals["events_received"], 3u);
  EXPECT_EQ(totals["events_missing"], 0u);
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    All, MalformedLine,
    testing::Values(bad_line{"Empty", "", "empty_line"},  //
                    bad_line{"NoSeparator", "hello", "no_separator"},
                    bad_line{"NumberAlone", "2", "no_separator"},
                    bad_line{"UnknownType", "2|X|1|2", "unknown_type"},
                    bad_line{"LowerCaseType", "2|b", "unknown_type"},
                    bad_line{"TypeOfTwoLetters", "2|BB", "unknown_type"},
                    bad_line{"NoType", "2|", "missing_field"},
                    bad_line{"MissingUser", "2|F|1", "missing_field"},
                    bad_line{"EmptyUser", "2|P||2", "missing_field"},
                    bad_line{"MissingAuthor", "2|S", "missing_field"},
                    bad_line{"ExtraField", "2|F|1|2|3", "extra_field"},
                    bad_line{"ExtraFieldOfBroadcast", "2|B|1", "extra_field"},
                    bad_line{"SeparatorAtTheEnd", "2|B|", "extra_field"},
                    bad_line{"NoNumber", "two|B", "bad_sequence"},
                    bad_line{"EmptyNumber", "|B", "bad_sequence"},
                    bad_line{"HexNumber", "0x2|B", "bad_sequence"},
                    bad_line{"NumberWithSpace", " 2|B", "bad_sequence"},
                    bad_line{"NegativeNumber", "-2|B", "bad_sequence"},
                    bad_line{"Zero", "0|B", "sequence_out_of_range"},
                    bad_line{"NumberTooLarge", "9223372036854775808|B", "sequence_out_of_range"},
                    bad_line{"NumberFarTooLarge", std::string(500, '9') + "|B",
                             "sequence_out_of_range"},
                    bad_line{"UserNoNumber", "2|F|one|2", "bad_user"},
                    bad_line{"UserWithSpace", "2|F|1|2 ", "bad_user"},
                    bad_line{"UserTooLarge", "2|S|9223372036854775808", "user_out_of_range"},
                    bad_line{"UserTooSmall", "2|P|-9223372036854775809|1", "user_out_of_range"},
                    bad_line{"Nul", "\0"s, "no_separator"},  //
                    bad_line{"NulInside", "2|B\0"s, "unknown_type"},
                    bad_line{"NulInUser", "2|S|1\0"s, "bad_user"},
                    bad_line{"NoUtf8", "\xff\xfe\xc0\x80", "no_separator"},
                    bad_line{"NoUtf8InType", "2|\xff", "unknown_type"},
                    bad_line{"NoUtf8InUser", "2|P|1|\xc3\x28", "bad_user"},
                    bad_line{"TooLong", "2|S|" + std::string(5000, '1'), "line_too_long"}),
    [](const auto& instance) { return std::string{instance.param.name}; });

TEST(Lines, MayHaveAnySpellingTheGrammarAllowsAndKeepIt) {
  daemon broker;
  auto client = broker.client(-7);
  auto source = broker.source();
  source.send("+1|P|+5|-7\r\n002|P|0|-007\n3|F|9223372036854775807|-7\n");
  const std::string expected = "+1|P|+5|-7\r\n002|P|0|-007\r\n3|F|9223372036854775807|-7\r\n";
  EXPECT_EQ(client.receive(expected.size()), expected);
  EXPECT_EQ(broker.stop()["malformed"], 0u);
}

TEST(Lines, MayComeByteByByte) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto source = broker.source();
  std::uint64_t read = 0;
  for (const char byte : std::string{"1|F|1|2\r\nx\r\n2|S|2\n"}) {
    source.send({&byte, 1});
    broker.await_counter("bytes_read", ++read);
  }
  users.expect({"1|F|1|2", "2|S|2"});
  EXPECT_EQ(users.verify()["malformed"], 1u);
}

TEST(Lines, WithoutEndTakeBoundedMemory) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|B\n");
  users.expect({"1|B"});
  users.await();
  const auto before = broker.program().peak_memory_kib();
  const std::string piece(1 << 20, 'x');
  for (int mib = 0; mib != 200; ++mib) source.send(piece);
  auto other = broker.source();
  other.send("2|B\n");
  users.expect({"2|B"});
  users.await();
  source.send("\n3|B\n");
  users.expect({"3|B"});
  users.await();
  EXPECT_LT(broker.program().peak_memory_kib(), before + 4096);
  const auto totals = users.verify();
  EXPECT_EQ(totals.text("malformed_by_reason"), "line_too_long:1");
  EXPECT_GT(totals["bytes_read"], std::uint64_t{200} << 20);
}

TEST(Lines, FloodsOfGarbageHarmNobody) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto bad = broker.source();
  auto good = broker.source();
  std::string garbage;
  for (unsigned i = 0; i != 1u << 20; ++i) garbage += static_cast<char>((i * 7919u) >> 3);
  for (int i = 0; i != 20; ++i) {
    bad.send(garbage);
    const auto lines = broadcasts(i * 10 + 1, i * 10 + 10);
    good.send(sent(lines));
    users.expect(lines);
  }
  bad.close();
  broker.await_line("msg=\"source ended\"");
  const auto totals = users.verify();
  EXPECT_GT(totals["malformed"], 1000u);
  EXPECT_EQ(totals["events_received"], 200u);
  EXPECT_LT(broker.lines_with("malformed lines skipped"), 1000u) << "the log is not flooded";
}

TEST(Lines, WithoutTheirEndAreLostWithTheirSource) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto other = broker.source();
  auto source = broker.source();
  source.send("1|B\n2|");
  source.close();
  broker.await_line("msg=\"source ended\"");
  other.send("2|P|1|2\n3|B\n");
  users.expect({"1|B", "2|P|1|2", "3|B"});
  EXPECT_EQ(users.verify().text("malformed_by_reason"), "unterminated:1");
}

TEST(Lines, OfASourceThatIsResetCountUpToThere) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto other = broker.source();
  auto source = broker.source();
  source.send("1|B\n2|B");
  users.expect({"1|B"});
  users.await();
  source.reset();
  broker.await_line("msg=\"source ended\"");
  other.send("2|B\n");
  users.expect({"2|B"});
  EXPECT_EQ(users.verify()["malformed"], 1u);
}

TEST(Lines, MayBeFollowedByAHalfClose) {
  daemon broker;
  audience users{broker, {1}};
  auto source = broker.source();
  source.send("1|B\n2|B\n");
  source.half_close();
  users.expect({"1|B", "2|B"});
  users.await();
  EXPECT_EQ(source.receive_all(), "");
  users.verify();
}

}  // namespace
}  // namespace skein::test
