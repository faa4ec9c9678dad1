/// Answers for tests, with something in every field.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "calls/calls.hpp"

namespace skein::api {

constexpr core::wall_time noon = 1'738'324'800'000;  // 2025-01-31T12:00:00Z

inline core::message message_of(std::string payload, std::string key = {}) {
  core::message m;
  m.key = std::move(key);
  m.payload = std::make_shared<const std::string>(std::move(payload));
  m.published = noon;
  return m;
}

/// Lease 7 of message `number`, at its second attempt.
inline core::delivery delivery_of(std::uint64_t number, core::message m) {
  return {{core::id_of(number), 7}, 2, core::no_time, std::move(m)};
}

inline refused refused_for(refused::reason why, std::string detail = {}) {
  refused r;
  r.why = why;
  r.detail = std::move(detail);
  return r;
}

}  // namespace skein::api
