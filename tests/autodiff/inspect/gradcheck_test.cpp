// gradcheck itself: what it passes, what it fails and where it points.
#include "autodiff/inspect/gradcheck.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "autodiff/autodiff.hpp"

using namespace wengert;

namespace {

using Place = std::vector<std::int64_t>;

/// x², whose slope is said to be x.
template <class T>
Var<T> wrong_square(Var<T> x) {
  return x * stop_gradient(x);
}
/// x³ with a right gradient, whose own slope is said to be 4x.
template <class T>
Var<T> wrong_second(Var<T> x) {
  const Var<T> s = stop_gradient(x);
  return s * s * s + 3 * (s * x * x - s * s * x) - (s * x * x - 2 * s * s * x + s * s * s);
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE_TEMPLATE("right derivatives of both orders pass in both modes and types", T, float, double) {
  const Tensor<T> a{{T(0.5), T(-1.25)}, {T(2), T(0.125)}}, b{T(0.75), T(-0.3)};
  const auto f = [](auto x, auto w) { return tanh(matmul(x, w)) * exp(w) + sum(x * x) / (1 + w * w); };
  const GradcheckReport report = gradcheck(f, {a, b}, {.order = 2});
  CHECK(report);
  CHECK(report.skipped.empty());
  // y [2] by a [2, 2] and b [2], then the gradient by both by both; twice, for the modes
  CHECK(report.compared == 2 * (2 * 6 + 6 * 6));
  CHECK(report.worst.relative > 0);
}

TEST_CASE_TEMPLATE("B176: a linear function passes in either type, by defaults", T, float, double) {
  const auto f = [](auto W, auto x) { return matmul(W, x); };
  CHECK(gradcheck(f, {Tensor<T>{{T(0.3), T(-1.7)}}, Tensor<T>{T(2.5), T(1e-3)}}, {.order = 2}));
}

TEST_CASE("differences are good for eleven digits") {
  const auto f = [](auto x) { return sin(x) * exp(x) + lgamma(x); };
  for (const double x : {0.3, 1.0, 7.5, 60.0}) {
    const GradcheckReport report = gradcheck(f, {Tensor<double>(x)}, {.tolerance = 1e-10});
    CHECK(report);
    CHECK(std::abs(report.worst.derivative - report.worst.differences) <= 1e-10 * std::abs(report.worst.derivative));
  }
}

TEST_CASE_TEMPLATE("a wrong slope fails, in either mode, and the report points at it", T, float, double) {
  const Tensor<T> fine{T(1), T(2)}, bad{{T(0.5), T(0.25)}, {T(-3), T(1)}};
  const auto f = [](auto x, auto w) { return sum(square(x)) + sum(wrong_square(w)); };
  for (const bool reverse : {true, false}) {
    const GradcheckReport report = gradcheck(f, {fine, bad}, {.reverse = reverse, .forward = !reverse});
    CHECK_FALSE(report);
    CHECK(report.worst.order == 1);
    CHECK(report.worst.mode == (reverse ? Mode::reverse : Mode::forward));
    CHECK(report.worst.input == 1);
    CHECK(report.worst.index == Place{1, 0});
    CHECK(report.worst.derivative == -3);
    CHECK(std::abs(report.worst.differences + 6) < 1e-3);
    CHECK(std::abs(report.worst.relative - 0.5) < 1e-3);
  }
}

TEST_CASE("a wrong second derivative behind a right first one fails only if it is asked for") {
  const Tensor<double> x{0.5, 2};
  const auto f = [](auto v) { return wrong_second(v); };
  CHECK(gradcheck(f, {x}));
  for (const bool reverse : {true, false}) {
    const GradcheckReport report = gradcheck(f, {x}, {.order = 2, .reverse = reverse, .forward = !reverse});
    CHECK_FALSE(report);
    CHECK(report.worst.order == 2);
    CHECK(report.worst.index == Place{1});
    CHECK(report.worst.output_index == Place{1});
  }
}

TEST_CASE("a derivative that is NaN where the function is smooth fails") {
  const auto f = [](auto x) {
    return square(x) + 0 * (stop_gradient(x) - x) * std::numeric_limits<double>::infinity();
  };
  const GradcheckReport report = gradcheck([](auto x) { return exp(log(x * x) / 2); }, {Tensor<double>{-2}});
  CHECK(report);  // |x|
  CHECK_FALSE(gradcheck(f, {Tensor<double>{1}}));
}

TEST_CASE_TEMPLATE("an element at a kink is named with its two slopes and skipped, the others count", T, float,
                   double) {
  const Tensor<T> x{{T(1), T(0)}, {T(-2), T(3)}};
  const GradcheckReport report = gradcheck([](auto v) { return sum(relu(v) * v + 2 * abs(v)); }, {x});
  CHECK(report);
  REQUIRE(report.skipped.size() == 1);
  CHECK(report.skipped[0].kink);
  CHECK(report.skipped[0].input == 0);
  CHECK(report.skipped[0].index == Place{0, 1});
  const double bound = std::is_same_v<T, float> ? 1e-2 : 1e-9;
  CHECK(std::abs(report.skipped[0].left + 2) < bound);
  CHECK(std::abs(report.skipped[0].right - 2) < bound);
  CHECK(report.compared == 2 * 3);
}

TEST_CASE_TEMPLATE("a kink near an element never fails a right derivative, at any distance", T, float, double) {
  for (double distance = 1; distance > 1e-9; distance /= 1.7) {
    for (const double side : {-1.0, 1.0}) {
      const Tensor<T> x{T(0.7), T(side * distance)};
      const GradcheckReport report = gradcheck([](auto v) { return leaky_relu(v) + sin(v); }, {x}, {.order = 2});
      CAPTURE(side * distance);
      CHECK(report);
    }
  }
}

TEST_CASE("a kink does not hide a wrong slope elsewhere") {
  const GradcheckReport report = gradcheck([](auto v) { return abs(v) + wrong_square(v); }, {Tensor<double>{0, 1}});
  CHECK_FALSE(report);
  CHECK(report.skipped.size() == 1);
  CHECK(report.worst.index == Place{1});
}

TEST_CASE("what compares nothing fails: kinks alone, no elements, a function that is not finite") {
  const GradcheckReport kinks = gradcheck([](auto v) { return abs(v); }, {Tensor<double>{0, 0}});
  CHECK_FALSE(kinks);
  CHECK(kinks.compared == 0);
  CHECK(kinks.skipped.size() == 2);
  CHECK_FALSE(gradcheck([](auto v) { return square(v); }, {Tensor<double>(Shape{0, 3})}));
  const GradcheckReport outside = gradcheck([](auto v) { return log(v); }, {Tensor<double>{-5}});
  CHECK_FALSE(outside);
  REQUIRE(outside.skipped.size() == 1);
  CHECK_FALSE(outside.skipped[0].kink);
}

TEST_CASE("an empty input beside one that is not changes nothing") {
  const auto f = [](auto a, auto b) { return sum(a) + square(b); };
  const GradcheckReport report = gradcheck(f, {Tensor<double>(Shape{2, 0}), Tensor<double>{3}}, {.order = 2});
  CHECK(report);
  CHECK(report.compared == 2 * 2);
}

TEST_CASE("near the edge of the domain smaller steps decide") {
  for (const double x : {0.05, 2e-3}) {
    CHECK(gradcheck([](auto v) { return sqrt(v) * log(v); }, {Tensor<double>{x}}, {.tolerance = 1e-6}));
  }
}

TEST_CASE("a slope of exactly 0, and one that is 0 but for rounding, pass") {
  CHECK(gradcheck([](auto v) { return floor(v); }, {Tensor<double>{0.3, 7.6, 100.3}}));  // coarse steps see slope 1
  CHECK(gradcheck([](auto v) { return log(exp(v)); }, {Tensor<double>{0.3, 7.6}}, {.order = 2}));
  CHECK(gradcheck([](auto v) { return softmax(broadcast_to(v, Shape{3, 5})); }, {Tensor<double>(1.5)}, {.order = 2}));
}

TEST_CASE("an error passes within the absolute bound asked for, and not beyond") {
  const Tensor<double> x{0.5};
  CHECK_FALSE(gradcheck([](auto v) { return 1e-10 * wrong_square(v); }, {x}));
  CHECK(gradcheck([](auto v) { return 1e-10 * wrong_square(v); }, {x}, {.absolute = 1e-9}));
  CHECK_FALSE(gradcheck([](auto v) { return 1e-8 * wrong_square(v); }, {x}, {.absolute = 1e-9}));
}

TEST_CASE("a function of a list of Vars is checked as one of several") {
  const std::vector<Tensor<float>> inputs{Tensor<float>{1, 2}, Tensor<float>{3}, Tensor<float>(2.0f)};
  CHECK(gradcheck<float>([](const std::vector<Var<float>>& x) { return x[0] * x[1] / x[2]; }, inputs, {.order = 2}));
}

TEST_CASE("the report prints what was compared, the worst entry and what was skipped") {
  const auto f = [](auto x, auto w) { return abs(x) + wrong_square(w); };
  const GradcheckReport report =
      gradcheck(f, {Tensor<double>{0, 1}, Tensor<double>(Shape{1}, {4.0})}, {.forward = false});
  std::ostringstream out;
  out << report;
  CHECK(out.str() == to_string(report));
  CHECK(
      to_string(report).starts_with("gradcheck failed: 4 derivatives compared, worst of order 1, reverse mode, y[0] by "
                                    "input 1[0]: 4, by differences "));
  CHECK(to_string(report).ends_with("\n  skipped, order 1: input 0[0], a kink between slopes -1 and 1"));
  const auto nothing = gradcheck([](auto v) { return abs(v); }, {Tensor<double>(Shape{12})});
  CHECK(to_string(nothing).starts_with("gradcheck failed: nothing was compared\n"));
  CHECK(to_string(nothing).ends_with("\n  and 2 more"));
}

TEST_CASE("gradcheck refuses what it cannot check, with a sentence") {
  const Tensor<double> x{1, 2};
  const auto f = [](auto v) { return square(v); };
  const std::function<Var<double>(const std::vector<Var<double>>&)> of_none = [](const auto&) { return Var<double>(); };
  CHECK_THROWS_WITH_AS(gradcheck(of_none, {}), doctest::Contains("gradcheck: there are no inputs"), UsageError);
  CHECK_THROWS_WITH_AS(gradcheck([](auto) { return Var<double>(); }, {x}),
                       doctest::Contains("f returned an empty Var   at gradcheck_test.cpp:"), UsageError);
  Tape<double> other;
  const auto foreign = other.leaf(1.0);
  CHECK_THROWS_WITH_AS(gradcheck([&](auto) { return foreign; }, {x}), doctest::Contains("gradcheck: "), UsageError);
  CHECK_THROWS_WITH_AS(gradcheck([](auto v, auto) { return v; }, {x, Tensor<double>{{1, kNan}}}),
                       doctest::Contains("element [0, 1] of input 1 is nan"), ValueError);
  CHECK_THROWS_WITH_AS(gradcheck(f, {x}, {.order = 3}), doctest::Contains("order 3 is neither 1 nor 2"), ValueError);
  CHECK_THROWS_WITH_AS(gradcheck(f, {x}, {.tolerance = kNan}), doctest::Contains("tolerance nan"), ValueError);
  CHECK_THROWS_WITH_AS(gradcheck(f, {x}, {.absolute = -1}), doctest::Contains("absolute bound -1"), ValueError);
  CHECK_THROWS_WITH_AS(gradcheck(f, {x}, {.reverse = false, .forward = false}),
                       doctest::Contains("neither reverse nor forward"), ValueError);
}
