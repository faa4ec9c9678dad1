#include <boost/program_options.hpp>

#include "options/daemon_options.hpp"
#include "actors/base/messages.hpp"  // wrong
#include <caf/actor.hpp>        // wrong
