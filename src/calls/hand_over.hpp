/// What a hand has to tell the topic, as calls.
#pragma once

#include <string>
#include <vector>

#include "calls/calls.hpp"
#include "core/topics/lease_hand.hpp"

namespace skein::api {

/// Nobody has to wait for their answers. Empty if there is nothing to tell.
std::vector<topic_call> calls_of(const std::string& topic, const std::string& subscriber,
                                 core::lease_hand::report&& told);

}  // namespace skein::api
