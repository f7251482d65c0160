// Reading and writing by integer positions.
#include <doctest/doctest.h>

#include <limits>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

TEST_CASE("take replaces an axis by those of the index") {
  Tape<double> tape;
  const auto table = tape.leaf(Tensor<double>{{1, 2}, {3, 4}, {5, 6}});
  const auto rows = tape.indices({2, 0, 2});
  CHECK(value(take(table, rows)) == Tensor<double>{{5, 6}, {1, 2}, {5, 6}});
  CHECK(value(take(transpose(table), rows, -1)) == Tensor<double>{{5, 1, 5}, {6, 2, 6}});
  const auto grid = tape.indices(Tensor<std::int64_t>{{0, 1}, {2, 0}});
  CHECK(value(take(table, grid)) == Tensor<double>(Shape{2, 2, 2}, {1, 2, 3, 4, 5, 6, 1, 2}));
  CHECK(take(table, tape.indices(Tensor<std::int64_t>(1)), 1).shape() == Shape{3});
  CHECK_THROWS_WITH_AS(take(table, rows, 2), doctest::Contains("take: axis 2 is outside [-2, 2): x is [3, 2]"),
                       ShapeError);
}
TEST_CASE("B062: repeated positions add up") {
  Tape<double> tape;
  const auto x = tape.leaf({0.1});
  const auto seed = tape.leaf({0.2, 0.3});
  CHECK(value(vjp(take(x, tape.indices({0, 0})), x, seed)) == Tensor<double>{0.5});
  CHECK(value(vjp(gather(x, tape.indices({0, 0}), 0), x, seed)) == Tensor<double>{0.5});
}
TEST_CASE("gather and scatter_add work element by element") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>{{1, 2, 3}, {4, 5, 6}});
  const auto index = tape.indices(Tensor<std::int64_t>{{2, 0}, {1, 1}});
  CHECK(value(gather(x, index, 1)) == Tensor<double>{{3, 1}, {5, 5}});
  const auto source = tape.leaf(Tensor<double>{{10, 20}, {30, 40}});
  CHECK(value(scatter_add(x, 1, index, source)) == Tensor<double>{{21, 2, 13}, {4, 75, 6}});
  CHECK(value(scatter_add(transpose(x), 0, tape.indices(Tensor<std::int64_t>{{0, 0}}),
                          tape.leaf(Tensor<double>{{1, 1}}))) == Tensor<double>{{2, 5}, {2, 5}, {3, 6}});
  CHECK_THROWS_WITH_AS(gather(x, tape.indices({1, 1}), 1),
                       doctest::Contains("gather: the index must have x's shape but for axis 1"), ShapeError);
  CHECK_THROWS_WITH_AS(scatter_add(x, 1, index, x),
                       doctest::Contains("scatter_add: index and source must have one shape"), ShapeError);
}
TEST_CASE("index_add adds whole rows") {
  Tape<double> tape;
  const auto x = tape.leaf(zeros({3, 2}));
  const auto source = tape.leaf(Tensor<double>{{1, 2}, {3, 4}, {5, 6}, {7, 8}});
  const auto index = tape.indices({2, 0, 2, 2});
  const auto y = index_add(x, 0, index, source);
  CHECK(value(y) == Tensor<double>{{3, 4}, {0, 0}, {13, 16}});
  CHECK(value(gradient(sum(y * tape.leaf(Tensor<double>{{1, 1}, {2, 2}, {3, 3}})), source)) ==
        Tensor<double>{{3, 3}, {1, 1}, {3, 3}, {3, 3}});
  CHECK_THROWS_WITH_AS(index_add(x, 1, index, source),
                       doctest::Contains("the source must have x's shape but for axis 1"), ShapeError);
}
TEST_CASE("a position out of range throws in the run, names place and value, and writes nothing") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0, 3.0}), w = tape.leaf(0.0);
  const auto index = tape.indices({0, 2});
  const Var<double> results[] = {take(x, index), gather(x, index, 0), index_add(x, 0, index, tape.leaf({1.0, 1.0})),
                                 scatter_add(x, 0, index, tape.leaf({1.0, 1.0}))};
  for (const Var<double> y : results) {
    tape.set(index, Tensor<std::int64_t>{0, 2});
    auto step = compile({y}, {assign(w, w + 1.0)});
    step.run();
    const double counted = value(w).item();
    for (const std::int64_t wrong : {3, -1}) {
      tape.set(index, Tensor<std::int64_t>{0, wrong});
      CHECK_THROWS_WITH_AS(step.run(), doctest::Contains("at position 1 is outside [0, 3)"), ValueError);
    }
    CHECK(value(w).item() == counted);
  }
}
TEST_CASE("one_hot leaves out the spare label") {
  Tape<double> tape;
  CHECK(value(one_hot(tape.indices({1, 0}), 2)) == Tensor<double>{{0, 1}, {1, 0}});
  CHECK(value(one_hot(tape.indices({2, 0}), 2, true)) == Tensor<double>{{0, 0}, {1, 0}});
  CHECK_THROWS_AS(value(one_hot(tape.indices({2, 0}), 2)), ValueError);
}
TEST_CASE("what a mask replaces has cotangent 0, even where its slope is infinite") {
  Tape<double> tape;
  const auto x = tape.leaf({0.0, 4.0});
  const auto y = masked_fill(sqrt(x), equal(x, 0), 7);
  CHECK(value(y) == Tensor<double>{7, 2});
  CHECK(value(gradient(sum(y), x)) == Tensor<double>{0, 0.25});
}
