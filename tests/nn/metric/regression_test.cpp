#include "nn/metric/regression.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {
namespace {

using doctest::Approx;
using doctest::Contains;
using Numbers = Tensor<double>;

}  // namespace

TEST_CASE("R2 is that of the whole set, not the mean of its batches (B133)") {
  const Numbers p{1.1, 2.1, 2.9, 4.2}, y{1, 2, 3, 4};
  CHECK(r2(p, y) == Approx(0.986).epsilon(1e-14));
  RegressionScore score;
  score.add(Numbers{1.1, 2.1}, Numbers{1, 2});
  score.add(Numbers{2.9, 4.2}, Numbers{3, 4});
  CHECK(score.r2() == Approx(0.986).epsilon(1e-14));
  CHECK(score.rows() == 4);
}

TEST_CASE("R2 of a constant target is 1 if it is met exactly, else 0 (B133)") {
  CHECK(r2(Numbers{5, 5}, Numbers{5, 5}) == 1);
  CHECK(r2(Numbers{1, 2}, Numbers{5, 5}) == 0);
  CHECK(r2(full(Shape{1000}, 0.1), full(Shape{1000}, 0.1)) == 1);
  CHECK(r2(Numbers{7}, Numbers{3}) == 0);
}

TEST_CASE("R2 of several columns is the mean of each one's") {
  // Columns: 0.986 as above; targets 0, 1, 0, 1 all predicted 0.5, their mean: 0.
  const Numbers p{{1.1, 0.5}, {2.1, 0.5}, {2.9, 0.5}, {4.2, 0.5}}, y{{1, 0}, {2, 1}, {3, 0}, {4, 1}};
  CHECK(r2(p, y) == Approx(0.493).epsilon(1e-14));
}

TEST_CASE("a large mean does not cancel the spread") {
  const Numbers y{1e9, 1e9 + 1, 1e9 + 2}, p{1e9, 1e9 + 1, 1e9 + 1};
  CHECK(r2(p, y) == Approx(0.5).epsilon(1e-14));
}

TEST_CASE("errors are means over all elements, and nothing is broadcast") {
  CHECK(mean_squared_error(Tensor<float>{1, 2}, Tensor<float>{0, 0}) == 2.5);
  CHECK(mean_squared_error(Numbers(Shape{2, 2, 2}), full(Shape{2, 2, 2}, 3.0)) == 9);
  RegressionScore score;
  score.add(Numbers{{1, -2}}, Numbers{{0, 0}});
  score.add(Numbers{{3, 0}}, Numbers{{0, 0}});
  CHECK(score.mean_squared_error() == 3.5);
  CHECK(score.mean_absolute_error() == 1.5);
  CHECK_THROWS_WITH_AS(mean_squared_error(Numbers{1, 2, 3}, Numbers(Shape{3, 1})),
                       Contains("prediction and target differ in shape: [3] and [3, 1]"), ShapeError);
  CHECK_THROWS_AS(r2(Numbers{1, 2}, Numbers(Shape{2, 1})), ShapeError);
  CHECK_THROWS_WITH_AS(score.add(Numbers{1}, Numbers{1}),
                       Contains("rows of 2 columns are needed, as before: these have 1"), ShapeError);
  CHECK_THROWS_AS(RegressionScore().r2(), UsageError);
  CHECK(std::isnan(r2(Numbers{1, std::nan("")}, Numbers{1, 2})));
}

}  // namespace wengert::nn
