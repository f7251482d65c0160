// What the matrix product does beside multiplying: between the multiply-adds of one depth and those of the next a tile
// has time for a few loads and stores, so panels are copied, and memory is asked for, in the shadow of tiles.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_GEMM_BESIDE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_GEMM_BESIDE_INL_H_
#undef WENGERT_KERNELS_GEMM_BESIDE_INL_H_
#else
#define WENGERT_KERNELS_GEMM_BESIDE_INL_H_
#endif

#include <array>
#include <cstddef>

#include "autodiff/kernels/gemm_pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// Memory that will be read soon: `times` rows of a tile's packs, `step` elements apart.
template <class T>
struct Ask {
  const T* at;
  std::ptrdiff_t step, times;
};

/// What one tile does beside multiplying.
template <class T>
struct Beside {
  T* copy_a = nullptr;  ///< where its rows of A go, in the order of packed ones, if they are neighbours; or null
  T* copy_b = nullptr;  ///< where the panel of B goes, in the order of a packed one; or null
  std::array<Ask<T>, 64> asks;
  std::size_t count = 0;  ///< of asks. A tile drops those it has no time for, one that copies all of them

  bool is_empty() const { return copy_a == nullptr && copy_b == nullptr && count == 0; }
  void ask(const T* at, std::ptrdiff_t step, std::ptrdiff_t times) {
    if (count < asks.size()) asks[count++] = {at, step, times};
  }
  /// Rows of `length` neighbours; a row of the tile's packs has `width` elements.
  void ask_rows(const T* at, std::ptrdiff_t row, std::ptrdiff_t rows, std::ptrdiff_t length, std::ptrdiff_t width) {
    for (std::ptrdiff_t r = 0; r < rows; ++r) ask(at + r * row, width, (length + width - 1) / width);
  }
};

/// Depths between asking for what is copied and reading it: at 14 cycles each enough for L3, and few enough for L2
/// where they are a page apart. (16 to 48 are alike; not asking, or 96, loses what copying in the shadow gains.)
inline constexpr std::ptrdiff_t kAhead = 32;

/// Asks for packs at `at`, which may begin and end within a line.
template <int kPacks, bool writes, int near, class T>
HWY_INLINE void ask_for(const T* at) {
#pragma GCC unroll 4
  for (int v = 0; v < kPacks; ++v) __builtin_prefetch(at + v * kLanes<T>, writes, near);
  __builtin_prefetch(at + kPacks * kLanes<T> - 1, writes, near);
}

/// Copies one depth of A, and asks for that at `later`.
template <int kRows, class T>
HWY_INLINE void copy_a(const T* a, const T* later, T*& to) {
  __builtin_prefetch(later, 0, 2);
  __builtin_prefetch(later + kRows - 1, 0, 2);
  pack_contiguous(a, 0, kRows, kRows, 1, to);
  to += kRows;
}

/// Copies one depth of B, and asks for that at `later`; `mask` is of the last pack.
template <int kPacks, class T, class Mask>
HWY_INLINE void copy_b(const T* b, const T* later, Mask mask, T*& to) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  ask_for<kPacks, false, 2>(later);
#pragma GCC unroll 4
  for (int v = 0; v < kPacks; ++v, b += N, to += N) {
    store(v == kPacks - 1 ? Pack<T>(hn::MaskedLoad(mask, Tag<T>(), b)) : load(b), to);
  }
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
