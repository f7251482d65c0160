// Parts of tensors against Python's and NumPy's rules.
#include <doctest/doctest.h>

#include <climits>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

TEST_CASE("slices follow Python: negative positions, clipping, steps backwards") {
  Tape<double> tape;
  const auto x = tape.leaf(arange(6));
  CHECK(value(slice(x, 0, 1, 4)) == Tensor<double>{1, 2, 3});
  CHECK(value(slice(x, 0, -2)) == Tensor<double>{4, 5});
  CHECK(value(slice(x, 0, 0, -4)) == Tensor<double>{0, 1});
  CHECK(value(slice(x, 0, 2, 100, 2)) == Tensor<double>{2, 4});
  CHECK(value(slice(x, 0, kEnd, kEnd, -2)) == Tensor<double>{5, 3, 1});
  CHECK(value(slice(x, 0, 4, 1, -1)) == Tensor<double>{4, 3, 2});
  CHECK(value(slice(x, 0, -1, -100, -3)) == Tensor<double>{5, 2});
  CHECK(slice(x, 0, 4, 2).shape() == Shape{0});
  CHECK_THROWS_WITH_AS(slice(x, 0, 0, 3, 0), doctest::Contains("slice: the step must not be 0: x is [6]"), ShapeError);
  CHECK_THROWS_WITH_AS(slice(x, 1, 0), doctest::Contains("slice: axis 1 is outside [-1, 1): x is [6]"), ShapeError);
}
TEST_CASE("place puts a slice back, and refuses a place outside") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0});
  CHECK(value(place(x, 0, 5, 3, -2)) == Tensor<double>{0, 2, 0, 1, 0});
  CHECK_THROWS_WITH_AS(place(x, 0, 5, 3, 2), doctest::Contains("place: 2 places from 3 with step 2"), ShapeError);
  CHECK_THROWS_WITH_AS(place(x, 0, 5, 3, 0), doctest::Contains("are not all different"), ShapeError);
}
TEST_CASE("narrow and flip") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>{{1, 2, 3}, {4, 5, 6}});
  CHECK(value(narrow(x, 1, 1, 2)) == Tensor<double>{{2, 3}, {5, 6}});
  CHECK(narrow(x, 0, 2, 0).shape() == Shape{0, 3});
  CHECK(value(flip(x, 1)) == Tensor<double>{{3, 2, 1}, {6, 5, 4}});
  CHECK(value(flip(x)) == Tensor<double>{{6, 5, 4}, {3, 2, 1}});
  CHECK(value(gradient(sum(flip(x) * tape.leaf({1.0, 10.0, 100.0})), x)) == Tensor<double>{{100, 10, 1}, {100, 10, 1}});
  CHECK_THROWS_WITH_AS(narrow(x, 1, 2, 2),
                       doctest::Contains("narrow: 2 elements from 2 on are not in axis 1, which has 3: x is [2, 3]"),
                       ShapeError);
}
TEST_CASE("diagonals of any offset are read, written, and differentiated") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>{{1, 2, 3}, {4, 5, 6}});
  CHECK(value(diagonal(x)) == Tensor<double>{1, 5});
  CHECK(value(diagonal(x, 1)) == Tensor<double>{2, 6});
  CHECK(value(diagonal(x, -1)) == Tensor<double>{4});
  CHECK(diagonal(x, 3).shape() == Shape{0});
  CHECK(diagonal(x, -5).shape() == Shape{0});
  CHECK(value(diagonal(transpose(x), -1)) == Tensor<double>{2, 6});
  CHECK(value(gradient(sum(diagonal(x, 1)), x)) == Tensor<double>{{0, 1, 0}, {0, 0, 1}});
  const auto v = tape.leaf({7.0, 8.0});
  CHECK(value(diag(v)) == Tensor<double>{{7, 0}, {0, 8}});
  CHECK(value(diag(v, 1)) == Tensor<double>{{0, 7, 0}, {0, 0, 8}, {0, 0, 0}});
  CHECK(value(diag(v, -1)) == Tensor<double>{{0, 0, 0}, {7, 0, 0}, {0, 8, 0}});
  CHECK(value(diag(x)).shape() == Shape{2, 3, 3});
  CHECK(value(diagonal(diag(x))) == value(x));
  CHECK_THROWS_WITH_AS(diagonal(v), doctest::Contains("diagonal: rows and columns are needed: x is [2]"), ShapeError);
}
TEST_CASE("triangles keep one side of a diagonal") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
  CHECK(value(tril(x)) == Tensor<double>{{1, 0, 0}, {4, 5, 0}, {7, 8, 9}});
  CHECK(value(tril(x, -1)) == Tensor<double>{{0, 0, 0}, {4, 0, 0}, {7, 8, 0}});
  CHECK(value(triu(x, 1)) == Tensor<double>{{0, 2, 3}, {0, 0, 6}, {0, 0, 0}});
  CHECK(value(triu(transpose(x), -1)) == Tensor<double>{{1, 4, 7}, {2, 5, 8}, {0, 6, 9}});
  CHECK(value(gradient(sum(tril(x)), x)) == Tensor<double>{{1, 0, 0}, {1, 1, 0}, {1, 1, 1}});
}
TEST_CASE("positions, steps and offsets at the ends of the integers mean what they say") {
  Tape<double> tape;
  const auto v = tape.leaf({1.0, 2.0, 3.0}), m = tape.leaf(Tensor<double>{{1, 2}, {3, 4}});
  CHECK(value(slice(v, 0, INT64_MAX)) == zeros({0}));
  CHECK(value(slice(v, 0, -INT64_MAX)) == Tensor<double>{1, 2, 3});
  CHECK(value(slice(v, 0, 2, kEnd, INT64_MIN)) == Tensor<double>{3});
  CHECK(value(slice(m, 0, 0, kEnd, INT64_MAX)) == Tensor<double>{{1, 2}});
  CHECK(value(gradient(sum(slice(m, 0, 1, kEnd, INT64_MIN)), m)) == Tensor<double>{{0, 0}, {1, 1}});
  CHECK(value(place(tape.leaf(Tensor<double>{5}), 0, 3, 1, INT64_MAX)) == Tensor<double>{0, 5, 0});
  for (const int offset : {INT_MIN, INT_MAX}) {
    CHECK(value(diagonal(m, offset)) == zeros({0}));
    CHECK(value(trace(m, offset)) == Tensor<double>(0));
    CHECK(value(gradient(trace(m, offset), m)) == zeros({2, 2}));
  }
  CHECK(value(tril(m, INT_MIN)) == zeros({2, 2}));
  CHECK(value(triu(m, INT_MIN)) == value(m));
}
