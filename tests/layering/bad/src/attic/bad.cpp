#include "core/hash.hpp"  // wrong
