// A square root that leaves the divider to others.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_ROOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_ROOT_INL_H_
#undef WENGERT_KERNELS_ROOT_INL_H_
#else
#define WENGERT_KERNELS_ROOT_INL_H_
#endif

#include <limits>

#include "autodiff/kernels/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
/// 1 / sqrt x within 2^-14.
HWY_INLINE Pack<float> near_reciprocal_root(Pack<float> x) { return Vector<float>{_mm512_rsqrt14_ps(x.v.raw)}; }
HWY_INLINE Pack<double> near_reciprocal_root(Pack<double> x) { return Vector<double>{_mm512_rsqrt14_pd(x.v.raw)}; }
#endif

/// sqrt x, with the same bits (a test compares), by multiply-adds where the instruction set has a first guess. The
/// divider takes 4.5 cycles for the roots of 16 floats and 7.5 for those of 8 doubles, and 2.5 and 4 for quotients.
/// Newton's iteration for sqrt x and 1 / (2 sqrt x) together, and last the exact remainder (Markstein 1990,
/// "Computation of elementary functions on the IBM RISC System/6000 processor").
template <class T>
HWY_INLINE Pack<T> undivided_sqrt(Pack<T> x) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  const Tag<T> d;
  const auto smallest = hn::Set(d, static_cast<T>(sizeof(T) == 4 ? 0x1p-90 : 0x1p-900));  // of exact remainders
  const auto infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  if (HWY_LIKELY(hn::AllTrue(d, hn::And(hn::Ge(x.v, smallest), hn::Lt(x.v, infinity))))) {
    const Pack<T> guess = near_reciprocal_root(x);
    Pack<T> root = x * guess, half = 0.5 * guess;
#pragma GCC unroll 2
    for (int i = 0; i < (sizeof(T) == 4 ? 1 : 2); ++i) {
      const Pack<T> rest = negative_multiply_add(root, half, 0.5);
      root = multiply_add(root, rest, root);
      half = multiply_add(half, rest, half);
    }
    return multiply_add(negative_multiply_add(root, root, x), half, root);
  }
#endif
  return sqrt(x);
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
