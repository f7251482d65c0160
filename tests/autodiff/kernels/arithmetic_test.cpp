// Arithmetic, comparisons, rounding and powers on every instruction set: exact, or as the C library has it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tests/autodiff/kernels/every_target.hpp"
#include "tests/autodiff/kernels/run_function.hpp"
#include "tests/autodiff/kernels/ulp.hpp"

namespace wengert::kernels {

TEST_CASE_TEMPLATE("pow agrees with the C library within one unit, whatever stands in the neighbouring lanes", T, float,
                   double) {
  const std::vector<T> bases = {T(0),    T(-0.0), T(1),         T(-1),         T(2),    T(-2),    T(0.3),
                                T(-0.3), T(1e10), kInfinity<T>, -kInfinity<T>, kNan<T>, T(1e-20), T(7)};
  const std::vector<T> exponents = {T(0),  T(1),   T(2),         T(3),          T(4),    T(-1), T(-2),
                                    T(-3), T(0.5), kInfinity<T>, -kInfinity<T>, kNan<T>, T(11), T(-0.25)};
  std::vector<T> x, p;
  for (const T exponent : exponents) {
    for (int repeat = 0; repeat < 3; ++repeat) {  // long enough runs of one exponent to fill a pack
      for (const T base : bases) {
        x.push_back(base);
        p.push_back(exponent);
      }
    }
  }
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    const std::vector<T> y = apply<T>(instruction_of<math::Pow>(), {x, p});
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(x[i]);
      CAPTURE(p[i]);
      CHECK(ulps(y[i], std::pow(static_cast<long double>(x[i]), static_cast<long double>(p[i]))) <= 1.6);
      const std::vector<T> among = apply<T>(instruction_of<math::Pow>(), {{x[i], T(5)}, {p[i], T(0.1)}});
      CHECK(same_bits<std::vector<T>>({y[i]}, {among[0]}));
    }
  }
}

TEST_CASE_TEMPLATE("arithmetic and comparisons follow the rules for NaN, zero and infinity", T, float, double) {
  constexpr T kSmallest = std::numeric_limits<T>::min();  // normal number
  const std::vector<T> edges = {T(0),          T(-0.0), T(1),      T(-1),      T(2.5),        kInfinity<T>,
                                -kInfinity<T>, kNan<T>, kSmallest, -kSmallest, kSmallest / 2, -kSmallest / 1024};
  std::vector<T> a, b;
  for (const T first : edges) {
    for (const T second : edges) {
      a.push_back(first);
      b.push_back(second);
    }
  }
  const auto either_nan = [](T x, T y) { return std::isnan(x) || std::isnan(y); };
  const struct {
    Instruction instruction;
    std::function<T(T, T)> exact;
  } cases[] = {
      {instruction_of<math::Add>(), [](T x, T y) { return x + y; }},
      {instruction_of<math::Subtract>(), [](T x, T y) { return x - y; }},
      {instruction_of<math::Multiply>(), [](T x, T y) { return x * y; }},
      {instruction_of<math::Divide>(), [](T x, T y) { return x / y; }},
      {instruction_of<math::Less>(), [](T x, T y) { return T(x < y); }},
      {instruction_of<math::LessEqual>(), [](T x, T y) { return T(x <= y); }},
      {instruction_of<math::Equal>(), [](T x, T y) { return T(x == y); }},
      {instruction_of<math::NotEqual>(), [](T x, T y) { return T(x != y); }},
      {instruction_of<math::Chain>(), [](T g, T s) { return g == 0 || s == 0 ? T(0) : g * s; }},
      {instruction_of<math::Maximum>(), [=](T x, T y) { return either_nan(x, y) ? kNan<T>
                                                               : y < x          ? x
                                                                                : y; }},
      {instruction_of<math::Minimum>(), [=](T x, T y) { return either_nan(x, y) ? kNan<T>
                                                               : x < y          ? x
                                                                                : y; }},
  };
  const struct {
    Instruction instruction;
    std::function<T(T)> exact;
  } of_one[] = {
      {instruction_of<math::Negate>(), [](T x) { return -x; }},
      {instruction_of<math::Copy>(), [](T x) { return x; }},
      {instruction_of<math::Reciprocal>(), [](T x) { return 1 / x; }},
      {instruction_of<math::Square>(), [](T x) { return x * x; }},
      {instruction_of<math::Abs>(), [](T x) { return std::abs(x); }},
      {instruction_of<math::Sign>(), [](T x) { return x > 0   ? T(1)
                                                      : x < 0 ? T(-1)
                                                              : x; }},
      {instruction_of<math::IsNan>(), [](T x) { return T(std::isnan(x)); }},
      {instruction_of<math::WithoutSubnormals>(), [=](T x) { return std::abs(x) < kSmallest ? T(0) : x; }},
      {instruction_of<math::Relu>(), [](T x) { return x <= 0 ? T(0) : x; }},
  };
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const auto& c : cases) {
      CAPTURE(static_cast<int>(c.instruction));
      std::vector<T> exact(a.size());
      std::transform(a.begin(), a.end(), b.begin(), exact.begin(), c.exact);
      CHECK(same_bits(apply<T>(c.instruction, {a, b}), exact));
    }
    for (const auto& c : of_one) {
      CAPTURE(static_cast<int>(c.instruction));
      std::vector<T> exact(a.size());
      std::transform(a.begin(), a.end(), exact.begin(), c.exact);
      CHECK(same_bits(apply<T>(c.instruction, {a}), exact));
    }
  }
}

