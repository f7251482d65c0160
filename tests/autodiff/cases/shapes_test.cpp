// Broadcasting, shapes, empty tensors.
#include <doctest/doctest.h>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

TEST_CASE("B049: the gradient of a rank-0 operand has rank 0") {
  const auto f = [](auto x) { return x[0] * x[1]; };
  for (const auto& a : every_way(f, {Tensor<double>{1, 1}, number(1.0)})) {
    CAPTURE(a.way);
    CHECK(a.g[1] == number(2.0));
  }
}

TEST_CASE("B050: both operands broadcast at once") {
  for (const auto& a : every_way([](auto x) { return x[0] + x[1]; }, {zeros({2, 1}), zeros({1, 3})})) {
    CAPTURE(a.way);
    CHECK(a.g[0] == Tensor<double>{{3}, {3}});
    CHECK(a.g[1] == Tensor<double>{{2, 2, 2}});
  }
}

TEST_CASE("B052: a missing leading axis and an axis of 1 together") {
  for (const auto& a : every_way([](auto x) { return x[0] + x[1]; }, {zeros({3, 1}), zeros({2, 3, 4})})) {
    CAPTURE(a.way);
    CHECK(a.g[0] == Tensor<double>{{8}, {8}, {8}});
  }
}

TEST_CASE("B053: a shared operand of a batched product sums over the batch") {
  const Tensor<double> A(Shape{2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}), B{{9, 10}, {11, 12}};
  for (const auto& a : every_way([](auto x) { return matmul(x[0], x[1]); }, {A, B})) {
    CAPTURE(a.way);
    CHECK(a.g[1] == Tensor<double>{{16, 16}, {20, 20}});
    CHECK(a.g[0] == Tensor<double>(Shape{2, 2, 2}, {19, 23, 19, 23, 19, 23, 19, 23}));
  }
}

TEST_CASE("B055: a bias gradient is summed over the batch axis only") {
  const auto f = [](auto x) { return (matmul(x[0], x[1]) + x[2]) * x[3]; };
  const Tensor<double> delta{{1, 2, 3}, {4, 5, 6}};
  for (const auto& a : every_way(f, {ones({2, 4}), ones({4, 3}), zeros({3}), delta})) {
    CAPTURE(a.way);
    CHECK(a.g[2] == Tensor<double>{5, 7, 9});
  }
}

TEST_CASE("B056: a strided slice deposits only where it read") {
  const auto f = [](auto x) {
    return sum(slice(x[0], 0, 0, kEnd, 2) * x[1]) + sum(slice(x[0], 0, 1, kEnd, -2) * x[2]);
  };
  for (const auto& a : every_way(f, {zeros({2, 3}), Tensor<double>{1, 2, 3}, Tensor<double>{100, 101, 102}})) {
    CAPTURE(a.way);
    CHECK(a.g[0] == Tensor<double>{{1, 2, 3}, {100, 101, 102}});
  }
}

TEST_CASE("B058: a seed must have y's shape") {
  Tape<double> tape;
  const Tensor<double> b{{1, 2}, {3, 4}};
  const auto x = tape.leaf(ones({2, 2})), y = tape.leaf(b), z = x * y;
  for (const Shape& shape : {Shape{1}, Shape{2}}) {
    CHECK_THROWS_WITH_AS(vjp(z, x, tape.leaf(ones(shape))),
                         doctest::Contains(("y has shape [2, 2] but its seed " + to_string(shape)).c_str()),
                         ShapeError);
  }
  CHECK(value(vjp(z, x, tape.leaf(full({2, 2}, 1.5)))) == Tensor<double>{{1.5, 3}, {4.5, 6}});
}

TEST_CASE("B059: a y of several numbers needs a seed") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0});
  const auto y = x * x;
  const NodeId size = tape.size();
  CHECK_THROWS_WITH_AS(gradient(y, x), doctest::Contains("needs one number"), ShapeError);
  CHECK_THROWS_WITH_AS(value_and_gradient(y, x), doctest::Contains("needs one number"), ShapeError);
  CHECK_THROWS_WITH_AS(hvp(y, x, x), doctest::Contains("needs one number"), ShapeError);
  CHECK_THROWS_WITH_AS(hessian(y, x), doctest::Contains("needs one number"), ShapeError);
  CHECK(tape.size() == size);
}

TEST_CASE("B190: the mean of no rows is NaN, their sum 0, and the gradient never NaN") {
  Tape<double> tape;
  const auto z = tape.leaf(zeros({0, 2}));
  const auto labels = tape.indices(Tensor<std::int64_t>(Shape{0}));
  const auto mean = cross_entropy(z, labels), sum = cross_entropy(z, labels, Reduction::sum);
  CHECK(std::isnan(item(mean)));
  CHECK(item(sum) == 0);
  CHECK(value(gradient(mean, z)) == zeros({0, 2}));
  CHECK(value(gradient(sum, z)) == zeros({0, 2}));
  const auto w = tape.leaf(ones({3, 2})), x = tape.leaf(zeros({0, 3}));
  for (const auto how : {Reduction::mean, Reduction::sum}) {
    CHECK(value(gradient(cross_entropy(matmul(x, w), labels, how), w)) == zeros({3, 2}));
  }
}
