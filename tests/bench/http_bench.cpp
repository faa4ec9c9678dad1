/// What it costs to read requests and to write answers.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>

#include "doors/http/api/http_api.hpp"

namespace {

using namespace skein;

const api::settings with;

io::http_request posted(std::string target, std::string body) {
  io::http_request http;
  http.method = io::http_method::post;
  http.target = std::move(target);
  http.headers.add("Host", "localhost:8080");
  http.headers.add("User-Agent", "k6/0.43.1 (https://k6.io/)");
  http.headers.add("Content-Length", std::to_string(body.size()));
  http.headers.add("Content-Type", "application/json");
  http.body = std::move(body);
  return http;
}

void read(benchmark::State& state, const io::http_request& http) {
  for (auto _ : state) benchmark::DoNotOptimize(api::read_request(http, with));
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(http.body.size()));
}

void read_gophermq_publish(benchmark::State& state) {
  const std::string data(static_cast<std::size_t>(state.range(0)), 'x');
  read(state, posted("/api/publish", R"({"subject":"orders.new","data":")" + data + "\"}"));
}
BENCHMARK(read_gophermq_publish)->Arg(16)->Arg(200)->Arg(10'000);

void read_gophermq_publish_escaped(benchmark::State& state) {
  std::string data;
  for (int i = 0; i != 10; ++i) data += R"({\"order\":42,\"of\":\"me\"})";
  read(state, posted("/api/publish", R"({"subject":"orders.new","data":")" + data + "\"}"));
}
BENCHMARK(read_gophermq_publish_escaped);

constexpr char uuid[] = "0b9e4f0e-62f5-4cd9-9d3a-5f6f0c0d1a2b";

void read_gophermq_fetch(benchmark::State& state) {
  read(state,
       posted("/api/fetch", std::string{R"({"subject":"orders.new","id":")"} + uuid + "\"}"));
}
BENCHMARK(read_gophermq_fetch);

void read_publish(benchmark::State& state) {
  std::string messages;
  for (std::int64_t i = 0; i != state.range(0); ++i)
    messages +=
        std::string{i == 0 ? "" : ","} + R"({"payload":"a small one","key":"k","priority":0})";
  read(state,
       posted("/v1/topics/orders.new/messages?wait=durable", R"({"messages":[)" + messages + "]}"));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(read_publish)->Arg(1)->Arg(100);

void read_ack(benchmark::State& state) {
  read(state, posted("/v1/topics/orders.new/subscribers/billing/ack", R"({"leases":["4711.12"]})"));
}
BENCHMARK(read_ack);

void read_describe_epoch(benchmark::State& state) {
  io::http_request http;
  http.target = "/v1/epochs/current";
  read(state, http);
}
BENCHMARK(read_describe_epoch);

void write(benchmark::State& state, const api::answer_form& form, const api::answer& answer) {
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto response = api::write_answer(form, answer);
    bytes = response.body.size();
    benchmark::DoNotOptimize(response);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void write_gophermq_publish(benchmark::State& state) {
  write(state, {api::endpoint::gophermq_publish, {}, {}, {}}, api::published{{{}}});
}
BENCHMARK(write_gophermq_publish);

api::leased deliveries(std::int64_t count) {
  api::leased l;
  for (std::int64_t i = 0; i != count; ++i) {
    core::delivery d;
    d.lease.number = 1;
    d.what.payload = std::make_shared<const std::string>("a small message of text");
    l.messages.push_back(std::move(d));
  }
  return l;
}

void write_gophermq_fetch(benchmark::State& state) {
  write(state, {api::endpoint::gophermq_fetch, "orders.new", uuid, {}}, deliveries(state.range(0)));
}
BENCHMARK(write_gophermq_fetch)->Arg(0)->Arg(1)->Arg(100);

void write_lease(benchmark::State& state) {
  write(state, {api::endpoint::lease, {}, {}, {}}, deliveries(state.range(0)));
}
BENCHMARK(write_lease)->Arg(1)->Arg(100);

}  // namespace

BENCHMARK_MAIN();
