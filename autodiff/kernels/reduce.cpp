// Sums, maxima and minima of a block: of all its elements, down its columns, along its rows.
//
// Every result adds to, or is combined with, what stands in y. A block has several accumulators, whose number and order
// of adding up depend on its shape alone. Maxima and minima are NaN as soon as one element is.
#include "autodiff/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autodiff/kernels/reduce.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <algorithm>
#include <limits>

#include "autodiff/kernels/family.hpp"
#include "autodiff/kernels/map-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {
namespace {  // Local to this file: other families have tables of the same names

struct Sum {
  static constexpr double kNeutral = 0;
  static HWY_INLINE auto combine(auto a, auto b) { return a + b; }
  template <class T>
  static HWY_INLINE T total(Pack<T> x) {
    return hn::GetLane(hn::SumOfLanes(Tag<T>(), x.v));
  }
  template <class T>
  static HWY_INLINE Pack<T> finish(Pack<T> y, T factor, Pack<T> x) {
    return multiply_add(Pack<T>(hn::Set(Tag<T>(), factor)), x, y);
  }
};

template <class T>
HWY_INLINE bool any_nan(Pack<T> x) {
  return !hn::AllFalse(Tag<T>(), hn::IsNaN(x.v));
}

struct Max {
  static constexpr double kNeutral = -std::numeric_limits<double>::infinity();
  static HWY_INLINE auto combine(auto a, auto b) { return maximum(a, b); }
  template <class T>
  static HWY_INLINE T total(Pack<T> x) {
    return any_nan(x) ? std::numeric_limits<T>::quiet_NaN() : hn::GetLane(largest_lane(x).v);
  }
  template <class T>
  static HWY_INLINE Pack<T> finish(Pack<T> y, T /*factor*/, Pack<T> x) {
    return maximum(y, x);
  }
};

struct Min {
  static constexpr double kNeutral = std::numeric_limits<double>::infinity();
  static HWY_INLINE auto combine(auto a, auto b) { return minimum(a, b); }
  template <class T>
  static HWY_INLINE T total(Pack<T> x) {
    return any_nan(x) ? std::numeric_limits<T>::quiet_NaN() : hn::GetLane(smallest_lane(x).v);
  }
  template <class T>
  static HWY_INLINE Pack<T> finish(Pack<T> y, T /*factor*/, Pack<T> x) {
    return minimum(y, x);
  }
};

template <class R, class T>
HWY_INLINE void finish_one(T* y, T factor, T x) {
  const Tag<T> d;
  *y = hn::GetLane(R::finish(Pack<T>(hn::Set(d, *y)), factor, Pack<T>(hn::Set(d, x))).v);
}

/// Takes one row into four accumulators.
template <class R, class T>
HWY_INLINE void take_row(Lane<T> x, std::ptrdiff_t cols, Pack<T> (&sums)[4]) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  std::ptrdiff_t q = 0;
  for (; q + 4 * N <= cols; q += 4 * N) {
#pragma GCC unroll 4
    for (std::ptrdiff_t u = 0; u < 4; ++u) sums[u] = R::combine(sums[u], load(x.at + (q + u * N) * x.step));
  }
#pragma GCC unroll 3
  for (int u = 0; u < 3; ++u) {  // unrolled, so that the accumulators stay in registers
    if (q + N <= cols) sums[u] = R::combine(sums[u], load(x.at + q * x.step)), q += N;
  }
  if (q < cols) sums[3] = R::combine(sums[3], load_first(x.at + q * x.step, cols - q, Pack<T>(R::kNeutral)));
}
template <class R, class T>
HWY_INLINE Pack<T> join(const Pack<T> (&sums)[4]) {
  return R::combine(R::combine(sums[0], sums[1]), R::combine(sums[2], sums[3]));
}

template <class R, class T>
void reduce_all(const Call<T>& call) {
  HWY_ALIGN T wide[kLanes<T>];
  const bool joined = call.how[0] == How::advance && call.stride[0] == call.cols;
  const std::ptrdiff_t rows = joined ? 1 : call.rows, cols = joined ? call.rows * call.cols : call.cols;
  Pack<T> sums[4] = {R::kNeutral, R::kNeutral, R::kNeutral, R::kNeutral};
  for (std::ptrdiff_t r = 0; r < rows; ++r) take_row<R>(lane(call, 0, r, wide), cols, sums);
  finish_one<R>(call.y, call.factor, R::total(join<R>(sums)));
}

