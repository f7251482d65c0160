// Accuracy of the elementwise functions on every instruction set, against long double.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "autodiff/kernels/function.hpp"
#include "autodiff/kernels/tile.hpp"
#include "tests/autodiff/kernels/every_target.hpp"
#include "tests/autodiff/kernels/fenced.hpp"
#include "tests/autodiff/kernels/ulp.hpp"

namespace wengert::kernels {
namespace {

/// Runs a function of up to three inputs on contiguous elements.
template <class T>
std::vector<T> apply(Instruction instruction, const std::vector<std::vector<T>>& inputs,
                     std::vector<T>* second = nullptr) {
  const std::size_t n = inputs[0].size();
  Fenced<T> y(n), y2(n);
  Call<T> call;
  call.rows = 1;
  call.cols = static_cast<std::ptrdiff_t>(n);
  call.y = y.data();
  call.y2 = y2.data();
  for (std::size_t i = 0; i < inputs.size(); ++i) call.x[i] = inputs[i].data();
  tile<T>(instruction)(call);
  CHECK(y.intact());
  CHECK(y2.intact());
  if (second != nullptr) second->assign(y2.data(), y2.data() + n);
  return {y.data(), y.data() + n};
}

/// Arguments over the whole range: edges, random bits, the ranges where results are neither 0 nor infinite, magnitudes
/// spread evenly over the exponents, and numbers next to multiples of pi/2.
template <class T>
std::vector<T> arguments() {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  using Limits = std::numeric_limits<T>;
  std::vector<T> x;
  for (const T edge : {T(0),
                       T(1),
                       T(2),
                       T(0.5),
                       T(20),
                       T(88.7),
                       T(89),
                       T(103.9),
                       T(104),
                       T(709.7),
                       T(710),
                       T(745),
                       T(746),
                       T(3200),
                       T(1e6),
                       T(1e9),
                       Limits::min(),
                       Limits::denorm_min(),
                       Limits::max(),
                       Limits::epsilon(),
                       Limits::min() / 3,
                       kInfinity<T>}) {
    x.push_back(edge);
    x.push_back(-edge);
  }
  x.push_back(kNan<T>);
  std::mt19937_64 random(11);
  for (int i = 0; i < 20000; ++i) x.push_back(std::bit_cast<T>(static_cast<Bits>(random())));
  const auto uniform = [&](double width, int count) {
    std::uniform_real_distribution<double> number(-width, width);
    for (int i = 0; i < count; ++i) x.push_back(static_cast<T>(number(random)));
  };
  uniform(1, 20000);
  uniform(4, 20000);
  uniform(25, 10000);
  uniform(110, 10000);
  uniform(760, 10000);
  uniform(4000, 5000);
  uniform(1.1e6, 5000);
  std::uniform_real_distribution<double> exponent(Limits::min_exponent - Limits::digits, 3);
  for (int i = 0; i < 10000; ++i) {
    const T near_zero = static_cast<T>(std::exp2(exponent(random)));
    x.push_back(near_zero);
    x.push_back(-near_zero);
    x.push_back(T(1) + near_zero);
    x.push_back(T(1) - near_zero);
  }
  for (int i = 1; i < 5000; ++i) {
    const long double zero = 1.57079632679489661923132169163975144L * (i < 3000 ? i : i * 100);
    x.push_back(static_cast<T>(zero));
    x.push_back(-std::nextafter(static_cast<T>(zero), T(0)));
  }
  return x;
}

long double exact_sigmoid(long double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
long double exact_sigmoid_slope(long double x) {
  const long double z = std::exp(-std::abs(x));
  return z / ((1 + z) * (1 + z));
}
long double exact_tanh_slope(long double x) {
  const long double z = std::exp(-2 * std::abs(x));
  return 4 * z / ((1 + z) * (1 + z));
}

struct Function {
  std::string name;
  Instruction instruction;
  long double (*exact)(long double);
};
const Function kOfOneInput[] = {
    {"exp", instruction_of<math::Exp>(), std::exp},
    {"expm1", instruction_of<math::Expm1>(), std::expm1},
    {"log", instruction_of<math::Log>(), std::log},
    {"log1p", instruction_of<math::Log1p>(), std::log1p},
    {"sqrt", instruction_of<math::Sqrt>(), std::sqrt},
    {"sin", instruction_of<math::Sin>(), std::sin},
    {"cos", instruction_of<math::Cos>(), std::cos},
    {"tanh", instruction_of<math::Tanh>(), std::tanh},
    {"tanh_slope", instruction_of<math::TanhSlope>(), exact_tanh_slope},
    {"sigmoid", instruction_of<math::Sigmoid>(), exact_sigmoid},
    {"sigmoid_slope", instruction_of<math::SigmoidSlope>(), exact_sigmoid_slope},
};

template <class T>
T at(Instruction instruction, double x) {
  return apply<T>(instruction, {{static_cast<T>(x)}})[0];
}

}  // namespace

TEST_CASE_TEMPLATE("functions are within 2.5 units in the last place over the whole range", T, float, double) {
  const std::vector<T> x = arguments<T>();
  for (const Function& f : kOfOneInput) {
    std::vector<long double> exact(x.size());
    std::transform(x.begin(), x.end(), exact.begin(), [&](T number) { return f.exact(number); });
    for (const std::string& target : EveryTarget()) {
      CAPTURE(target);
      CAPTURE(f.name);
      const std::vector<T> y = apply<T>(f.instruction, {x});
      double worst = 0;
      std::size_t where = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double error = ulps(y[i], exact[i]);
        if (error > worst) {
          worst = error;
          where = i;
        }
      }
      CAPTURE(x[where]);
      CAPTURE(y[where]);
      CHECK(worst <= 2.5);
    }
  }
}

TEST_CASE_TEMPLATE("both functions of a pair are those of the single functions bit for bit", T, float, double) {
  const std::vector<T> x = arguments<T>();
  const Instruction trios[][3] = {
      {pair_instruction<math::SinCos>(), instruction_of<math::Sin>(), instruction_of<math::Cos>()},
      {pair_instruction<math::TanhBoth>(), instruction_of<math::Tanh>(), instruction_of<math::TanhSlope>()},
      {pair_instruction<math::SigmoidBoth>(), instruction_of<math::Sigmoid>(), instruction_of<math::SigmoidSlope>()},
  };
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const auto& [pair, first, second] : trios) {
      std::vector<T> y2;
      const std::vector<T> y = apply<T>(pair, {x}, &y2);
      CHECK(same_bits(y, apply<T>(first, {x})));
      CHECK(same_bits(y2, apply<T>(second, {x})));
    }
  }
}

