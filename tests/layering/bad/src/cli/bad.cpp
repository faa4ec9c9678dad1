#include "cli/commands.hpp"
#include <caf/all.hpp>  // wrong
