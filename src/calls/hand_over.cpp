#include "calls/hand_over.hpp"

#include <utility>

namespace skein::api {

std::vector<topic_call> calls_of(const std::string& topic, const std::string& subscriber,
                                 core::lease_hand::report&& told) {
  std::vector<topic_call> calls;
  if (!told.acknowledged.empty()) {
    calls.push_back({topic, handed_over{subscriber, std::move(told.acknowledged), true}});
  }
  if (!told.given_back.empty()) {
    calls.push_back({topic, handed_over{subscriber, std::move(told.given_back), false}});
  }
  if (!told.released.empty()) {
    calls.push_back(
        {topic, settle{subscriber, settle::action::nack, std::move(told.released), {}}});
  }
  return calls;
}

}  // namespace skein::api
