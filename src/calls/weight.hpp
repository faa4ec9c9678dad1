/// How much an answer weighs, before it is written.
#pragma once

#include <cstddef>

#include "calls/calls.hpp"

namespace skein::api {

// Bytes of one entry besides its texts, and a few more.
inline constexpr std::size_t bytes_of_message = 300;
inline constexpr std::size_t bytes_of_topic = 600;
inline constexpr std::size_t bytes_of_subscriber = 250;
inline constexpr std::size_t bytes_of_result = 80;

/// About as many bytes as the answer takes as text, without those that escapes add. Quick.
std::size_t weight_of(const answer& a);
std::size_t weight_of(const core::message& m);

}  // namespace skein::api
