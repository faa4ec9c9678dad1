// Boost.JSON itself, once in the program.
#include <boost/json/src.hpp>
