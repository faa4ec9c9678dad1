#include "actors/events/sequencer.hpp"  // wrong
#include "daemon/doors.hpp"
#include "doors/http/http_door.hpp"
#include "doors/http/http_session.hpp"  // wrong
