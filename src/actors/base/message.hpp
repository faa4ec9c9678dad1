/// How a message between actors is declared.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

/// Declares `struct name`, in namespace skein, as a message. Messages are local to the process:
/// they carry pointers and are handed on, never serialised.
///
///     /// The connection can be read, or has ended.
///     SKEIN_MESSAGE(readable) {};
#define SKEIN_MESSAGE(name)                    \
  struct name;                                 \
  }                                            \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::skein::name) \
  namespace skein {                            \
  struct name
