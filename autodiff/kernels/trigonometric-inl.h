// Trigonometric functions of packs and their inverses.
//
// Included once per instruction set, through functions-inl.h.

#if defined(WENGERT_KERNELS_TRIGONOMETRIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_TRIGONOMETRIC_INL_H_
#undef WENGERT_KERNELS_TRIGONOMETRIC_INL_H_
#else
#define WENGERT_KERNELS_TRIGONOMETRIC_INL_H_
#endif

#include <cmath>

#include "autodiff/kernels/format-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// Beyond this the four-part reduction would lose digits.
template <class T>
inline constexpr double kReducible = Format<T>::kSingle ? 3200.0 : 1.0e6;

/// high + low = x - n pi/2 to twice the digits.
template <class T>
HWY_INLINE void subtract_quadrants(Pack<T> x, Pack<T> n, Pack<T>& high, Pack<T>& low) {
  // n times the first three of four parts of pi/2 is exact, with or without FMA.
  constexpr double single[] = {0x1.922p+0, -0x1.2cp-18, 0x1.11p-26, 0x1.68c234p-39};
  constexpr double twice[] = {1.57079632673412561417e+00, 6.07710050630396597660e-11, 2.02226624871116645580e-21,
                              8.47842766036889956997e-32};
  const auto part = [&](int i) HWY_ATTR { return Pack<T>(choose<T>(single[i], twice[i])); };
  const Pack<T> first = negative_multiply_add(n, part(0), x), second = negative_multiply_add(n, part(1), first);
  const Pack<T> lost = negative_multiply_add(n, part(1), first - second);  // what the second difference rounds away
  const Pack<T> rest = multiply_subtract(n, part(2), lost), third = second - rest;
  high = negative_multiply_add(n, part(3), third);
  low = negative_multiply_add(n, part(3), third - high) + ((second - third) - rest);
}
/// x - n pi/2, within a rounding however much cancels.
template <class T>
HWY_INLINE Pack<T> subtract_quadrants(Pack<T> x, Pack<T> n) {
#if HWY_NATIVE_FMA
  // In three parts, rounded down. The first difference is exact: it is below 1, and a multiple of the last place of x
  // and of the first part. The others round once each, the last one almost nothing.
  constexpr double single[] = {0x1.921fb4p+0, 0x1.4442dp-24, 0x1.846988p-48};
  constexpr double twice[] = {0x1.921fb54442d18p+0, 0x1.1a62633145c06p-54, 0x1.c1cd129024e08p-107};
  Pack<T> r = x;
  for (int i = 0; i < 3; ++i) r = negative_multiply_add(n, Pack<T>(choose<T>(single[i], twice[i])), r);
  return r;
#else
  Pack<T> high, low;
  subtract_quadrants(x, n, high, low);
  return high;
#endif
}

/// x = n pi/2 + r + low, and on r: sin r = r + sine r^3, cos r = 1 - r^2/2 + cosine r^4. `low` is what r has rounded
/// away, for functions that ask for twice the digits.
template <class T>
struct Quadrant {
  hn::Vec<hn::RebindToSigned<Tag<T>>> n;
  Pack<T> r, low, sine, cosine;
  Truth<T> odd;
};
template <bool twofold, class T>
HWY_INLINE Quadrant<T> quadrant_of(Pack<T> x) {
  const hn::RebindToSigned<Tag<T>> integers;
  Quadrant<T> q;
  const Pack<T> shifted = multiply_add(x, Pack<T>(0.6366197723675814), Pack<T>(Format<T>::kMagic));
  const Pack<T> n = shifted - Format<T>::kMagic;
  q.n = hn::BitCast(integers, shifted.v);
  q.odd = {hn::RebindMask(Tag<T>(), hn::TestBit(q.n, hn::Set(integers, 1)))};
  if constexpr (twofold) {
    subtract_quadrants(x, n, q.r, q.low);
  } else {
    q.r = subtract_quadrants(x, n);
  }
  const Pack<T> z = q.r * q.r;
  if constexpr (Format<T>::kSingle) {
    constexpr double ks[] = {-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1};
    constexpr double kc[] = {2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2};
    q.sine = polynomial(z, ks);
    q.cosine = polynomial(z, kc);
  } else {
    constexpr double ks[] = {1.58969099521155010221e-10,  -2.50507602534068634195e-08, 2.75573137070700676789e-06,
                             -1.98412698298579493134e-04, 8.33333333332248946124e-03,  -1.66666666666666324348e-01};
    constexpr double kc[] = {-1.13596475577881948265e-11, 2.08757232129817482790e-09,  -2.75573143513906633035e-07,
                             2.48015872894767294178e-05,  -1.38888888888741095749e-03, 4.16666666666666019037e-02};
    q.sine = polynomial(z, ks);
    q.cosine = polynomial(z, kc);
  }
  return q;
}

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
  const auto q = quadrant_of<false>(x);
  const Pack<T> r = q.r, z = r * r;
  const Pack<T> s = multiply_add(q.sine * z, r, r);
  const Pack<T> c = multiply_add(q.cosine * z, z, negative_multiply_add(Pack<T>(0.5), z, Pack<T>(1.0)));
  // Odd quadrants swap the two; bit 1 of the quadrant (of the next one for the cosine) is the sign.
  constexpr int top = static_cast<int>(sizeof(T)) * 8 - 2;
  const auto next = hn::Add(q.n, hn::Set(integers, 1));
  const auto flip_sine = hn::And(hn::BitCast(d, hn::ShiftLeft<top>(q.n)), hn::SignBit(d));
  const auto flip_cosine = hn::And(hn::BitCast(d, hn::ShiftLeft<top>(next)), hn::SignBit(d));
  sine = where(equal(x, 0.0), x, hn::Xor(hn::IfThenElse(q.odd.mask, c.v, s.v), flip_sine));
  cosine = hn::Xor(hn::IfThenElse(q.odd.mask, s.v, c.v), flip_cosine);
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