TEST_CASE_TEMPLATE("functions of three inputs choose and combine lane by lane", T, float, double) {
  const std::vector<T> c = {T(0), T(-0.0), T(1), T(-3), kNan<T>, kInfinity<T>, T(0), T(2)};
  const std::vector<T> a = {T(5), kNan<T>, T(5), T(5), T(5), T(5), kInfinity<T>, T(3)};
  const std::vector<T> b = {T(7), T(7), kNan<T>, T(7), T(7), kInfinity<T>, T(7), T(0.5)};
  const std::vector<T> with = {T(2), T(3), T(4), T(5), T(6), T(7), T(8), T(9)};
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    std::vector<T> chosen(8), chained(8);
    for (std::size_t i = 0; i < 8; ++i) {
      chosen[i] = c[i] != 0 ? a[i] : b[i];
      chained[i] = c[i] == 0 || a[i] == 0 ? with[i] : c[i] * a[i] + with[i];
    }
    CHECK(same_bits(apply<T>(instruction_of<math::Where>(), {c, a, b}), chosen));
    CHECK(same_bits(apply<T>(instruction(Special::chain_add), {c, a, with}), chained));
    const std::vector<std::vector<T>> numbers = {{T(2), T(-3)}, {T(5), T(7)}, {T(11), T(0.5)}};
    CHECK(apply<T>(instruction(Special::fused_multiply_add), numbers) == std::vector<T>{T(21), T(-20.5)});
    CHECK(apply<T>(instruction(Special::fused_negative_multiply_add), numbers) == std::vector<T>{T(1), T(21.5)});
    CHECK(apply<T>(instruction(Special::fused_multiply_subtract), numbers) == std::vector<T>{T(-1), T(-21.5)});
  }
}

TEST_CASE_TEMPLATE("leaky relu and elu take their parameter elementwise", T, float, double) {
  const std::vector<T> x = {T(-2), T(0), T(3), kNan<T>, -kInfinity<T>}, alpha = {T(0.5), T(2), T(2), T(2), T(2)};
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    const std::vector<T> leaky = {T(-1), T(0), T(3), kNan<T>, -kInfinity<T>};
    CHECK(same_bits(apply<T>(instruction_of<math::LeakyRelu>(), {x, alpha}), leaky));
    const std::vector<T> elu = apply<T>(instruction_of<math::Elu>(), {x, alpha});
    CHECK(ulps(elu[0], 0.5L * std::expm1(-2.0L)) <= 2);
    CHECK(same_bits<std::vector<T>>({elu[1], elu[2], elu[3], elu[4]}, {T(0), T(3), kNan<T>, T(-2)}));
  }
}

}  // namespace wengert::kernels
