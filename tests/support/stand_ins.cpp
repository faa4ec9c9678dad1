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

}  // namespace

std::string router_record::text(core::epoch_number epoch) const {
  std::string all;
  for (const block& b : blocks) {
    if (b.epoch == epoch) all += b.text;
  }
  return all;
}

source_actor::behavior_type source_stand_in(source_actor::pointer self, source_record* record) {
  return {
      [](readable) {},
      [record](block_taken) { ++record->taken; },
      [self, record](catch_up) {
        ++record->asked;
        const auto sequencer = caf::actor_cast<sequencer_actor>(self->current_sender());
        if (record->catches_up) self->send(sequencer, caught_up{record->id});
      },
      [](flow_resumed) {},
      [](report_due) {},
      [](drain) {},
  };
}

sequencer_actor::behavior_type sequencer_stand_in(sequencer_actor::pointer,
                                                  sequencer_record* record) {
  return {
      [record](source_opened opened) { record->opened.push_back(opened.source); },
      [record](source_events& message) {
        const core::event_block& block = message.events->block;
        for (const core::event& e : block.events) record->text.append(block.text_of(e)) += '\n';
        record->blocks.push_back(block.events.size());
        if (record->keeps) record->kept.push_back(std::move(message.events));
      },
      [record](block_taken) { ++record->taken; },
      [record](source_closed closed) { record->closed.push_back(closed.source); },
      [](deadline_due) {},
      [record](caught_up) { ++record->caught_up; },
      [](report_due) {},
      [](drain) { return drained{}; },
  };
}

router_actor::behavior_type router_stand_in(router_actor::pointer self, router_record* record) {
  return {
      [self, record](ordered_events& message) {
        const core::ordered_block& block = message.events->block;
        router_record::block& kept = record->blocks.emplace_back();
        kept.epoch = block.epoch;
        for (const core::event& e : block.events) kept.text += block.text_of(e);
        record->sender = caf::actor_cast<sequencer_actor>(self->current_sender());
        if (record->takes) self->send(record->sender, block_taken{});
      },
      [record](join joined) { record->joined.push_back(joined.user); },
      [record](leave left) { record->left.push_back(left.user); },
      [](const session_lost&) {},
      [](flush_due) {},
      [](round_done) {},
      [](report_due) {},
      [](drain) { return drained{}; },
  };
}

session_actor::behavior_type session_stand_in(session_actor::pointer, session_record* record) {
  return {
      [](readable) {},
      [](writable) {},
      [record](const portion& message) {
        const core::round& round = *message.of->round;
        const std::size_t size = record->text.size();
        record->text.resize(size + round.size_of(message.group));
        round.copy_to(record->text.data() + size, message.group);
        ++record->portions;
      },
      [](handshake_overdue) {},
      [record](replaced) { record->replaced = true; },
      [](progress_due) {},
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

ordered_events ordered(io::flow& flow, lines all, core::epoch_number epoch) {
  core::ordered_block block;
  block.epoch = epoch;
  for (const std::string_view line : all) append(block, line, "\r\n");
  const std::size_t bytes = block.text.size();
  return {std::make_shared<const charged<core::ordered_block>>(
      charged<core::ordered_block>{std::move(block), io::charge{flow, bytes}})};
}

portion to_all(io::flow& flow, std::string_view text) {
  core::round_builder builder;
  builder.broadcast(text);
  return {
      std::make_shared<const round_in_flight>(builder.seal(), io::charge{flow, text.size()}, [] {}),
      core::round::broadcasts_only};
}

}  // namespace skein
