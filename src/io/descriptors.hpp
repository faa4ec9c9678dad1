/// How many connections this process may have.
#pragma once

#include <cstddef>

namespace skein::io {

/// Raises the limit of open descriptors as far as the system allows. Returns the limit in effect.
std::size_t raise_descriptor_limit();

}  // namespace skein::io
