/// Changes of a store as a value, to be committed elsewhere than where they are made.
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

  bool empty() const { return all_.empty(); }
  std::size_t bytes() const { return bytes_; }

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

 private:
  enum class kind : std::uint8_t { put, erase, erase_range };
  struct change {
    kind what;
    family where;
    std::string key;
    std::string value;  ///< or the end of the range
  };

  std::vector<change> all_;
  std::size_t bytes_ = 0;
};

}  // namespace skein::store
