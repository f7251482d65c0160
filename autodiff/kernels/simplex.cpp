// Pullbacks of softmax and log softmax: row by row, from the probabilities p and the cotangent g.
//
// 1. Softmax: p (h - sum h p), h being the differences of g to its value at the probability above 1/2, if there is one.
//    There h is exactly 0, so that the sum consists of the others alone, and so does the result: nothing is subtracted
//    from nearly 1.
// 2. Log softmax: g - p sum g; at the probability above 1/2 minus the sum of the other results.
// 3. y may be p or g (same strides).
#include "autodiff/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autodiff/kernels/simplex.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include "autodiff/kernels/columns-inl.h"
#include "autodiff/kernels/family.hpp"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {
namespace {  // Local to this file: other families have tables of the same names

/// Whether an element is above 1/2, which only one of its row can be.
template <class T>
HWY_INLINE Truth<T> is_most(Pack<T> p) {
  return less(0.5, p);
}

// A pullback is two sums, of which the second uses the first, and what becomes of an element when both are known.

struct SoftmaxPullback {
  static HWY_INLINE auto first(auto p, auto g) { return where(is_most(p), g, 0.0); }
  static HWY_INLINE auto second(auto p, auto g, auto at_most) { return p * (g - at_most); }
  static HWY_INLINE auto result(auto p, auto g, auto at_most, auto mean) { return p * ((g - at_most) - mean); }
};

struct LogSoftmaxPullback {
  static HWY_INLINE auto first(auto, auto g) { return g; }
  static HWY_INLINE auto second(auto p, auto g, auto sum) { return where(is_most(p), 0.0, g - p * sum); }
  static HWY_INLINE auto result(auto p, auto g, auto sum, auto others) {
    return where(is_most(p), -others, g - p * sum);
  }
};

/// Rows by lanes.
template <class F, class T>
[[gnu::flatten]] HWY_NOINLINE void narrow(const Call<T>& call) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t cols = call.cols, step = Columns<T>::most_rows(cols);
  Columns<T> p, g;
  for (std::ptrdiff_t start = 0; start < call.rows; start += step) {
    const std::ptrdiff_t count = std::min(step, call.rows - start);
    p.read(call, 0, start, count);
    g.read(call, 1, start, count);
    for (std::ptrdiff_t r = 0; r < count; r += N) {
      Pack<T> first = 0.0, second = 0.0;
      for (std::ptrdiff_t c = 0; c < cols; ++c) first = first + F::first(p(r, c), g(r, c));
      for (std::ptrdiff_t c = 0; c < cols; ++c) second = second + F::second(p(r, c), g(r, c), first);
      for (std::ptrdiff_t c = 0; c < cols; ++c) g.set(r, c, F::result(p(r, c), g(r, c), first, second));
    }
    g.write(count, cols, call.y + start * call.y_stride, call.y_stride);
  }
}

/// The sum of f(p, g) over a row.
template <class T, class F>
HWY_INLINE Pack<T> sum(Lane<T> p, Lane<T> g, std::ptrdiff_t cols, F&& f) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  const auto at = [&](std::ptrdiff_t q) HWY_ATTR { return f(load(p.at + q * p.step), load(g.at + q * g.step)); };
  Pack<T> sums[4] = {0.0, 0.0, 0.0, 0.0};
  std::ptrdiff_t q = 0;
  for (; q + 4 * N <= cols; q += 4 * N) {
#pragma GCC unroll 4
    for (std::ptrdiff_t u = 0; u < 4; ++u) sums[u] = sums[u] + at(q + u * N);
  }
  for (std::size_t u = 0; q + N <= cols; q += N, ++u) sums[u] = sums[u] + at(q);
  if (q < cols) {
    const Pack<T> last = f(load_first(p.at + q * p.step, cols - q), load_first(g.at + q * g.step, cols - q));
    const auto inside = hn::FirstN(Tag<T>(), static_cast<std::size_t>(cols - q));
    sums[3] = sums[3] + Pack<T>(hn::IfThenElseZero(inside, last.v));
  }
  return Pack<T>(hn::SumOfLanes(Tag<T>(), ((sums[0] + sums[1]) + (sums[2] + sums[3])).v));
}

/// Long or few rows, one at a time.
template <class F, class T>
[[gnu::flatten]] HWY_NOINLINE void wide(const Call<T>& call) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  HWY_ALIGN T spread[2][N];
  for (std::ptrdiff_t r = 0; r < call.rows; ++r) {
    const Lane<T> p = lane(call, 0, r, spread[0]), g = lane(call, 1, r, spread[1]);
    T* y = call.y + r * call.y_stride;
    const Pack<T> first = sum(p, g, call.cols, [](Pack<T> a, Pack<T> b) HWY_ATTR { return Pack<T>(F::first(a, b)); });
    const Pack<T> second =
        sum(p, g, call.cols, [&](Pack<T> a, Pack<T> b) HWY_ATTR { return Pack<T>(F::second(a, b, first)); });
    std::ptrdiff_t q = 0;
    for (; q + N <= call.cols; q += N) {
      store(F::result(load(p.at + q * p.step), load(g.at + q * g.step), first, second), y + q);
    }
    if (q < call.cols) {
      const Pack<T> a = load_first(p.at + q * p.step, call.cols - q), b = load_first(g.at + q * g.step, call.cols - q);
      store_first(F::result(a, b, first, second), y + q, call.cols - q);
    }
  }
}

template <class F, class T>
void pull_back(const Call<T>& call) {
  if (call.cols == 0) return;
  return is_narrow(call) ? narrow<F>(call) : wide<F>(call);
}

template <class T>
inline constexpr TileFn<T> kPullbacks[] = {pull_back<SoftmaxPullback, T>, pull_back<LogSoftmaxPullback, T>};
Families tiles() { return {{kPullbacks<float>, nullptr}, {kPullbacks<double>, nullptr}}; }

}  // namespace
}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wengert::kernels {
namespace {
HWY_EXPORT(tiles);
}
Families simplex_tiles() { return HWY_DYNAMIC_DISPATCH(tiles)(); }
}  // namespace wengert::kernels
#endif
