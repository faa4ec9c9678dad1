// Boost.JSON, which has no library here.
#include <boost/json/src.hpp>
