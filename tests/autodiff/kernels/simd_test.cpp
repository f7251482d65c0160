#include "autodiff/kernels/simd.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "autodiff/kernels/tile.hpp"
#include "tests/autodiff/kernels/every_target.hpp"

namespace wengert::kernels {

TEST_CASE("the first of the instruction sets is in use unless another is forced") {
  const std::vector<std::string> names = simd_targets();
  REQUIRE(!names.empty());
  CHECK(simd_target() == names.front());
  for (const std::string& name : names) {
    force_simd(name);
    CHECK(simd_target() == name);
  }
  force_simd("");
  CHECK(simd_target() == names.front());
  CHECK(simd_targets() == names);
}

TEST_CASE("tile functions are those of the instruction set in use, not of the first one asked for") {
  const TileFn<float> best = tile<float>(instruction_of<math::Exp>());
  if (simd_targets().size() > 1) {
    force_simd(simd_targets().back());
    CHECK((tile<float>(instruction_of<math::Exp>()) != best));
    force_simd("");
  }
  CHECK((tile<float>(instruction_of<math::Exp>()) == best));
}

TEST_CASE("forcing an instruction set that is not there throws and forces nothing") {
  CHECK_THROWS_WITH_AS(force_simd("MMX"), doctest::Contains("\"MMX\""), std::invalid_argument);
  CHECK(simd_target() == simd_targets().front());
}

}  // namespace wengert::kernels
