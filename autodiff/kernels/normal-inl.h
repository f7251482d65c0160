// The error function, the normal distribution and what is made of them.
//
// Included once per instruction set, through functions-inl.h.

#if defined(WENGERT_KERNELS_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_NORMAL_INL_H_
#undef WENGERT_KERNELS_NORMAL_INL_H_
#else
#define WENGERT_KERNELS_NORMAL_INL_H_
#endif

#include "autodiff/kernels/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// e^(-x^2) or e^(-x^2 / 2), the square taken to twice the digits.
template <class T>
HWY_INLINE Exponential2<T> reduced_gaussian(Pack<T> x, double factor) {
  const Pack<T> high = shortened(x);
  return reduced_exponential(-(high * high) * factor, -((x - high) * (x + high)) * factor);
}

/// Beyond this e^(-x^2) is 0.
template <class T>
inline constexpr double kGaussianEnd = choose<T>(10.5, 28);
/// Beyond this e^(-x^2 / 2) is 0.
template <class T>
inline constexpr double kNormalEnd = choose<T>(14.9, 39.5);

/// erf(x) / x - 1 for z = x^2 in [0, 0.85^2].
template <class T>
HWY_INLINE Pack<T> erf_rest(Pack<T> z) {
  if constexpr (Format<T>::kSingle) {
    constexpr double c[] = {8.849965148e-5, -0.0008247284637, 0.005209544369, -0.02686257511,
                            0.1128374874,   -0.3761263697,    0.128379167};
    return polynomial(z, c);
  } else {
    constexpr double c[] = {-8.8372073428354959e-10, 1.4189584294135369e-8,  -1.6300495998065118e-7,
                            1.6457676496214065e-6,   -1.4925450090912942e-5, 0.00012055326932054654,
                            -0.0008548326902886471,  0.0052239776239167891,  -0.02686617064501726,
                            0.11283791670954685,     -0.37612638903183746,   0.12837916709551257};
    return polynomial(z, c);
  }
}

/// A number as the sum of two, the second beyond the last place of the first.
template <class T>
struct Twice {
  Pack<T> high, low;
};

/// e^(x^2) erfc(x) for x >= 0.45, where 2x = twice.high + twice.low: a polynomial of (x - 3) / (x + 3), over 1 + 2x
/// (Shepherd and Laframboise 1981). The last sum, the denominator and the quotient are taken to twice the digits.
template <class T>
HWY_INLINE Twice<T> scaled_erfc(Pack<T> x, Twice<T> twice) {
  const Pack<T> t = (x - 3.0) / (x + 3.0);
  Pack<T> rest;
  if constexpr (Format<T>::kSingle) {
    constexpr double c[] = {9.5865512217832751e-5, -9.7900488718065914e-5, -0.00076162520913934881,
                            0.0018843429315014231, 0.0025238270844883745,  -0.023769287672421253,
                            0.06830885529456554,   -0.11927382155757019,   0.12964510641317235,
                            -0.047562286858809999, -0.13562110520167307};
    rest = t * polynomial(t, c);
  } else {
    constexpr double c[] = {
        -4.8199715819911265e-9,  -1.0096333797401698e-8,  3.5489820960622543e-8, 9.7254364940841619e-8,
        -1.3567738403155553e-7,  -6.128754926539543e-7,   3.5349863091448882e-7, 3.4704763768340145e-6,
        -7.3034317888502927e-7,  -2.0099922580094685e-5,  4.9492347360956754e-6, 0.00012509921360228781,
        -0.00010515976842654433, -0.00077983225352494719, 0.0018886903570083061, 0.0025293918146319452,
        -0.023770514918556238,   0.0683080273440331,      -0.11927366341531172,  0.12964515870275991,
        -0.047562294353450688,   -0.13562110612458117};
    rest = t * polynomial(t, c);
  }
  const Pack<T> first = choose<T>(1.2530080080032349, 1.2530080582697296),
                first_low = choose<T>(5.020870261e-8, 4.418079313e-17);
  const Pack<T> p = first + rest, p_lost = ((first - p) + rest) + first_low;
  const Pack<T> below = twice.high + 1.0, part = below - 1.0;
  const Pack<T> below_lost = ((1.0 - (below - part)) + (twice.high - part)) + twice.low;
  const Pack<T> y = p / below, y_short = shortened(y), below_short = shortened(below);
  // p - y below, exactly but for the last product
  const Pack<T> left = ((p - y_short * below_short) - y_short * (below - below_short)) - (y - y_short) * below;
  return {y, (left + (p_lost - y * below_lost)) / below};
}
/// c (1 + q), c being the sum of two.
template <class T>
HWY_INLINE Pack<T> grown(Twice<T> c, Pack<T> q) {
  return c.high + multiply_add(c.high, q, c.low);
}

