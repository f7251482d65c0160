// Transposing in registers: for packing panels of a matrix product, and for rows so narrow that each takes one lane.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_TRANSPOSE_INL_H_
#undef WENGERT_KERNELS_TRANSPOSE_INL_H_
#else
#define WENGERT_KERNELS_TRANSPOSE_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "autodiff/kernels/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR
/// A square block is transposed in registers: 4 x 4, or 2 x 2 where a vector has two elements.
template <class T>
inline constexpr std::ptrdiff_t kBlock = sizeof(T) == 4 || HWY_MAX_BYTES >= 32 ? 4 : 2;

/// to[p * to_step + i] = from[i * from_step + p] for i and p below kBlock.
template <class T>
HWY_INLINE void transpose_block(const T* from, std::ptrdiff_t from_step, T* to, std::ptrdiff_t to_step) {
  constexpr std::ptrdiff_t L = kBlock<T>;
  const hn::FixedTag<T, static_cast<std::size_t>(L)> d;
  const auto put = [&](std::ptrdiff_t p, auto row) HWY_ATTR { hn::StoreU(row, d, to + p * to_step); };
  const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + from_step);
  if constexpr (L == 2) {
    put(0, hn::InterleaveLower(d, a, b));
    put(1, hn::InterleaveUpper(d, a, b));
  } else {
    const auto c = hn::LoadU(d, from + 2 * from_step), e = hn::LoadU(d, from + 3 * from_step);
    if constexpr (sizeof(T) == 4) {
      const auto ac_low = hn::InterleaveLower(d, a, c), ac_high = hn::InterleaveUpper(d, a, c);
      const auto be_low = hn::InterleaveLower(d, b, e), be_high = hn::InterleaveUpper(d, b, e);
      put(0, hn::InterleaveLower(d, ac_low, be_low));
      put(1, hn::InterleaveUpper(d, ac_low, be_low));
      put(2, hn::InterleaveLower(d, ac_high, be_high));
      put(3, hn::InterleaveUpper(d, ac_high, be_high));
    } else {  // interleaving stays inside 128 bits, so the halves change places afterwards
      const auto ab_low = hn::InterleaveLower(d, a, b), ab_high = hn::InterleaveUpper(d, a, b);
      const auto ce_low = hn::InterleaveLower(d, c, e), ce_high = hn::InterleaveUpper(d, c, e);
      put(0, hn::ConcatLowerLower(d, ce_low, ab_low));
      put(1, hn::ConcatLowerLower(d, ce_high, ab_high));
      put(2, hn::ConcatUpperUpper(d, ce_low, ab_low));
      put(3, hn::ConcatUpperUpper(d, ce_high, ab_high));
    }
  }
}
#endif

/// to[j * to_step + i] = from[i * from_step + j] for i < rows and j < cols.
template <class T>
HWY_INLINE void transpose(const T* from, std::ptrdiff_t from_step, std::ptrdiff_t rows, std::ptrdiff_t cols, T* to,
                          std::ptrdiff_t to_step) {
#if HWY_TARGET != HWY_SCALAR
  constexpr std::ptrdiff_t L = kBlock<T>;
  if (rows >= L && cols >= L) {  // the last blocks overlap their neighbours
    for (std::ptrdiff_t i = 0; i < rows; i += L) {
      i = std::min(i, rows - L);
      for (std::ptrdiff_t j = 0; j < cols; j += L) {
        j = std::min(j, cols - L);
        transpose_block(from + i * from_step + j, from_step, to + j * to_step + i, to_step);
      }
    }
    return;
  }
#endif
  if (rows < cols) {  // the longer loop inside
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
      for (std::ptrdiff_t j = 0; j < cols; ++j) to[j * to_step + i] = from[i * from_step + j];
    }
  } else {
    for (std::ptrdiff_t j = 0; j < cols; ++j) {
      for (std::ptrdiff_t i = 0; i < rows; ++i) to[j * to_step + i] = from[i * from_step + j];
    }
  }
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
