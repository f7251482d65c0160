#include "nn/data/synthetic.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {

TEST_CASE("the class of a corner is exclusive or of its coordinates") {
  const auto [x, labels] = xor_corners<double>();
  for (std::int64_t i = 0; i < 4; ++i) CHECK((labels.at(i) == 1) == (x.at(i, 0) != x.at(i, 1)));
}

TEST_CASE("the two spirals are those of Lang and Witbrock") {
  const auto [x, labels] = two_spirals<double>();
  CHECK(x.shape() == Shape{194, 2});
  // Points 0, 48 and 96 of 97: (r sin a, r cos a) with a = i pi/16, r = 6.5 (104 - i)/104.
  for (const auto& [i, y] : {std::pair{0, 6.5}, std::pair{48, -3.5}, std::pair{96, 0.5}}) {
    CHECK(std::abs(x.at(2 * i, 0)) < 1e-14);
    CHECK(std::abs(x.at(2 * i, 1) - y) < 1e-14);
  }
  for (std::int64_t i = 0; i < 97; ++i) {
    CHECK((labels.at(2 * i) == 0 && labels.at(2 * i + 1) == 1));
    CHECK((x.at(2 * i, 0) == -x.at(2 * i + 1, 0) && x.at(2 * i, 1) == -x.at(2 * i + 1, 1)));
  }
}

TEST_CASE("the two moons lie on their half circles") {
  const auto [x, labels] = two_moons<double>({.n = 101});
  for (std::int64_t i = 0; i < 101; ++i) {
    const double a = labels.at(i) == 0 ? x.at(i, 0) : 1 - x.at(i, 0);
    const double b = labels.at(i) == 0 ? x.at(i, 1) : 0.5 - x.at(i, 1);
    CHECK(std::abs(a * a + b * b - 1) < 1e-15);
    CHECK(b >= 0);
  }
  CHECK((x.at(0, 0) == 1 && x.at(1, 0) == 0 && x.at(1, 1) == 0.5));
  CHECK(std::abs(x.at(100, 0) + 1) < 1e-15);
}

TEST_CASE("Franke's function is 0.766420591284923 at the origin") {
  CHECK(franke(0, 0) == doctest::Approx(0.766420591284923).epsilon(1e-15));
  const auto [x, y] = franke_grid<double>();
  CHECK(x.shape() == Shape{400, 2});
  CHECK((x.at(0, 0) == 0 && x.at(399, 0) == 1 && x.at(399, 1) == 1));
  for (std::int64_t i = 0; i < 400; ++i) CHECK(y.at(i, 0) == franke(x.at(i, 0), x.at(i, 1)));
}

TEST_CASE("Runge's function and the sine are taken from end to end") {
  const auto [x, y] = runge_line<double>({.n = 5});
  CHECK(reshaped(x, Shape{5}) == Tensor<double>{-1, -0.5, 0, 0.5, 1});
  CHECK(reshaped(y, Shape{5}) == Tensor<double>{1 / 26.0, 1 / 7.25, 1, 1 / 7.25, 1 / 26.0});
  const auto [t, s] = sine_line<double>({.n = 3});
  CHECK(t.at(2, 0) == 2 * std::numbers::pi);
  CHECK((s.at(0, 0) == 0 && std::abs(s.at(1, 0)) < 1e-15 && std::abs(s.at(2, 0)) < 1e-15));
}

TEST_CASE("noise has the deviation asked for and depends on the seed") {
  const auto clean = runge_line<double>({.n = 4000}), noisy = runge_line<double>({.n = 4000, .noise = 0.5, .seed = 1});
  double squares = 0;
  for (std::int64_t i = 0; i < 4000; ++i) squares += std::pow(noisy.y.at(i, 0) - clean.y.at(i, 0), 2);
  CHECK(std::abs(std::sqrt(squares / 4000) - 0.5) < 0.02);  // 3.6 deviations of the estimate
  CHECK(two_moons<float>({.noise = 0.1, .seed = 1}).x == two_moons<float>({.noise = 0.1, .seed = 1}).x);
  CHECK_FALSE(two_moons<float>({.noise = 0.1, .seed = 1}).x == two_moons<float>({.noise = 0.1, .seed = 2}).x);
}

TEST_CASE("no points and noise that is no number are refused") {
  CHECK_THROWS_AS(two_moons<double>({.n = 1}), ValueError);
  CHECK_THROWS_AS(runge_line<double>({.noise = -1}), ValueError);
  CHECK_THROWS_AS(franke_grid<double>({.n = 4, .noise = std::nan("")}), ValueError);
  CHECK(two_spirals<double>({.n = 3}).x.at(0, 1) == 6.5);
}

}  // namespace wengert::nn
