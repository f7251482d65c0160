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

/// The first n products of each.
template <class T, int kColumns>
HWY_INLINE void add_products(const Dots<T>& at, std::ptrdiff_t n, Pack<T> (&sums)[kColumns]) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  for (auto& sum : sums) sum = 0.0;
  std::ptrdiff_t p = 0;
  for (; p + N <= n; p += N) {
    const Pack<T> x = load(at.a + p);
#pragma GCC unroll 8
    for (int u = 0; u < kColumns; ++u) sums[u] = multiply_add(x, load(at.b + u * at.b_col + p), sums[u]);
  }
  if (p == n) return;
  const Pack<T> x = load_first(at.a + p, n - p);
#pragma GCC unroll 8
  for (int u = 0; u < kColumns; ++u) sums[u] = multiply_add(x, load_first(at.b + u * at.b_col + p, n - p), sums[u]);
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

#if HWY_TARGET == HWY_SCALAR
template <class T>
inline constexpr int kSums = 1;
template <class T>
HWY_INLINE auto sums_of_lanes(const Pack<T>* x) {
  return x[0].v;
}
#else
/// v added up until 128 bits are left.
template <class D, class V>
HWY_INLINE auto folded(D /*d*/, V v) {
  if constexpr (hn::MaxLanes(D()) * sizeof(hn::TFromD<D>) <= 16) {
    return v;
  } else {
    const hn::Half<D> half;
    return folded(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

/// As many sums as 128 bits hold.
template <class T>
inline constexpr int kSums = 16 / static_cast<int>(sizeof(T));

/// The sum of the lanes of each of x[0 .. kSums): additions that all share, inside 128 bits and then across.
template <class T>
HWY_INLINE auto sums_of_lanes(const Pack<T>* x) {
  const Tag<T> d;
  const auto both = [&](Vector<T> a, Vector<T> b)
                        HWY_ATTR { return hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)); };
  if constexpr (sizeof(T) == 8) {
    return folded(d, both(x[0].v, x[1].v));
  } else {
    const hn::RepartitionToWide<Tag<T>> wide;
    const auto low = hn::BitCast(wide, both(x[0].v, x[1].v)), high = hn::BitCast(wide, both(x[2].v, x[3].v));
    return folded(d, hn::Add(hn::BitCast(d, hn::InterleaveLower(wide, low, high)),
                             hn::BitCast(d, hn::InterleaveUpper(wide, low, high))));
  }
}
#endif

/// Dot products of one row of A with kSums columns of B, both contiguous along the depth, to C.
template <class T>
HWY_INLINE void finish_dots(const Gemm<T>& g, const Pack<T>* sums, T* c, const T* bias, std::ptrdiff_t bias_step) {
  const hn::CappedTag<T, kSums<T>> d;
  auto sum = sums_of_lanes(sums);
  if (bias != nullptr) sum = hn::Add(sum, bias_step == 1 ? hn::LoadU(d, bias) : hn::Set(d, *bias));
  if (g.accumulate) sum = hn::Add(sum, hn::LoadU(d, c));
  hn::StoreU(sum, d, c);
}

/// kColumns dot products of one row of A with columns of B, both contiguous along the depth.
template <class T, int kColumns>
HWY_INLINE void dots(const Gemm<T>& g, const T* a, T* c, std::ptrdiff_t j, std::ptrdiff_t bias_step) {
  const Dots<T> at{a, g.b + j * g.b_col, g.b_col};
  const auto finish = [&](const Pack<T>(&sums)[kColumns]) HWY_ATTR {
    const T* bias = g.bias != nullptr ? g.bias + j * bias_step : nullptr;
    if constexpr (kColumns == 1) {  // the same additions, so that a value does not depend on how many stand beside it
      Pack<T> same[kSums<T>];
      for (auto& sum : same) sum = sums[0];
      const T sum = hn::GetLane(sums_of_lanes(same)) + (bias != nullptr ? *bias : T(0));
      c[j] = g.accumulate ? c[j] + sum : sum;
    } else {
#pragma GCC unroll 8
      for (int u = 0; u < kColumns; u += kSums<T>) {
        finish_dots(g, sums + u, c + j + u, bias != nullptr ? bias + u * bias_step : nullptr, bias_step);
      }
    }
  };
  Pack<T> sums[kColumns];
  if (g.k <= kSumSlice) {
    add_products(at, g.k, sums);
    finish(sums);
  } else {  // of its own, so that the sums above stay in registers
    Pack<T> long_sums[kColumns];
    add_pairwise(at, g.k, long_sums);
    finish(long_sums);
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
