/// Exceptions in actors.
#pragma once

#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <exception>

#include "actors/log.hpp"

namespace skein {

/// An exception ends `self` as a failure, with what it says in the log.
template <class Self>
void log_exceptions(Self* self) {
  self->set_exception_handler([name = self->name()](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      log::error("exception", {{"actor", name}, {"what", e.what()}});
    } catch (...) {
      log::error("exception", {{"actor", name}});
    }
    return caf::sec::runtime_error;
  });
}

}  // namespace skein
