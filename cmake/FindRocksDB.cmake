# Finds RocksDB: header and library. Debian's own CMake package is passed over: it is of the static
# library, and asks for all that could be linked into it.
#
# For another build than the system's, e.g. one without assertions: -DRocksDB_ROOT=<its prefix>,
# with include/rocksdb/ and lib/. A static one has to be built without compression libraries.
#
# Target: RocksDB::rocksdb. Result: RocksDB_FOUND, RocksDB_VERSION ("7.8.3").

find_path(RocksDB_INCLUDE_DIR rocksdb/version.h)
find_library(RocksDB_LIBRARY rocksdb)

if(RocksDB_INCLUDE_DIR)
  set(RocksDB_VERSION "")
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${RocksDB_INCLUDE_DIR}/rocksdb/version.h line REGEX "#define ROCKSDB_${part} ")
    string(REGEX MATCH "[0-9]+$" number "${line}")
    string(APPEND RocksDB_VERSION ".${number}")
  endforeach()
  string(SUBSTRING ${RocksDB_VERSION} 1 -1 RocksDB_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(RocksDB REQUIRED_VARS RocksDB_LIBRARY RocksDB_INCLUDE_DIR
                                  VERSION_VAR RocksDB_VERSION)

if(RocksDB_FOUND AND NOT TARGET RocksDB::rocksdb)
  find_package(Threads REQUIRED)
  add_library(RocksDB::rocksdb UNKNOWN IMPORTED)
  set_target_properties(RocksDB::rocksdb PROPERTIES
    IMPORTED_LOCATION ${RocksDB_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${RocksDB_INCLUDE_DIR})
  target_link_libraries(RocksDB::rocksdb INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
endif()
