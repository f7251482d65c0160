// Matrix products of few rows: dot products, each of a row of A with columns of B where they are.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_GEMM_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_GEMM_ROWS_INL_H_
#undef WENGERT_KERNELS_GEMM_ROWS_INL_H_
#else
#define WENGERT_KERNELS_GEMM_ROWS_INL_H_
#endif

#include <cstddef>

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// Products of a long row that are summed one after the other.
inline constexpr std::ptrdiff_t kSumSlice = 2048;

/// Where kColumns dot products stand: a row of A, and columns of B from one to the next.
template <class T>
struct Dots {
  const T *a, *b;
  std::ptrdiff_t b_col;
  Dots from(std::ptrdiff_t p) const { return {a + p, b + p, b_col}; }
};

/// The first n products of each, n a multiple of the lanes.
template <class T, int kColumns>
HWY_INLINE void add_products(const Dots<T>& at, std::ptrdiff_t n, Pack<T> (&sums)[kColumns]) {
  for (auto& sum : sums) sum = 0.0;
  for (std::ptrdiff_t p = 0; p < n; p += kLanes<T>) {
    const Pack<T> x = load(at.a + p);
#pragma GCC unroll 8
    for (int u = 0; u < kColumns; ++u) sums[u] = multiply_add(x, load(at.b + u * at.b_col + p), sums[u]);
  }
}

/// The same in halves, down to slices that are summed one after the other: a sum of millions keeps the digits of one of
/// thousands (Higham 2002, section 4.2).
template <class T, int kColumns>
HWY_NOINLINE void add_pairwise(const Dots<T>& at, std::ptrdiff_t n, Pack<T> (&sums)[kColumns]) {
  if (n <= kSumSlice) return add_products(at, n, sums);
  const std::ptrdiff_t half = n / 2 / kLanes<T> * kLanes<T>;
  Pack<T> more[kColumns];
  add_pairwise(at, half, sums);
  add_pairwise(at.from(half), n - half, more);
  for (int u = 0; u < kColumns; ++u) sums[u] = sums[u] + more[u];
}

/// kColumns dot products of one row of A with columns of B, both contiguous along the depth.
template <class T, int kColumns>
HWY_INLINE void dots(const Gemm<T>& g, const T* a, T* c, std::ptrdiff_t j, std::ptrdiff_t bias_step) {
  const Tag<T> d;
  const T* b = g.b + j * g.b_col;
  const std::ptrdiff_t whole = g.k / kLanes<T> * kLanes<T>;
  Pack<T> sums[kColumns];
  if (whole <= kSumSlice) {
    add_products(Dots<T>{a, b, g.b_col}, whole, sums);
  } else {
    add_pairwise(Dots<T>{a, b, g.b_col}, whole, sums);
  }
#pragma GCC unroll 8
  for (int u = 0; u < kColumns; ++u) {
    T sum = whole != 0 ? hn::GetLane(hn::SumOfLanes(d, sums[u].v)) : T(0);
    for (std::ptrdiff_t q = whole; q < g.k; ++q) sum += a[q] * b[u * g.b_col + q];
    if (g.bias != nullptr) sum += g.bias[(j + u) * bias_step];
    c[j + u] = g.accumulate ? c[j + u] + sum : sum;
  }
}

/// Few rows, as in layers of batch size 1: nothing is used twice, so nothing is packed.
template <class T>
bool are_few_rows(const Gemm<T>& g) {
  return g.m <= 3 && g.a_col == 1 && g.b_row == 1 && (g.b_col != 1 || g.n == 1);
}
/// `bias_step` is from one column to the next.
template <class T>
void multiply_few_rows(const Gemm<T>& g, std::ptrdiff_t bias_step) {
  for (std::ptrdiff_t i = 0; i < g.m; ++i) {
    const T* a = g.a + i * g.a_row;
    T* c = g.c + i * g.c_row;
    std::ptrdiff_t j = 0;
    for (; j + 8 <= g.n; j += 8) dots<T, 8>(g, a, c, j, bias_step);
    for (; j < g.n; ++j) dots<T, 1>(g, a, c, j, bias_step);
  }
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
