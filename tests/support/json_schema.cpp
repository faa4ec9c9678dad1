#include "support/json_schema.hpp"

#include <regex.h>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace skein::testing {
namespace {

namespace json = boost::json;

bool is_of_type(std::string_view type, const json::value& v) {
  if (type == "object") return v.is_object();
  if (type == "array") return v.is_array();
  if (type == "string") return v.is_string();
  if (type == "integer") return v.is_int64() || v.is_uint64();
  if (type == "boolean") return v.is_bool();
  throw std::logic_error{"unknown type " + std::string{type}};
}

double number_of(const json::value& v) {
  return v.to_number<double>();
}

/// `pattern` is one of POSIX as well.
bool fits(const char* text, const char* pattern) {
  regex_t compiled;
  if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
    throw std::logic_error{"unknown pattern " + std::string{pattern}};
  const bool found = regexec(&compiled, text, 0, nullptr, 0) == 0;
  regfree(&compiled);
  return found;
}

std::size_t size_of(const json::value& v) {
  return v.to_number<std::size_t>();
}

/// Of UTF-8.
std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

class checker {
 public:
  explicit checker(const json::value& document) : document_{document} {}

  std::string check(const json::object& schema, const json::value& v, const std::string& at) {
    std::string wrong;
    const auto need = [&](bool holds, const std::string& what) {
      if (!holds && wrong.empty()) wrong = at + ": " + what;
    };
    for (const auto& [key, rule] : schema) {
      if (key == "$ref") {
        const auto found = mismatch(document_, resolve(document_, rule.as_string()), v, at);
        if (wrong.empty()) wrong = found;
      } else if (key == "type") {
        need(is_of_type(rule.as_string(), v), "is no " + std::string{rule.as_string()});
      } else if (key == "enum") {
        const auto& all = rule.as_array();
        need(std::find(all.begin(), all.end(), v) != all.end(), "is none of the words");
      } else if (key == "minimum") {
        need(!v.is_number() || number_of(v) >= number_of(rule), "is too small");
      } else if (key == "maximum") {
        need(!v.is_number() || number_of(v) <= number_of(rule), "is too large");
      } else if (key == "minLength") {
        need(!v.is_string() || characters_in(v.as_string()) >= size_of(rule), "is too short");
      } else if (key == "maxLength") {
        need(!v.is_string() || characters_in(v.as_string()) <= size_of(rule), "is too long");
      } else if (key == "pattern") {
        need(!v.is_string() || fits(v.as_string().c_str(), rule.as_string().c_str()),
             "has another form");
      } else if (key == "minItems") {
        need(!v.is_array() || v.as_array().size() >= size_of(rule), "has too few elements");
      } else if (key == "maxItems") {
        need(!v.is_array() || v.as_array().size() <= size_of(rule), "has too many elements");
      } else if (key == "required") {
        if (!v.is_object()) continue;
        for (const auto& name : rule.as_array())
          need(v.as_object().contains(name.as_string()), "lacks " + std::string{name.as_string()});
      } else if (key == "items") {
        if (!v.is_array()) continue;
        for (std::size_t i = 0; i != v.as_array().size() && wrong.empty(); ++i)
          wrong = mismatch(document_, rule, v.as_array()[i], at + "/" + std::to_string(i));
      } else if (key == "properties") {
        if (!v.is_object()) continue;
        for (const auto& [name, value] : v.as_object())
          if (rule.as_object().contains(name) && wrong.empty())
            wrong = mismatch(document_, rule.at(name), value, at + "/" + std::string{name});
      } else if (key == "additionalProperties") {
        if (!v.is_object()) continue;
        const auto* const known = schema.if_contains("properties");
        for (const auto& [name, value] : v.as_object()) {
          if (known != nullptr && known->as_object().contains(name)) continue;
          if (rule.is_bool()) {
            need(rule.as_bool(), "has " + std::string{name});
          } else if (wrong.empty()) {
            wrong = mismatch(document_, rule, value, at + "/" + std::string{name});
          }
        }
      } else if (key == "oneOf") {
        std::size_t matching = 0;
        std::string all;
        for (const auto& one : rule.as_array()) {
          const auto found = mismatch(document_, one, v, at);
          if (found.empty()) ++matching;
          all += " [" + found + "]";
        }
        need(matching == 1, "matches " + std::to_string(matching) + " of" + all);
      } else if (annotations_.count(std::string{key}) == 0) {
        throw std::logic_error{"unknown keyword " + std::string{key}};
      }
    }
    return wrong;
  }

 private:
  const json::value& document_;
  const std::set<std::string> annotations_{"description", "default", "format", "contentEncoding"};
};

}  // namespace

const json::value& resolve(const json::value& document, std::string_view reference) {
  return document.at_pointer(json::string_view{reference.data(), reference.size()}.substr(1));
}

std::string mismatch(const json::value& document, const json::value& schema,
                     const json::value& value, const std::string& at) {
  return checker{document}.check(schema.as_object(), value, at);
}

}  // namespace skein::testing
