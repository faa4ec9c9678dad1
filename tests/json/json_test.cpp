#include <gtest/gtest.h>

#include <string>

#include "json/json_document.hpp"
#include "json/json_text.hpp"

namespace skein::api {
namespace {

using namespace std::string_literals;

std::string text_of(std::string_view text, json_escapes escapes) {
  std::string out;
  append_json_text(out, text, escapes);
  return out;
}

TEST(JsonText, EscapesAsGoDoes) {
  const auto go = [](std::string_view text) { return text_of(text, json_escapes::as_go); };
  EXPECT_EQ(go(""), R"("")");
  EXPECT_EQ(go("plain"), R"("plain")");
  EXPECT_EQ(go("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(go("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(go("\0\x01\b\f\x1f\x7f"s), "\"\\u0000\\u0001\\u0008\\u000c\\u001f\x7f\"");
  EXPECT_EQ(go("<a href='x'>&</a>"), R"("\u003ca href='x'\u003e\u0026\u003c/a\u003e")");
  EXPECT_EQ(go("\u2027\u2028\u2029\u202a"), "\"\u2027\\u2028\\u2029\u202a\"");
  EXPECT_EQ(go("\u00e9\u4e2d\U0001F600"), "\"\u00e9\u4e2d\U0001F600\"");
  EXPECT_EQ(go("a\xff\xc3z\xe2\x80"), R"("a\ufffd\ufffdz\ufffd\ufffd")");
}

TEST(JsonText, EscapesElsewhereWhatHasToBeAndWhatATerminalActsOn) {
  const auto few = [](std::string_view text) { return text_of(text, json_escapes::few); };
  EXPECT_EQ(few("<&>\"\\\n\x01"), R"("<&>\"\\\n\u0001")");
  EXPECT_EQ(few("\x7f\u009b\u202e\u2028"), R"("\u007f\u009b\u202e\u2028")");
  EXPECT_EQ(few("\u00e9\u4e2d\U0001F600\u00a0"), "\"\u00e9\u4e2d\U0001F600\u00a0\"");
}

TEST(JsonText, IsNoLongerThanIsSaidBefore) {
  for (const auto& text :
       {""s, "plain"s, "\"\\\n\r\t"s, "\0\x01\x1f\x7f"s, "<a href='x'>&</a>"s,
        "\u009b\u202e\u2028"s, "\u00e9\u4e2d\U0001F600"s, "a\xff\xc3z\xe2\x80"s}) {
    for (const auto escapes : {json_escapes::few, json_escapes::as_go}) {
      EXPECT_LE(text_of(text, escapes).size(), json_text_size(text)) << text;
      EXPECT_LE(json_text_size(text), 2 + 6 * text.size()) << text;
    }
  }
  EXPECT_EQ(json_text_size("\u4e2d\u6587"), 8u);
}

TEST(JsonWriter, PutsCommasBetween) {
  std::string out;
  json_writer w{out};
  w.begin_object().name("a").begin_array().number(1).number(-2).begin_object().end_object();
  w.end_array().name("b").flag(true).name("c").id(18446744073709551615U).name("d").begin_object();
  w.name("e").text("f").end_object().name("g").begin_array().end_array().end_object();
  EXPECT_EQ(out, R"({"a":[1,-2,{}],"b":true,"c":"18446744073709551615","d":{"e":"f"},"g":[]})");
}

/// As it was understood, in a notation of its own.
std::string shown(json_value& v) {
  using kinds = json_value::kinds;
  switch (v.kind) {
    case kinds::null:
      return "null";
    case kinds::flag:
      return v.flag ? "true" : "false";
    case kinds::integer:
      return std::to_string(v.integer);
    case kinds::fraction:
      return "fraction";
    case kinds::text:
      return "'" + std::string{v.text} + "'";
    default:
      break;
  }
  std::string all;
  for (auto* e = v.begin(); e != v.end(); e = behind(e))
    all += (v.kind == kinds::object ? std::string{e->name} + "=" : "") + shown(*e) + ",";
  return v.kind == kinds::object ? "{" + all + "}" : "[" + all + "]";
}

std::string read(std::string_view text, std::size_t most = 1000) {
  // A block of its own: a sanitizer sees what is read beyond it.
  const std::string own{text};
  json_document document;
  const auto wrong = document.read(own, most);
  return wrong.empty() ? shown(document.root()) : "wrong";
}

TEST(JsonDocument, ReadsAllKindsOfValues) {
  EXPECT_EQ(read(R"( {"a":[1,-2,[],{}],"b":{"c":null,"d":true},"e":false,"f":"x"} )"),
            "{a=[1,-2,[],{},],b={c=null,d=true,},e=false,f='x',}");
  EXPECT_EQ(read("null"), "null");
  EXPECT_EQ(read("\"text\""), "'text'");
}

TEST(JsonDocument, KeepsWhatIsThereTwiceInItsOrder) {
  EXPECT_EQ(read(R"({"a":1,"b":2,"a":3})"), "{a=1,b=2,a=3,}");
}

TEST(JsonDocument, UnescapesTextAndNames) {
  EXPECT_EQ(read(R"({"\u0061\n":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","z":"plain"})"),
            "{a\n='\"\\/\b\f\n\r\t\u00e9\U0001F600',z='plain',}");
  std::string text, expected;
  for (int i = 0; i != 3000; ++i) {
    text += "some text\\n";
    expected += "some text\n";
  }
  EXPECT_EQ(read("[\"" + text + "\",\"" + text + "\"]"),
            "['" + expected + "','" + expected + "',]");
}

TEST(JsonDocument, KnowsIntegersHoweverTheyAreWritten) {
  EXPECT_EQ(read("[0,-0,1.0,1e3,25e-1,1.5,9007199254740993]"),
            "[0,0,1,1000,fraction,fraction,9007199254740993,]");
  EXPECT_EQ(read("[9223372036854775807,-9223372036854775808]"),
            "[9223372036854775807,-9223372036854775808,]");
  EXPECT_EQ(read("[9223372036854775808,18446744073709551616,1e300,-1e300]"),
            "[9223372036854775807,9223372036854775807,9223372036854775807,-9223372036854775808,]");
}

TEST(JsonDocument, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "'a'",
                           "\"a",
                           "01",
                           "+1",
                           "1.",
                           ".5",
                           "nul",
                           "truee",
                           "{} {}",
                           "{}x",
                           "[1 2]",
                           "/**/1",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud83d\"",
                           "\"\\ude00\"",
                           "\"\\ud83d\\u0041\"",
                           "\"\n\"",
                           "\"\xff\"",
                           "\"\xc0\x80\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xe4\xb8\"",
                           "{\"\xff\":1}",
                           "\xef\xbb\xbf{}",
                           "NaN",
                           "Infinity"})
    EXPECT_EQ(read(text), "wrong") << text;
  EXPECT_EQ(read("{}\0"s), "wrong");
}

TEST(JsonDocument, NestsNoDeeperThan32) {
  EXPECT_EQ(read(std::string(32, '[') + std::string(32, ']')), [] {
    std::string all = "[]";
    for (int i = 1; i != 32; ++i) all = "[" + all + ",]";
    return all;
  }());
  EXPECT_EQ(read(std::string(33, '[') + std::string(33, ']')), "wrong");
  EXPECT_EQ(read(std::string(100'000, '[')), "wrong");
  std::string objects;
  for (int i = 0; i != 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(read(objects), "wrong");
}

TEST(JsonDocument, HasNoMoreValuesThanAllowed) {
  EXPECT_EQ(read("[1,2,3]", 4), "[1,2,3,]");
  EXPECT_EQ(read("[1,2,3]", 3), "wrong");
  json_document document;
  EXPECT_EQ(document.read("[1,2,3]", 3), "more than 3 values");
}

}  // namespace
}  // namespace skein::api
