/// How a session over HTTP does its work, in four parts: connection, requests, answers, and
/// publishes that are answered early.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "doors/http/http_session.hpp"
#include "doors/http/http_work.hpp"

namespace skein::http_session_parts {

using pointer = measured_actor<http_session_actor, http_session_state>*;

/// Bytes of an answer that are written before others get their turn.
constexpr std::size_t most_written = 256u << 10;

// --- connection: http_session.cpp ---

/// From now on the client has this much time for what it has to do next.
void expect(pointer self, std::chrono::milliseconds within);

/// Looks at what has been read, as far as it can be answered.
void proceed(pointer self);

/// Closes the connection.
void end(pointer self, io::stream::ending how);

/// Ends, if the connection is over and nothing has still to be heard of: publishes that may be
/// refused, messages that are for others then, and whose turn is next.
void finish_if_heard(pointer self);

/// Returns whether what is read, and not done, may be held in memory.
bool hold(pointer self);

/// Does it at once, or when those before it have been through.
void in_turn(pointer self, const std::shared_ptr<waiting_line>& line, std::function<void()> work);

// --- requests: http_requests.cpp ---

/// Both return whether the next request may be looked at.
bool handle(pointer self, io::http_request& http);
bool on_request(pointer self, understood_request&& read);

/// The events of the request have been read.
void on_events_read(pointer self, events_read how);

/// What it waits for at a topic is to be answered as it stands.
void abandon_wait(pointer self);

// --- answers: http_answers.cpp ---

void on_answer(pointer self, api::answer&& answer, std::shared_ptr<budget_share> share = nullptr);
void on_failure(pointer self);
void on_answer_written(pointer self, answer_written& message);

/// What was asked for is there, but its client is not any more.
void finish_unanswered(pointer self);

/// Messages of the answer are not sent.
void give_back(pointer self);

/// All three return whether everything was taken, and the next request may be looked at.
bool write(pointer self);
bool respond(pointer self, io::http_response response);
bool respond_continue(pointer self);

/// Answers that the bytes are no request, or one that is not accepted; nothing is read after that.
void refuse_bytes(pointer self, io::http_response response);

/// A refusal after which the client may try again.
io::http_response unavailable(std::string_view why);
io::http_response is_ending();
io::http_response too_much();

// --- publishes that are answered before they are done: http_unheard.cpp ---

void publish_unheard(pointer self, api::topic_call&& call);

/// Of a publish that was answered before it was refused.
void count_unheard(pointer self, const char* key, std::string_view value);

}  // namespace skein::http_session_parts
