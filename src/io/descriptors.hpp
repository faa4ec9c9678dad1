/// How many files and connections this process may have open.
#pragma once

#include <cstddef>

namespace skein::io {

/// Raises the limit of open descriptors as far as the system allows. Returns the limit in effect.
std::size_t raise_descriptor_limit();

/// What the limit is shared among.
struct descriptor_shares {
  std::size_t connections;  ///< of strangers, all doors together
  std::size_t store_files;  ///< that the store keeps open
};

/// Half of the limit, and at most 384, is kept from strangers: for the store, for the operator, and
/// for connections that are just being turned away.
/// \throws std::runtime_error if it is too low
descriptor_shares share_descriptors(std::size_t limit);

}  // namespace skein::io
