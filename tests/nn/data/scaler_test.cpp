#include "nn/data/scaler.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;

}  // namespace

TEST_CASE_TEMPLATE("a constant column becomes 0, and what differs from it later keeps its difference (B142)", T, float,
                   double) {
  const Tensor<T> x = full(Shape{1000, 1}, T(14.62));
  for (const Scaler<T>& scaler : {standard_scaler(x), min_max_scaler(x)}) {
    CHECK(scaler.transform(x) == Tensor<T>(Shape{1000, 1}));
    CHECK(scaler.scale.item() == 1);
    CHECK(scaler.transform(full(Shape{1, 1}, T(15.62))).item() == T(15.62) - T(14.62));
  }
}

TEST_CASE("standardised columns have mean 0 and deviation 1 with divisor n") {
  const Tensor<double> x{{1, 1e9}, {2, 1e9 + 1}, {3, 1e9 + 2}, {6, 1e9 + 5}};
  const Scaler<double> scaler = standard_scaler(x);
  CHECK(scaler.shift == Tensor<double>{3, 1e9 + 2});
  CHECK(scaler.scale.at(0) == doctest::Approx(std::sqrt(3.5)).epsilon(1e-15));
  CHECK(scaler.scale.at(1) == doctest::Approx(std::sqrt(3.5)).epsilon(1e-15));  // nothing cancels at 1e9
  const Tensor<double> y = scaler.transform(x);
  CHECK(y.at(0, 0) == doctest::Approx(-2 / std::sqrt(3.5)).epsilon(1e-15));
  CHECK(y.at(3, 1) == doctest::Approx(3 / std::sqrt(3.5)).epsilon(1e-15));
  const Tensor<double> back = scaler.inverse(y);
  for (std::int64_t i = 0; i < x.size(); ++i) CHECK(std::abs(back.data()[i] - x.data()[i]) <= 1e-15 * x.data()[i]);
}

TEST_CASE("min-max scaling is fitted on the training rows alone") {
  const Scaler<double> scaler = min_max_scaler(Tensor<double>{{-2, 0}, {2, 8}});
  CHECK(scaler.transform(Tensor<double>{{-2, 0}, {2, 8}}) == Tensor<double>{{0, 0}, {1, 1}});
  CHECK(scaler.transform(Tensor<double>{{4, -8}, {0, 4}}) == Tensor<double>{{1.5, -1}, {0.5, 0.5}});
}

TEST_CASE("rows that cannot be scaled are refused") {
  CHECK_THROWS_WITH_AS(standard_scaler(Tensor<double>(Shape{0, 3})), Contains("x is [0, 3], not rows to fit on"),
                       ShapeError);
  CHECK_THROWS_AS(min_max_scaler(Tensor<double>{1, 2}), ShapeError);
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(standard_scaler(Tensor<double>{{1, 2}, {3, infinity}}), Contains("x[1, 1] is inf"), ValueError);
  const Scaler<double> scaler = standard_scaler(Tensor<double>{{1, 2}, {3, 4}});
  CHECK_THROWS_WITH_AS(scaler.transform(Tensor<double>(Shape{2, 3})),
                       Contains("x is [2, 3], the scaler was fitted on 2"), ShapeError);
}

}  // namespace wengert::nn
