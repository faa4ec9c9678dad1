/// Exceptions in actors.
#pragma once

#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <exception>

#include "actors/base/log.hpp"

namespace skein {

/// An exception ends `self` as a failure, with what it says in the log, after `then()`.
template <class Self, class Then>
void log_exceptions(Self* self, Then then) {
  self->set_exception_handler(
      [name = self->name(), then](std::exception_ptr& thrown) -> caf::error {
        try {
          std::rethrow_exception(thrown);
        } catch (const std::exception& e) {
          log::error("exception", {{"actor", name}, {"what", e.what()}});
        } catch (...) {
          log::error("exception", {{"actor", name}});
        }
        then();
        return caf::sec::runtime_error;
      });
}

template <class Self>
void log_exceptions(Self* self) {
  log_exceptions(self, [] {});
}

}  // namespace skein
