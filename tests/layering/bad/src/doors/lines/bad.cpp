#include <caf/actor.hpp>

#include "actors/base/log.hpp"
#include "actors/messages.hpp"
#include "core/events/outbox.hpp"
#include "doors/lines/session.hpp"
#include "actors/topics/topic.hpp"      // wrong
#include "daemon/supervisor.hpp"        // wrong
#include "doors/http/http_session.hpp"  // wrong
#include "store/engine.hpp"             // wrong
