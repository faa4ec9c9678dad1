/// Room for the messages of an answer, in the memory that all answers share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "actors/base/byte_budget.hpp"
#include "calls/weight.hpp"

namespace skein {

/// Bytes of an answer that take less than a millisecond: it is written at once, and needs no share.
inline constexpr std::size_t quick_bytes = 64u << 10;

/// It is taken before payloads are read: what is there for an answer does not fit because it was
/// read, but is read because it fits.
class answer_room {
 public:
  /// Room for this many bytes of payloads, or for a part of what is left.
  answer_room(std::shared_ptr<byte_budget> of, std::size_t most)
      : share_(std::make_shared<budget_share>(std::move(of))) {
    share_->extend(with_text(most));
  }

  /// So much may be read, and one message more.
  std::size_t most_bytes() const { return std::max(share_->bytes() / 2, quick_bytes); }

  /// Keeps of what was read as much as there is room for, and takes no more than that needs; calls
  /// `leave` for the others, the last one first. Returns whether some was kept, or there was none.
  template <class Messages, class Leave>
  bool keep(Messages& all, Leave leave) {
    std::size_t bytes = 0;
    for (const auto& m : all) bytes += api::weight_of(m.what);
    const bool some = !all.empty();
    while (!share_->replace(bytes <= quick_bytes ? 0 : with_text(bytes))) {
      bytes -= api::weight_of(all.back().what);
      leave(all.back());
      all.pop_back();
    }
    return !all.empty() || !some;
  }

  /// It goes with the answer.
  std::shared_ptr<budget_share> share() && { return std::move(share_); }

 private:
  /// Payloads, and the text that becomes of them if nothing in it has to be escaped.
  static std::size_t with_text(std::size_t payloads) { return 2 * payloads; }

  std::shared_ptr<budget_share> share_;
};

}  // namespace skein