template <class R, class T>
void reduce_rows(const Call<T>& call) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  HWY_ALIGN T wide[4][N];
  std::ptrdiff_t r = 0;
  if (call.cols <= N) {  // narrow rows: four at a time, since adding up lanes is a chain of shuffles
    for (; r + 4 <= call.rows; r += 4) {
      Pack<T> sums[4];
#pragma GCC unroll 4
      for (std::ptrdiff_t u = 0; u < 4; ++u) {
        const Lane<T> x = lane(call, 0, r + u, wide[call.stride[0] == 0 ? 0 : u]);
        sums[u] = load_first(x.at, call.cols, Pack<T>(R::kNeutral));
      }
#pragma GCC unroll 4
      for (std::ptrdiff_t u = 0; u < 4; ++u)
        finish_one<R>(call.y + (r + u) * call.y_stride, call.factor, R::total(sums[u]));
    }
  }
  for (; r < call.rows; ++r) {
    Pack<T> sums[4] = {R::kNeutral, R::kNeutral, R::kNeutral, R::kNeutral};
    take_row<R>(lane(call, 0, r, wide[0]), call.cols, sums);
    finish_one<R>(call.y + r * call.y_stride, call.factor, R::total(join<R>(sums)));
  }
}

/// Columns [q, q + n) with n <= V packs: two rows at a time, each into its own V accumulators.
template <class R, int V, class T>
HWY_INLINE void reduce_strip(const Call<T>& call, std::ptrdiff_t q, std::ptrdiff_t n) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  HWY_ALIGN T wide[N];
  const std::ptrdiff_t tail = n - (V - 1) * N;
  const auto at = [&](Lane<T> x, std::ptrdiff_t v) HWY_ATTR {
    const T* from = x.at + (q + v * N) * x.step;
    return v < V - 1 || tail == N ? load(from) : load_first(from, tail);
  };
  Pack<T> even[V], odd[V];
  for (int v = 0; v < V; ++v) even[v] = odd[v] = R::kNeutral;
  std::ptrdiff_t r = 0;
  for (; r + 2 <= call.rows; r += 2) {
    const Lane<T> first = lane(call, 0, r, wide);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) even[v] = R::combine(even[v], at(first, v));
    const Lane<T> second = lane(call, 0, r + 1, wide);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) odd[v] = R::combine(odd[v], at(second, v));
  }
  if (r < call.rows) {
    const Lane<T> last = lane(call, 0, r, wide);
    for (int v = 0; v < V; ++v) even[v] = R::combine(even[v], at(last, v));
  }
  for (int v = 0; v < V; ++v) {
    const Pack<T> x = R::combine(even[v], odd[v]);
    T* y = call.y + q + v * N;
    if (v < V - 1 || tail == N) {
      store(R::finish(load(y), call.factor, x), y);
    } else {
      store_first(R::finish(load_first(y, tail), call.factor, x), y, tail);
    }
  }
}

template <class R, class T>
void reduce_columns(const Call<T>& call) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  std::ptrdiff_t q = 0;
  for (; q + 4 * N <= call.cols; q += 4 * N) reduce_strip<R, 4>(call, q, 4 * N);
  for (; q < call.cols; q += N) reduce_strip<R, 1>(call, q, std::min(N, call.cols - q));
}

template <class T>
inline constexpr TileFn<T> kReductions[] = {
    reduce_all<Sum, T>, reduce_columns<Sum, T>, reduce_rows<Sum, T>,  //
    reduce_all<Max, T>, reduce_columns<Max, T>, reduce_rows<Max, T>,  //
    reduce_all<Min, T>, reduce_columns<Min, T>, reduce_rows<Min, T>,
};
Families tiles() { return {{kReductions<float>, nullptr}, {kReductions<double>, nullptr}}; }

}  // namespace
}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wengert::kernels {
namespace {
HWY_EXPORT(tiles);
}
Families reduction_tiles() { return HWY_DYNAMIC_DISPATCH(tiles)(); }
}  // namespace wengert::kernels
#endif
