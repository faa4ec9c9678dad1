#include "cli/maze/maze_script.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <stdexcept>
#include <utility>

namespace skein::cli {

using core::event_kind;

namespace {

constexpr std::size_t longest_line = 64;  // 19 digits, a kind, two users of 10 digits, 3 bars

/// Writes an event's line without its end; gives its length.
std::size_t write_line(const made_event& e, std::int64_t number,
                       std::array<char, longest_line>& out) {
  constexpr std::array<char, core::event_kinds> letters{'F', 'U', 'B', 'P', 'S'};
  auto* const end = out.data() + out.size();
  auto* at = std::to_chars(out.data(), end, number).ptr;
  *at++ = '|';
  *at++ = letters[static_cast<std::size_t>(e.kind)];
  for (const auto user : {e.from, e.to}) {
    if (user == 0) continue;
    *at++ = '|';
    at = std::to_chars(at, end, user).ptr;
  }
  return static_cast<std::size_t>(at - out.data());
}

}  // namespace

/// Makes the events in order, routes each as a server must, and appends them batch by batch.
class script_writer {
 public:
  explicit script_writer(const recipe& r)
      : recipe_{r},
        users_{choose_users(r.clients, r.users, r.seed ^ 0x636c69656e7473U)},
        maker_{r.mix, r.users, users_, r.seed},
        shuffling_{r.seed ^ 0x62617463686573U},
        client_of_(std::size_t{r.users} + 1, nobody),
        followers_(std::size_t{r.users} + 1) {
    script_.recipe_ = r;
    script_.clients_.resize(users_.size());
    for (std::uint32_t i = 0; i < users_.size(); ++i) {
      script_.clients_[i].user = users_[i];
      client_of_[users_[i]] = i;
    }
    // Pages that stay untouched cost nothing, copying a growing text does.
    script_.text_.reserve(std::size_t{r.events} * longest_length());
    script_.lines_.resize(r.events);
    script_.told_.resize((std::size_t{r.events} + 63) / 64);
  }

  maze_script write() {
    for (std::uint32_t begin = 0; begin < recipe_.events;) {
      const auto size = std::min(1 + shuffling_.below(recipe_.max_batch), recipe_.events - begin);
      write_batch(begin, size);
      begin += size;
    }
    return std::move(script_);
  }

 private:
  static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

  std::size_t longest_length() const {
    std::array<char, longest_line> out{};
    return write_line({event_kind::private_message, recipe_.users, recipe_.users},
                      recipe_.first_number + recipe_.events, out) +
           2;
  }

  void write_batch(std::uint32_t begin, std::uint32_t size) {
    batch_.resize(size);
    order_.resize(size);
    for (std::uint32_t i = 0; i < size; ++i) {
      order_[i] = i;
      const auto event = maker_.next();
      auto& made = batch_[i];
      made.length = write_line(event, script_.number_of(begin + i), made.text);
      route(event, begin + i, {made.text.data(), made.length});
    }
    for (auto i = size; i > 1; --i) std::swap(order_[i - 1], order_[shuffling_.below(i)]);
    script_.batch_events_.push_back(begin);
    script_.batch_text_.push_back(script_.text_.size());
    for (const auto i : order_) {
      const auto& made = batch_[i];
      script_.lines_[begin + i] = (std::uint64_t{script_.text_.size()} << 8U) | made.length;
      script_.text_.append(made.text.data(), made.length);
      script_.text_.append(core::text_of(recipe_.sent_ending));
    }
  }

  void route(const made_event& e, std::uint32_t index, std::string_view line) {
    switch (e.kind) {
      case event_kind::follow:
        if (client_of_[e.from] != nobody) followers_[e.to].push_back(client_of_[e.from]);
        tell(client_of_[e.to], index);
        break;
      case event_kind::unfollow: {
        auto& all = followers_[e.to];
        const auto found = std::find(all.begin(), all.end(), client_of_[e.from]);
        if (found == all.end()) break;
        *found = all.back();
        all.pop_back();
        break;
      }
      case event_kind::broadcast:
        broadcast(index, line);
        break;
      case event_kind::private_message:
        tell(client_of_[e.to], index);
        break;
      case event_kind::status_update:
        for (const auto client : followers_[e.from]) tell(client, index);
        break;
    }
  }

  void tell(std::uint32_t client, std::uint32_t index) {
    if (client == nobody) return;
    const auto before = static_cast<std::uint32_t>(script_.broadcast_text_.size());
    script_.clients_[client].own.push_back({before, index});
    mark_told(index);
  }

  void broadcast(std::uint32_t index, std::string_view line) {
    auto& text = script_.broadcast_text_;
    if (text.size() + longest_line > std::numeric_limits<std::uint32_t>::max()) {
      throw std::length_error{"the broadcasts take more than 4 GiB; send fewer events"};
    }
    script_.broadcast_starts_.push_back(static_cast<std::uint32_t>(text.size()));
    script_.broadcast_events_.push_back(index);
    text.append(line).append(core::text_of(recipe_.received_ending));
    mark_told(index);
  }

  void mark_told(std::uint32_t index) {
    script_.told_[index / 64] |= std::uint64_t{1} << (index % 64);
  }

  struct made_line {
    std::array<char, longest_line> text;
    std::size_t length;
  };

  recipe recipe_;
  std::vector<std::uint32_t> users_;
  event_maker maker_;
  random_source shuffling_;  ///< apart, so that the events do not depend on the batches
  std::vector<std::uint32_t> client_of_;               ///< by user
  std::vector<std::vector<std::uint32_t>> followers_;  ///< connected ones, as clients, by user
  std::vector<made_line> batch_;
  std::vector<std::uint32_t> order_;
  maze_script script_;
};

maze_script write_script(const recipe& r) {
  return script_writer{r}.write();
}

std::int64_t maze_script::last_told(std::int64_t event) const {
  if (event < 0) return -1;
  auto word = static_cast<std::size_t>(event) / 64;
  const auto above = 63 - static_cast<unsigned>(event % 64);
  auto bits = told_[word] & (~std::uint64_t{0} >> above);
  while (bits == 0) {
    if (word == 0) return -1;
    bits = told_[--word];
  }
  return static_cast<std::int64_t>(word * 64) + (63 - __builtin_clzll(bits));
}

std::uint64_t maze_script::deliveries() const {
  std::uint64_t sum = std::uint64_t{broadcasts()} * clients_.size();
  for (const auto& client : clients_) sum += client.own.size();
  return sum;
}

std::uint64_t maze_script::delivered_bytes() const {
  const auto end = core::text_of(recipe_.received_ending).size();
  std::uint64_t sum = std::uint64_t{broadcast_text_.size()} * clients_.size();
  for (const auto& client : clients_) {
    for (const auto& own : client.own) sum += line(own.event).size() + end;
  }
  return sum;
}

}  // namespace skein::cli
