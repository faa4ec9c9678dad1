/// What a reader makes of bytes that come in pieces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_reader.hpp"

namespace skein::test {

inline const char* name_of(io::http_method method) {
  constexpr const char* names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "?"};
  return names[static_cast<std::size_t>(method)];
}

/// `POST /a HTTP/1.1, keeps|closes`, the headers, an empty line, the body; lines end in LF.
inline std::string text_of(const io::http_request& r) {
  std::string text = name_of(r.method);
  text += " " + r.target + (r.version == 10 ? " HTTP/1.0" : " HTTP/1.1");
  text += r.keep_alive ? ", keeps\n" : ", closes\n";
  for (std::size_t i = 0; i != r.headers.size(); ++i) {
    text.append(r.headers.name(i)).append(": ").append(r.headers.value(i)) += '\n';
  }
  return text + '\n' + r.body;
}

struct http_reading {
  std::vector<std::string> requests;  ///< as texts
  io::http_error error;
  bool idle = false;          ///< at the end of the bytes
  std::size_t continues = 0;  ///< how often `expects_continue` was said; depends on the pieces
  std::size_t most_held = 0;  ///< whenever the reader wanted more
  bool always_has_space = true;

  /// Of what does not depend on the pieces.
  bool operator==(const http_reading& other) const {
    return requests == other.requests && error.status == other.error.status &&
           std::string_view{error.reason} == other.error.reason && idle == other.idle &&
           always_has_space == other.always_has_space;
  }
};

/// `size_of_next()` > 0 bytes at a time; fewer if there is no room. `on_request` sees each request.
template <class Sizes, class OnRequest>
http_reading read_in_pieces(io::http_reader& reader, std::string_view bytes, Sizes size_of_next,
                            OnRequest on_request) {
  using result = io::http_reader::result;
  http_reading all;
  for (;;) {
    const result r = reader.next();
    if (r == result::request) {
      all.requests.push_back(text_of(reader.request()));
      on_request(reader.request());
      continue;
    }
    all.most_held = std::max(all.most_held, reader.held());
    if (r == result::failed) {
      all.error = reader.error();
      break;
    }
    if (r == result::expects_continue) {
      ++all.continues;
      continue;
    }
    if (bytes.empty()) break;
    const auto space = reader.space_for_reading();
    if (space.size == 0) {
      all.always_has_space = false;
      break;
    }
    const std::size_t n =
        std::min({space.size, bytes.size(), static_cast<std::size_t>(size_of_next())});
    std::memcpy(space.data, bytes.data(), n);
    reader.commit(n);
    bytes.remove_prefix(n);
  }
  all.idle = reader.idle();
  return all;
}

template <class Sizes>
http_reading read_in_pieces(const io::http_limits& limits, std::string_view bytes,
                            Sizes size_of_next) {
  io::http_reader reader{limits};
  return read_in_pieces(reader, bytes, size_of_next, [](const io::http_request&) {});
}

}  // namespace skein::test
