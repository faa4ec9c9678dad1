#include "support/stand_ins.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace skein {

namespace {

void append(core::event_block& block, std::string_view line, std::string_view ending) {
  const core::parsed_line parsed = core::parse_event(line);
  EXPECT_TRUE(parsed.ok) << line;
  core::event& e = block.events.emplace_back(parsed.value);
  e.offset = static_cast<std::uint32_t>(block.text.size());
  e.length = static_cast<std::uint16_t>(line.size() + ending.size());
  block.text.append(line).append(ending);
}

std::string text_of(const core::ordered_block& block) {
  std::string text;
  for (const core::event& e : block.events) text += block.text_of(e);
  return text;
}

template <class Blocks>
std::string text_of_epoch(const Blocks& blocks, core::epoch_number epoch) {
  std::string text;
  for (const auto& b : blocks) {
    if (b.epoch == epoch) text += b.text;
  }
  return text;
}

}  // namespace

std::string router_record::text(core::epoch_number epoch) const {
  return text_of_epoch(blocks, epoch);
}

std::string recorder_record::text(core::epoch_number epoch) const {
  return text_of_epoch(blocks, epoch);
}

std::vector<session_news::kind> session_record::kinds() const {
  std::vector<session_news::kind> kinds;
  for (const session_news& n : news) kinds.push_back(n.what);
  return kinds;
}

source_actor::behavior_type source_stand_in(source_actor::pointer self, source_record* record) {
  return {
      [](readable) {},
      [](writable) {},
      [record](const receipts_told& told) {
        record->receipts += told.lines;
        record->told_last |= told.last;
      },
      [record](block_taken) { ++record->taken; },
      [self, record](catch_up) {
        ++record->asked;
        const auto sequencer = caf::actor_cast<sequencer_actor>(self->current_sender());
        if (record->catches_up) self->send(sequencer, caught_up{record->id});
      },
      [](flow_resumed) {},
      [](report_due) {},
      [](look_at_deadline) {},
      [](drain) {},
      [](drain_overdue) {},
  };
}

sequencer_actor::behavior_type sequencer_stand_in(sequencer_actor::pointer,
                                                  sequencer_record* record) {
  return {
      [record](source_opened opened) {
        record->opened.push_back(opened.source);
        record->kinds.push_back(opened.kind);
      },
      [record](source_events& message) {
        const core::event_block& block = message.events->block;
        for (const core::event& e : block.events) record->text.append(block.text_of(e)) += '\n';
        record->blocks.push_back(block.events.size());
        if (record->keeps) record->kept.push_back(std::move(message.events));
      },
      [record](receipts_wanted wanted) { record->receipts_wanted.push_back(wanted.source); },
      [record](log_durable durable) { record->durable.push_back(durable.end); },
      [](gap_due) {},
      [record](block_taken) { ++record->taken; },
      [record](source_closed closed) {
        record->closed.push_back(closed.source);
        record->ends.push_back(closed.how);
      },
      [](deadline_due) {},
      [record](caught_up) { ++record->caught_up; },
      [record](begin_epoch) {
        return epoch_begun{++record->epoch, 1};
      },
      [record](status_wanted) {
        return status{{{"epoch", record->epoch}}};
      },
      [](report_due) {},
      [](drain) { return drained{}; },
  };
}

router_actor::behavior_type router_stand_in(router_actor::pointer self, router_record* record) {
  return {
      [self, record](ordered_events& message) {
        const core::ordered_block& block = message.events->block;
        record->blocks.push_back({block.epoch, text_of(block)});
        record->sender = caf::actor_cast<sequencer_actor>(self->current_sender());
        if (record->takes) self->send(record->sender, block_taken{});
      },
      [record](const join& joined) {
        record->joined.push_back(joined.user);
        record->joins.push_back(joined);
      },
      [record](leave left) { record->left.push_back(left.user); },
      [](const session_lost&) {},
      [](flush_due) {},
      [](round_done) {},
      [](const api::list_follows&) { return answered{api::follow_list{}}; },
      [record](checkpoint_wanted wanted) {
        record->checkpoints_wanted.push_back(wanted.generation);
      },
      [record](slice_taken) { ++record->slices_taken; },
      [](report_due) {},
      [](drain) { return drained{}; },
  };
}

