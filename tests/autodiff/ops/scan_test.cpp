// Running results against NumPy 2.
#include <doctest/doctest.h>

#include <limits>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
}

TEST_CASE("running sums, products and log-sums along any axis, also of a transposed tensor") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers());
  CHECK(near(value(cumsum(x, 1)), {Shape{2, 3, 4}, {0.3,  -1.2, 2.0, 0.7,  1.4, -0.8, 1.4, -1.6, 2.3,  0.9, 1.3, -1.4,
                                                    -0.8, 2.2,  0.5, -1.4, 0.5, 1.5,  1.1, 0.5,  -1.6, 1.6, 2.1, 0.2}},
             1e-14));
  CHECK(near(value(cumprod(x, 0)),
             {Shape{2, 3, 4}, {0.3,   -1.2,  2.0, 0.7,   1.1,  0.4,   -0.6,  -2.3,  0.9,   1.7,  -0.1, 0.2,
                               -0.24, -2.64, 1.0, -0.98, 1.43, -0.28, -0.36, -4.37, -1.89, 0.17, -0.1, -0.06}}));
  const auto y = logcumsumexp(x, 2);
  CHECK(near(value(slice(y, 0, 0, 1)),
             {Shape{1, 3, 4},
              {0.3, 0.5014132779827525, 2.2016712449527907, 2.4027798534134, 1.1, 1.503186048885458, 1.61835847715745,
               1.638037264531986, 0.9, 2.0711006659477778, 2.1791044981327357, 2.3085463572066383}}));
  CHECK(value(logcumsumexp(swap_axes(x, 0, 2), 0)) == value(swap_axes(y, 0, 2)));
}
TEST_CASE("B022: a running product has exact slopes behind a 0") {
  Tape<double> tape;
  const auto x = tape.leaf({2.0, 0.0, 3.0, 4.0});
  const auto y = sum(cumprod(x, 0));
  CHECK(item(y) == 2);
  CHECK(value(gradient(y, x)) == Tensor<double>{1, 32, 0, 0});
  CHECK(value(jvp(cumprod(x, 0), x, tape.leaf({0.0, 1.0, 0.0, 0.0}))) == Tensor<double>{0, 2, 6, 24});
  auto replayed = compile({y, gradient(y, x)});
  tape.set(x, Tensor<double>{1, 2, 3, 4});
  replayed.run();
  tape.set(x, Tensor<double>{2, 0, 3, 4});
  replayed.run();
  CHECK(replayed.value(0).item() == 2);
  CHECK(replayed.value(1) == Tensor<double>{1, 32, 0, 0});
  // y = a + ab + abc + abcd
  CHECK(hessian(y, x) == Tensor<double>{{0, 16, 0, 0}, {16, 0, 10, 6}, {0, 10, 0, 0}, {0, 6, 0, 0}});
}
TEST_CASE("B061: a scan along an axis of length 0 is empty and so is its gradient") {
  Tape<double> tape;
  const auto x = tape.leaf(zeros({2, 0}));
  for (const auto y : {cumsum(x, 1), cumprod(x, 1), logcumsumexp(x, 1)}) {
    CHECK(item(sum(y)) == 0);
    CHECK(value(gradient(sum(y), x)) == zeros({2, 0}));
  }
}
TEST_CASE("running log-sums do not overflow, and their slopes survive far apart arguments") {
  Tape<double> tape;
  const auto x = tape.leaf({-1000.0, 1000.0, 1000.0});
  CHECK(near(value(logcumsumexp(x, 0)), {-1000, 1000, 1000.6931471805599}));
  CHECK(value(gradient(sum(logcumsumexp(x, 0)), x)) == Tensor<double>{1, 1.5, 0.5});
  const auto none = tape.leaf({-kInf, -kInf, 2.0, -kInf});
  CHECK(value(logcumsumexp(none, 0)) == Tensor<double>{-kInf, -kInf, 2, 2});
  CHECK(value(gradient(sum(logcumsumexp(none, 0)), none)) == Tensor<double>{0, 0, 2, 0});
}
TEST_CASE("a recurrence ignores its first factor") {
  Tape<double> tape;
  const auto a = tape.leaf({kInf, 0.5, 2.0}), b = tape.leaf({1.0, 1.0, -1.0});
  CHECK(value(recurrence(a, b, 0)) == Tensor<double>{1, 1.5, 2});
  CHECK(value(gradient(sum(recurrence(a, b, 0)), a)) == Tensor<double>{0, 3, 1.5});
  CHECK_THROWS_WITH_AS(recurrence(a, sum(b, 0, true), 0),
                       doctest::Contains("recurrence: the shapes differ: a is [3], b is [1]   at scan_test.cpp"),
                       ShapeError);
}
