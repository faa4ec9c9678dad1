#include <boost/json/parse.hpp>
#include <string>

#include "api/calls.hpp"
#include "core/message.hpp"
#include "io/http.hpp"
#include "actors/messages.hpp"    // wrong
#include "store/engine.hpp"       // wrong
#include "config/values.hpp"      // wrong
#include "cli/commands.hpp"       // wrong
#include <boost/asio/buffer.hpp>  // wrong
#include <caf/actor.hpp>          // wrong
#include <unistd.h>               // wrong