recorder_actor::behavior_type recorder_stand_in(recorder_actor::pointer self,
                                                recorder_record* record) {
  return {
      [record](ordered_events& message) {
        const core::ordered_block& block = message.events->block;
        record->blocks.push_back({block.epoch, block.begin, text_of(block)});
      },
      [record](stream_over) { ++record->over; },
      [record](const acknowledged& a) { record->acknowledgements.push_back(a); },
      [record](const open_inbox& wanted) { record->opened.push_back(wanted); },
      [record](const graph_slice& slice) { record->slices.push_back(slice); },
      [record](const checkpoint_made& made) { record->checkpoints.push_back(made.what); },
      [record](commit_due) {
        for (auto& promise : record->flushes) promise.deliver(drained{});
        record->flushes.clear();
      },
      [self, record](flush_log) {
        record->flushes.push_back(self->make_response_promise<drained>());
        return record->flushes.back();
      },
      [record](const backup_wanted& wanted) -> caf::result<backup_made> {
        record->backups.push_back(wanted.directory);
        if (record->backup_fails.empty()) return backup_made{};
        return caf::make_error(caf::sec::runtime_error, record->backup_fails);
      },
      [record](const delete_inbox& wanted) -> caf::result<inbox_deleted> {
        record->deleted_inboxes.push_back(wanted.user);
        return inbox_deleted{wanted.user > 0};
      },
      [](status_wanted) {
        return status{{{"log_end", 17}}};
      },
      [](report_due) {},
      [](drain) { return drained{}; },
      [](drain_overdue) {},
  };
}

replayer_actor::behavior_type replayer_stand_in(replayer_actor::pointer, replayer_record* record) {
  return {
      [record](const replay_wanted& wanted) { record->wanted.push_back(wanted); },
      [record](replay_until until) { record->until.push_back(until.position); },
      [record](stop_replay) { ++record->stopped; },
      [record](const session_lost&) { ++record->lost; },
      [](round_done) {},
      [record](log_grew grew) { record->grew.push_back(grew.end); },
      [](slice_due) {},
      [](hurry_due) {},
      [](drain) { return drained{}; },
  };
}

session_actor::behavior_type session_stand_in(session_actor::pointer, session_record* record) {
  return {
      [](readable) {},
      [](writable) {},
      [record](const portion& message) {
        const core::round& round = *message.of->round;
        std::string text(round.size_of(message.group), ' ');
        round.copy_to(text.data(), message.group);
        record->text += text;
        ++record->portions;
        record->all.push_back(
            {message.ticket, message.of->epoch, message.of->upto, std::move(text)});
        if (record->holds) record->held.push_back(message.of);
      },
      [](look_at_deadline) {},
      [record](replaced) { record->replaced = true; },
      [](progress_due) {},
      [record](const session_news& news) { record->news.push_back(news); },
      [](drain) {},
      [](drain_overdue) {},
  };
}

statistics_actor::behavior_type statistics_stand_in(statistics_actor::pointer,
                                                    statistics_record* record) {
  return {
      [record](const report& r) {
        record->counted += r.counted;
        ++record->reports;
      },
      [](report_due) {},
      [](status_wanted) {
        return status{{{"clients", 3}}};
      },
      [](drain) { return drained{}; },
  };
}

std::shared_ptr<const charged<core::event_block>> unordered(io::flow& flow, lines all) {
  core::event_block block;
  for (const std::string_view line : all) append(block, line, "");
  const std::size_t bytes = block.text.size();
  return std::make_shared<const charged<core::event_block>>(
      charged<core::event_block>{std::move(block), io::charge{flow, bytes}});
}

ordered_events ordered(io::flow& flow, lines all, core::epoch_number epoch,
                       core::log_position begin) {
  core::ordered_block block;
  block.epoch = epoch;
  block.begin = begin;
  block.ending = core::line_ending::crlf;
  for (const std::string_view line : all) append(block, line, "\r\n");
  const std::size_t bytes = block.text.size();
  return {std::make_shared<const charged<core::ordered_block>>(
      charged<core::ordered_block>{std::move(block), io::charge{flow, bytes}})};
}

core::log_position end_of(const ordered_events& block) {
  return block.events->block.end();
}

portion to_all(io::flow& flow, std::string_view text, ticket_number ticket,
               core::epoch_number epoch, core::log_position upto) {
  core::round_builder builder;
  builder.broadcast(text);
  return {std::make_shared<const round_in_flight>(builder.seal(), epoch, upto,
                                                  io::charge{flow, text.size()}, [] {}),
          core::round::broadcasts_only, ticket};
}

}  // namespace skein
