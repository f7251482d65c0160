// Matrix products of so few columns that most lanes of a pack of columns would be idle: packs go down the rows of C, or
// along the depth. Of a wider C that is what is left behind its last full pack.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_GEMM_NARROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_GEMM_NARROW_INL_H_
#undef WENGERT_KERNELS_GEMM_NARROW_INL_H_
#else
#define WENGERT_KERNELS_GEMM_NARROW_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <utility>

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/gemm_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// The deepest slice of a product. A panel of B of two packs takes 64 KiB on AVX-512: more than L1, but L2 is fast
/// enough, and C is read and written less often (products of 1,000 and more take 1 to 3 % less than with 48 KiB).
template <class T>
inline constexpr std::ptrdiff_t kSliceDepth = 2048 / static_cast<std::ptrdiff_t>(sizeof(T));

/// True if C is so narrow that C' = B' A' wastes fewer lanes, and A can be read as rows of packs: in a layer's gradient
/// of ten classes, two thirds of the multiplications. From beyond L2 the longer rows of A come slower.
template <class T>
bool is_narrow(const Gemm<T>& g) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t as_it_is = (g.n + N - 1) / N * g.m, transposed = (g.m + N - 1) / N * g.n;
  return g.a_row == 1 && g.n >= 4 && g.k >= 32 && 3 * as_it_is >= 4 * transposed && g.c_row == g.n &&
         g.bias == nullptr && !g.accumulate && g.m * g.k * static_cast<std::ptrdiff_t>(sizeof(T)) <= kHalfL2;
}

/// The columns behind the last full pack of C, if they are few and computing them apart saves more than it costs; else
/// 0. Counted in multiplications of packs, as measured: summing and placing what was summed in lanes takes as long as
/// 4, calls take as long as 200. Never for an epilogue by block, whose C is larger than half of L2.
template <class T>
std::ptrdiff_t few_last_columns(const Gemm<T>& g) {
  constexpr std::ptrdiff_t N = kLanes<T>, kFits = kHalfL2 / static_cast<std::ptrdiff_t>(sizeof(T)), kCalls = 200;
  const std::ptrdiff_t few = g.n % N, whole = g.m * g.k;
  if (!kMasked || few == 0 || 4 * few > N || whole < 384) return 0;
  if (g.m < 4 || g.k > kSliceDepth<T> || std::max(g.k, g.n) * g.m > kFits || (g.a_row != 1 && g.a_col != 1)) return 0;
  const std::ptrdiff_t saved = g.n / N % 2 == 0 ? whole : whole * 3 / 4;  // it makes a tile of a lone pack cheaper
  const std::ptrdiff_t along_depth = g.m * (g.k / N + 4) + 2 * g.k, down_rows = (g.m / N + 1) * g.k * 2 + g.m * 2;
  return kCalls + few * (g.a_col == 1 ? along_depth : down_rows) < saved ? few : 0;
}

/// C' = B' A' alone: no bias, nothing that stood in C.
template <class T>
Gemm<T> transposed(const Gemm<T>& g, T* c) {
  Gemm<T> t;
  t.m = g.n, t.n = g.m, t.k = g.k;
  t.a = g.b, t.a_row = g.b_col, t.a_col = g.b_row;
  t.b = g.a, t.b_row = g.a_col, t.b_col = g.a_row;
  t.c = c, t.c_row = g.m;
  return t;
}

/// C from C', its columns one after the other.
template <class T>
void put_columns(const Gemm<T>& g, const T* columns) {
  for (std::ptrdiff_t j = 0; j < g.n; ++j, columns += g.m) {
    T* c = g.c + j;
    const T start = g.bias != nullptr ? g.bias[j] : T(0);
    if (g.accumulate) {
      for (std::ptrdiff_t i = 0; i < g.m; ++i) c[i * g.c_row] += columns[i] + start;
    } else {
      for (std::ptrdiff_t i = 0; i < g.m; ++i) c[i * g.c_row] = columns[i] + start;
    }
  }
}

/// kColumns columns of A B as dot products, each column contiguous in `to`. The rows of A are contiguous. (A masked
/// load stays in its register; GCC would repeat a plain one for each column, and most cross a cache line.)
template <class T, int kColumns>
HWY_NOINLINE void multiply_along_depth(const Gemm<T>& g, T* to) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  const hn::CappedTag<T, kSums<T>> sum;
  const std::ptrdiff_t last = (g.k - 1) / N * N;
  HWY_ALIGN T columns[kColumns][kSliceDepth<T>];
  for (int j = 0; j < kColumns; ++j) {
    for (std::ptrdiff_t p = 0; p < g.k; ++p) columns[j][p] = g.b[p * g.b_row + j * g.b_col];
    std::fill(columns[j] + g.k, columns[j] + last + N, T(0));
  }
  for (std::ptrdiff_t i = 0; i < g.m; i += 4) {
    i = std::min(i, g.m - 4);  // the last four rows overlap their neighbours
    const T* a = g.a + i * g.a_row;
    Pack<T> sums[kColumns][4];
    for (auto& column : sums) std::fill_n(column, 4, Pack<T>(0.0));
    for (std::ptrdiff_t p = 0; p < g.k; p += N) {
      const std::ptrdiff_t left = std::min(N, g.k - p);
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) {
        const Pack<T> x = load_first(a + r * g.a_row + p, left);
#pragma GCC unroll 4
        for (int j = 0; j < kColumns; ++j) sums[j][r] = multiply_add(x, load(columns[j] + p), sums[j][r]);
      }
    }
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) {
      for (int r = 0; r < 4; r += kSums<T>) hn::StoreU(sums_of_lanes(sums[j] + r), sum, to + j * g.m + i + r);
    }
  }
}

template <class T, int... j>
void multiply_along_depth([[maybe_unused]] const Gemm<T>& g, [[maybe_unused]] T* to, std::integer_sequence<int, j...>) {
  ((g.n == j + 1 ? multiply_along_depth<T, j + 1>(g, to) : void()), ...);
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
