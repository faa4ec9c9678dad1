#include <rocksdb/db.h>
#include <sys/stat.h>

#include "core/hash.hpp"
#include "store/engine.hpp"
#include "io/flow.hpp"          // wrong
#include "actors/base/messages.hpp"  // wrong
#include "config/values.hpp"    // wrong
#include <caf/actor.hpp>        // wrong
