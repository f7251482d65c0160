// All derivatives along a line, against known series.
#include <doctest/doctest.h>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

/// The derivatives of f by t at x + t v, as numbers.
template <class T = double, class F>
std::vector<double> along(F f, T at, T direction, int order) {
  Tape<T> tape;
  const auto x = tape.leaf(at), v = tape.leaf(direction);
  auto program = compile(directional_derivatives(f(x), x, v, order));
  program.run();
  std::vector<double> out;
  for (std::size_t k = 0; k < program.size(); ++k) out.push_back(program.value(k).item());
  return out;
}
/// Near in each entry.
void check(const std::vector<double>& got, const std::vector<double>& expected, double relative = 1e-13) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t k = 0; k < got.size(); ++k) {
    CAPTURE(k);
    CHECK(std::abs(got[k] - expected[k]) <= relative * std::max(1.0, std::abs(expected[k])));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("derivatives along a direction are those of exp, sin and 1/(1 - x), to order 8", T, float, double) {
  const double exact = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  std::vector<double> exponential, sine, geometric;
  double factorial = 1, power = 1;
  for (int k = 0; k <= 8; ++k) {
    exponential.push_back(std::exp(0.5) * power);
    sine.push_back(power * std::sin(0.5 + k * std::acos(-1.0) / 2));
    geometric.push_back(power * factorial * std::pow(2, k + 1));
    factorial *= k + 1;
    power *= 1.5;
  }
  const T x(0.5), v(1.5);
  check(along<T>([](auto a) { return exp(a); }, x, v, 8), exponential, exact);
  check(along<T>([](auto a) { return sin(a); }, x, v, 8), sine, exact);
  check(along<T>([](auto a) { return 1 / (1 - a); }, x, v, 8), geometric, exact);
}

TEST_CASE("a composed function has the series of its closed form, to order 9") {
  // e^(e^x - 1) at 0: Bell's numbers
  check(along([](auto x) { return exp(expm1(x)); }, 0.0, 1.0, 9), {1, 1, 2, 5, 15, 52, 203, 877, 4140, 21147});
  // tan at 0: tangent numbers
  check(along([](auto x) { return sin(x) / cos(x); }, 0.0, 1.0, 7), {0, 1, 0, 2, 0, 16, 0, 272});
}

TEST_CASE("along a direction of a tensor, mixed terms count") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0}), v = tape.leaf({3.0, -1.0});
  // (1 + 3t)^2 (2 - t) = 2 + 11 t + 12 t^2 - 9 t^3
  const auto y = sum(square(slice(x, 0, 0, 1)) * slice(x, 0, 1, 2));
  const auto d = directional_derivatives(y, x, v, 4);
  const double expected[] = {2, 11, 24, -54, 0};
  for (std::size_t k = 0; k < 5; ++k) CHECK(item(d[k]) == expected[k]);
}

TEST_CASE("the direction is constant, even if it is made from x") {
  Tape<double> tape;
  const auto x = tape.leaf(3.0);
  const auto d = directional_derivatives(x * x, x, 2 * x, 2);
  CHECK(item(d[1]) == 36);
  CHECK(item(d[2]) == 72);
}

TEST_CASE("a negative order, a direction of another shape and one of another tape are refused") {
  Tape<double> tape, other;
  const auto x = tape.leaf({1.0, 2.0}), y = sum(x);
  const NodeId size = tape.size();
  CHECK_THROWS_WITH_AS(directional_derivatives(y, x, x, -1),
                       doctest::Contains("directional_derivatives: order -1 is negative"), UsageError);
  CHECK_THROWS_WITH_AS(directional_derivatives(y, x, y, 1), doctest::Contains("x has shape [2] but its direction []"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(directional_derivatives(y, x, other.leaf({1.0, 2.0}), 1), doctest::Contains("two tapes"),
                       UsageError);
  CHECK_THROWS_AS(directional_derivatives(Var<double>(), x, x, 1), UsageError);
  CHECK(tape.size() == size);
  CHECK(directional_derivatives(y, x, x, 0).size() == 1);
}
