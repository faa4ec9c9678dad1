/// What core must not include; the layering check has to find each line marked so.
#pragma once

#include <vector>

#include "core/hash.hpp"
#include "core/events/event.hpp"    // wrong
#include "io/flow.hpp"             // wrong
#include "event.hpp"               // wrong
  #  include <caf/all.hpp>          // wrong
#include <boost/asio/buffer.hpp>   // wrong
#include <unistd.h>                // wrong
