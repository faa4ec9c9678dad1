#include "core/topics/receipts.hpp"

namespace skein::core {

receipt_number receipt_book::begin() {
  all_.try_emplace(++last_);
  return last_;
}

void receipt_book::add(receipt_number to, message_id id, std::size_t subscribers) {
  const auto found = all_.find(to);
  if (found == all_.end()) return;
  receipt& r = found->second;
  by_message_.insert_or_assign(id, place_in{to, &r, r.lines.size()});
  r.lines.push_back({id, static_cast<std::uint32_t>(subscribers), 0, 0, false});
  ++r.open;
}

void receipt_book::seal(receipt_number number) {
  const auto found = all_.find(number);
  if (found != all_.end()) close_one(number, found->second);
}

void receipt_book::end(receipt_number number) {
  const auto found = all_.find(number);
  if (found == all_.end()) return;
  for (const receipt::line& line : found->second.lines) {
    if (!line.is_settled) by_message_.erase(line.id);
  }
  all_.erase(found);
}

const receipt* receipt_book::of(receipt_number number) const {
  const auto found = all_.find(number);
  return found == all_.end() ? nullptr : &found->second;
}

void receipt_book::finished(message_id id, subscriber_id by, fate what) {
  if (by_message_.empty()) return;
  const auto found = by_message_.find(id);
  if (found == by_message_.end()) return;
  receipt::line& line = found->second.in->lines[found->second.line];
  --line.waiting;
  if (what == fate::acknowledged) {
    ++line.acknowledged;
  } else {
    ++line.missed;
    name(found->second, by, what);
  }
  if (line.waiting == 0) settle(found);
}

void receipt_book::finished(message_id first, std::uint64_t messages, subscriber_id by, fate what) {
  const message_id end{first.priority, first.at + messages};
  for (auto at = by_message_.lower_bound(first); at != by_message_.end() && at->first < end;) {
    const message_id id = (at++)->first;
    finished(id, by, what);
  }
}

void receipt_book::lose(message_id id, const std::vector<subscriber_id>& some, fate what) {
  const auto found = by_message_.find(id);
  if (found == by_message_.end()) return;
  receipt::line& line = found->second.in->lines[found->second.line];
  line.missed += std::exchange(line.waiting, 0);
  for (const subscriber_id who : some) name(found->second, who, what);
  settle(found);
}

void receipt_book::first_came() {
  for (auto& [id, at] : by_message_) at.in->lines[at.line].waiting = 1;
}

void receipt_book::settle(watched::iterator what) {
  const place_in at = what->second;
  by_message_.erase(what);
  at.in->lines[at.line].is_settled = true;
  close_one(at.number, *at.in);
}

void receipt_book::name(const place_in& at, subscriber_id who, fate what) {
  if (at.in->named == most_named) return;
  ++at.in->named;
  missed_.push_back({at.number, at.line, who, what});
}

void receipt_book::close_one(receipt_number number, receipt& r) {
  if (--r.open == 0) complete_.push_back(number);
}

}  // namespace skein::core