TEST_CASE("tails keep their digits down to the subnormals") {
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    CHECK(std::abs(at<double>(instruction_of<math::TanhSlope>(), 20) / 1.6993417021166355e-17 - 1) < 1e-15);
    CHECK(at<double>(instruction_of<math::SigmoidSlope>(), -709) > 0);
    CHECK(at<double>(instruction_of<math::Sigmoid>(), -740) == std::exp(-740.0));
    CHECK(at<float>(instruction_of<math::Sigmoid>(), -100) == std::exp(-100.0F));
    CHECK(at<double>(instruction_of<math::Expm1>(), 1e4) == kInfinity<double>);
    CHECK(at<double>(instruction_of<math::Expm1>(), -1e4) == -1);
    CHECK(at<double>(instruction_of<math::Log>(), 0) == -kInfinity<double>);
    CHECK(std::isnan(at<double>(instruction_of<math::Log>(), -1e-300)));
    CHECK(std::isnan(at<float>(instruction_of<math::Sin>(), kInfinity<double>)));
    CHECK(std::isnan(at<double>(instruction_of<math::Cos>(), -kInfinity<double>)));
  }
}

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
  const std::vector<T> edges = {T(0), T(-0.0), T(1), T(-1), T(2.5), kInfinity<T>, -kInfinity<T>, kNan<T>};
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
