#include <caf/actor.hpp>

#include "actors/base/log.hpp"
#include "actors/base/messages.hpp"
#include "actors/events/interfaces.hpp"
#include "actors/events/router.hpp"     // wrong
#include "core/events/outbox.hpp"
#include "doors/lines/session.hpp"
#include "actors/topics/topic.hpp"      // wrong
#include "daemon/supervisor.hpp"        // wrong
#include "doors/http/http_session.hpp"  // wrong
#include "store/engine.hpp"             // wrong
