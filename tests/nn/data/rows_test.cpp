#include "nn/data/rows.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;
using Indices = Tensor<std::int64_t>;

}  // namespace

TEST_CASE("rows are taken in the order asked for, also twice") {
  const Tensor<double> x{{1, 2}, {3, 4}, {5, 6}};
  CHECK(take_rows(x, Indices{2, 0, 2}) == Tensor<double>{{5, 6}, {1, 2}, {5, 6}});
  CHECK(take_rows(Indices{7, 8, 9}, Indices{1}) == Indices{8});
  CHECK(take_rows(x, Indices(Shape{0})).shape() == Shape{0, 2});
  CHECK(take_rows(Tensor<float>(Shape{2, 3, 4}), Indices{1}).shape() == Shape{1, 3, 4});
  CHECK_THROWS_WITH_AS(take_rows(x, Indices{3}), Contains("take_rows: row 3 is not in 0..2   at rows_test.cpp:"),
                       ValueError);
  CHECK_THROWS_AS(take_rows(x, Indices{-1}), ValueError);
  CHECK_THROWS_AS(take_rows(Tensor<double>(1.0), Indices{0}), ShapeError);
  CHECK_THROWS_AS(take_rows(x, Indices{{0, 1}, {1, 2}}), ShapeError);
}

TEST_CASE("a label is a row with one 1; one outside the classes is an error with its row") {
  CHECK(one_hot<float>(Indices{1, 0, 2}, 3) == Tensor<float>{{0, 1, 0}, {1, 0, 0}, {0, 0, 1}});
  CHECK(one_hot<double>(Indices(Shape{0}), 3).shape() == Shape{0, 3});
  CHECK_THROWS_WITH_AS(one_hot<float>(Indices{0, 8}, 8), Contains("one_hot: label 8 of row 1 is not in 0..7"),
                       ValueError);
  CHECK_THROWS_AS(one_hot<float>(Indices{-1}, 8), ValueError);
}

TEST_CASE("a table is taken apart into features and classes; what is no class is an error with its row") {
  const auto [x, labels] = classified<float>({{0.5, 1, 2}, {1.5, 2, 0}});
  CHECK(x == Tensor<float>{{0.5f, 1}, {1.5f, 2}});
  CHECK(labels == Indices{2, 0});
  CHECK(classified<double>(Tensor<double>(Shape{0, 3})).x.shape() == Shape{0, 2});
  CHECK_THROWS_WITH_AS(classified<double>({{1, 0}, {1, 1.5}}),
                       Contains("classified: the label of row 1 is 1.5, not a class   at rows_test.cpp:"), ValueError);
  CHECK_THROWS_AS(classified<double>({{1, -1}}), ValueError);
  CHECK_THROWS_AS(classified<double>({{1, std::nan("")}}), ValueError);
  CHECK_THROWS_WITH_AS(classified<double>({1, 2}), Contains("a table of rows is needed, not [2]"), ShapeError);
}

}  // namespace wengert::nn
