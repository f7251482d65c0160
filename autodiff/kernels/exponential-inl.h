// Exponentials, logarithms, roots and powers of packs.
//
// Included once per instruction set, through functions-inl.h.

#if defined(WENGERT_KERNELS_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_EXPONENTIAL_INL_H_
#undef WENGERT_KERNELS_EXPONENTIAL_INL_H_
#else
#define WENGERT_KERNELS_EXPONENTIAL_INL_H_
#endif

#include <cmath>

#include "autodiff/kernels/format-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// e^x = (1 + q) 2^n with |q| < 0.42.
template <class T>
struct Exponential2 {
  Pack<T> q, n;
};

/// (e^r - 1 - r) / r^2 for |r| < 0.3467: minimax for e^r - 1, whose relative error it keeps below 0.3 roundings.
template <class T>
HWY_INLINE Pack<T> exponential_rest(Pack<T> r) {
  if constexpr (Format<T>::kSingle) {
    constexpr double c[] = {1.39464648664e-03, 8.36658901845e-03, 4.16662819471e-02, 1.6666542992e-01,
                            5.00000006187e-01};
    return polynomial(r, c);
  } else {
    constexpr double c[] = {2.5114483601938109473e-08, 2.7626319794579069134e-07, 2.7557227943229596041e-06,
                            2.4801504483402804838e-05, 1.9841269903014201317e-04, 1.3888888932323691584e-03,
                            8.3333333333146136199e-03, 4.1666666666573908974e-02, 1.6666666666666685939e-01,
                            5.0000000000000055078e-01};
    return polynomial(r, c);
  }
}

/// Compensated: q has the digits that the reduction rounds away, for functions that subtract from it.
template <bool compensated, class T>
HWY_INLINE Exponential2<T> reduced_exponential(Pack<T> x) {
  const Pack<T> n = nearest_multiple(x, 1.4426950408889634);
  const Pack<T> high = negative_multiply_add(n, Pack<T>(choose<T>(0.693145751953125, 6.93147180369123816490e-01)), x);
  const Pack<T> ln2_low = choose<T>(1.428606765330187e-06, 1.90821492927058770002e-10);
  const Pack<T> r = negative_multiply_add(n, ln2_low, high);
  const Pack<T> p = exponential_rest(r);
  if constexpr (compensated) {
    const Pack<T> lost = negative_multiply_add(n, ln2_low, high - r);
    return {r + multiply_add(r * r, p, lost), n};
  } else {
    return {multiply_add(r * r, p, r), n};
  }
}

/// e^(x + low) of an argument of twice the digits, |low| < 0.1; compensated.
template <class T>
HWY_INLINE Exponential2<T> reduced_exponential(Pack<T> x, Pack<T> low) {
  const Pack<T> n = nearest_multiple(x + low, 1.4426950408889634);
  const Pack<T> high = negative_multiply_add(n, Pack<T>(choose<T>(0.693145751953125, 6.93147180369123816490e-01)), x);
  const Pack<T> rest =
      negative_multiply_add(n, Pack<T>(choose<T>(1.428606765330187e-06, 1.90821492927058770002e-10)), low);
  const Pack<T> r = high + rest, lost = (high - r) + rest;
  return {r + multiply_add(r * r, exponential_rest(r), lost), n};
}

template <class T>
HWY_INLINE Pack<T> exp(Pack<T> x) {
  const auto e = reduced_exponential<false>(clamp(x, Format<T>::kExpLow, Format<T>::kExpHigh));
  return scale(e.q + 1.0, e.n);
}

/// 2^x.
template <class T>
HWY_INLINE Pack<T> exp2(Pack<T> x) {
  const Pack<T> at = clamp(x, choose<T>(-152, -1080), choose<T>(130, 1026));
  const Pack<T> n = round_to_integer(at), r = (at - n) * 0.6931471805599453;
  return scale(multiply_add(r * r, exponential_rest(r), r) + 1.0, n);
}

template <class T>
HWY_INLINE Pack<T> expm1(Pack<T> x) {
  const auto e = reduced_exponential<true>(clamp(x, choose<T>(-20, -40), Format<T>::kExpHigh));
  const Pack<T> s = power_of_two(e.n - 1.0);  // half of 2^n, which may be beyond the largest number
  const Pack<T> y = 2.0 * multiply_add(e.q, s, s - 0.5);
  return where(less(choose<T>(1e-30, 1e-300), abs(x)), y, x);  // also keeps NaN and the sign of 0
}

