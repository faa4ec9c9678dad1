#include "support/http_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <stdexcept>

namespace skein::test {

namespace {

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string head_of(const http_message& m) {
  std::string head = m.method + " " + m.target + " HTTP/1.1\r\nHost: localhost\r\n";
  if (!m.body.empty() && !m.type.empty()) head += "Content-Type: " + m.type + "\r\n";
  for (const auto& [name, value] : m.headers) head += name + ": " + value + "\r\n";
  return head;
}

/// The status line and headers, without the line ends behind the last.
http_answer read_head(const std::string& head) {
  http_answer answer;
  answer.status_line = head.substr(0, head.find("\r\n"));
  if (answer.status_line.rfind("HTTP/1.1 ", 0) != 0 || answer.status_line.size() < 12) {
    throw std::runtime_error{"no answer: " + head};
  }
  answer.status = static_cast<unsigned>(std::stoul(answer.status_line.substr(9, 3)));
  for (auto at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
    const std::string line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    const auto colon = line.find(": ");
    if (colon == std::string::npos) throw std::runtime_error{"no header: " + line};
    const auto [where, is_new] =
        answer.headers.emplace(lower_case(line.substr(0, colon)), line.substr(colon + 2));
    if (!is_new) throw std::runtime_error{"a header comes twice: " + head};
  }
  return answer;
}

std::size_t body_size(const http_answer& head) {
  const auto length = head.header("content-length");
  return length.empty() ? 0 : std::stoull(length);
}

const std::string end_of_head = "\r\n\r\n";

}  // namespace

std::string http_answer::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? "" : found->second;
}

boost::json::value http_answer::json() const {
  return boost::json::parse(body);
}

std::string text_of(const http_answer& answer) {
  return std::to_string(answer.status) + " " + answer.body;
}

std::string bytes_of(const http_message& m) {
  std::string head = head_of(m);
  if (!m.body.empty() || m.method == "POST" || m.method == "PUT") {
    head += "Content-Length: " + std::to_string(m.body.size()) + "\r\n";
  }
  return head + "\r\n" + m.body;
}

std::string chunked_bytes_of(const http_message& m, std::size_t size) {
  std::string bytes = head_of(m) + "Transfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < m.body.size(); at += size) {
    const auto chunk = m.body.substr(at, size);
    char digits[20];
    std::snprintf(digits, sizeof digits, "%zx", chunk.size());
    bytes += digits + ("\r\n" + chunk) + "\r\n";
  }
  return bytes + "0\r\n\r\n";
}

std::string json_text(std::string_view text) {
  return boost::json::serialize(boost::json::string_view{text.data(), text.size()});
}

http_answer http_client::receive(bool to_head, std::chrono::milliseconds within) {
  const std::string& got = peer_.receive_until(end_of_head, within);
  const auto head_size = got.find(end_of_head) + end_of_head.size();
  http_answer answer = read_head(got.substr(0, head_size - end_of_head.size()));
  const auto size = head_size + (to_head ? 0 : body_size(answer));
  const std::string all = peer_.receive(size, within).substr(0, size);
  answer.body = all.substr(head_size);
  peer_.forget(all);
  return answer;
}

std::optional<http_answer> http_client::receive_now() {
  const std::string& got = peer_.receive_now();
  const auto head_end = got.find(end_of_head);
  if (head_end == std::string::npos) return std::nullopt;
  const http_answer head = read_head(got.substr(0, head_end));
  if (got.size() < head_end + end_of_head.size() + body_size(head)) return std::nullopt;
  return receive();
}

http_answer http_client::ask(const http_message& message) {
  send(message);
  return receive(message.method == "HEAD");
}

void http_client::expect_end() {
  EXPECT_EQ(peer_.receive_all(), "");
}

}  // namespace skein::test
