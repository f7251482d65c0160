// Small matrix products: nothing is packed, cut or shared.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_GEMM_SMALL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_GEMM_SMALL_INL_H_
#undef WENGERT_KERNELS_GEMM_SMALL_INL_H_
#else
#define WENGERT_KERNELS_GEMM_SMALL_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// Whether the rows of A at one depth are neighbours, and read as such.
template <class T>
bool rows_are_neighbours(const Gemm<T>& g) {
  return g.a_row == 1 && (g.m > 1 || g.a_col != 1);
}

/// Whether a product is so small that asking what else might be done would take a third of its time, and A and B can be
/// read where they are. Its epilogue waits.
template <class T>
bool is_small(const Gemm<T>& g) {
  return g.b_col == 1 && g.n > 1 && g.n <= 64 && g.m > 0 && g.m * g.k <= 200 && (g.a_row == 1 || g.a_col == 1) &&
         (kMasked || g.n % kLanes<T> == 0);
}

/// What multiply() does on one thread if there is nothing to pack and no epilogue by block: its 12 ns of preparation
/// are longer than the smallest products take.
template <class T>
void multiply_simple(const Gemm<T>& g, bool neighbours) {
  constexpr std::ptrdiff_t N = kLanes<T>, kWidth = N * kTilePacks;
  for (std::ptrdiff_t j = 0; j < g.n; j += kWidth) {
    const std::ptrdiff_t packs = g.n - j > N ? 2 : 1, tail = std::min(N, g.n - j - (packs - 1) * N);
    const Rows rows(g.m, packs == 1);
    const T* bias = g.bias != nullptr ? g.bias + j : nullptr;
    for (std::ptrdiff_t at = 0, i = 0; at < rows.tiles; i += rows.of(at++)) {
      tile_kernel<T>(neighbours, rows.of(at),
                     packs)({g.k, g.a + i * g.a_row, neighbours ? g.a_col : g.a_row, g.b + j, g.b_row,
                             g.c + i * g.c_row + j, g.c_row, tail, g.accumulate, bias});
    }
  }
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
