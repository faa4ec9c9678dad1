#include "actors/base/log.hpp"
#include "actors/topics/topic.hpp"    // wrong
#include "core/topics/message.hpp"    // wrong
#include "doors/lines/session.hpp"    // wrong
#include "store/topics/topic_log.hpp" // wrong
