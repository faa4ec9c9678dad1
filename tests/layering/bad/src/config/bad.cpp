#include <boost/program_options.hpp>

#include "options/daemon_options.hpp"
#include "actors/messages.hpp"  // wrong
#include <caf/actor.hpp>        // wrong
