# Three ways in: find_package, add_subdirectory, pkg-config. tests/install walks each of them as a stranger.
include(CMakePackageConfigHelpers)
set(WENGERT_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR}/wengert)
set(WENGERT_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/wengert)

install(TARGETS wengert_autodiff wengert_nn EXPORT wengert
  FILE_SET HEADERS DESTINATION ${WENGERT_INCLUDEDIR}
  FILE_SET formulas DESTINATION ${WENGERT_INCLUDEDIR}
  INCLUDES DESTINATION ${WENGERT_INCLUDEDIR})  # for a consumer's CMake before 3.23, which knows no file sets
install(EXPORT wengert NAMESPACE wengert:: FILE wengertTargets.cmake DESTINATION ${WENGERT_CMAKEDIR})
# Each optional component has an export of its own, so that nobody needs the packages of one he does not ask for.
foreach(component nlopt ceres)
  if(TARGET wengert_${component})
    install(TARGETS wengert_${component} EXPORT wengert_${component}
      FILE_SET HEADERS DESTINATION ${WENGERT_INCLUDEDIR} INCLUDES DESTINATION ${WENGERT_INCLUDEDIR})
    install(EXPORT wengert_${component} NAMESPACE wengert:: FILE wengert_${component}.cmake
      DESTINATION ${WENGERT_CMAKEDIR})
  endif()
endforeach()

get_target_property(type wengert_autodiff TYPE)
configure_package_config_file(cmake/wengertConfig.cmake.in ${PROJECT_BINARY_DIR}/wengertConfig.cmake
  INSTALL_DESTINATION ${WENGERT_CMAKEDIR} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/wengertConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wengertConfig.cmake ${PROJECT_BINARY_DIR}/wengertConfigVersion.cmake
  DESTINATION ${WENGERT_CMAKEDIR})

# From the folder of wengert.pc up to the prefix: ../.. or, in Debian's multiarch folders, ../../..
file(RELATIVE_PATH pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_to_prefix ${pc_to_prefix})
if(type STREQUAL "STATIC_LIBRARY")
  set(pc_requires "Requires")  # Whoever links an archive links what is behind it, also without --static.
else()
  set(pc_requires "Requires.private")
endif()
configure_file(cmake/wengert.pc.in wengert.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/wengert.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
foreach(component nlopt ceres)
  if(TARGET wengert_${component})
    set(pc_description "Losses of wengert minimised by ${component}")
    if(type STREQUAL "STATIC_LIBRARY")
      set(pc_libs " -l${component}")  # Ceres has no .pc file of its own
    endif()
    configure_file(cmake/component.pc.in wengert-${component}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/wengert-${component}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  endif()
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