/// The polynomial R of ln(1 + f) = f - h + s (h + R), with s = f / (2 + f), z = s^2 and h = f^2 / 2.
template <class T>
HWY_INLINE Pack<T> logarithm_rest(Pack<T> z) {
  if constexpr (Format<T>::kSingle) {
    constexpr double k[] = {0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693};
    return z * polynomial(z, k);
  } else {
    constexpr double k[] = {1.479819860510658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                            2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                            6.666666666666735130e-01};
    return z * polynomial(z, k);
  }
}

/// n ln 2 + ln(1 + f) + c for sqrt(1/2) - 1 <= f < sqrt(2) - 1.
template <class T>
HWY_INLINE Pack<T> reduced_logarithm(Pack<T> n, Pack<T> f, Pack<T> c) {
  const Pack<T> s = f / (f + 2.0), r = logarithm_rest(s * s);
  const Pack<T> h = 0.5 * (f * f);
  const Pack<T> low = multiply_add(n, Pack<T>(choose<T>(9.0580006145e-06, 1.90821492927058770002e-10)), c);
  const Pack<T> ln2_high = choose<T>(6.9313812256e-01, 6.93147180369123816490e-01);
  return multiply_add(n, ln2_high, (multiply_add(s, h + r, low) - h) + f);
}

/// A constant as two short numbers, for products without rounding.
struct Twofold {
  double high, low;
};

/// n `log2` + ln(1 + f) `unit`: the logarithm to another base, in whose powers it has no rounding to show.
template <class T>
HWY_INLINE Pack<T> reduced_logarithm_to_base(Pack<T> n, Pack<T> f, Twofold log2, Twofold unit) {
  const Pack<T> s = f / (f + 2.0), r = logarithm_rest(s * s);
  const Pack<T> h = 0.5 * (f * f);
  const Pack<T> high = shortened(f - h);
  const Pack<T> low = multiply_add(s, h + r, (f - high) - h);
  const Pack<T> whole = n * log2.high, part = high * unit.high;  // exact
  const Pack<T> rest = multiply_add(n, Pack<T>(log2.low), multiply_add(low + high, Pack<T>(unit.low), low * unit.high));
  const Pack<T> sum = whole + part;
  return sum + (rest + ((whole - sum) + part));
}

/// x = m 2^n with sqrt(1/2) <= m < sqrt(2), for normal x > 0.
template <class T>
HWY_INLINE void split(Pack<T> x, Pack<T>& m, Pack<T>& n) {
  using F = Format<T>;
  using Bits = typename F::Bits;
  const Tag<T> d;
  const hn::RebindToUnsigned<Tag<T>> bits;
  constexpr Bits root = F::kSingle ? Bits(0x3f3504f3) : static_cast<Bits>(0x3fe6a09e667f3bcdULL);  // sqrt(1/2)
  constexpr Bits one = static_cast<Bits>(F::kBias) << F::kMantissa;
  constexpr Bits fraction = (Bits(1) << F::kMantissa) - 1;
  constexpr Bits anchor = static_cast<Bits>(F::kBias + F::kMantissa) << F::kMantissa;  // 2^mantissa as a number
  const auto shifted = hn::Add(hn::BitCast(bits, x.v), hn::Set(bits, static_cast<Bits>(one - root)));
  const auto exponent = hn::ShiftRight<F::kMantissa>(shifted);
  n = Pack<T>(hn::BitCast(d, hn::Or(exponent, hn::Set(bits, anchor)))) -
      (static_cast<double>(Bits(1) << F::kMantissa) + F::kBias);
  m = hn::BitCast(d, hn::Add(hn::And(shifted, hn::Set(bits, fraction)), hn::Set(bits, root)));
}

/// y, or what a logarithm gives where its argument u = 0 (-infinity), u < 0 (NaN), or where x is infinite or NaN (x).
template <class T>
HWY_INLINE Pack<T> logarithm_edges(Pack<T> u, Pack<T> x, Pack<T> y) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Pack<T> edge =
      where(less(u, 0.0), std::numeric_limits<double>::quiet_NaN(), where(equal(u, 0.0), -infinity, x));
  return hn::IfThenElse(hn::And(hn::Lt(hn::Zero(Tag<T>()), u.v), hn::Lt(u.v, Pack<T>(infinity).v)), y.v, edge.v);
}

/// x = m 2^n also for subnormal x.
template <class T>
HWY_INLINE void split_any(Pack<T> x, Pack<T>& m, Pack<T>& n) {
  const auto subnormal = less(x, static_cast<double>(std::numeric_limits<T>::min()));
  const double lift = static_cast<double>(std::uint64_t(1) << Format<T>::kMantissa);
  split(where(subnormal, x * lift, x), m, n);
  n = where(subnormal, n - Format<T>::kMantissa, n);
}

