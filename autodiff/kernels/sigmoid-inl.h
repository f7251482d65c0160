// tanh, the sigmoid and activations made of them.
//
// Included once per instruction set, through functions-inl.h.

#if defined(WENGERT_KERNELS_SIGMOID_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_SIGMOID_INL_H_
#undef WENGERT_KERNELS_SIGMOID_INL_H_
#else
#define WENGERT_KERNELS_SIGMOID_INL_H_
#endif

#include <limits>

#include "autodiff/kernels/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

// ---- tanh and sigmoid: both have z = e^u, u <= 0, as their only exponential, and so never overflow. NaN goes through.

/// z = e^u = (1 + q) 2^n; `unit` is 2^n where that still matters beside 1, and `z` is then the number itself.
template <class T>
struct Decay {
  Pack<T> q, n, unit, z;
};
/// From here on z is 0, and a z too.
template <class T>
inline constexpr double kDecayEnd = 14.0 - Format<T>::kExpLow;
template <bool compensated, class T>
HWY_INLINE Decay<T> decay(Pack<T> u) {
  const auto e = reduced_exponential<compensated>(at_least(u, -kDecayEnd<T>));
  const Pack<T> unit = power_of_two(at_least(e.n, -100.0));
  return {e.q, e.n, unit, multiply_add(e.q, unit, unit)};
}

template <class T>
HWY_INLINE Decay<T> tanh_decay(Pack<T> x) {  // in f64 1 - z is wrong by 2.7 units near |x| = 0.17 if not compensated
  return decay<!Format<T>::kSingle>(minus_abs(x + x));
}
template <class T>
HWY_INLINE Pack<T> tanh_of(Pack<T> x, const Decay<T>& d) {    // (1 - z) / (1 + z) with z = e^-2|x|
  const Pack<T> m = multiply_add(d.q, d.unit, d.unit - 1.0);  // expm1(-2|x|)
  const Pack<T> sum = m + 2.0, lost = m - (sum - 2.0);
  const Pack<T> y = m / sum;
  // To first order y lost / sum, but it matters near |y| = 1 only, where sum is 1: 2.5 units become 1.7.
  return copy_sign(negative_multiply_add(y, lost, y), x);
}
/// 4 z / (1 + z)^2; the square is 1 + z (2 + z), which rounds once, and is 1 where 4 z is subnormal.
template <class T>
HWY_INLINE Pack<T> tanh_slope_of(const Decay<T>& d) {
  const Pack<T> above = scale(multiply_add(d.q, Pack<T>(4.0), Pack<T>(4.0)), d.n);
  return above / multiply_add(d.z, d.z + 2.0, Pack<T>(1.0));
}
template <class T>
HWY_INLINE Pack<T> tanh(Pack<T> x) {
  return tanh_of(x, tanh_decay(x));
}
/// 1 / cosh^2 x.
template <class T>
HWY_INLINE Pack<T> tanh_slope(Pack<T> x) {
  return tanh_slope_of(tanh_decay(x));
}
template <class T>
HWY_INLINE void tanh_both(Pack<T> x, Pack<T>& y, Pack<T>& slope) {
  const auto d = tanh_decay(x);
  y = tanh_of(x, d);
  slope = tanh_slope_of(d);
}

/// e^-|x|, with all its digits down to the smallest number. Where it is subnormal 1 + z is 1, so nothing rounds it
/// again.
template <class T>
HWY_INLINE Pack<T> sigmoid_decay(Pack<T> x) {
  const auto e = reduced_exponential<false>(at_least(minus_abs(x), Format<T>::kExpLow));
  return scale(e.q + 1.0, e.n);
}
template <class T>
HWY_INLINE Pack<T> sigmoid_of(Pack<T> x, Pack<T> z) {  // 1 / (1 + z), or z / (1 + z) for x < 0
  return where(less(x, 0.0), z, 1.0) / (z + 1.0);
}
template <class T>
HWY_INLINE Pack<T> sigmoid_slope_of(Pack<T> z) {  // z / (1 + z)^2
  return z / multiply_add(z, z + 2.0, Pack<T>(1.0));
}
template <class T>
HWY_INLINE Pack<T> sigmoid(Pack<T> x) {
  return sigmoid_of(x, sigmoid_decay(x));
}
/// sigmoid(x) sigmoid(-x).
template <class T>
HWY_INLINE Pack<T> sigmoid_slope(Pack<T> x) {
  return sigmoid_slope_of(sigmoid_decay(x));
}
template <class T>
HWY_INLINE void sigmoid_both(Pack<T> x, Pack<T>& y, Pack<T>& slope) {
  const Pack<T> z = sigmoid_decay(x);
  y = sigmoid_of(x, z);
  slope = sigmoid_slope_of(z);
}

