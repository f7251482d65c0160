// Starting weights: limits, means and deviations.
#include <doctest/doctest.h>

#include <cmath>

#include "nn/model/init.hpp"
#include "tests/nn/oracle.hpp"

using namespace wengert;

namespace {

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};

/// Of the weights of 64 layers, each from a stream of its own.
Moments moments(std::int64_t in, std::int64_t out, nn::Init init) {
  double sum = 0, squares = 0, largest = 0, n = 0;
  for (std::uint64_t stream = 0; stream < 64; ++stream) {
    Random random(7, stream);
    for (const double w : nn::initial_weights<double>(in, out, init, random)) {
      sum += w, squares += w * w, n += 1;
      largest = std::max(largest, std::abs(w));
    }
  }
  return {sum / n, std::sqrt(squares / n), largest};
}

/// 64 in out draws estimate a deviation to 1/sqrt(2 · 64 in out) of itself: five such steps are allowed, five of the
/// mean's deviation/sqrt(64 in out) for the mean.
void check(const Moments& found, double deviation, std::int64_t draws) {
  const double step = 1 / std::sqrt(64.0 * static_cast<double>(draws));
  CHECK(std::abs(found.mean) < 5 * deviation * step);
  CHECK(test::relative(found.deviation, deviation) < 5 * step);
}

}  // namespace

TEST_CASE("B136: He's normal weights take the fan-in of W [in, out], and are not LeCun's") {
  check(moments(784, 10, nn::Init::he_normal), 0.050507627227610537, 7840);
}

TEST_CASE("B137: Glorot's weights take both fans") {
  check(moments(100, 50, nn::Init::glorot_normal), 0.11547005383792515, 5000);
  const auto uniform = moments(100, 50, nn::Init::glorot_uniform);
  check(uniform, 0.11547005383792515, 5000);
  CHECK(uniform.largest <= 0.2);
  CHECK(uniform.largest > 0.1999);
}

TEST_CASE("uniform weights have the deviation of their limit divided by sqrt 3") {
  const auto he = moments(24, 30, nn::Init::he_uniform), plain = moments(25, 30, nn::Init::uniform);
  check(he, 0.5 / std::sqrt(3.0), 720);
  CHECK(he.largest <= 0.5);
  check(plain, 0.2 / std::sqrt(3.0), 750);
  CHECK(plain.largest <= 0.2);
}

TEST_CASE("normal weights have deviation 1, zeros are zero") {
  check(moments(20, 20, nn::Init::normal), 1, 400);
  CHECK(moments(20, 20, nn::Init::zeros).largest == 0);
}