template <class T>
HWY_INLINE Pack<T> log(Pack<T> x) {
  Pack<T> m, n;
  split_any(x, m, n);
  return logarithm_edges(x, x, reduced_logarithm<T>(n, m - 1.0, 0.0));
}

template <class T>
HWY_INLINE Pack<T> log_to_base(Pack<T> x, Twofold log2, Twofold unit) {
  Pack<T> m, n;
  split_any(x, m, n);
  return logarithm_edges(x, x, reduced_logarithm_to_base<T>(n, m - 1.0, log2, unit));
}
template <class T>
HWY_INLINE Pack<T> log2(Pack<T> x) {
  constexpr Twofold unit =
      Format<T>::kSingle ? Twofold{0x1.714p+0, 0x1.47652b82fe177p-12} : Twofold{0x1.71547p+0, 0x1.94ae0bf85ddf4p-22};
  return log_to_base<T>(x, {1, 0}, unit);
}
template <class T>
HWY_INLINE Pack<T> log10(Pack<T> x) {
  constexpr Twofold unit =
      Format<T>::kSingle ? Twofold{0x1.bcap-2, 0x1.7b1526e50e32ap-14} : Twofold{0x1.bcb7bp-2, 0x1.526e50e32a6abp-26};
  constexpr Twofold two =
      Format<T>::kSingle ? Twofold{0x1.344p-2, 0x1.3509f79fef312p-18} : Twofold{0x1.34413p-2, 0x1.427de7fbcc47cp-24};
  return log_to_base<T>(x, two, unit);
}

template <class T>
HWY_INLINE Pack<T> log1p(Pack<T> x) {
  const Pack<T> u = x + 1.0, part = u - 1.0;
  const Pack<T> lost = (1.0 - (u - part)) + (x - part);  // what the sum rounds away, exactly (Knuth)
  Pack<T> m, n;
  split(u, m, n);
  const auto near = equal(n, 0.0);  // x itself is then the reduced argument
  const Pack<T> y = reduced_logarithm(n, where(near, x, m - 1.0), where(near, 0.0, lost / u));
  return where(equal(x, 0.0), x, logarithm_edges(u, x, y));
}

/// One step of Newton on e^(ln |x| / 3), which is near enough for the step to leave rounding only.
template <class T>
HWY_INLINE Pack<T> cbrt(Pack<T> x) {
  const Pack<T> a = abs(x), near = exp(log(a) * (1.0 / 3));
  const Pack<T> y = near + (a / (near * near) - near) * (1.0 / 3);
  const auto ordinary = hn::And(less(0.0, a).mask, less(a, std::numeric_limits<double>::infinity()).mask);
  return hn::IfThenElse(ordinary, copy_sign(y, x).v, x.v);
}

/// ln(e^a + e^b), shifted by the larger so that nothing overflows.
template <class T>
HWY_INLINE Pack<T> logaddexp(Pack<T> a, Pack<T> b) {
  const Pack<T> larger = maximum(a, b), y = larger + log1p(exp(-abs(a - b)));
  return where(equal(a, b), a + 0.6931471805599453, y);  // the difference of equal infinities is NaN
}

/// x^p of one lane. Small whole powers are products, so that a lane does not depend on its neighbours' exponents.
template <class T>
inline T power(T x, T p) {
  if (p == T(2)) return x * x;
  if (p == T(3)) return x * x * x;
  if (p == T(4)) return (x * x) * (x * x);
  if (p == T(-1)) return T(1) / x;
  if (p == T(-2)) return (T(1) / x) * (T(1) / x);
  return std::pow(x, p);
}
template <class T>
HWY_NOINLINE void power_lanes(const T* x, const T* p, T* y) {
  for (std::ptrdiff_t i = 0; i < kLanes<T>; ++i) y[i] = power(x[i], p[i]);
}

template <class T>
HWY_INLINE Pack<T> pow(Pack<T> x, Pack<T> p) {
  const Tag<T> d;
  const Pack<T> first = hn::Set(d, hn::GetLane(p.v));
  if (hn::AllTrue(d, hn::Eq(p.v, first.v))) {  // one exponent for all lanes is the usual case
    const T exponent = hn::GetLane(p.v);
    if (exponent == T(2)) return x * x;
    if (exponent == T(3)) return x * x * x;
    if (exponent == T(4)) return (x * x) * (x * x);
    if (exponent == T(1)) return x;
    if (exponent == T(0)) return 1.0;
    if (exponent == T(-1)) return 1.0 / x;
    if (exponent == T(-2)) return (1.0 / x) * (1.0 / x);
  }
  HWY_ALIGN T lanes[3][kLanes<T>];
  store(x, lanes[0]);
  store(p, lanes[1]);
  power_lanes(lanes[0], lanes[1], lanes[2]);
  return load(lanes[2]);
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
