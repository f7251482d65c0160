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
/// Blocks of kRows lines by kDepth elements are transposed in registers: f32 4 x 4, or 8 x 4 where vectors have 256
/// bits; f64 2 x 2 or 4 x 4.
template <class T>
inline constexpr std::ptrdiff_t kDepth = sizeof(T) == 4 || HWY_MAX_BYTES >= 32 ? 4 : 2;
template <class T>
inline constexpr std::ptrdiff_t kRows = sizeof(T) == 4 && HWY_MAX_BYTES >= 32 ? 8 : kDepth<T>;

/// to[p * to_step + i] = from[i * from_step + p] for i < rows and p < kDepth.
template <std::ptrdiff_t rows, class T>
HWY_INLINE void transpose_block(const T* from, std::ptrdiff_t from_step, T* to, std::ptrdiff_t to_step) {
  const hn::FixedTag<T, static_cast<std::size_t>(rows)> d;
  const auto line = [&](std::ptrdiff_t i) HWY_ATTR {
    if constexpr (rows == kDepth<T>) {
      return hn::LoadU(d, from + i * from_step);
    } else {  // line i + kDepth comes to stand beside line i, and goes the same way in 128 bits of its own
      const hn::Half<decltype(d)> half;
      return hn::Combine(d, hn::LoadU(half, from + (i + kDepth<T>)*from_step), hn::LoadU(half, from + i * from_step));
    }
  };
  const auto put = [&](std::ptrdiff_t p, auto row) HWY_ATTR { hn::StoreU(row, d, to + p * to_step); };
  const auto a = line(0), b = line(1);
  if constexpr (kDepth<T> == 2) {
    put(0, hn::InterleaveLower(d, a, b));
    put(1, hn::InterleaveUpper(d, a, b));
  } else {
    const auto c = line(2), e = line(3);
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

/// to[j * to_step + i] = from[i * from_step + j] for i < rows and j < cols, `lines` lines at a time; there are as many,
/// and kDepth elements in each. The last blocks overlap their neighbours.
template <std::ptrdiff_t lines, class T>
HWY_INLINE void transpose_blocks(const T* from, std::ptrdiff_t from_step, std::ptrdiff_t rows, std::ptrdiff_t cols,
                                 T* to, std::ptrdiff_t to_step) {
  for (std::ptrdiff_t i = 0; i < rows; i += lines) {
    i = std::min(i, rows - lines);
    for (std::ptrdiff_t j = 0; j < cols; j += kDepth<T>) {
      j = std::min(j, cols - kDepth<T>);
      transpose_block<lines>(from + i * from_step + j, from_step, to + j * to_step + i, to_step);
    }
  }
}
#endif

/// to[j * to_step + i] = from[i * from_step + j] for i < rows and j < cols.
template <class T>
HWY_INLINE void transpose(const T* from, std::ptrdiff_t from_step, std::ptrdiff_t rows, std::ptrdiff_t cols, T* to,
                          std::ptrdiff_t to_step) {
#if HWY_TARGET != HWY_SCALAR
  if (cols >= kDepth<T> && rows >= kRows<T>)
    return transpose_blocks<kRows<T>>(from, from_step, rows, cols, to, to_step);
  if (cols >= kDepth<T> && rows >= kDepth<T>)
    return transpose_blocks<kDepth<T>>(from, from_step, rows, cols, to, to_step);
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
