/// Changes of a store as a value: made in one place, committed in another.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "store/engine.hpp"

namespace skein::store {

class changes {
 public:
  void put(family f, std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    all_.push_back({kind::put, f, std::move(key), std::move(value)});
  }
  void erase(family f, std::string key) {
    bytes_ += key.size();
    all_.push_back({kind::erase, f, std::move(key), {}});
  }
  void erase_range(family f, std::string from, std::string to) {
    bytes_ += from.size() + to.size();
    all_.push_back({kind::erase_range, f, std::move(from), std::move(to)});
  }

  /// The keys of [from, to) are erased, and their disk space is to be given back.
  void reclaim(family f, std::string from, std::string to) {
    reclaims_.push_back({f, std::move(from), std::move(to)});
  }

  bool empty() const { return all_.empty(); }
  std::size_t bytes() const { return bytes_; }

  /// Everything except giving disk space back, which `reclaim_in` does.
  void add_to(batch& b) const {
    for (const change& c : all_) {
      switch (c.what) {
        case kind::put:
          b.put(c.where, c.key, {c.value});
          break;
        case kind::erase:
          b.erase(c.where, c.key);
          break;
        case kind::erase_range:
          b.erase_range(c.where, c.key, c.value);
          break;
      }
    }
  }

  /// Throws store::error. May sync.
  /// \pre they are committed
  void reclaim_in(engine& where) const {
    for (const range& r : reclaims_) where.reclaim(r.where, r.from, r.to);
  }

 private:
  enum class kind : std::uint8_t { put, erase, erase_range };
  struct change {
    kind what;
    family where;
    std::string key;
    std::string value;  ///< or the end of the range
  };

  struct range {
    family where;
    std::string from;
    std::string to;
  };

  std::vector<change> all_;
  std::vector<range> reclaims_;
  std::size_t bytes_ = 0;
};

}  // namespace skein::store
