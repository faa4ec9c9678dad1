#include "calls/weight.hpp"

namespace skein::api {
namespace {

struct weight {
  template <class Messages>
  static std::size_t of_all(const Messages& messages) {
    std::size_t bytes = 0;
    for (const auto& m : messages) bytes += weight_of(m.what);
    return bytes;
  }
  std::size_t operator()(const leased& l) const { return of_all(l.messages); }
  std::size_t operator()(const dead_letters& d) const { return of_all(d.messages); }
  std::size_t operator()(const delayed_messages& d) const { return of_all(d.messages); }
  std::size_t operator()(const topic_list& t) const { return t.topics.size() * bytes_of_topic; }
  std::size_t operator()(const subscriber_list& s) const {
    return s.subscribers.size() * bytes_of_subscriber;
  }
  std::size_t operator()(const published& p) const { return p.messages.size() * bytes_of_result; }
  std::size_t operator()(const settled& s) const { return s.outcomes.size() * bytes_of_result; }
  template <class Other>
  std::size_t operator()(const Other&) const {
    return 0;
  }
};

}  // namespace

std::size_t weight_of(const answer& a) {
  return std::visit(weight{}, a);
}

std::size_t weight_of(const core::message& m) {
  return bytes_of_message + m.payload->size();
}

}  // namespace skein::api