/// e^(-x^2).
template <class T>
HWY_INLINE Pack<T> gaussian(Pack<T> x) {
  const auto e = reduced_gaussian(clamp(x, -kGaussianEnd<T>, kGaussianEnd<T>), 1.0);
  return scale(e.q + 1.0, e.n);
}
/// erfc(a) for a >= 0.45.
template <class T>
HWY_INLINE Pack<T> erfc_tail(Pack<T> a) {
  const Pack<T> at = hn::Min(a.v, Pack<T>(kGaussianEnd<T>).v);
  const auto e = reduced_gaussian(at, 1.0);
  return scale(grown(scaled_erfc<T>(at, {at + at, 0.0}), e.q), e.n);
}
template <class T>
HWY_INLINE Pack<T> erf(Pack<T> x) {
  const Pack<T> a = abs(x), near = multiply_add(x, erf_rest(x * x), x);
  return unless_nan(x, where(less(a, 0.85), near, copy_sign(1.0 - erfc_tail(a), x)));
}
template <class T>
HWY_INLINE Pack<T> erfc(Pack<T> x) {
  const Pack<T> a = abs(x), tail = erfc_tail(a), near = 1.0 - multiply_add(x, erf_rest(x * x), x);
  return unless_nan(x, where(less(a, 0.45), near, where(less(x, 0.0), 2.0 - tail, tail)));
}

// ---- the normal distribution: density, distribution, and x times it, which is GELU

/// The distribution at -|x|, half of erfc(|x| / sqrt 2), as c (1 + q) 2^n / 2: for |x| >= 0.64.
template <class T>
struct NormalTail {
  Pack<T> x;  ///< brought near, so that 0 times infinity does not occur
  Twice<T> c;
  Exponential2<T> e;
  Pack<T> near;  ///< the distribution where |x| < 0.64
};
template <class T>
HWY_INLINE NormalTail<T> normal_tail(Pack<T> x) {
  const Pack<T> at = clamp(x, -kNormalEnd<T>, kNormalEnd<T>), u = at * 0.7071067811865476;
  const Pack<T> a = abs(at), a_short = shortened(a);
  constexpr Twofold root = Format<T>::kSingle ? Twofold{0x1.6a00000000000p+0, 0x1.3cccfe7799211p-13}
                                              : Twofold{0x1.6a09e00000000p+0, 0x1.99fcef32422ccp-22};  // of 2
  const Pack<T> high = a_short * root.high, low = multiply_add(a, Pack<T>(root.low), (a - a_short) * root.high);
  const Pack<T> sum = high + low;
  return {at, scaled_erfc<T>(abs(u), {sum, (high - sum) + low}), reduced_gaussian(at, 0.5),
          0.5 + 0.5 * multiply_add(u, erf_rest(u * u), u)};
}
template <class T>
HWY_INLINE Pack<T> normal_pdf(Pack<T> x) {
  const auto e = reduced_gaussian(clamp(x, -kNormalEnd<T>, kNormalEnd<T>), 0.5);
  return unless_nan(x, scale(multiply_add(e.q, Pack<T>(0.3989422804014327), Pack<T>(0.3989422804014327)), e.n));
}
/// Phi(x), or its product with x; that is scaled last, so it keeps its digits where Phi alone is subnormal.
template <bool times_x, class T>
HWY_INLINE Pack<T> normal_cdf_of(Pack<T> x, const NormalTail<T>& t) {
  const Pack<T> c = grown(t.c, t.e.q);
  const Pack<T> tail = scale(times_x ? c * t.x : c, t.e.n - 1.0);  // of x < 0; of x > 0 the part missing to 1
  const Pack<T> whole = times_x ? x : Pack<T>(1.0), near = times_x ? t.x * t.near : t.near;
  return unless_nan(x, where(less(abs(x), 0.64), near, where(less(x, 0.0), tail, whole - tail)));
}
template <class T>
HWY_INLINE Pack<T> gelu_slope_of(Pack<T> x, const NormalTail<T>& t) {
  // t.c / 2 + x / sqrt(2 pi), where x < 0
  constexpr double density = choose<T>(0.3989422917366028, 0.3989422804014327);
  constexpr double density_low = choose<T>(-1.1335170e-08, -2.4923272e-17);
  const Pack<T> sign = where(less(x, 0.0), Pack<T>(1.0), -1.0), at = t.x * sign, product = t.x * density;
  const Pack<T> c = multiply_add(at, Pack<T>(density), 0.5 * t.c.high);
  const Pack<T> low = multiply_add(at, Pack<T>(density_low), 0.5 * t.c.low);
  const Pack<T> tail = scale(c + multiply_add(c, t.e.q, low), t.e.n);
  const Pack<T> near = t.near + scale(multiply_add(product, t.e.q, product), t.e.n);
  return unless_nan(x, where(less(abs(x), 0.64), near, where(less(x, 0.0), tail, 1.0 - tail)));
}
template <class T>
HWY_INLINE Pack<T> normal_cdf(Pack<T> x) {
  return normal_cdf_of<false>(x, normal_tail(x));
}
/// x Phi(x).
template <class T>
HWY_INLINE Pack<T> gelu(Pack<T> x) {
  return normal_cdf_of<true>(x, normal_tail(x));
}
/// Phi(x) + x phi(x).
template <class T>
HWY_INLINE Pack<T> gelu_slope(Pack<T> x) {
  return gelu_slope_of(x, normal_tail(x));
}
template <class T>
HWY_INLINE void gelu_both(Pack<T> x, Pack<T>& y, Pack<T>& slope) {
  const auto t = normal_tail(x);
  y = normal_cdf_of<true>(x, t);
  slope = gelu_slope_of(x, t);
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
