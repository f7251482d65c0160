#include "nn/metric/roc.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/random.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;
using Labels = Tensor<std::int64_t>;
using Scores = Tensor<double>;

}  // namespace

TEST_CASE("ties count half in the area, and one class alone has none (B191)") {
  CHECK(roc_area(Scores{0.5, 0.5}, Labels{0, 1}) == 0.5);
  CHECK(roc_area(Scores{0.1, 0.4, 0.35, 0.8}, Labels{0, 0, 1, 1}) == 0.75);
  CHECK_THROWS_WITH_AS(roc_area(Scores{0.1, 0.2}, Labels{1, 1}),
                       Contains("roc_area: 2 positive and 0 negative rows: both are needed"), ValueError);
  CHECK_THROWS_AS(roc_area(Scores(Shape{0}), Labels(Shape{0})), ValueError);
}

TEST_CASE("the curve goes from no row to all rows, equal scores in one step") {
  const auto points = roc(Tensor<float>{0.8f, 0.4f, 0.4f, 0.1f, 0.4f}, Labels{1, 1, 0, 0, 1});
  const double expected[][3] = {{HUGE_VAL, 0, 0}, {0.8f, 0, 1.0 / 3}, {0.4f, 0.5, 1}, {0.1f, 1, 1}};
  REQUIRE(points.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(points[i].threshold == expected[i][0]);
    CHECK(points[i].false_positive_rate == expected[i][1]);
    CHECK(points[i].true_positive_rate == expected[i][2]);
  }
}

TEST_CASE("curve and area of the example in scikit-learn's manual are scikit-learn's") {
  const Scores scores{0.1, 0.4, 0.35, 0.8};
  const Labels labels{0, 0, 1, 1};
  const double expected[][3] = {{HUGE_VAL, 0, 0}, {0.8, 0, 0.5}, {0.4, 0.5, 0.5}, {0.35, 0.5, 1}, {0.1, 1, 1}};
  const auto points = roc(scores, labels);
  REQUIRE(points.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(points[i].threshold == expected[i][0]);
    CHECK(points[i].false_positive_rate == expected[i][1]);
    CHECK(points[i].true_positive_rate == expected[i][2]);
  }
  CHECK(roc_area(scores, labels) == 0.75);
}

TEST_CASE("the area is the fraction of pairs in the right order") {
  Random random(4);
  for (int round = 0; round < 50; ++round) {
    const std::int64_t n = 2 + random.below(30);
    Scores scores(Shape{n});
    Labels labels(Shape{n});
    for (std::int64_t i = 0; i < n; ++i) {
      scores.at(i) = static_cast<double>(random.below(8));
      labels.at(i) = i < 2 ? i : random.below(2);
    }
    double right = 0, pairs = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        if (labels.at(i) != 1 || labels.at(j) != 0) continue;
        pairs += 1;
        right += scores.at(i) > scores.at(j) ? 1 : scores.at(i) == scores.at(j) ? 0.5 : 0;
      }
    }
    CHECK(std::abs(roc_area(scores, labels) - right / pairs) < 1e-14);
  }
}

TEST_CASE("infinite scores have their order; NaN and other labels are refused") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(roc_area(Scores{-infinity, infinity}, Labels{0, 1}) == 1);
  CHECK_THROWS_WITH_AS(roc(Scores{1, std::nan("")}, Labels{0, 1}), Contains("score of row 1 is NaN"), ValueError);
  CHECK_THROWS_WITH_AS(roc(Scores{1, 2}, Labels{0, 2}), Contains("label 2 of row 1"), ValueError);
  CHECK_THROWS_AS(roc(Scores{1, 2}, Labels{0}), ShapeError);
}

}  // namespace wengert::nn
