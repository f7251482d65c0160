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

/// sqrt x, for a formula that divides by it. The divider takes 7.5 cycles for the root of eight doubles and 4 for the
/// quotient; where the instruction set has a first guess, the root comes from multiply-adds meanwhile, with the same
/// bits (a test compares): Newton's iteration for sqrt x and 1 / (2 sqrt x) together, last by the exact remainder
/// (Markstein 1990, "Computation of elementary functions on the IBM RISC System/6000 processor").
template <class T>
HWY_INLINE Pack<T> undivided_sqrt(Pack<T> x) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  if constexpr (sizeof(T) == 8) {
    const Tag<T> d;
    const auto exact = hn::And(hn::Ge(x.v, hn::Set(d, 0x1p-900)),  // below, the remainder would be rounded
                               hn::Lt(x.v, hn::Set(d, std::numeric_limits<T>::infinity())));
    if (HWY_LIKELY(hn::AllTrue(d, exact))) {
      const Pack<T> guess = Vector<T>{_mm512_rsqrt14_pd(x.v.raw)};
      Pack<T> root = x * guess, half = 0.5 * guess;
#pragma GCC unroll 2
      for (int i = 0; i < 2; ++i) {
        const Pack<T> rest = negative_multiply_add(root, half, 0.5);
        root = multiply_add(root, rest, root);
        half = multiply_add(half, rest, half);
      }
      return multiply_add(negative_multiply_add(root, root, x), half, root);
    }
  }
#endif
  return sqrt(x);
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