/// The lanes beyond the reduction, from the C library.
template <class T>
HWY_NOINLINE void tan_of_large(const T* x, T* y) {
  for (std::ptrdiff_t i = 0; i < kLanes<T>; ++i) {
    if (std::abs(x[i]) > static_cast<T>(kReducible<T>)) y[i] = std::tan(x[i]);
  }
}
/// Sine over cosine, in odd quadrants minus cosine over sine; both to twice the digits.
template <class T>
HWY_INLINE Pack<T> tan(Pack<T> x) {
  const Tag<T> d;
  const auto q = quadrant_of<true>(x);
  const Pack<T> z = q.r * q.r, s = multiply_add(q.sine * z, q.r, q.low);
  const Pack<T> c = multiply_add(q.cosine * z, z, -(q.r * q.low)) - 0.5 * z;
  const Pack<T> sine = q.r + s, sine_lost = (q.r - sine) + s;
  const Pack<T> cosine = c + 1.0, cosine_lost = (1.0 - cosine) + c;
  const Pack<T> above = where(q.odd, -cosine, sine), below = where(q.odd, sine, cosine);
  const Pack<T> above_lost = where(q.odd, -cosine_lost, sine_lost), below_lost = where(q.odd, sine_lost, cosine_lost);
  Pack<T> y = above / below;
  y = where(equal(x, 0.0), x, y + (above_lost - y * below_lost) / below);
  if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Gt(abs(x).v, Pack<T>(kReducible<T>).v)))) {
    HWY_ALIGN T lanes[2][kLanes<T>];
    store(x, lanes[0]);
    store(y, lanes[1]);
    tan_of_large(lanes[0], lanes[1]);
    y = load(lanes[1]);
  }
  return y;
}

// ---- inverses

/// high + low = pi/2 beyond the digits of T.
template <class T>
inline constexpr double kHalfPi = choose<T>(1.57079637050628662, 1.5707963267948966);
template <class T>
inline constexpr double kHalfPiLow = choose<T>(-4.3711390001862428e-08, 6.123233995736766e-17);

/// (asin x - x) / x for z = x^2 in [0, 1/4].
template <class T>
HWY_INLINE Pack<T> asin_rest(Pack<T> z) {
  if constexpr (Format<T>::kSingle) {
    constexpr double c[] = {0.0336908472, 0.01714923836, 0.03110066274, 0.04459940153, 0.07500094543, 0.1666666634};
    return z * polynomial(z, c);
  } else {
    constexpr double c[] = {0.028757851367421565, -0.014851887071247203, 0.017400879442694022, 0.0054575067186403583,
                            0.010322814350185779, 0.011479177415184906,  0.013971212973552933, 0.017352392720869973,
                            0.022372172942149888, 0.030381944138531247,  0.04464285714635543,  0.074999999999984329,
                            0.16666666666666668};
    return z * polynomial(z, c);
  }
}

/// For |x| > 1/2 by the half angle: asin x = pi/2 - 2 asin s with s^2 = (1 - x) / 2; s + low is that root.
template <class T>
struct HalfAngle {
  Pack<T> s, low;
};
template <class T>
HWY_INLINE HalfAngle<T> half_angle(Pack<T> a) {
  const Pack<T> z = multiply_add(a, Pack<T>(-0.5), Pack<T>(0.5)), s = sqrt(z), high = shortened(s);
  const Pack<T> rest = negative_multiply_add(high, high, z) / (s + high);  // s = high + rest beyond its digits
  return {high, where(equal(s, 0.0), 0.0, multiply_add(s, asin_rest(z), rest))};
}

