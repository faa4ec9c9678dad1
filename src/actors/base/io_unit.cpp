#include "actors/base/io_unit.hpp"

#include <caf/scheduler/abstract_coordinator.hpp>

#include "actors/base/handling.hpp"

namespace skein {

namespace {
thread_local io_unit* running = nullptr;
}  // namespace

io_unit* io_unit::current() {
  return running;
}

void io_unit::exec_later(caf::resumable* job) {
  if (dynamic_cast<const reads_files*>(job)) {
    system().scheduler().enqueue(job);
  } else {
    jobs_.push_back(job);
  }
}

void io_unit::run() {
  using clock = std::chrono::steady_clock;
  auto& scheduler = system().scheduler();
  const auto deadline = clock::now() + budget;
  running = this;
  while (!jobs_.empty()) {
    caf::resumable* const job = jobs_.front();
    jobs_.pop_front();
    if (clock::now() >= deadline) {
      scheduler.enqueue(job);
      continue;
    }
    switch (job->resume(this, scheduler.max_throughput())) {
      case caf::resumable::resume_later:
        jobs_.push_back(job);
        break;
      case caf::resumable::awaiting_message:
      case caf::resumable::done:
      case caf::resumable::shutdown_execution_unit:
        caf::intrusive_ptr_release(job);
        break;
    }
  }
  running = nullptr;
}

}  // namespace skein
