#include "doors/http/api/topic_options_json.hpp"

#include "core/topics/message.hpp"

namespace skein::api {
namespace {

using namespace core;

constexpr std::int64_t longest_pending = std::int64_t{1} << 53;
constexpr std::int64_t one_day = 86'400'000;  // milliseconds

constexpr word<topic_storage> storages[] = {{"memory", topic_storage::memory},
                                            {"durable", topic_storage::durable}};
constexpr word<priority_policy> orders[] = {{"strict", priority_policy::strict},
                                            {"weighted", priority_policy::weighted}};
constexpr word<no_subscribers_policy> without_subscribers[] = {
    {"reject", no_subscribers_policy::reject},
    {"hold", no_subscribers_policy::hold},
    {"drop", no_subscribers_policy::drop}};
constexpr word<pending_policy> overflows[] = {{"reject", pending_policy::reject},
                                              {"drop-oldest", pending_policy::drop_oldest}};
constexpr word<dedupe_policy> dedupes[] = {{"off", dedupe_policy::off},
                                           {"replace", dedupe_policy::replace},
                                           {"first", dedupe_policy::first}};

}  // namespace

core::option_names read_topic_options(json_fields& from, core::topic_options& to) {
  core::option_names said;
  const auto note = [&](std::string_view name, bool is_there) {
    if (is_there) said.push_back(name);
  };
  note("storage", from.choice("storage", storages, to.storage));
  note("priorities", from.number("priorities", 1, most_priorities, to.priorities));
  note("order", from.choice("order", orders, to.order));
  note("no_subscribers", from.choice("no_subscribers", without_subscribers, to.no_subscribers));
  note("max_pending", from.number("max_pending", 1, longest_pending, to.max_pending));
  note("max_delayed", from.number("max_delayed", 1, longest_pending, to.max_delayed));
  note("overflow", from.choice("overflow", overflows, to.overflow));
  note("dedupe", from.choice("dedupe", dedupes, to.dedupe));
  note("dedupe_window_ms", from.number("dedupe_window_ms", 1, one_day, to.dedupe_window));
  note("expire", from.flag("expire", to.expire));
  note("ordered", from.flag("ordered", to.ordered));
  note("batch", from.number("batch", 1, 10'000, to.batch));
  note("lease_ms", from.number("lease_ms", 0, one_day, to.lease));
  note("retry_delay_ms", from.number("retry_delay_ms", 0, one_day, to.retry_delay));
  note("max_retry_delay_ms", from.number("max_retry_delay_ms", 0, one_day, to.most_retry_delay));
  note("max_deliveries", from.number("max_deliveries", 0, 1'000'000, to.max_deliveries));
  return said;
}

void write_topic_options(json_writer& to, const core::topic_options& options) {
  to.begin_object();
  to.name("storage").text(text_of(storages, options.storage));
  to.name("priorities").number(options.priorities);
  to.name("order").text(text_of(orders, options.order));
  to.name("no_subscribers").text(text_of(without_subscribers, options.no_subscribers));
  to.name("max_pending").number(options.max_pending);
  to.name("max_delayed").number(options.max_delayed);
  to.name("overflow").text(text_of(overflows, options.overflow));
  to.name("dedupe").text(text_of(dedupes, options.dedupe));
  to.name("dedupe_window_ms").number(options.dedupe_window.count());
  to.name("expire").flag(options.expire);
  to.name("ordered").flag(options.ordered);
  to.name("batch").number(options.batch);
  to.name("lease_ms").number(options.lease.count());
  to.name("retry_delay_ms").number(options.retry_delay.count());
  to.name("max_retry_delay_ms").number(options.most_retry_delay.count());
  to.name("max_deliveries").number(options.max_deliveries);
  to.end_object();
}

}  // namespace skein::api
