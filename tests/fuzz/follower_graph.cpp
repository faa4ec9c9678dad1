/// The follower graph against a table of edges.

#include "core/events/follower_graph.hpp"

#include <limits>

#include "fuzz/fuzz_input.hpp"
#include "support/naive_graph.hpp"

namespace {

using namespace skein;
using core::user_id;

/// A few users close together, at each border of what a user can be.
user_id choose_user(fuzz::input& in) {
  constexpr user_id greatest = std::numeric_limits<user_id>::max();
  const std::size_t choice = in.below(256);
  const auto near = static_cast<user_id>(choice % 64);
  switch (choice / 64) {
    case 0:
      return 0xFFFFFFFF - 32 + near;
    case 1:
      return near % 2 == 0 ? greatest - near : -greatest + near;
    default:
      return near - 16;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in{bytes, size};
  core::follower_graph graph;
  test::naive_graph model;
  const auto check = [&](user_id user) {
    SKEIN_REQUIRE(test::members_of(graph.sessions_of(user)) == model.sessions_of(user));
    SKEIN_REQUIRE(test::members_of(graph.audience_of(user)) == model.audience_of(user));
  };
  while (!in.empty()) {
    const std::size_t what = in.below(16);
    const user_id a = choose_user(in);
    const user_id b = choose_user(in);
    if (what < 8) {
      SKEIN_REQUIRE(graph.follow(a, b) == model.follow(a, b));
    } else if (what < 11) {
      SKEIN_REQUIRE(graph.unfollow(a, b) == model.unfollow(a, b));
    } else if (what < 15) {
      const auto session = static_cast<core::session_index>(in.below(64));
      if (const auto known = model.sessions().find(session); known != model.sessions().end()) {
        graph.disconnect(known->second, session);
        model.disconnect(session);
      } else {
        graph.connect(a, session);
        model.connect(a, session);
      }
    } else if (in.below(32) == 0) {
      graph.forget_follows();
      model.forget_follows();
    }
    SKEIN_REQUIRE(graph.edges() == model.edges().size());
    SKEIN_REQUIRE(graph.follows(a, b) == (model.edges().count({a, b}) != 0));
    check(a);
    check(b);
  }
  SKEIN_REQUIRE(test::edges_of(graph) == model.edges());
  for (const auto& [follower, followee] : model.edges()) check(followee);
  for (const auto& [session, user] : model.sessions()) check(user);
  return 0;
}
