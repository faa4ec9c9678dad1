#include <gtest/gtest.h>

#include "support/peer.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  skein::test::allow_many_descriptors();
  return RUN_ALL_TESTS();
}
