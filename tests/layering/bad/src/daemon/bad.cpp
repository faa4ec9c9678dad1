#include "actors/events/sequencer.hpp"
#include "doors/door.hpp"
#include "doors/http/http_door.hpp"  // wrong
#include "doors/lines/session.hpp"   // wrong
