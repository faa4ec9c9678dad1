# Fails where a table hashes keys that strangers choose with the standard hash: core/keyed_table.hpp.
#
#   cmake -DROOT=<directory with src/> -P keyed.cmake

cmake_minimum_required(VERSION 3.25)

set(wrong 0)
file(GLOB_RECURSE files ${ROOT}/src/*.hpp ${ROOT}/src/*.cpp)
foreach(file IN LISTS files)
  file(STRINGS ${file} tables REGEX "unordered_(map|set)<(const )?(std::string|core::user_id|user_id)")
  foreach(table IN LISTS tables)
    math(EXPR wrong "${wrong} + 1")
    message("${file}: ${table}")
  endforeach()
endforeach()
if(wrong)
  message(FATAL_ERROR "${wrong} tables whose keys strangers could choose; use core::keyed_map")
endif()
