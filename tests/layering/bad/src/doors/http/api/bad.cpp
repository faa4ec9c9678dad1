#include <boost/json/parse.hpp>
#include <string>

#include "calls/calls.hpp"
#include "doors/http/api/routes.hpp"
#include "json/json.hpp"
#include "core/topics/message.hpp"
#include "io/http.hpp"
#include "actors/base/messages.hpp"    // wrong
#include "doors/http/http_session.hpp"  // wrong
#include "store/engine.hpp"       // wrong
#include "config/values.hpp"      // wrong
#include "cli/commands.hpp"       // wrong
#include <boost/asio/buffer.hpp>  // wrong
#include <caf/actor.hpp>          // wrong
#include <unistd.h>               // wrong