template <class T>
HWY_INLINE Pack<T> asin(Pack<T> x) {
  const Pack<T> a = abs(x);
  const auto far = less(0.5, a);
  const auto h = half_angle(a);
  const Pack<T> inner = multiply_add(a, asin_rest(a * a), a);
  const Pack<T> outer = kHalfPi<T> - (2.0 * h.s + (2.0 * h.low - kHalfPiLow<T>));
  return copy_sign(where(far, outer, inner), x);
}
template <class T>
HWY_INLINE Pack<T> acos(Pack<T> x) {
  const Pack<T> a = abs(x);
  const auto h = half_angle(a);
  const Pack<T> far = 2.0 * (h.s + h.low);
  const Pack<T> behind = 2.0 * kHalfPi<T> - (far - 2.0 * kHalfPiLow<T>);
  const Pack<T> middle = kHalfPi<T> - (x - (kHalfPiLow<T> - x * asin_rest(x * x)));
  return where(less(0.5, a), where(less(x, 0.0), behind, far), middle);
}

/// atan a for a >= 0.
template <class T>
HWY_INLINE Pack<T> atan_of_positive(Pack<T> a) {
  const auto large = less(2.414213562373095, a), middle = less(0.66, a);
  const Pack<T> r = where(large, -1.0, where(middle, a - 1.0, a)) / where(large, a, where(middle, a + 1.0, 1.0));
  const Pack<T> z = r * r;
  Pack<T> p;
  if constexpr (Format<T>::kSingle) {  // on [0, 0.66^2]
    constexpr double c[] = {-0.020601481, 0.05569375458, -0.08536442906, 0.1103233584,
                            -0.142802181, 0.1999985332,  -0.3333333268};
    p = polynomial(z, c);
  } else {
    constexpr double c[] = {0.0017383111571557988, -0.0079283570555511309, 0.018108983178911927, -0.0286068436972227,
                            0.03671178006583826,   -0.042509502731424068,  0.047404272781118623, -0.052596028226888023,
                            0.058819197525669237,  -0.066666286786208874,  0.076923053761901919, -0.09090908997759227,
                            0.11111111108836471,   -0.14285714285685012,   0.19999999999999851,  -0.33333333333333333};
    p = polynomial(z, c);
  }
  const Pack<T> base = where(large, kHalfPi<T>, where(middle, Pack<T>(0.5 * kHalfPi<T>), 0.0));
  const Pack<T> low = where(large, kHalfPiLow<T>, where(middle, Pack<T>(0.5 * kHalfPiLow<T>), 0.0));
  return base + (r + multiply_add(r * z, p, low));
}
template <class T>
HWY_INLINE Pack<T> atan(Pack<T> x) {
  return unless_nan(x, copy_sign(atan_of_positive(abs(x)), x));
}
/// The angle of the point (x, y), from -pi to pi.
template <class T>
HWY_INLINE Pack<T> atan2(Pack<T> y, Pack<T> x) {
  const Pack<T> a = abs(y), b = abs(x), larger = hn::Max(a.v, b.v), smaller = hn::Min(a.v, b.v);
  const Pack<T> ratio = where(equal(larger, 0.0), 0.0, where(equal(a, b), 1.0, smaller / larger));
  Pack<T> angle = atan_of_positive(ratio);
  angle = where(less(b, a), kHalfPi<T> - (angle - kHalfPiLow<T>), angle);
  const auto behind = less(copy_sign(1.0, x), 0.0);  // also for -0
  angle = where(behind, 2.0 * kHalfPi<T> - (angle - 2.0 * kHalfPiLow<T>), angle);
  return unless_nan(x, unless_nan(y, copy_sign(angle, y)));
}

/// sqrt(a^2 + b^2) without overflow or underflow between; infinite if either is.
template <class T>
HWY_INLINE Pack<T> hypot(Pack<T> a, Pack<T> b) {
  const Pack<T> x = abs(a), y = abs(b), larger = hn::Max(x.v, y.v), smaller = hn::Min(x.v, y.v);
  const Pack<T> ratio = where(equal(larger, 0.0), 0.0, smaller / larger);
  const Pack<T> h = larger * sqrt(multiply_add(ratio, ratio, Pack<T>(1.0)));
  const double infinity = std::numeric_limits<double>::infinity();
  return where(equal(x, infinity), x, where(equal(y, infinity), y, unless_nan(x, unless_nan(y, h))));
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
