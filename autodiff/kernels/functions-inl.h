// Exponentials, logarithms, trigonometric functions and powers of packs, f32 and f64 from one template.
//
// 1. Right over the whole range: tails, infinities, NaN, signed zeros, subnormal arguments and results.
// 2. Errors are below 2.5 units in the last place on every instruction set (tests/autodiff/kernels/functions_test.cpp).
// 3. Single functions and pairs share their code, so they give the same bits.
//
// Constants: Cody and Waite 1980 (reductions), fdlibm, Sun 1993 (log and sin polynomials); Taylor series for exp.

#if defined(WENGERT_KERNELS_FUNCTIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_FUNCTIONS_INL_H_
#undef WENGERT_KERNELS_FUNCTIONS_INL_H_
#else
#define WENGERT_KERNELS_FUNCTIONS_INL_H_
#endif

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "autodiff/kernels/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// What differs between the two formats.
template <class T>
struct Format {
  static constexpr bool kSingle = sizeof(T) == 4;
  using Bits = std::conditional_t<kSingle, std::uint32_t, std::uint64_t>;
  static constexpr int kMantissa = kSingle ? 23 : 52;
  static constexpr int kBias = kSingle ? 127 : 1023;
  // 1.5 * 2^mantissa: a number added to it is rounded to an integer that then stands in the low bits. This replaces
  // conversions between floating point and integer, which AVX2 does not have for f64.
  static constexpr double kMagic = kSingle ? 12582912.0 : 6755399441055744.0;
  static constexpr double kExpLow = kSingle ? -104.0 : -746.0;  // e^x is 0 below
  static constexpr double kExpHigh = kSingle ? 89.0 : 710.0;    // and infinite above
};

/// A constant that differs between f32 and f64.
template <class T>
constexpr double choose(double single, double twice) {
  return Format<T>::kSingle ? single : twice;
}

/// c[0] x^(N-1) + ... + c[N-1]
template <class T, std::size_t N>
HWY_INLINE Pack<T> polynomial(Pack<T> x, const double (&c)[N]) {
  Pack<T> sum = c[0];
#pragma GCC unroll 16
  for (std::size_t i = 1; i < N; ++i) sum = multiply_add(sum, x, Pack<T>(c[i]));
  return sum;
}

template <class T>
HWY_INLINE Pack<T> round_to_integer(Pack<T> x) {  // for |x| < 2^22, 2^51
  return (x + Format<T>::kMagic) - Format<T>::kMagic;
}

/// 2^n for an integer n whose result is a normal number: the biased exponent, shifted to its place.
template <class T>
HWY_INLINE Pack<T> power_of_two(Pack<T> n) {
  const hn::RebindToUnsigned<Tag<T>> bits;
  const Pack<T> biased = n + (Format<T>::kMagic + Format<T>::kBias);
  return hn::BitCast(Tag<T>(), hn::ShiftLeft<Format<T>::kMantissa>(hn::BitCast(bits, biased.v)));
}

/// x 2^n for an integer n: results reach the subnormals and infinity, and round once.
template <class T>
HWY_INLINE Pack<T> scale(Pack<T> x, Pack<T> n) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if constexpr (Format<T>::kSingle) {
    return Vector<T>{_mm512_scalef_ps(x.v.raw, n.v.raw)};
  } else {
    return Vector<T>{_mm512_scalef_pd(x.v.raw, n.v.raw)};
  }
#else
  const Pack<T> half = round_to_integer(n * 0.5);  // in two steps, of which only the last can round
  return x * power_of_two(half) * power_of_two(n - half);
#endif
}

/// e^x = (1 + q) 2^n with |q| < 0.42.
template <class T>
struct Exponential2 {
  Pack<T> q, n;
};

