# The check must find exactly what is wrong in `bad/`: every line there that ends in `// wrong`.
#
#   cmake -DHERE=<this directory> -P prove.cmake

cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${HERE}/bad -P ${HERE}/check.cmake
                RESULT_VARIABLE status ERROR_VARIABLE output OUTPUT_VARIABLE ignored)
if(status EQUAL 0)
  message(FATAL_ERROR "the check passed a bad tree")
endif()
string(REGEX MATCHALL "[^\n]+:[0-9]+: [a-z/.]+ (must not include|is no room) [^\n]+" reported "${output}")
list(LENGTH reported reports)

set(expected 0)
file(GLOB_RECURSE files ${HERE}/bad/src/*)
foreach(file IN LISTS files)
  file(READ ${file} text)
  string(REPLACE ";" "," text "${text}")
  string(REPLACE "\n" ";" lines "${text}")
  set(number 0)
  foreach(line IN LISTS lines)
    math(EXPR number "${number} + 1")
    if(line MATCHES "// wrong$")
      math(EXPR expected "${expected} + 1")
      string(FIND "${output}" "${file}:${number}: " place)
      if(place EQUAL -1)
        message(FATAL_ERROR "not found: ${file}:${number}\n${output}")
      endif()
    endif()
  endforeach()
endforeach()
if(expected EQUAL 0 OR NOT reports EQUAL expected)
  message(FATAL_ERROR "${reports} lines reported, ${expected} are wrong\n${output}")
endif()
