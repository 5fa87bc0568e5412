# SPDX-License-Identifier: Apache-2.0
# Options of the build and the few functions that every folder's CMakeLists uses.

option(RKMQ_WERROR "Warnings are errors" OFF)
option(RKMQ_COVERAGE "Instrument for gcovr" OFF)
option(RKMQ_FUZZ "Build the libFuzzer targets (Clang)" OFF)
option(RKMQ_INTEROP "Add the tests against real peers (JVM, Go, Node)" OFF)
set(RKMQ_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
find_path(LIBEV_INCLUDE_DIR ev.h REQUIRED)
find_library(LIBEV_LIBRARY ev REQUIRED)

# What every target of this project is compiled with.
add_library(rkmq_flags INTERFACE)
target_compile_features(rkmq_flags INTERFACE c_std_11 cxx_std_17)
target_include_directories(rkmq_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(rkmq_flags INTERFACE
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wvla -Wundef -Wcast-qual -Wwrite-strings -Wno-missing-field-initializers>
  $<$<BOOL:${RKMQ_WERROR}>:-Werror>
  -fno-strict-aliasing)
target_compile_definitions(rkmq_flags INTERFACE _GNU_SOURCE)
if(RKMQ_SANITIZE)
  # Null pointers trap by themselves: to check for them costs a sixth of the build.
  target_compile_options(rkmq_flags INTERFACE -fsanitize=${RKMQ_SANITIZE} -fno-sanitize=null -fno-sanitize-recover=all
                         -fno-omit-frame-pointer)
  target_link_options(rkmq_flags INTERFACE -fsanitize=${RKMQ_SANITIZE}
                      $<$<C_COMPILER_ID:Clang>:-fuse-ld=lld>) # a fraction of ld's time
  target_compile_definitions(rkmq_flags INTERFACE RKMQ_SANITIZED)
endif()
if(RKMQ_COVERAGE)
  target_compile_options(rkmq_flags INTERFACE --coverage -O0 -fprofile-update=atomic)
  target_link_options(rkmq_flags INTERFACE --coverage)
endif()

# rkmq_add_library(NAME SOURCES ... [LINK ...] [PRIVATE_LINK ...]): one static library a layer, alias rkmq::NAME.
# Public headers live in include/rkmq/ of the calling folder.
function(rkmq_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(rkmq_${name} STATIC ${ARG_SOURCES})
  add_library(rkmq::${name} ALIAS rkmq_${name})
  if(RKMQ_FUZZ) # what inputs reach; comparisons are not traced, which would take other tests twice their time
    target_compile_options(rkmq_${name} PRIVATE -fsanitize-coverage=inline-8bit-counters,pc-table)
  endif()
  set_target_properties(rkmq_${name} PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON
                        EXPORT_NAME ${name})
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include)
    target_include_directories(rkmq_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
                               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  endif()
  target_link_libraries(rkmq_${name} PUBLIC ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:rkmq_flags> ${ARG_PRIVATE_LINK})
endfunction()

# rkmq_add_test(NAME SOURCES ... [LINK ...] [LABELS ...] [TIMEOUT s]): one CMocka program. tests_LABEL builds all of a label.
function(rkmq_add_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600) # bounds a hang, under Valgrind too
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rkmq_flags ${ARG_LINK} rkmq_test_support)
  if(RKMQ_SANITIZE) # what is tested should be fast there, tests soon compiled
    target_compile_options(${name} PRIVATE -O0)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  foreach(label ${ARG_LABELS})
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} ${name})
  endforeach()
endfunction()

# rkmq_embed(OUT PREFIX FILE...): puts files into a program. OUT is set to the C sources to compile; a.b becomes
# `const unsigned char PREFIXa_b[]` and `const size_t PREFIXa_b_bytes`.
function(rkmq_embed out prefix)
  set(sources "")
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER ${name} name)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${prefix}${name}.c)
    add_custom_command(OUTPUT ${source}
      COMMAND ${CMAKE_COMMAND} -D FROM=${CMAKE_CURRENT_SOURCE_DIR}/${file} -D TO=${source} -D NAME=${prefix}${name}
              -P ${PROJECT_SOURCE_DIR}/cmake/RkmqEmbed.cmake
      DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/RkmqEmbed.cmake VERBATIM)
    list(APPEND sources ${source})
  endforeach()
  set(${out} ${sources} PARENT_SCOPE)
endfunction()
