/// Serves one connection over HTTP: reads requests, asks the actors that know, writes their
/// answers. What requests mean is in doors/http/api/http_api.
///
/// One request at a time is answered, in the order in which they came; more are read while one
/// waits only as far as one buffer goes. Publishes by /api/publish/async are answered at once, up
/// to `core::unheard_publishes::most` of them before the topic has taken them.
///
/// Deadlines are checked when the supervisor lets the session look; a timer for each session would
/// keep its memory alive until it fires. If a client disconnects while it waits, messages that were
/// already leased for it are given back.
///
/// What takes long, and is done by other actors, waits for its turn here: a page of a list, a large
/// body, a large answer. So little of it is in the workers' queue at a time, and what has not begun
/// ends with its session.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "actors/base/byte_budget.hpp"
#include "actors/base/counting.hpp"
#include "actors/base/interfaces.hpp"
#include "actors/base/io_unit.hpp"
#include "actors/base/log.hpp"
#include "actors/events/interfaces.hpp"
#include "actors/topics/interfaces.hpp"
#include "core/rate_limiter.hpp"
#include "core/topics/lease_hand.hpp"
#include "core/topics/unheard_publishes.hpp"
#include "doors/http/api/http_api.hpp"
#include "doors/http/interfaces.hpp"
#include "doors/http/waiting_line.hpp"
#include "doors/switchboard.hpp"
#include "io/http_reader.hpp"
#include "options/daemon_options.hpp"

namespace skein {

/// What all sessions share; lives as long as they do.
struct http_environment {
  http_options options;
  api::settings settings;
  std::size_t max_line = 0;  ///< of events, bytes
  switchboard ask;
  supervisor_actor supervisor;
  std::shared_ptr<byte_budget> bodies;
  std::shared_ptr<byte_budget> answers;
  /// For what is large: bodies, pages of lists, and other answers.
  std::shared_ptr<waiting_line> bodies_line, pages_line, answers_line;
  std::chrono::milliseconds report_interval{0};
  io_unit* unit = nullptr;  ///< null in tests
  bool synced = false;      ///< events are on disk before their answer
};

struct http_session_state {
  static inline const char* name = "http_session";

  /// What it waits for at a topic: messages, or acknowledgements.
  struct topic_wait {
    std::string topic;
    api::wait_ticket ticket;
    bool for_messages;
  };
  /// The subscriber that gets messages, from the request for them until the connection has taken
  /// the answer.
  struct consuming {
    std::string topic, subscriber;
    core::lease_hand hand;
  };

  std::shared_ptr<const http_environment> environment;
  std::optional<owned_stream> connection;
  std::optional<io::http_reader> reader;
  std::string out;            ///< the last answer, until the connection has taken it
  std::string body;           ///< what comes after `out`, if it is large
  std::size_t written = 0;    ///< bytes of both that it has taken
  api::answer_form form;      ///< of the request that is being answered
  io::http_reply_form reply;  ///< likewise
  std::string page;           ///< likewise: origin of the web page that may read the answer
  std::optional<topic_wait> wait;
  api::wait_ticket last_ticket = 0;
  api::events_published events;         ///< of the request, while a source reads it
  std::unique_ptr<consuming> consumer;  ///< null for most: idle connections keep no room for it
  std::optional<budget_share> share;    ///< for what is read
  std::shared_ptr<budget_share> answer_share;  ///< for `body`
  std::optional<turn> its_turn;                ///< to have something done by workers
  std::function<void()> waits_with;            ///< this, until the turn comes
  core::unheard_publishes unheard;             ///< answered, but not taken by their topic yet
  bool busy = false;                           ///< a request is being answered
  bool reading = false;                        ///< waits for the connection to become readable
  bool mid_request = false;                    ///< some of a request has come
  bool ended = false;                          ///< the client sends no more
  bool closing = false;                        ///< ends when `out` is written
  bool over = false;  ///< the connection is closed; ends when nothing is unheard
  bool draining = false;
  core::time_point deadline = core::never;  ///< of what the client has to do
  counting counted;
  core::rate_limiter failures{1};
};

http_session_actor::behavior_type http_session(
    measured_actor<http_session_actor, http_session_state>* self,
    std::shared_ptr<const http_environment> environment, std::shared_ptr<io::stream> connection);

}  // namespace skein
