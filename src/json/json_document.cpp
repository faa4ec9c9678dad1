#include "json/json_document.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <limits>

namespace skein::api {

namespace json = boost::json;

/// What Boost.JSON tells, in the order of the text.
class json_document::reader {
 public:
  static constexpr auto max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr auto max_array_size = max_object_size;
  static constexpr auto max_key_size = max_object_size;
  static constexpr auto max_string_size = max_object_size;

  reader(json_document& into, std::string_view text, std::size_t most)
      : values_{into.values_}, unescaped_{into.unescaped_}, text_{text}, most_{most} {
    values_.reserve(24);
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }

  bool on_object_begin(json::error_code& e) { return begin(json_value::kinds::object, e); }
  bool on_object_end(std::size_t, json::error_code&) { return end(); }
  bool on_array_begin(json::error_code& e) { return begin(json_value::kinds::array, e); }
  bool on_array_end(std::size_t, json::error_code&) { return end(); }

  bool on_key_part(json::string_view s, std::size_t, json::error_code&) { return keep(s); }
  bool on_key(json::string_view s, std::size_t size, json::error_code&) {
    name_ = whole(s, size);
    return true;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) { return keep(s); }
  bool on_string(json::string_view s, std::size_t size, json::error_code& e) {
    if (!add(json_value::kinds::text, e)) return false;
    values_.back().text = whole(s, size);
    return true;
  }

  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, json::error_code& e) {
    return integer(value, e);
  }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code& e) {
    return integer(std::numeric_limits<std::int64_t>::max(), e);
  }
  bool on_double(double value, json::string_view, json::error_code& e) {
    constexpr double limit = 9.2e18;
    if (value != std::trunc(value)) return add(json_value::kinds::fraction, e);
    if (value > limit) return integer(std::numeric_limits<std::int64_t>::max(), e);
    if (value < -limit) return integer(std::numeric_limits<std::int64_t>::min(), e);
    return integer(static_cast<std::int64_t>(value), e);
  }
  bool on_bool(bool value, json::error_code& e) {
    if (!add(json_value::kinds::flag, e)) return false;
    values_.back().flag = value;
    return true;
  }
  bool on_null(json::error_code& e) { return add(json_value::kinds::null, e); }

  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool add(json_value::kinds kind, json::error_code& error) {
    if (values_.size() == most_) {
      error = json::error::array_too_large;
      return false;
    }
    values_.emplace_back();
    values_.back().kind = kind;
    values_.back().name = name_;
    name_ = {};
    return true;
  }

  bool begin(json_value::kinds kind, json::error_code& error) {
    if (!add(kind, error)) return false;
    open_[depth_++] = values_.size() - 1;
    return true;
  }

  bool end() {
    const std::size_t opened = open_[--depth_];
    values_[opened].span = static_cast<std::uint32_t>(values_.size() - opened);
    return true;
  }

  bool integer(std::int64_t value, json::error_code& e) {
    if (!add(json_value::kinds::integer, e)) return false;
    values_.back().integer = value;
    return true;
  }

  bool keep(json::string_view part) {
    // What is unescaped has never more bytes: views of it stay valid.
    if (unescaped_.capacity() < text_.size()) unescaped_.reserve(text_.size());
    unescaped_.append(part.data(), part.size());
    return true;
  }

  /// A string of `size` bytes that ends with `last`; what is before was kept.
  std::string_view whole(json::string_view last, std::size_t size) {
    // What has no escapes is not copied by the parser, either.
    const std::less_equal<const char*> before;
    if (last.size() == size && before(text_.data(), last.data()) &&
        before(last.data() + size, text_.data() + text_.size()))
      return {last.data(), size};
    keep(last);
    return std::string_view{unescaped_}.substr(unescaped_.size() - size);
  }

  std::pmr::vector<json_value>& values_;
  std::string& unescaped_;
  std::string_view text_;
  std::size_t most_;
  std::string_view name_;  ///< of the member whose value is next
  std::array<std::size_t, json::parse_options{}.max_depth> open_;
  std::size_t depth_ = 0;
};

std::string json_document::read(std::string_view text, std::size_t most_values) {
  json::basic_parser<reader> parser{json::parse_options{}, *this, text, most_values};
  json::error_code wrong;
  const auto used = parser.write_some(false, text.data(), text.size(), wrong);
  if (!wrong && used < text.size()) wrong = json::error::extra_data;
  if (!wrong) return {};
  if (wrong == json::error::array_too_large)
    return "more than " + std::to_string(most_values) + " values";
  return wrong.message() + " at byte " + std::to_string(used);
}

}  // namespace skein::api
