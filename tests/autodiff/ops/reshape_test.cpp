// Shapes: the same elements, seen differently.
#include <doctest/doctest.h>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

TEST_CASE("one dimension of a new shape may be left open") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers());
  CHECK(reshape(x, {4, -1}).shape() == Shape{4, 6});
  CHECK(reshape(tape.leaf(zeros({0, 3})), {-1, 3}).shape() == Shape{0, 3});
  CHECK_THROWS_WITH_AS(reshape(x, {-1, -1}), doctest::Contains("only one dimension may be -1"), ShapeError);
  CHECK_THROWS_WITH_AS(reshape(x, {5, -1}), doctest::Contains("no dimension makes 5 into the 24 elements"), ShapeError);
  CHECK_THROWS_WITH_AS(reshape(x, {5, 5}), doctest::Contains("reshape: [2, 3, 4] has 24 elements but [5, 5] has 25"),
                       ShapeError);
}
TEST_CASE("axes are permuted, exchanged, moved, dropped and inserted") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers());
  CHECK(transpose(x).shape() == Shape{4, 3, 2});
  CHECK(value(transpose(x, {2, 0, 1})).at(3, 1, 2) == -0.3);
  CHECK(value(moveaxis(x, 0, -1)).at(2, 3, 1) == -0.3);
  CHECK(moveaxis(x, 2, 0).shape() == Shape{4, 2, 3});
  CHECK(swap_axes(x, 0, -1).shape() == Shape{4, 3, 2});
  const auto y = tape.leaf(zeros({1, 3, 1, 2}));
  CHECK(squeeze(y).shape() == Shape{3, 2});
  CHECK(squeeze(y, 2).shape() == Shape{1, 3, 2});
  CHECK(squeeze(y, {0, -2}).shape() == Shape{3, 2});
  CHECK(expand_dims(x, -1).shape() == Shape{2, 3, 4, 1});
  CHECK(expand_dims(x, 0).shape() == Shape{1, 2, 3, 4});
}
TEST_CASE("what does not fit a shape is named") {
  Tape<double> tape;
  const auto x = tape.leaf(zeros({2, 3}));
  CHECK_THROWS_WITH_AS(transpose(x, {0, 0}),
                       doctest::Contains("axes [0, 0] are no permutation of the 2 axes of [2, 3]"), ShapeError);
  CHECK_THROWS_WITH_AS(squeeze(x, 1), doctest::Contains("squeeze: axis 1 is 3, not 1: x is [2, 3]"), ShapeError);
  CHECK_THROWS_WITH_AS(expand_dims(x, 4), doctest::Contains("expand_dims: axis 4 is outside [-3, 3): x is [2, 3]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(moveaxis(x, 0, 2), doctest::Contains("moveaxis: axis 2 is outside [-2, 2)"), ShapeError);
  CHECK_THROWS_WITH_AS(swap_axes(x, 5, 0), doctest::Contains("swap_axes: axis 5 is outside [-2, 2)"), ShapeError);
  CHECK_THROWS_WITH_AS(broadcast_to(x, Shape{3, 3}), doctest::Contains("[2, 3] does not broadcast to [3, 3]"),
                       ShapeError);
}
