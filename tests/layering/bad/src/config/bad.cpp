#include <boost/program_options.hpp>

#include "actors/options.hpp"
#include "actors/messages.hpp"  // wrong
#include <caf/actor.hpp>        // wrong
