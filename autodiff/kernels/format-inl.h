// What functions of packs are built of: the two formats, polynomials, scaling by powers of two, single lanes.
//
// Included once per instruction set, through functions-inl.h.

#if defined(WENGERT_KERNELS_FORMAT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_FORMAT_INL_H_
#undef WENGERT_KERNELS_FORMAT_INL_H_
#else
#define WENGERT_KERNELS_FORMAT_INL_H_
#endif

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

/// c[0] x^(N-1) + ... + c[N-1] of packs, neighbours first (Estrin 1960): what a formula waits for is the depth of its
/// longest chain of multiply-adds, which this makes a logarithm of N.
template <class T, std::size_t N>
HWY_INLINE Pack<T> polynomial(Pack<T> x, const Pack<T> (&c)[N]) {
  if constexpr (N <= 3) {
    Pack<T> sum = c[0];
#pragma GCC unroll 2
    for (std::size_t i = 1; i < N; ++i) sum = multiply_add(sum, x, c[i]);
    return sum;
  } else {
    constexpr std::size_t odd = N % 2;
    Pack<T> pairs[N / 2 + odd];
    if constexpr (odd != 0) pairs[0] = c[0];
#pragma GCC unroll 16
    for (std::size_t i = odd; i < N; i += 2) pairs[i / 2 + odd] = multiply_add(c[i], x, c[i + 1]);
    return polynomial(x * x, pairs);
  }
}
template <class T, std::size_t N>
HWY_INLINE Pack<T> polynomial(Pack<T> x, const double (&c)[N]) {
  Pack<T> packs[N];
#pragma GCC unroll 32
  for (std::size_t i = 0; i < N; ++i) packs[i] = c[i];
  return polynomial(x, packs);
}

template <class T>
HWY_INLINE Pack<T> round_to_integer(Pack<T> x) {  // for |x| < 2^22, 2^51
  return (x + Format<T>::kMagic) - Format<T>::kMagic;
}

/// The integer next to x factor.
template <class T>
HWY_INLINE Pack<T> nearest_multiple(Pack<T> x, double factor) {
  const Pack<T> magic = Format<T>::kMagic;
  return multiply_add(x, Pack<T>(factor), magic) - magic;
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

/// x without the lower half of its digits, so that products of two such numbers are exact.
template <class T>
HWY_INLINE Pack<T> shortened(Pack<T> x) {
  using Bits = typename Format<T>::Bits;
  constexpr Bits kept = ~((Bits(1) << (Format<T>::kSingle ? 12 : 32)) - 1);
  const hn::RebindToUnsigned<Tag<T>> bits;
  return hn::BitCast(Tag<T>(), hn::And(hn::BitCast(bits, x.v), hn::Set(bits, kept)));
}

/// y, but x where that is NaN.
template <class T>
HWY_INLINE Pack<T> unless_nan(Pack<T> x, Pack<T> y) {
  return where(is_nan(x), x, y);
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