/// Compensated: q has the digits that the reduction rounds away, for functions that subtract from it.
template <bool compensated, class T>
HWY_INLINE Exponential2<T> reduced_exponential(Pack<T> x) {
  const Pack<T> n = round_to_integer(x * 1.4426950408889634);
  const Pack<T> high = negative_multiply_add(n, Pack<T>(choose<T>(0.693145751953125, 6.93147180369123816490e-01)), x);
  const Pack<T> ln2_low = choose<T>(1.428606765330187e-06, 1.90821492927058770002e-10);
  const Pack<T> r = negative_multiply_add(n, ln2_low, high);
  Pack<T> p;
  if constexpr (Format<T>::kSingle) {
    constexpr double c[] = {1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2};
    p = polynomial(r, c);
  } else {
    constexpr double c[] = {1. / 6227020800, 1. / 479001600, 1. / 39916800, 1. / 3628800, 1. / 362880, 1. / 40320,
                            1. / 5040,       1. / 720,       1. / 120,      1. / 24,      1. / 6,      1. / 2};
    p = polynomial(r, c);
  }
  if constexpr (compensated) {
    const Pack<T> lost = negative_multiply_add(n, ln2_low, high - r);
    return {r + multiply_add(r * r, p, lost), n};
  } else {
    return {multiply_add(r * r, p, r), n};
  }
}

template <class T>
HWY_INLINE Pack<T> exp(Pack<T> x) {
  const auto e = reduced_exponential<false>(clamp(x, Format<T>::kExpLow, Format<T>::kExpHigh));
  return where(is_nan(x), x, scale(e.q + 1.0, e.n));
}

template <class T>
HWY_INLINE Pack<T> expm1(Pack<T> x) {
  const auto e = reduced_exponential<true>(clamp(x, choose<T>(-20, -40), Format<T>::kExpHigh));
  const Pack<T> s = power_of_two(e.n - 1.0);  // half of 2^n, which may be beyond the largest number
  const Pack<T> y = 2.0 * multiply_add(e.q, s, s - 0.5);
  return where(less(choose<T>(1e-30, 1e-300), abs(x)), y, x);  // also keeps NaN and the sign of 0
}

