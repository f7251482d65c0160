# What we compile our own code with, and nobody else: linked privately, never exported.
add_library(wengert_flags INTERFACE)
target_compile_options(wengert_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  # A multiplication and an addition are one operation only where the source says so: results are equal to the bit.
  -ffp-contract=off
  # Source lines in messages are relative to the project, wherever it was built.
  -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

# One of the two libraries: wengert_NAME, used as wengert::NAME here and after installation.
function(wengert_library name)
  add_library(wengert_${name})
  add_library(wengert::${name} ALIAS wengert_${name})
  set_target_properties(wengert_${name} PROPERTIES
    EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON VERSION ${PROJECT_VERSION} SOVERSION 0.1
    INSTALL_RPATH "$ORIGIN")  # shared ones find each other wherever they were moved to
  target_compile_features(wengert_${name} PUBLIC cxx_std_20)
  target_link_libraries(wengert_${name} PRIVATE $<BUILD_INTERFACE:wengert_flags>)
endfunction()
