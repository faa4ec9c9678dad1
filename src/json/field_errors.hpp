/// What is wrong with a request, field by field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skein::api {

struct field_error {
  enum class places : std::uint8_t { body, target };

  places place = places::body;
  std::string name;  ///< a JSON pointer into the body (RFC 6901), or the name of a parameter
  std::string detail;
};

/// The first few.
class field_errors {
 public:
  static constexpr std::size_t most = 10;

  void in_target(std::string_view parameter, std::string detail) {
    if (!is_full())
      all_.push_back({field_error::places::target, std::string{parameter}, std::move(detail)});
  }
  void in_body(std::string pointer, std::string detail) {
    // A name of the client's may be as long as its body.
    constexpr std::size_t longest = 256;
    if (pointer.size() > longest) pointer.replace(longest, pointer.npos, "...");
    if (!is_full())
      all_.push_back({field_error::places::body, std::move(pointer), std::move(detail)});
  }

  bool empty() const { return all_.empty(); }
  bool is_full() const { return all_.size() == most; }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  std::vector<field_error> all_;
};

}  // namespace skein::api
