#include "actors/base/statistics.hpp"

#include <numeric>
#include <string>

#include "actors/base/log.hpp"
#include "actors/base/log_exceptions.hpp"

namespace skein {

namespace {

using pointer = measured_actor<statistics_actor, statistics_state>*;

template <class Counters>
traffic::counter sum(const Counters& counters) {
  return std::accumulate(counters.begin(), counters.end(), traffic::counter{0});
}

/// One line: for each kind that occurred `kind=received/sent`, then what went wrong, if anything.
void log_totals(const char* message, const traffic& t, std::uint64_t bytes_written) {
  std::string kinds;
  for (std::size_t k = 0; k != core::event_kinds; ++k) {
    if (t.received[k] == 0 && t.sent[k] == 0) continue;
    if (!kinds.empty()) kinds += ' ';
    kinds += std::string{core::name_of(static_cast<core::event_kind>(k))} + ":" +
             std::to_string(t.received[k]) + "/" + std::to_string(t.sent[k]);
  }
  std::string malformed;
  for (std::size_t r = 0; r != core::malformed_reasons; ++r) {
    if (t.malformed[r] == 0) continue;
    if (!malformed.empty()) malformed += ' ';
    malformed += std::string{core::name_of(static_cast<core::malformed>(r))} + ":" +
                 std::to_string(t.malformed[r]);
  }
  log::info(message, {{"received", sum(t.received)},
                      {"sent", sum(t.sent)},
                      {"received_sent_by_kind", kinds},
                      {"malformed", sum(t.malformed)},
                      {"malformed_by_reason", malformed},
                      {"late", t.late},
                      {"duplicate", t.duplicate},
                      {"beyond", t.beyond},
                      {"gaps", t.gaps},
                      {"missing", t.missing},
                      {"epochs", t.epochs},
                      {"unfinished", t.unfinished},
                      {"lost", t.lost},
                      {"dropped", t.dropped},
                      {"overflows", t.overflows},
                      {"recorded", t.recorded},
                      {"commits", t.commits},
                      {"commit_failures", t.commit_failures},
                      {"checkpoints", t.checkpoints},
                      {"cuts", t.cuts},
                      {"acknowledgements", t.acknowledgements},
                      {"replays", t.replays},
                      {"replayed", t.replayed},
                      {"sources", t.sources_opened - t.sources_closed},
                      {"sources_total", t.sources_opened},
                      {"clients", t.clients_opened - t.clients_closed},
                      {"clients_total", t.clients_opened},
                      {"published", t.published},
                      {"refused", t.refused},
                      {"refused_unheard", t.refused_unheard},
                      {"delivered", t.delivered},
                      {"settled", t.settled},
                      {"returned", t.returned},
                      {"messages_dropped", t.dropped_messages},
                      {"expired", t.expired},
                      {"dead", t.dead},
                      {"subscribers_expired", t.subscribers_expired},
                      {"topics", t.topics_opened - t.topics_closed},
                      {"http", t.http_opened - t.http_closed},
                      {"http_total", t.http_opened},
                      {"http_turned_away", t.http_turned_away},
                      {"http_requests", t.http_requests},
                      {"http_refused", t.http_refused},
                      {"sources_refused", t.sources_refused},
                      {"handshakes_failed", t.handshakes_failed},
                      {"accept_errors", t.accept_errors},
                      {"connections_refused", t.connections_refused},
                      {"bytes_read", t.bytes_read},
                      {"bytes_written", bytes_written},
                      {"log_omitted", log::omitted()}});
}

/// How long each kind of actor took for its messages, as far as there were any.
void add_handling_times(status& to) {
  for (const auto& [kind, counts] : handling_times::of_all()) {
    for (std::size_t i = 0; i != counts.size(); ++i) {
      if (counts[i] == 0) continue;
      to.facts.emplace_back("handled_" + kind + "_" + handling_times::names[i], counts[i]);
    }
  }
}

}  // namespace

statistics_actor::behavior_type statistics(pointer self, std::chrono::milliseconds interval,
                                           const io::flow& flow) {
  log_exceptions(self);
  if (interval.count() != 0) self->delayed_send(self, interval, report_due{});
  return {
      [self](const report& r) { self->state.totals += r.counted; },
      [self, interval, &flow](report_due) {
        statistics_state& state = self->state;
        const std::uint64_t written = flow.written();
        if (state.totals != state.logged || written != state.logged_written) {
          log_totals("statistics", state.totals, written);
          state.logged = state.totals;
          state.logged_written = written;
        }
        self->delayed_send(self, interval, report_due{});
      },
      [self](status_wanted) {
        const traffic& t = self->state.totals;
        status all{{{"clients", t.clients_opened - t.clients_closed},
                    {"clients_lagging", t.lags_begun - t.lags_ended},
                    {"events_received", sum(t.received)},
                    {"events_late", t.late},
                    {"events_duplicate", t.duplicate},
                    {"events_beyond", t.beyond},
                    {"gaps", t.gaps},
                    {"events_missing", t.missing},
                    {"notifications_sent", sum(t.sent)},
                    {"notifications_dropped", t.dropped},
                    {"overflows", t.overflows},
                    {"replays", t.replays},
                    {"messages_published", t.published},
                    {"messages_refused", t.refused},
                    {"messages_refused_unheard", t.refused_unheard},
                    {"messages_delivered", t.delivered},
                    {"messages_acknowledged", t.settled},
                    {"messages_returned", t.returned},
                    {"messages_dropped", t.dropped_messages},
                    {"messages_expired", t.expired},
                    {"messages_dead", t.dead},
                    {"subscribers_expired", t.subscribers_expired},
                    {"topics_in_memory", t.topics_opened - t.topics_closed},
                    {"http_connections", t.http_opened - t.http_closed},
                    {"http_turned_away", t.http_turned_away},
                    {"http_requests", t.http_requests},
                    {"http_refused", t.http_refused},
                    {"malformed", sum(t.malformed)}}};
        for (std::size_t r = 0; r != core::malformed_reasons; ++r) {
          all.facts.emplace_back(
              std::string{"malformed_"} + core::name_of(static_cast<core::malformed>(r)),
              t.malformed[r]);
        }
        add_handling_times(all);
        return all;
      },
      [self, &flow](drain) {
        log_totals("totals", self->state.totals, flow.written());
        self->quit();
        return drained{};
      },
  };
}

}  // namespace skein
