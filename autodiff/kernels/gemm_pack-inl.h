// Copying panels of A and B into the order in which the matrix product reads
// them.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_GEMM_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_GEMM_PACK_INL_H_
#undef WENGERT_KERNELS_GEMM_PACK_INL_H_
#else
#define WENGERT_KERNELS_GEMM_PACK_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "autodiff/kernels/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR
/// Blocks of kRows lines by kDepth elements are transposed in registers: f32 4
/// x 4, or 8 x 4 where vectors have 256 bits; f64 2 x 2 or 4 x 4.
template <class T>
inline constexpr std::ptrdiff_t kDepth = sizeof(T) == 4 || HWY_MAX_BYTES >= 32
                                             ? 4
                                             : 2;
template <class T>
inline constexpr std::ptrdiff_t kRows = sizeof(T) == 4 && HWY_MAX_BYTES >= 32
                                            ? 8
                                            : kDepth<T>;

/// to[p * to_step + i] = from[i * from_step + p] for i < rows and p < kDepth.
template <std::ptrdiff_t rows, class T>
HWY_INLINE void transpose_block(const T *from, std::ptrdiff_t from_step, T *to,
                                std::ptrdiff_t to_step) {
  const hn::FixedTag<T, static_cast<std::size_t>(rows)> d;
  const auto line = [&](std::ptrdiff_t i) HWY_ATTR {
    if constexpr (rows == kDepth<T>) {
      return hn::LoadU(d, from + i * from_step);
    } else { // line i + kDepth comes to stand beside line i, and goes the same
             // way in 128 bits of its own
      const hn::Half<decltype(d)> half;
      return hn::Combine(d, hn::LoadU(half, from + (i + kDepth<T>)*from_step),
                         hn::LoadU(half, from + i * from_step));
    }
  };
  const auto put = [&](std::ptrdiff_t p, auto row)
                       HWY_ATTR { hn::StoreU(row, d, to + p * to_step); };
  const auto a = line(0), b = line(1);
  if constexpr (kDepth<T> == 2) {
    put(0, hn::InterleaveLower(d, a, b));
    put(1, hn::InterleaveUpper(d, a, b));
  } else {
    const auto c = line(2), e = line(3);
    if constexpr (sizeof(T) == 4) {
      const auto ac_low = hn::InterleaveLower(d, a, c),
                 ac_high = hn::InterleaveUpper(d, a, c);
      const auto be_low = hn::InterleaveLower(d, b, e),
                 be_high = hn::InterleaveUpper(d, b, e);
      put(0, hn::InterleaveLower(d, ac_low, be_low));
      put(1, hn::InterleaveUpper(d, ac_low, be_low));
      put(2, hn::InterleaveLower(d, ac_high, be_high));
      put(3, hn::InterleaveUpper(d, ac_high, be_high));
    } else { // interleaving stays inside 128 bits, so the halves change places
             // afterwards
      const auto ab_low = hn::InterleaveLower(d, a, b),
                 ab_high = hn::InterleaveUpper(d, a, b);
      const auto ce_low = hn::InterleaveLower(d, c, e),
                 ce_high = hn::InterleaveUpper(d, c, e);
      put(0, hn::ConcatLowerLower(d, ce_low, ab_low));
      put(1, hn::ConcatLowerLower(d, ce_high, ab_high));
      put(2, hn::ConcatUpperUpper(d, ce_low, ab_low));
      put(3, hn::ConcatUpperUpper(d, ce_high, ab_high));
    }
  }
}

/// to[p * width + i] = from[i * step + p] for i < count and p < depth, rows <=
/// count lines at a time; the last block overlaps its neighbour.
template <std::ptrdiff_t rows, class T>
HWY_INLINE void transpose(const T *from, std::ptrdiff_t step,
                          std::ptrdiff_t count, std::ptrdiff_t width,
                          std::ptrdiff_t depth, T *to) {
  for (std::ptrdiff_t i = 0; i < count; i += rows) {
    i = std::min(i, count - rows);
    const T *line = from + i * step;
    T *out = to + i;
    std::ptrdiff_t p = 0;
    for (; p + kDepth<T> <= depth;
         p += kDepth<T>, line += kDepth<T>, out += kDepth<T> * width) {
      transpose_block<rows>(line, step, out, width);
    }
    for (; p < depth; ++p, ++line, out += width) {
      for (std::ptrdiff_t j = 0; j < rows; ++j)
        out[j] = line[j * step];
    }
  }
}
#endif

/// Lines that are contiguous in the source: to[p * width + i] = from[p *
/// depth_step + i]. Each store may reach past its line; the next line repairs
/// that, and behind the last one there is room.
template <class T>
void pack_contiguous(const T *from, std::ptrdiff_t depth_step,
                     std::ptrdiff_t count, std::ptrdiff_t width,
                     std::ptrdiff_t depth, T *to) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t full = (count - 1) / N * N;
  for (std::ptrdiff_t p = 0; p < depth; ++p, from += depth_step, to += width) {
    for (std::ptrdiff_t q = 0; q < full; q += N)
      store(load(from + q), to + q);
    store(load_first(from + full, count - full), to + full);
  }
}

/// to[p * width + i] = from[i * step + p * depth_step] for i < count and p <
/// depth, and 0 for count <= i < width. May write up to one pack past the end
/// of `to`. Fast where one of the steps is 1.
template <class T>
void pack(const T *from, std::ptrdiff_t step, std::ptrdiff_t depth_step,
          std::ptrdiff_t count, std::ptrdiff_t width, std::ptrdiff_t depth,
          T *to) {
  std::ptrdiff_t i = 0;
  if (step == 1 && (kMasked || count % kLanes<T> == 0)) {
    return pack_contiguous(from, depth_step, count, width, depth, to);
  }
#if HWY_TARGET != HWY_SCALAR
  constexpr std::ptrdiff_t L = kDepth<T>;
  if (step == 1 && count >= L) { // the last store overlaps its neighbour
    const hn::FixedTag<T, static_cast<std::size_t>(L)> d;
    for (std::ptrdiff_t p = 0; p < depth;
         ++p, from += depth_step, to += width) {
      for (std::ptrdiff_t q = 0; q < count; q += L) {
        const std::ptrdiff_t at = std::min(q, count - L);
        hn::StoreU(hn::LoadU(d, from + at), d, to + at);
      }
      for (std::ptrdiff_t q = count; q < width; ++q)
        to[q] = T(0);
    }
    return;
  }
  if (depth_step == 1 && count >= kRows<T>) {
    transpose<kRows<T>>(from, step, count, width, depth, to);
    i = count;
  } else if (depth_step == 1 && count >= L) {
    transpose<L>(from, step, count, width, depth, to);
    i = count;
  }
#endif
  for (; i < count; ++i) {
    for (std::ptrdiff_t p = 0; p < depth; ++p)
      to[p * width + i] = from[i * step + p * depth_step];
  }
  for (; i < width; ++i) {
    for (std::ptrdiff_t p = 0; p < depth; ++p)
      to[p * width + i] = T(0);
  }
}

} // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
