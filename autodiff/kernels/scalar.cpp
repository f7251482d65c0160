#include "autodiff/kernels/scalar.hpp"

#include <math.h>  // NOLINT(modernize-deprecated-headers): lgamma_r is POSIX, not in <cmath>

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

namespace wengert::kernels::scalar {

namespace {

constexpr long double kPi = std::numbers::pi_v<long double>;
template <class Wide>
constexpr Wide kInf = std::numeric_limits<Wide>::infinity();
template <class Wide>
constexpr Wide kNan = std::numeric_limits<Wide>::quiet_NaN();

/// sin(pi x + k pi/2), exact at multiples of 1/2.
template <class Wide>
Wide sin_pi(Wide x, int k) {
  Wide r = std::fmod(x, Wide(2));     // exact
  r += static_cast<Wide>(k % 4) / 2;  // |r| < 4
  r -= 2 * std::round(r / 2);         // in [-1, 1]
  if (r > Wide(0.5)) r = 1 - r;
  if (r < Wide(-0.5)) r = -1 - r;
  return std::abs(r) <= Wide(0.25) ? std::sin(static_cast<Wide>(kPi) * r)
                                   : std::copysign(std::cos(static_cast<Wide>(kPi) * (Wide(0.5) - std::abs(r))), r);
}

/// B_2k / (2k)! of Bernoulli's numbers, k = 1, 2, …
constexpr long double kBernoulli[] = {1.L / 12,
                                      -1.L / 720,
                                      1.L / 30240,
                                      -1.L / 1209600,
                                      1.L / 47900160,
                                      -691.L / 1307674368000,
                                      1.L / 74724249600,
                                      -3617.L / 10670622842880000,
                                      43867.L / 5109094217170944000};

/// (-1)^(n+1) psi_n(x) / n! for n > 0 and -psi(x) for n = 0, where x > 0: the zeta function of Hurwitz.
template <class Wide>
Wide hurwitz(int n, Wide x) {
  const Wide s = static_cast<Wide>(n + 1);
  Wide sum = 0;
  while (x < 15 + static_cast<Wide>(n)) sum += std::pow(std::exchange(x, x + 1), -s);
  // Euler and Maclaurin: x^-n / n (for n = 0 -ln x), half a term, and Bernoulli's terms.
  sum += n == 0 ? -std::log(x) : std::pow(x, -static_cast<Wide>(n)) / static_cast<Wide>(n);
  Wide rising = std::pow(x, -s);
  sum += rising / 2;
  rising *= s / x;
  Wide k = s;
  for (const long double b : kBernoulli) {
    sum += static_cast<Wide>(b) * rising;
    rising *= (k + 1) * (k + 2) / (x * x);
    k += 2;
  }
  return sum;
}

/// The derivative of order n of pi cot(pi x), divided by n!: pi^(n+1) times a polynomial of the cotangent.
template <class Wide>
Wide cotangent_derivative(int n, Wide x) {
  const Wide c = sin_pi(x, 1) / sin_pi(x, 0);
  std::vector<Wide> p = {0, 1};
  Wide factor = static_cast<Wide>(kPi);
  for (int order = 1; order <= n; ++order) {
    std::vector<Wide> next(p.size() + 1);
    for (std::size_t i = 1; i < p.size(); ++i) {  // d/dx c^i = -i c^(i-1) (1 + c^2)
      const Wide slope = -static_cast<Wide>(i) * p[i];
      next[i - 1] += slope;
      next[i + 1] += slope;
    }
    p = next;
    factor *= static_cast<Wide>(kPi) / static_cast<Wide>(order);
  }
  Wide sum = 0;
  for (std::size_t i = p.size(); i-- > 0;) sum = sum * c + p[i];
  return factor * sum;
}

template <class Wide>
Wide polygamma_of(Wide order, Wide x) {
  if (std::isnan(order) || std::isnan(x) || std::round(order) < 0 || order > 1000) return kNan<Wide>;
  const int n = static_cast<int>(std::round(order));
  if (x == kInf<Wide>) return n == 0 ? x : Wide(0);
  if (x == -kInf<Wide>) return kNan<Wide>;
  if (x <= 0 && x == std::floor(x)) return n % 2 == 1 ? kInf<Wide> : n == 0 && x == 0 ? -kInf<Wide> : kNan<Wide>;
  const Wide sign = n % 2 == 1 ? 1 : -1;
  Wide y = hurwitz(n, x > 0 ? x : 1 - x);
  // psi_n(x) = (-1)^n psi_n(1 - x) - the n-th derivative of pi cot(pi x)
  if (x > 0) {
    y *= sign;
  } else {
    y = -y - cotangent_derivative(n, x);
  }
  return y * std::tgamma(static_cast<Wide>(n + 1));
}

template <class Wide>
Wide sinc_of(Wide order, Wide x) {
  if (std::isnan(order) || std::isnan(x) || std::round(order) < 0 || order > 1000) return kNan<Wide>;
  if (std::isinf(x)) return 0;
  const int n = static_cast<int>(std::round(order));
  const Wide pi = static_cast<Wide>(kPi), z = pi * x;
  Wide y = 0;
  if (std::abs(z) <= 1 + static_cast<Wide>(n) / 2) {
    // Taylor: the term of z^(2m-n) is (-1)^m / ((2m + 1) (2m - n)!)
    const int first = (n + 1) / 2;
    Wide term = (first % 2 == 0 ? Wide(1) : Wide(-1)) * (2 * first == n ? Wide(1) : z);
    for (int m = first; m < first + 40; ++m) {
      y += term / static_cast<Wide>(2 * m + 1);
      const Wide k = static_cast<Wide>(2 * m - n);
      term *= -z * z / ((k + 1) * (k + 2));
    }
  } else {
    y = sin_pi(x, 0) / z;  // z y_k = sin(z + k pi/2) - k y_(k-1)
    for (int k = 1; k <= n; ++k) y = (sin_pi(x, k) - static_cast<Wide>(k) * y) / z;
  }
  return y * std::pow(pi, static_cast<Wide>(n));
}

template <class T>
T remainder_of(T a, T b) {
  const T r = std::fmod(a, b);
  if (r == 0) return std::copysign(r, b);
  return (r < 0) != (b < 0) ? r + b : r;
}

}  // namespace

float lgamma(float x) {
  int sign = 0;
  return static_cast<float>(::lgamma_r(static_cast<double>(x), &sign));
}
double lgamma(double x) {
  int sign = 0;
  return static_cast<double>(::lgammal_r(static_cast<long double>(x), &sign));
}
float polygamma(float order, float x) {
  return static_cast<float>(polygamma_of<double>(static_cast<double>(order), static_cast<double>(x)));
}
double polygamma(double order, double x) { return static_cast<double>(polygamma_of<long double>(order, x)); }
float sinc(float order, float x) {
  return static_cast<float>(sinc_of<double>(static_cast<double>(order), static_cast<double>(x)));
}
double sinc(double order, double x) { return static_cast<double>(sinc_of<long double>(order, x)); }
float fmod(float a, float b) { return std::fmod(a, b); }
double fmod(double a, double b) { return std::fmod(a, b); }
float remainder(float a, float b) { return remainder_of(a, b); }
double remainder(double a, double b) { return remainder_of(a, b); }

}  // namespace wengert::kernels::scalar
