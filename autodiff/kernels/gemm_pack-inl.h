// Copying panels of A and B into the order in which the matrix product reads them.
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

#include "autodiff/kernels/transpose-inl.h"
#include "autodiff/tensor/buffer.hpp"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

enum class Panel { a, b, c };  // c: of C', where that is computed in its place

/// Memory of this thread for one packed operand; grows, never shrinks. A large one takes whole huge pages, whose lines
/// are spread evenly over the sets of L2 (1024x1024x512 takes 1 to 3 % less).
template <class T, Panel panel>
T* workspace(std::size_t size) {
  static thread_local Buffer<T> buffer;
  if (buffer.size() < size) {
    constexpr std::size_t kPage = kHugePage / sizeof(T);
    buffer = Buffer<T>(size < kPage / 8 ? size : (size + kPage - 1) / kPage * kPage);
  }
  return buffer.data();
}

/// Lines that are contiguous in the source: to[p * width + i] = from[p * depth_step + i].
/// Each store may reach past its line; the next line repairs that, and behind the last one there is room.
template <class T>
void pack_contiguous(const T* from, std::ptrdiff_t depth_step, std::ptrdiff_t count, std::ptrdiff_t width,
                     std::ptrdiff_t depth, T* to) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t full = (count - 1) / N * N;
  for (std::ptrdiff_t p = 0; p < depth; ++p, from += depth_step, to += width) {
    for (std::ptrdiff_t q = 0; q < full; q += N) store(load(from + q), to + q);
    store(load_first(from + full, count - full), to + full);
  }
}

/// to[p * width + i] = from[i * step + p * depth_step] for i < count and p < depth, and 0 for count <= i < width.
/// May write up to one pack past the end of `to`. Fast where one of the steps is 1.
template <class T>
void pack(const T* from, std::ptrdiff_t step, std::ptrdiff_t depth_step, std::ptrdiff_t count, std::ptrdiff_t width,
          std::ptrdiff_t depth, T* to) {
  std::ptrdiff_t i = 0;
  if (step == 1 && (kMasked || count % kLanes<T> == 0)) {
    return pack_contiguous(from, depth_step, count, width, depth, to);
  }
#if HWY_TARGET != HWY_SCALAR
  constexpr std::ptrdiff_t L = kDepth<T>;
  if (step == 1 && count >= L) {  // the last store overlaps its neighbour
    const hn::FixedTag<T, static_cast<std::size_t>(L)> d;
    for (std::ptrdiff_t p = 0; p < depth; ++p, from += depth_step, to += width) {
      for (std::ptrdiff_t q = 0; q < count; q += L) {
        const std::ptrdiff_t at = std::min(q, count - L);
        hn::StoreU(hn::LoadU(d, from + at), d, to + at);
      }
      for (std::ptrdiff_t q = count; q < width; ++q) to[q] = T(0);
    }
    return;
  }
#endif
  if (depth_step == 1) {
    transpose(from, step, count, depth, to, width);
    i = count;
  }
  for (; i < count; ++i) {
    for (std::ptrdiff_t p = 0; p < depth; ++p) to[p * width + i] = from[i * step + p * depth_step];
  }
  for (; i < width; ++i) {
    for (std::ptrdiff_t p = 0; p < depth; ++p) to[p * width + i] = T(0);
  }
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
