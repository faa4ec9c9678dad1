#include "doors/http/http_work.hpp"

#include <exception>
#include <utility>

#include "actors/base/io_unit.hpp"
#include "actors/base/log.hpp"
#include "actors/topics/refusal.hpp"
#include "calls/weight.hpp"
#include "doors/http/api/events_body.hpp"

namespace skein {
namespace {

/// Spawned by the system, and not by the actor that asks: so it begins on a worker, not on the
/// thread of that actor.
template <class Message, class Work>
void run_aside(caf::actor_system& system, const http_session_actor& to, Work&& work) {
  system.spawn([to, work = std::make_shared<std::decay_t<Work>>(std::forward<Work>(work))] {
    Message done{};
    try {
      done.what = (*work)();
    } catch (const std::exception& e) {
      log::error("exception", {{"actor", "http_work"}, {"what", e.what()}});
    }
    send_from_here(to, std::move(done));
  });
}

written_answer write(const api::answer_form& form, const api::answer& a,
                     std::shared_ptr<budget_share> share) {
  // The payloads are held, too, until it is written.
  if (!share->replace(api::most_bytes_of(form, a) + api::weight_of(a))) {
    return {api::write_answer(form, too_many_answers().what), nullptr, true};
  }
  written_answer done{api::write_answer(form, a), std::move(share), false};
  done.share->resize(done.response.body.capacity());
  return done;
}

}  // namespace

understood_request understand(io::http_request& http, const api::settings& settings,
                              std::size_t max_line) {
  http.join_body();
  understood_request done{api::read_request(http, settings), {}};
  if (const auto* const request = std::get_if<api::request>(&done.what)) {
    if (const auto* const events = std::get_if<api::publish_events>(&request->what)) {
      done.events = api::examine_events(events->lines, max_line);
    }
  }
  return done;
}

void understand_aside(caf::actor_system& system, const http_session_actor& to,
                      io::http_request&& http, const api::settings& settings,
                      std::size_t max_line) {
  run_aside<request_read>(system, to, [http = std::move(http), settings, max_line]() mutable {
    return std::make_shared<understood_request>(understand(http, settings, max_line));
  });
}

void write_aside(caf::actor_system& system, const http_session_actor& to,
                 const api::answer_form& form, api::answer&& a,
                 std::shared_ptr<budget_share> share) {
  run_aside<answer_written>(
      system, to, [form, a = std::move(a), share = std::move(share)]() mutable {
        return std::make_shared<written_answer>(write(form, a, std::move(share)));
      });
}

void free_aside(caf::actor_system& system, std::string&& large) {
  system.spawn(
      [held = std::make_shared<std::string>(std::move(large))] { std::string{}.swap(*held); });
}

}  // namespace skein
