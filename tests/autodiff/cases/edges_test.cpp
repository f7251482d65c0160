// Edge values of roots, powers, logarithms and reductions.
#include <doctest/doctest.h>

#include <functional>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

TEST_CASE("B001: a zero cotangent that reaches a singular operation yields 0") {
  const auto f = [](auto x) { return maximum(sqrt(x[0] * x[0] + x[1] * x[1]), 1e-10); };
  for (const auto& a : every_way(f, {number(0.0), number(0.0)})) {
    CAPTURE(a.way);
    CHECK(a.y.item() == 1e-10);
    CHECK(a.g[0].item() == 0);
    CHECK(a.g[1].item() == 0);
  }
}

TEST_CASE("B002: the branch not selected adds nothing, even where its slope is NaN") {
  for (const auto& a : every_way([](auto x) { return where(x[0] < 1, cos(x[0]), 0); }, {Tensor<double>{0, kInf}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{1, 0});
    CHECK(a.g[0] == Tensor<double>{0, 0});
  }
}

TEST_CASE("B004: a NaN that was masked out does not poison the shared factor") {
  const auto f = [](auto x) { return sum(where(isnan(x[0]), 0, x[0] * x[1])); };
  for (const auto& a : every_way(f, {Tensor<double>{1, 2, kNan}, number(1.0)})) {
    CAPTURE(a.way);
    CHECK(a.y.item() == 3);
    CHECK(a.g[1].item() == 3);
  }
}

TEST_CASE("B005: the Euclidean norm has slope 0 at the zero vector, however it is written") {
  for (const auto f : {+[](Var<double> x) { return sqrt(sum(square(x))); }, +[](Var<double> x) { return norm(x); }}) {
    for (const auto& a : every_way([f](auto x) { return f(x[0]); }, {Tensor<double>{0, 0, 0}})) {
      CAPTURE(a.way);
      CHECK(a.y.item() == 0);
      CHECK(a.g[0] == Tensor<double>{0, 0, 0});
    }
  }
}

TEST_CASE("B007: the distance of a point to itself has slope 0") {
  for (const auto& a : every_way([](auto x) { return sqrt(square(x[0] - x[0])); }, {number(-0.338093)})) {
    CAPTURE(a.way);
    CHECK(a.y.item() == 0);
    CHECK(a.g[0].item() == 0);
  }
}

TEST_CASE("B008: x^0 is constant, whether 0 is a number or a tensor") {
  for (const auto& a : every_way([](auto x) { return pow(x[0], 0) + 0 * x[0]; }, {Tensor<double>{0, 1}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{1, 1});
    CHECK(a.g[0] == Tensor<double>{0, 0});
  }
  for (const auto& a : every_way([](auto x) { return pow(x[0], x[1]); }, {Tensor<double>{0, 1}, number(0.0)})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{1, 1});
    CHECK(a.g[0] == Tensor<double>{0, 0});
  }
}

TEST_CASE("B010: the slope of x^p at 0 follows p, whether p is a number or a tensor") {
  const double p[] = {3, 1.875, 1, 0.5, 0, -1}, slope[] = {0, 0, 1, kInf, 0, -kInf};
  for (int i = 0; i < 6; ++i) {
    CAPTURE(p[i]);
    for (const auto& a : every_way([&](auto x) { return pow(x[0], p[i]); }, {number(0.0)})) {
      CAPTURE(a.way);
      CHECK(a.g[0].item() == slope[i]);
    }
    for (const auto& a : every_way([&](auto x) { return pow(x[0], x[1]); }, {number(0.0), number(p[i])})) {
      CAPTURE(a.way);
      CHECK(a.g[0].item() == slope[i]);
    }
  }
}

TEST_CASE("B011: x^p is not rewritten as exp(p log x) where that breaks") {
  for (const auto& a : every_way([](auto x) { return pow(x[0], 1.875); }, {number(0.0)})) {
    CAPTURE(a.way);
    CHECK(a.y.item() == 0);
    CHECK(a.g[0].item() == 0);
  }
  for (const auto& a : every_way([](auto x) { return gradient(pow(x[0], 1.875), x[0]); }, {number(0.0)})) {
    CAPTURE(a.way);
    CHECK(a.g[0].item() == kInf);
  }
}

TEST_CASE("B013, B014: integer powers keep all their derivatives, in both modes, also with exponents of tensors") {
  for (const bool forward : {false, true}) {
    for (const bool tensors : {false, true}) {
      CAPTURE(forward);
      CAPTURE(tensors);
      Tape<double> tape;
      const auto x = tape.leaf(0.0), one = tape.leaf(1.0);
      const auto power = [&](double p) { return tensors ? pow(x, tape.leaf(p)) : pow(x, p); };
      const auto slope = [&](Var<double> f) { return forward ? jvp(f, x, one) : gradient(f, x); };
      auto f = exp(-power(2));
      for (const double expected : {0.0, -2.0, 0.0, 12.0}) CHECK(item(f = slope(f)) == expected);
      auto y = x + power(2) + power(3) + power(4);
      for (const double expected : {1.0, 2.0, 6.0, 24.0, 0.0}) CHECK(item(y = slope(y)) == expected);
    }
  }
}

TEST_CASE("the derivatives of the cube root at 0 and next to it are infinite with the signs of its powers") {
  for (const double at : {0.0, -0.0, 5e-324, -5e-324}) {
    CAPTURE(at);
    Tape<double> tape;
    const auto x = tape.leaf(at), first = gradient(cbrt(x), x), second = gradient(first, x);
    CHECK(item(first) > 1e200);
    CHECK(item(second) == (std::signbit(at) ? kInf : -kInf));
    CHECK(item(gradient(second, x)) == kInf);
  }
}

TEST_CASE("B016: log-sum-exp of equal huge arguments keeps a total slope of 1") {
  for (const double big : {1e10, 1e50}) {
    const auto f = [](auto x) { return log_sum_exp(concatenate({x[0], x[0]})); };
    for (const auto& a : every_way(f, {Tensor<double>{big}})) {
      CAPTURE(a.way);
      CHECK(near(a.g[0].at(0), 1, 1e-15));
    }
  }
}

TEST_CASE("B017: log1p and expm1 keep their digits near 0") {
  for (const auto& a : every_way([](auto x) { return log(-expm1(x[0])); }, {number(-1e-10)})) {
    CAPTURE(a.way);
    CHECK(near(a.y.item(), -23.025850929990457));
    CHECK(near(a.g[0].item(), -9999999999.5));
  }
}

TEST_CASE("B020: a tangent of 0 times an infinite slope is 0") {
  Tape<double> tape;
  const auto x = tape.leaf(1.0), none = tape.leaf(0.0);
  const auto y = sqrt(1 - x);
  CHECK(item(y) == 0);
  CHECK(item(jvp(y, x, none)) == 0);
}

TEST_CASE("B023: a tie of max or min shares the gradient without inflating it") {
  for (const auto& a : every_way([](auto x) { return max(x[0]) - min(-x[0]); }, {Tensor<double>{0.6, 0.6, 0.3}})) {
    CAPTURE(a.way);
    CHECK(a.g[0] == Tensor<double>{1, 1, 0});
  }
  for (const auto& a : every_way([](auto x) { return max(x[0], 1); }, {Tensor<double>{{0.6, 0.6, 0.3}, {2, 2, 2}}})) {
    CAPTURE(a.way);
    CHECK(a.g[0] == Tensor<double>{{0.5, 0.5, 0}, {1.0 / 3, 1.0 / 3, 1.0 / 3}});
  }
}

TEST_CASE("B026: abs at 0 has slope 0") {
  for (const auto& a : every_way([](auto x) { return abs(x[0]); }, {number(0.0)})) {
    CAPTURE(a.way);
    CHECK(a.g[0].item() == 0);
  }
}

TEST_CASE("B028: variance and deviation of a constant vector have slope 0, also made of pieces") {
  const auto variance = [](Var<double> x) { return mean(square(x - mean(x))); };
  const std::function<Var<double>(Var<double>)> all[] = {[](auto x) { return var(x); },
                                                         [](auto x) { return stddev(x); }, variance,
                                                         [&](auto x) { return sqrt(variance(x)); }};
  for (const auto& f : all) {
    for (const auto& a : every_way([&](auto x) { return f(x[0]); }, {Tensor<double>{1, 1}})) {
      CAPTURE(a.way);
      CHECK(a.y.item() == 0);
      CHECK(a.g[0] == Tensor<double>{0, 0});
    }
  }
}

TEST_CASE("B029: the variance of one element is 0 with divisor N, NaN with N - 1, and its gradient is 0 of x's shape") {
  for (const auto& a : every_way([](auto x) { return var(x[0]); }, {ones({1, 1})})) {
    CAPTURE(a.way);
    CHECK(a.y.item() == 0);
    CHECK(a.g[0] == zeros({1, 1}));
  }
  for (const auto& a : every_way([](auto x) { return var(x[0], Axes::all(), 1); }, {ones({1, 1})})) {
    CAPTURE(a.way);
    CHECK(std::isnan(a.y.item()));
    CHECK(a.g[0] == zeros({1, 1}));
  }
}

TEST_CASE("log-sum-exp of no terms is the logarithm of 0") {
  Tape<double> tape;
  const auto y = log_sum_exp(tape.leaf(Tensor<double>(Shape{2, 0})));
  CHECK(value(y) == Tensor<double>{-std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()});
}
