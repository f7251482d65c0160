// Accuracy of the elementwise functions on every instruction set, against long double.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tests/autodiff/kernels/every_target.hpp"
#include "tests/autodiff/kernels/run_function.hpp"
#include "tests/autodiff/kernels/ulp.hpp"

namespace wengert::kernels {
namespace {

long double exact_sigmoid(long double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
long double exact_sigmoid_slope(long double x) {
  const long double z = std::exp(-std::abs(x));
  return z / ((1 + z) * (1 + z));
}
long double exact_tanh_slope(long double x) {
  const long double z = std::exp(-2 * std::abs(x));
  return 4 * z / ((1 + z) * (1 + z));
}

long double exact_softplus(long double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
long double exact_silu(long double x) { return x < -12000 ? -0.0L : x * exact_sigmoid(x); }
long double exact_silu_slope(long double x) {
  return std::isinf(x) ? (x > 0 ? 1 : -0.0L) : exact_sigmoid(x) * (1 + x * exact_sigmoid(-x));
}
long double exact_softsign(long double x) { return std::isinf(x) ? std::copysign(1.0L, x) : x / (1 + std::abs(x)); }
long double exact_tanhshrink(long double x) {
  if (!(std::abs(x) < 1)) return x - std::tanh(x);
  long double sum = 0, term = x;  // x cosh x - sinh x, term by term, over cosh x
  for (int k = 1; k < 20; ++k) {
    term *= x * x / static_cast<long double>(2 * k * (2 * k + 1));
    sum += 2 * k * term;
  }
  return x == 0 ? x : sum / std::cosh(x);
}
/// e^(-x^2 / divisor) with the square to twice the digits.
long double exact_bell(long double x, long double divisor) {
  if (std::abs(x) > 1e4L) return 0;
  const long double high = x * x;
  return std::exp(-high / divisor) * (1 - std::fma(x, x, -high) / divisor);
}
long double exact_gaussian(long double x) { return exact_bell(x, 1); }
long double exact_normal_pdf(long double x) { return exact_bell(x, 2) * 0.398942280401432677939946059934381868L; }
long double exact_normal_cdf(long double x) { return 0.5L * std::erfc(x * -0.707106781186547524400844362104849039L); }
long double exact_gelu(long double x) { return x < -1e4L ? -0.0L : x * exact_normal_cdf(x); }
long double exact_gelu_slope(long double x) {
  if (std::abs(x) > 100) return x < 0 ? -0.0L : 1;  // where the density is too small for long double
  return exact_normal_cdf(x) + x * exact_normal_pdf(x);
}
long double exact_rsqrt(long double x) { return 1 / std::sqrt(x); }

/// `size`, where there is one, is what the terms of the function add up to without their signs: near a zero of the
/// function the error is measured in units of that.
struct Function {
  std::string name;
  Instruction instruction;
  long double (*exact)(long double);
  long double (*size)(long double) = nullptr;
};
const Function kOfOneInput[] = {
    {"exp", instruction_of<math::Exp>(), std::exp},
    {"exp2", instruction_of<math::Exp2>(), std::exp2},
    {"expm1", instruction_of<math::Expm1>(), std::expm1},
    {"log", instruction_of<math::Log>(), std::log},
    {"log2", instruction_of<math::Log2>(), std::log2},
    {"log10", instruction_of<math::Log10>(), std::log10},
    {"log1p", instruction_of<math::Log1p>(), std::log1p},
    {"sqrt", instruction_of<math::Sqrt>(), std::sqrt},
    {"rsqrt", instruction_of<math::Rsqrt>(), exact_rsqrt},
    {"cbrt", instruction_of<math::Cbrt>(), std::cbrt},
    {"sin", instruction_of<math::Sin>(), std::sin},
    {"cos", instruction_of<math::Cos>(), std::cos},
    {"tan", instruction_of<math::Tan>(), std::tan},
    {"asin", instruction_of<math::Asin>(), std::asin},
    {"acos", instruction_of<math::Acos>(), std::acos},
    {"atan", instruction_of<math::Atan>(), std::atan},
    {"sinh", instruction_of<math::Sinh>(), std::sinh},
    {"cosh", instruction_of<math::Cosh>(), std::cosh},
    {"asinh", instruction_of<math::Asinh>(), std::asinh},
    {"acosh", instruction_of<math::Acosh>(), std::acosh},
    {"atanh", instruction_of<math::Atanh>(), std::atanh},
    {"tanh", instruction_of<math::Tanh>(), std::tanh},
    {"tanh_slope", instruction_of<math::TanhSlope>(), exact_tanh_slope},
    {"sigmoid", instruction_of<math::Sigmoid>(), exact_sigmoid},
    {"sigmoid_slope", instruction_of<math::SigmoidSlope>(), exact_sigmoid_slope},
    {"softplus", instruction_of<math::Softplus>(), exact_softplus},
    {"silu", instruction_of<math::Silu>(), exact_silu},
    {"silu_slope", instruction_of<math::SiluSlope>(), exact_silu_slope,
     [](long double x) { return exact_sigmoid(x) * (1 + std::abs(x) * exact_sigmoid(-x)); }},
    {"softsign", instruction_of<math::Softsign>(), exact_softsign},
    {"tanhshrink", instruction_of<math::Tanhshrink>(), exact_tanhshrink},
    {"gaussian", instruction_of<math::Gaussian>(), exact_gaussian},
    {"erf", instruction_of<math::Erf>(), std::erf},
    {"erfc", instruction_of<math::Erfc>(), std::erfc},
    {"normal_pdf", instruction_of<math::NormalPdf>(), exact_normal_pdf},
    {"normal_cdf", instruction_of<math::NormalCdf>(), exact_normal_cdf},
    {"gelu", instruction_of<math::Gelu>(), exact_gelu},
    {"gelu_slope", instruction_of<math::GeluSlope>(), exact_gelu_slope,
     [](long double x) { return exact_normal_cdf(x) + std::abs(x) * exact_normal_pdf(x); }},
    {"lgamma", instruction_of<math::LGamma>(), std::lgamma},
};

/// The error in units of the last place of `exact`, or of `size` where that is larger.
template <class T>
double error_of(T y, long double exact, long double size) {
  const double error = ulps(y, exact);
  if (!(std::abs(size) > std::abs(exact)) || !std::isfinite(error)) return error;
  return static_cast<double>(
      std::abs(static_cast<long double>(y) - exact) /
      (std::nextafter(static_cast<T>(size), std::numeric_limits<T>::infinity()) - static_cast<T>(size)));
}

}  // namespace

TEST_CASE_TEMPLATE("functions are within 2.5 units in the last place over the whole range", T, float, double) {
  const std::vector<T> x = arguments<T>();
  for (const Function& f : kOfOneInput) {
    std::vector<long double> exact(x.size()), size(x.size());
    std::transform(x.begin(), x.end(), exact.begin(), [&](T number) { return f.exact(number); });
    if (f.size != nullptr) {
      std::transform(x.begin(), x.end(), size.begin(), [&](T number) { return f.size(number); });
    }
    for (const std::string& target : EveryTarget()) {
      CAPTURE(target);
      CAPTURE(f.name);
      const std::vector<T> y = apply<T>(f.instruction, {x});
      double worst = 0;
      std::size_t where = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double error = error_of(y[i], exact[i], size[i]);
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
      {pair_instruction<math::SiluBoth>(), instruction_of<math::Silu>(), instruction_of<math::SiluSlope>()},
      {pair_instruction<math::GeluBoth>(), instruction_of<math::Gelu>(), instruction_of<math::GeluSlope>()},
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

}  // namespace wengert::kernels
