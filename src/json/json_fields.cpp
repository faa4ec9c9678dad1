#include "json/json_fields.hpp"

namespace skein::api {

using kinds = json_value::kinds;

std::string json_place::pointer() const {
  if (in == nullptr) return {};
  std::string result = in->pointer() + "/";
  if (is_element) return result + std::to_string(index);
  for (const char c : name) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

json_fields::json_fields(json_value& object, const json_place& place, field_errors& errors)
    : object_{object.kind == kinds::object ? &object : nullptr}, place_{place}, errors_{errors} {
  if (object_ == nullptr) errors_.in_body(place.pointer(), "must be an object");
}

bool json_fields::text(std::string_view name, std::size_t most, std::string_view& to) {
  const auto* const value = of_kind(name, kinds::text, "a string");
  if (value == nullptr) return false;
  if (value->text.size() > most)
    return wrong(name, "must be no longer than " + std::to_string(most) + " bytes");
  to = value->text;
  return true;
}

bool json_fields::flag(std::string_view name, bool& to) {
  const auto* const value = of_kind(name, kinds::flag, "true or false");
  if (value == nullptr) return false;
  to = value->flag;
  return true;
}

json_value* json_fields::array(std::string_view name, std::size_t least, std::size_t most) {
  auto* const value = of_kind(name, kinds::array, "an array");
  if (value == nullptr) return nullptr;
  std::size_t elements = 0;
  for (auto* v = value->begin(); v != value->end(); v = behind(v)) ++elements;
  if (elements >= least && elements <= most) return value;
  wrong(name, "must have " + std::to_string(least) + ".." + std::to_string(most) + " elements");
  return nullptr;
}

bool json_fields::wrong(std::string_view name, std::string detail) {
  if (object_ != nullptr && !errors_.is_full())
    errors_.in_body(place_of(name).pointer(), std::move(detail));
  return false;
}

bool json_fields::has(std::string_view name) const {
  if (object_ == nullptr) return false;
  for (auto* v = object_->begin(); v != object_->end(); v = behind(v))
    if (v->name == name) return true;
  return false;
}

void json_fields::end() {
  if (object_ == nullptr) return;
  for (auto* v = object_->begin(); v != object_->end() && !errors_.is_full(); v = behind(v))
    if (!v->taken) wrong(v->name, "is unknown");
}

json_value* json_fields::find(std::string_view name) {
  json_value* found = nullptr;
  if (object_ == nullptr) return found;
  bool twice = false;
  for (auto* v = object_->begin(); v != object_->end(); v = behind(v)) {
    if (v->name != name) continue;
    twice = found != nullptr;
    v->taken = true;
    found = v;
  }
  if (!twice) return found;
  wrong(name, "is there more than once");
  return nullptr;
}

json_value* json_fields::of_kind(std::string_view name, kinds kind, std::string_view called) {
  auto* const found = find(name);
  if (found == nullptr || found->kind == kind) return found;
  wrong(name, "must be " + std::string{called});
  return nullptr;
}

std::optional<std::int64_t> json_fields::integer(std::string_view name, std::int64_t least,
                                                 std::int64_t most) {
  const auto* const value = find(name);
  if (value == nullptr) return {};
  if (value->kind == kinds::integer && value->integer >= least && value->integer <= most)
    return value->integer;
  wrong(name, "must be an integer, " + std::to_string(least) + ".." + std::to_string(most));
  return {};
}

}  // namespace skein::api
