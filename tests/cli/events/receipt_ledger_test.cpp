#include "cli/events/receipt_ledger.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <stdexcept>

namespace skein::cli::test {
namespace {

receipt_ledger of(std::initializer_list<const char*> sent,
                  std::initializer_list<const char*> told) {
  receipt_ledger ledger;
  for (const auto* const line : sent) ledger.sent(line);
  for (const auto* const line : told) ledger.told(line);
  return ledger;
}

TEST(ReceiptLedger, SaysWhatIsDurableRefusedAndOpen) {
  const auto ledger = of({"1|B", "3|B\r", "2|X|1", "hello", "1|B", "9|B"},
                         {"E|4", "R|2|unknown_type", "R|0|no_separator", "R|1|duplicate", "A|3"});
  EXPECT_EQ(ledger.lines(), 6U);
  EXPECT_EQ(ledger.durable(), 2U);
  EXPECT_EQ(ledger.refused(), 3U);
  EXPECT_EQ(ledger.open(), 1U);
  EXPECT_EQ(ledger.reasons(), "1 duplicate, 1 no_separator, 1 unknown_type");
  EXPECT_EQ(ledger.last(), "3 in epoch 4");
}

TEST(ReceiptLedger, TakesBackWhatIsRefusedBehindItsReceipt) {
  // It was on its way when the gap before 6 was given up.
  const auto ledger = of({"6|B", "5|B"}, {"E|1", "A|6", "R|5|late"});
  EXPECT_EQ(ledger.durable(), 1U);
  EXPECT_EQ(ledger.refused(), 1U);
  EXPECT_EQ(ledger.open(), 0U);
}

TEST(ReceiptLedger, FindsALineThatWasTooLongToBeRead) {
  const auto ledger = of({"1|B", std::string("2|P|1|").append(5000, '1').c_str(), "x"},
                         {"E|1", "R|0|line_too_long", "R|0|no_separator"});
  EXPECT_EQ(ledger.open(), 1U);
  EXPECT_EQ(ledger.refused(), 2U);
}

TEST(ReceiptLedger, HoldsAFewReasonsOnly) {
  receipt_ledger ledger;
  ledger.told("E|1");
  for (int i = 0; i != 1000; ++i) ledger.told("R|0|reason " + std::to_string(i));
  EXPECT_LT(ledger.reasons().size(), 1000U);
  EXPECT_EQ(ledger.refused(), 1000U);
}

TEST(ReceiptLedger, KnowsWhatIsNoReceipt) {
  for (const auto* const line :
       {"", "A", "A|", "A|x", "A|-1", "A|1|2", "R|1", "R|1|", "E|1|2", "B|1", "hello",
        "A|9223372036854775808", "HTTP/1.1 400 Bad Request"}) {
    receipt_ledger ledger;
    ledger.told("E|1");
    EXPECT_THROW(ledger.told(line), std::runtime_error) << line;
  }
  receipt_ledger unbegun;
  EXPECT_THROW(unbegun.told("A|1"), std::runtime_error);
  try {
    unbegun.told("ERR nothing is stored here, there are no receipts");
    ADD_FAILURE();
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(
        e.what(),
        "the server says: nothing is stored here, there are no receipts (see --no-receipts)");
  }
}

}  // namespace
}  // namespace skein::cli::test