/// n ln 2 + ln(1 + f) + c for sqrt(1/2) - 1 <= f < sqrt(2) - 1.
template <class T>
HWY_INLINE Pack<T> reduced_logarithm(Pack<T> n, Pack<T> f, Pack<T> c) {
  const Pack<T> s = f / (f + 2.0), z = s * s;
  Pack<T> r;
  if constexpr (Format<T>::kSingle) {
    constexpr double k[] = {0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693};
    r = z * polynomial(z, k);
  } else {
    constexpr double k[] = {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                            2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                            6.666666666666735130e-01};
    r = z * polynomial(z, k);
  }
  const Pack<T> h = 0.5 * (f * f);
  const Pack<T> low = multiply_add(n, Pack<T>(choose<T>(9.0580006145e-06, 1.90821492927058770002e-10)), c);
  const Pack<T> ln2_high = choose<T>(6.9313812256e-01, 6.93147180369123816490e-01);
  return multiply_add(n, ln2_high, (multiply_add(s, h + r, low) - h) + f);
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

template <class T>
HWY_INLINE Pack<T> log(Pack<T> x) {
  const auto subnormal = less(x, static_cast<double>(std::numeric_limits<T>::min()));
  const double lift = static_cast<double>(std::uint64_t(1) << Format<T>::kMantissa);
  Pack<T> m, n;
  split(where(subnormal, x * lift, x), m, n);
  n = where(subnormal, n - Format<T>::kMantissa, n);
  return logarithm_edges(x, x, reduced_logarithm<T>(n, m - 1.0, 0.0));
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

// ---- tanh and sigmoid: both have z = e^-a, a >= 0, as their only exponential, and so never overflow

/// z = (1 + q) 2^n; `unit` is 2^n where that still matters beside 1, and `z` is then the number itself.
template <class T>
struct Decay {
  Pack<T> q, n, unit, z;
};
template <bool compensated, class T>
HWY_INLINE Decay<T> decay(Pack<T> a) {
  const Pack<T> furthest = 2.0 - Format<T>::kExpLow;
  const auto e = reduced_exponential<compensated>(-Pack<T>(hn::Min(a.v, furthest.v)));
  const Pack<T> unit = power_of_two<T>(hn::Max(e.n.v, Pack<T>(-100.0).v));
  return {e.q, e.n, unit, multiply_add(e.q, unit, unit)};
}

/// z / (1 + z)^2 times 2^shift. The square is 1 + z (2 + z), which rounds once where z is small.
template <class T>
HWY_INLINE Pack<T> bell(const Decay<T>& d, double shift) {
  return scale((d.q + 1.0) / multiply_add(d.z, d.z + 2.0, Pack<T>(1.0)), d.n + shift);
}

template <class T>
HWY_INLINE Decay<T> tanh_decay(
    Pack<T> x) {  // in f64 1 - z would be wrong by 2.7 units near |x| = 0.17 without compensation
  return decay<!Format<T>::kSingle>(abs(x + x));
}
template <class T>
HWY_INLINE Pack<T> tanh_of(Pack<T> x, const Decay<T>& d) {    // (1 - z) / (1 + z) with z = e^-2|x|
  const Pack<T> m = multiply_add(d.q, d.unit, d.unit - 1.0);  // expm1(-2|x|)
  const Pack<T> sum = m + 2.0, lost = m - (sum - 2.0);
  const Pack<T> y = m / sum;
  // To first order y lost / sum, but it matters near |y| = 1 only, where sum is 1: 2.5 units become 1.7.
  return where(less(0.0, abs(x)), copy_sign(negative_multiply_add(y, lost, y), x), x);
}
template <class T>
HWY_INLINE Pack<T> tanh_slope_of(Pack<T> x, const Decay<T>& d) {
  return where(is_nan(x), x, bell(d, 2.0));
}
template <class T>
HWY_INLINE Pack<T> tanh(Pack<T> x) {
  return tanh_of(x, tanh_decay(x));
}
/// 1 / cosh^2 x.
template <class T>
HWY_INLINE Pack<T> tanh_slope(Pack<T> x) {
  return tanh_slope_of(x, tanh_decay(x));
}
template <class T>
HWY_INLINE void tanh_both(Pack<T> x, Pack<T>& y, Pack<T>& slope) {
  const auto d = tanh_decay(x);
  y = tanh_of(x, d);
  slope = tanh_slope_of(x, d);
}

template <class T>
HWY_INLINE Pack<T> sigmoid_of(Pack<T> x, const Decay<T>& d) {  // 1 / (1 + z), or z / (1 + z) for x < 0
  const auto negative = less(x, 0.0);
  const Pack<T> y = scale(where(negative, d.q + 1.0, 1.0) / (d.z + 1.0), where(negative, d.n, 0.0));
  return where(is_nan(x), x, y);
}
template <class T>
HWY_INLINE Pack<T> sigmoid_slope_of(Pack<T> x, const Decay<T>& d) {
  return where(is_nan(x), x, bell(d, 0.0));
}
template <class T>
HWY_INLINE Pack<T> sigmoid(Pack<T> x) {
  return sigmoid_of(x, decay<false>(abs(x)));
}
/// sigmoid(x) sigmoid(-x).
template <class T>
HWY_INLINE Pack<T> sigmoid_slope(Pack<T> x) {
  return sigmoid_slope_of(x, decay<false>(abs(x)));
}
template <class T>
HWY_INLINE void sigmoid_both(Pack<T> x, Pack<T>& y, Pack<T>& slope) {
  const auto d = decay<false>(abs(x));
  y = sigmoid_of(x, d);
  slope = sigmoid_slope_of(x, d);
}

// ---- sine and cosine

/// Beyond this the four-part reduction would lose digits.
template <class T>
inline constexpr double kReducible = Format<T>::kSingle ? 3200.0 : 1.0e6;

/// The lanes beyond the reduction, from the C library.
template <class T>
HWY_NOINLINE void sin_cos_of_large(const T* x, T* sine, T* cosine) {
  for (std::ptrdiff_t i = 0; i < kLanes<T>; ++i) {
    if (std::abs(x[i]) > static_cast<T>(kReducible<T>)) {
      sine[i] = std::sin(x[i]);
      cosine[i] = std::cos(x[i]);
    }
  }
}

template <class T>
HWY_INLINE void sin_cos(Pack<T> x, Pack<T>& sine, Pack<T>& cosine) {
  const Tag<T> d;
  const hn::RebindToSigned<Tag<T>> integers;
  // x = n pi/2 + r. The first three parts of pi/2 are so short that n times them is exact, with or without FMA.
  const Pack<T> shifted = multiply_add(x, Pack<T>(0.6366197723675814), Pack<T>(Format<T>::kMagic));
  const Pack<T> n = shifted - Format<T>::kMagic;
  const auto quadrant = hn::BitCast(integers, shifted.v);
  constexpr double single[] = {0x1.922p+0, -0x1.2cp-18, 0x1.11p-26, 0x1.68c234p-39};
  constexpr double twice[] = {1.57079632673412561417e+00, 6.07710050630396597660e-11, 2.02226624871116645580e-21,
                              8.47842766036889956997e-32};
  const auto part = [&](int i) HWY_ATTR { return Pack<T>(choose<T>(single[i], twice[i])); };
  const Pack<T> first = negative_multiply_add(n, part(0), x), second = negative_multiply_add(n, part(1), first);
  const Pack<T> lost = negative_multiply_add(n, part(1), first - second);  // what the second difference rounds away
  const Pack<T> third = second - multiply_subtract(n, part(2), lost);
  const Pack<T> r = negative_multiply_add(n, part(3), third);
  const Pack<T> z = r * r;
  Pack<T> s, c;
  if constexpr (Format<T>::kSingle) {
    constexpr double ks[] = {-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1};
    constexpr double kc[] = {2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2};
    s = polynomial(z, ks);
    c = polynomial(z, kc);
  } else {
    constexpr double ks[] = {1.58969099521155010221e-10,  -2.50507602534068634195e-08, 2.75573137070700676789e-06,
                             -1.98412698298579493134e-04, 8.33333333332248946124e-03,  -1.66666666666666324348e-01};
    constexpr double kc[] = {-1.13596475577881948265e-11, 2.08757232129817482790e-09,  -2.75573143513906633035e-07,
                             2.48015872894767294178e-05,  -1.38888888888741095749e-03, 4.16666666666666019037e-02};
    s = polynomial(z, ks);
    c = polynomial(z, kc);
  }
  s = multiply_add(s * z, r, r);
  c = multiply_add(c * z, z, negative_multiply_add(Pack<T>(0.5), z, Pack<T>(1.0)));
  // Odd quadrants swap the two; bit 1 of the quadrant (of the next one for the cosine) is the sign.
  constexpr int top = static_cast<int>(sizeof(T)) * 8 - 2;
  const auto next = hn::Add(quadrant, hn::Set(integers, 1));
  const auto odd = hn::MaskFromVec(hn::BitCast(d, hn::Neg(hn::And(quadrant, hn::Set(integers, 1)))));
  const auto flip_sine = hn::And(hn::BitCast(d, hn::ShiftLeft<top>(quadrant)), hn::SignBit(d));
  const auto flip_cosine = hn::And(hn::BitCast(d, hn::ShiftLeft<top>(next)), hn::SignBit(d));
  sine = where(equal(x, 0.0), x, hn::Xor(hn::IfThenElse(odd, c.v, s.v), flip_sine));
  cosine = hn::Xor(hn::IfThenElse(odd, s.v, c.v), flip_cosine);
  if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Gt(abs(x).v, Pack<T>(kReducible<T>).v)))) {
    HWY_ALIGN T lanes[3][kLanes<T>];
    store(x, lanes[0]);
    store(sine, lanes[1]);
    store(cosine, lanes[2]);
    sin_cos_of_large(lanes[0], lanes[1], lanes[2]);
    sine = load(lanes[1]);
    cosine = load(lanes[2]);
  }
}
template <class T>
HWY_INLINE Pack<T> sin(Pack<T> x) {
  Pack<T> s, c;
  sin_cos(x, s, c);
  return s;
}
template <class T>
HWY_INLINE Pack<T> cos(Pack<T> x) {
  Pack<T> s, c;
  sin_cos(x, s, c);
  return c;
}

// ---- powers

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
