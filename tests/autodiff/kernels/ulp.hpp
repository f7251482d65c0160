/// How far a result is from the exact one, in units of its last place.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace wengert::kernels {

template <class T>
inline constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

/// Distance in units in the last place of T at `exact`. Infinity where one is NaN and the other is not, where an
/// infinity is missing or wrong, or where a zero has the wrong sign.
template <class T>
double ulps(T got, long double exact) {
  constexpr double kWrong = kInfinity<double>;
  if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) == std::isnan(got) ? 0 : kWrong;
  const T rounded = static_cast<T>(exact);
  // Right next to the largest number either neighbour is a fair answer.
  if (std::isinf(rounded) && got == std::numeric_limits<T>::max() && !std::isinf(exact) && exact > 0) return 1;
  if (std::isinf(rounded) || std::isinf(got)) return rounded == got ? 0 : kWrong;
  if (exact == 0) return got == 0 && std::signbit(got) == std::signbit(exact) ? 0 : kWrong;
  int exponent = 0;
  std::frexp(exact, &exponent);
  const int lowest = std::numeric_limits<T>::min_exponent;
  const long double unit = std::ldexp(1.0L, (exponent < lowest ? lowest : exponent) - std::numeric_limits<T>::digits);
  return static_cast<double>(std::abs(static_cast<long double>(got) - exact) / unit);
}

/// Whether two ranges have the same bits; one NaN is as good as another.
template <class Range>
bool same_bits(const Range& a, const Range& b) {
  const auto same = [](auto x, auto y) {
    return (x == y && std::signbit(x) == std::signbit(y)) || (std::isnan(x) && std::isnan(y));
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

}  // namespace wengert::kernels
