// Reductions against NumPy 2.
#include <doctest/doctest.h>

#include <limits>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

namespace {
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("sum, mean, max and prod run over any axes and keep them on demand") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers());
  CHECK(near(value(sum(x, {0, 2})), {2.3, 1.7, 1.4}));
  CHECK(near(value(mean(x, 1, true)),
             {Shape{2, 1, 4},
              {0.7666666666666667, 0.3, 0.4333333333333333, -0.4666666666666666, -0.5333333333333333,
               0.5333333333333334, 0.7000000000000001, 0.06666666666666667}}));
  CHECK(near(value(prod(x, 2)), {Shape{2, 3}, {-0.504, 0.6072, -0.0306, 1.232, -1.0374, 0.063}}));
  CHECK(near(value(prod(x, {0, 1}, true)), {Shape{1, 1, 4}, {0.648648, 0.125664, 0.036, -0.256956}}));
  CHECK(value(max(x, {-1, 1})) == Tensor<double>{2.0, 2.2});
}
TEST_CASE("a product has exact slopes behind one zero and behind two") {
  Tape<double> tape;
  const auto x = tape.leaf({2.0, 0.0, 3.0, 4.0}), y = tape.leaf({2.0, 0.0, 3.0, 0.0});
  CHECK(value(gradient(prod(x), x)) == Tensor<double>{0, 24, 0, 0});
  CHECK(value(gradient(prod(y), y)) == Tensor<double>{0, 0, 0, 0});
  CHECK(hessian(prod(y), y).at(1, 3) == 6);
}
TEST_CASE("reductions of nothing: product 1, all 1, any 0, norm 0; a maximum throws") {
  Tape<double> tape;
  const auto none = tape.leaf(zeros({2, 0}));
  CHECK(value(prod(none, 1)) == Tensor<double>{1, 1});
  CHECK(value(all(none, 1)) == Tensor<double>{1, 1});
  CHECK(value(any(none, 1)) == Tensor<double>{0, 0});
  CHECK(value(norm(none, 2, 1)) == Tensor<double>{0, 0});
  CHECK(value(log_sum_exp(none)) == Tensor<double>{-kInf, -kInf});
  CHECK_THROWS_WITH_AS(max(none, 1), doctest::Contains("max: nothing to choose from: x is [2, 0]"), ShapeError);
  CHECK_THROWS_WITH_AS(argmin(none), doctest::Contains("argmin: nothing to choose from: x is [2, 0]"), ShapeError);
}
TEST_CASE("all, any and count_nonzero take NaN for a number that is not 0") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>{{0.0, 1.0, kNan}, {2.0, -1.0, 3.0}, {0.0, -0.0, 0.0}});
  CHECK(value(all(x, 1)) == Tensor<double>{0, 1, 0});
  CHECK(value(any(x, 1)) == Tensor<double>{1, 1, 0});
  CHECK(value(count_nonzero(x)).item() == 5);
  CHECK(value(gradient(count_nonzero(x), x)) == zeros({3, 3}));
}
TEST_CASE("argmax and argmin give the first position of equal ones, and that of NaN") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers());
  CHECK(value(argmax(x, 1)) == Tensor<double>{{1, 2, 0, 0}, {1, 0, 2, 1}});
  CHECK(value(argmin(x, -1, true)) == Tensor<double>(Shape{2, 3, 1}, {1, 3, 2, 3, 1, 0}));
  CHECK(item(argmax(tape.leaf({1.0, 3.0, 3.0}))) == 1);
  CHECK(item(argmax(tape.leaf({1.0, kNan, 3.0, kNan}))) == 1);
  CHECK(item(argmin(transpose(tape.leaf(Tensor<double>{Shape{2, 1}, {4.0, 1.0}})))) == 1);
}
TEST_CASE("log_sum_exp runs over any axes") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers());
  CHECK(near(value(log_sum_exp(x, {0, 2})), {3.1101105205606174, 2.8802628577848792, 2.6910069921762387}));
  CHECK(value(log_sum_exp(x, {0, 2}, true)).shape() == Shape{1, 3, 1});
}
TEST_CASE("an axis out of range, or named twice, is named with the shape") {
  Tape<double> tape;
  const auto x = tape.leaf(zeros({2, 3}));
  CHECK_THROWS_WITH_AS(sum(x, 2), doctest::Contains("sum: axis 2 is outside [-2, 2): x is [2, 3]   at reduce_test.cpp"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(prod(x, {0, -2}), doctest::Contains("prod: axis -2 is named twice: x is [2, 3]"), ShapeError);
}
TEST_CASE("B175: a count of more than 2^31 elements is exact") {
  Tape<double> tape;
  const auto x = broadcast_to(tape.leaf(1.0), Shape{3118080000});
  CHECK(item(count_nonzero(x)) == 3118080000.0);
}
