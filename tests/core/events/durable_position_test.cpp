#include "core/events/durable_position.hpp"

#include <gtest/gtest.h>

namespace skein::core {
namespace {

TEST(DurablePosition, IsANumberOfTheEpochThatIsNamed) {
  EXPECT_EQ(durable_next_of(2, 2, 17), 17u);
  EXPECT_EQ(durable_next_of(3, 2, 17), 1u) << "of the new epoch nothing is durable yet";
}

}  // namespace
}  // namespace skein::core