// ---- activations

/// x sigmoid(x), scaled last: so it keeps its digits where the sigmoid alone is subnormal.
template <class T>
HWY_INLINE Pack<T> silu_of(Pack<T> x, const Decay<T>& d) {
  const auto negative = less(x, 0.0);
  const Pack<T> finite = at_least(x, -kDecayEnd<T>);  // -infinity times 0 is no number
  const Pack<T> above = where(negative, multiply_add(finite, d.q, finite), finite);
  return scale(above / (d.z + 1.0), where(negative, d.n, 0.0));
}
/// sigmoid(x) (1 + x sigmoid(-x)) = (1 + z + x z) / (1 + z)^2, or z (1 + z + x) / (1 + z)^2 for x < 0.
template <class T>
HWY_INLINE Pack<T> silu_slope_of(Pack<T> x, const Decay<T>& d) {
  const auto negative = less(x, 0.0);
  const Pack<T> near = clamp(x, -kDecayEnd<T>, kDecayEnd<T>);
  const Pack<T> first = near + 1.0, second = first + d.z, part = second - first;
  const Pack<T> lost = (near - (first - 1.0)) + ((first - (second - part)) + (d.z - part));  // by both additions
  const Pack<T> sum = where(negative, second, multiply_add(near, d.z, d.z) + 1.0);
  const Pack<T> above = where(negative, sum + multiply_add(sum, d.q, lost), sum);
  const Pack<T> y = above / multiply_add(d.z, d.z + 2.0, Pack<T>(1.0));
  return scale(y, where(negative, d.n, 0.0));
}
template <class T>
HWY_INLINE Pack<T> silu(Pack<T> x) {
  return silu_of(x, decay<false>(minus_abs(x)));
}
template <class T>
HWY_INLINE Pack<T> silu_slope(Pack<T> x) {
  return silu_slope_of(x, decay<false>(minus_abs(x)));
}
template <class T>
HWY_INLINE void silu_both(Pack<T> x, Pack<T>& y, Pack<T>& slope) {
  const auto d = decay<false>(minus_abs(x));
  y = silu_of(x, d);
  slope = silu_slope_of(x, d);
}

/// ln(1 + e^x).
template <class T>
HWY_INLINE Pack<T> softplus(Pack<T> x) {
  return maximum(x, 0.0) + log1p(exp(-abs(x)));
}

/// x / (1 + |x|).
template <class T>
HWY_INLINE Pack<T> softsign(Pack<T> x) {
  const Pack<T> a = abs(x);
  return where(less(a, std::numeric_limits<double>::infinity()), x / (a + 1.0), sign(x));
}

/// x - tanh x. Near 0 by Lambert's fraction tanh x = x / (1 + x^2 / t), t = 3 + x^2 / (5 + x^2 / (7 + ...)), in which
/// nothing cancels: x - tanh x = x^3 / (t + x^2). The square and the sum are taken to twice the digits.
template <class T>
HWY_INLINE Pack<T> tanhshrink(Pack<T> x) {
  constexpr int levels = Format<T>::kSingle ? 6 : 10;
  const Pack<T> z = x * x, high = shortened(x);
  const Pack<T> z_lost = (high * high - z) + (x - high) * (x + high);
  Pack<T> t = 2.0 * levels + 1.0;
#pragma GCC unroll 16
  for (int level = levels - 1; level > 0; --level) t = z / t + (2.0 * level + 1.0);
  const Pack<T> sum = t + z, lost = (t - sum) + z, v = z / sum;
  const Pack<T> near = multiply_add(x, (z_lost - v * lost) / sum, x * v);
  return where(less(abs(x), 1.5), near, x - tanh(x));
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
