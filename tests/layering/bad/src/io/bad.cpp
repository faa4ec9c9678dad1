#include <boost/asio/buffer.hpp>
#include <sys/socket.h>

#include "core/events/event.hpp"
#include "io/flow.hpp"
#include "actors/base/messages.hpp"  // wrong
#include "config/values.hpp"    // wrong
#include "cli/commands.hpp"     // wrong

#include <caf/actor.hpp>        // wrong
