#include "actors/base/statistics.hpp"

#include <deque>
#include <string>
#include <vector>

#include "actors/base/log.hpp"
#include "actors/base/log_exceptions.hpp"

namespace skein {

namespace {

using pointer = measured_actor<statistics_actor, statistics_state>*;
using core::counter;
using core::counter_row;
using core::counts;

void see_written(statistics_state& state, const io::flow& flow) {
  state.totals[counter::bytes_written] = flow.written();
}

/// They are not looked at to see whether something has moved: the line that says so may be one.
counts with_omitted(counts totals) {
  totals[counter::log_omitted] = log::omitted();
  return totals;
}

/// `label:number` of each label that occurred.
std::string by_label(const counts& all, const counter_row& row) {
  std::string text;
  for (std::size_t i = 0; i != core::size_of(row.labels); ++i) {
    if (all.at(row.id, i) == 0) continue;
    if (!text.empty()) text += ' ';
    text += std::string{core::name_of(row.labels, i)} + ":" + std::to_string(all.at(row.id, i));
  }
  return text;
}

void log_all(const char* message, const counts& all) {
  std::deque<std::string> texts;  // fields refer to them
  std::vector<log::field> fields;
  for (const counter_row& row : core::counter_table) {
    fields.push_back({row.name, all.sum(row.id)});
    if (row.labels == core::counter_labels::none) continue;
    const std::string& key =
        texts.emplace_back(std::string{row.name} + "_by_" + std::string{core::name_of(row.labels)});
    fields.push_back({key, texts.emplace_back(by_label(all, row))});
  }
  log::info(message, fields);
}

status status_of(const counts& all) {
  status told;
  for (const counter_row& row : core::counter_table) {
    told.facts.emplace_back(row.name, all.sum(row.id));
    if (row.labels == core::counter_labels::none) continue;
    for (std::size_t i = 0; i != core::size_of(row.labels); ++i) {
      std::string key = std::string{row.name} + "_" + std::string{core::name_of(row.labels, i)};
      told.facts.emplace_back(std::move(key), all.at(row.id, i));
    }
  }
  return told;
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
        see_written(state, flow);
        if (state.totals != state.logged) {
          log_all("statistics", with_omitted(state.totals));
          state.logged = state.totals;
        }
        self->delayed_send(self, interval, report_due{});
      },
      [self, &flow](status_wanted) {
        see_written(self->state, flow);
        status told = status_of(with_omitted(self->state.totals));
        add_handling_times(told);
        return told;
      },
      [self, &flow](drain) {
        see_written(self->state, flow);
        log_all("totals", with_omitted(self->state.totals));
        self->quit();
        return drained{};
      },
  };
}

}  // namespace skein
