# SPDX-License-Identifier: Apache-2.0
# What an installed rkmq is: the program, one shared library with every layer in it, headers, package config and .pc.

set(RKMQ_SOVERSION 0)

file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/rkmq_shared.c CONTENT
     "/* The shared library is made of the layers' archives. */\nextern const char rkmq_version[];\n__attribute__((visibility(\"default\"))) const char rkmq_version[] = \"${PROJECT_VERSION}\";\n")
add_library(rkmq_shared SHARED ${PROJECT_BINARY_DIR}/rkmq_shared.c)
set(RKMQ_LAYERS rkmq_remoting rkmq_live rkmq_sim rkmq_consumer_core rkmq_consumer rkmq_namesrv_core rkmq_broker_core
    rkmq_mock)
# By file name: CMake repeats a static library that is linked by name, and all of it must come in once.
set(RKMQ_ARCHIVES "")
foreach(layer ${RKMQ_LAYERS})
  list(APPEND RKMQ_ARCHIVES $<TARGET_FILE:${layer}>)
endforeach()
add_dependencies(rkmq_shared ${RKMQ_LAYERS})
set_target_properties(rkmq_shared PROPERTIES LINK_DEPENDS "${RKMQ_ARCHIVES}")
target_link_libraries(rkmq_shared PRIVATE -Wl,--whole-archive ${RKMQ_ARCHIVES} -Wl,--no-whole-archive
                      ${LIBEV_LIBRARY} ZLIB::ZLIB PkgConfig::LZ4 PkgConfig::ZSTD Threads::Threads)
target_link_libraries(rkmq_shared PRIVATE $<BUILD_INTERFACE:rkmq_flags>)
set_target_properties(rkmq_shared PROPERTIES OUTPUT_NAME rkmq EXPORT_NAME rkmq VERSION ${PROJECT_VERSION}
                      SOVERSION ${RKMQ_SOVERSION})
target_include_directories(rkmq_shared INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

install(TARGETS rkmq_shared EXPORT rkmq-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS rkmq_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(folder remoting runtime consumer mockbroker)
  install(DIRECTORY ${folder}/include/rkmq DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
endforeach()
install(EXPORT rkmq-targets NAMESPACE rkmq:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/rkmq
        FILE rkmq-config.cmake)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rkmq-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rkmq-config-version.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/rkmq)
configure_file(${PROJECT_SOURCE_DIR}/cmake/rkmq.pc.in ${PROJECT_BINARY_DIR}/rkmq.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/rkmq.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
