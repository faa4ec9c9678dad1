/// What tests of HTTP itself share: requests as bytes, and what they are answered.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "support/program.hpp"

namespace skein::test {

inline const http_message ready{"GET", "/ready", ""};

inline std::string request_of(const std::string& first_line, const std::string& headers = "",
                              const std::string& body = "") {
  return first_line + "\r\nHost: localhost\r\n" + headers + "\r\n" + body;
}

/// What `bytes` are answered, on a connection of their own, and whether that is closed then:
/// `400 closed: why`.
inline std::string answer_to(const daemon& broker, const std::string& bytes) {
  http_client client{broker.http_port()};
  client.send(bytes);
  const auto answer = client.receive();
  std::string text = std::to_string(answer.status);
  if (!answer.keeps_open()) {
    client.expect_end();
    text += " closed";
  }
  if (answer.header("content-type") == "application/problem+json") {
    const auto problem = answer.json();
    EXPECT_EQ(problem.at("status").as_int64(), answer.status);
    if (const auto* const detail = problem.as_object().if_contains("detail")) {
      text += std::string{": "} + detail->as_string().c_str();
    }
  }
  return text;
}

}  // namespace skein::test
