// Softmax of rows, its logarithm, log-sum-exp, and cross entropy with a class index per row.
//
// 1. Rows are shifted by their maximum, so nothing overflows; differences are taken before sums, so logits of any
//    magnitude keep their digits.
// 2. A row is summed without its maximum: sum = 1 + rest. Where the maximum is nearly all of the row, the digits of its
//    logarithm, log1p(rest), and of its distance from 1, rest / (1 + rest), are those of the rest.
// 3. A row of -infinity: softmax 0, log softmax -infinity, log-sum-exp -infinity, cross entropy +infinity. An entry of
//    NaN makes its row NaN, one of +infinity too, but for log-sum-exp, which is +infinity.
// 4. A label outside [0, cols) is read from nowhere: the row's cross entropy is NaN, and nothing is subtracted.
// 5. y may be x (same strides).
#include "autodiff/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autodiff/kernels/softmax.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <algorithm>
#include <limits>

#include "autodiff/kernels/columns-inl.h"
#include "autodiff/kernels/family.hpp"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {
namespace {  // Local to this file: other families have tables of the same names

/// What is written. The kernels below are shared by two or three functions each; which one is a test per row.
enum class Output { softmax, log_softmax, number };

/// A call, read as one of the seven functions.
template <class T>
struct Rows {
  const Call<T>& call;
  bool labelled = false;  ///< cross entropy and its slope, rather than log-sum-exp and softmax
  T* number = nullptr;    ///< one result per row: log-sum-exp or cross entropy; or none
  std::ptrdiff_t number_stride = 0;
  T* plain = nullptr;  ///< the softmax beside the slope of cross entropy, or none
  std::ptrdiff_t plain_stride = 0;
};

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kMinusInfinity = -kInfinity;

/// What a row is shifted by: its maximum, or 0 if that is infinite.
template <class T>
HWY_INLINE Pack<T> shift_of(Pack<T> top) {
  return where(less(abs(top), kInfinity), top, 0.0);
}

/// The rest that softmax and cross entropy go by: 0, for -1, of a row of -infinity; NaN of a row with +infinity.
template <class T>
HWY_INLINE Pack<T> settled(Pack<T> rest) {
  return where(less(rest, 0.0), 0.0, rest) + 0.0 * rest;
}

/// Log-sum-exp, or cross entropy.
template <class T>
HWY_INLINE Pack<T> number_of(const Rows<T>& rows, Pack<T> rest, Pack<T> shift, Pack<T> logit) {
  return rows.labelled ? log1p(settled(rest)) + (shift - logit) : log1p(rest) + shift;
}
/// The slope of cross entropy at the label, whose softmax is p: at the maximum minus the share of the others.
template <class T>
HWY_INLINE Pack<T> slope_at_label(Truth<T> at_maximum, Pack<T> rest, Pack<T> p) {
  return where(at_maximum, -(rest / (1.0 + rest)), p - 1.0);
}
/// The first n lanes, `stride` elements apart.
template <class T>
HWY_INLINE void put(Pack<T> numbers, T* to, std::ptrdiff_t stride, std::ptrdiff_t n) {
  if (stride == 1) return store_first(numbers, to, n);
  HWY_ALIGN T lanes[kLanes<T>];
  store(numbers, lanes);
  for (std::ptrdiff_t i = 0; i < n; ++i) to[i * stride] = lanes[i];
}

/// Rows by lanes.
template <Output output, class T>
[[gnu::flatten]] HWY_NOINLINE void narrow(const Rows<T>& rows) {
  const Call<T>& call = rows.call;
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t cols = call.cols, step = Columns<T>::most_rows(cols);
  Columns<T> x;
  HWY_ALIGN T label[N] = {}, at_label[Columns<T>::kRoom];  // at_label: slopes
  for (std::ptrdiff_t first = 0; first < call.rows; first += step) {
    const std::ptrdiff_t count = std::min(step, call.rows - first);
    x.read(call, 0, first, count);
    for (std::ptrdiff_t r = 0; r < count; r += N) {
      const std::ptrdiff_t lanes = std::min(N, count - r);
      if (rows.labelled) {
        for (std::ptrdiff_t i = 0; i < N; ++i) label[i] = i < lanes ? static_cast<T>(call.label[first + r + i]) : T(-1);
      }
      Pack<T> top = kMinusInfinity;
      for (std::ptrdiff_t c = 0; c < cols; ++c) top = hn::Max(top.v, x(r, c).v);
      const Pack<T> shift = shift_of(top), hit = load(label);
      Pack<T> below = 0.0, tops = 0.0, logit = std::numeric_limits<double>::quiet_NaN(), likelihood = 0.0;
      for (std::ptrdiff_t c = 0; c < cols; ++c) {
        const Pack<T> logit_c = x(r, c), z = logit_c - shift, e = exp(z);
        const Truth<T> is_top = equal(e, 1.0);
        below = below + where(is_top, 0.0, e);
        tops = tops + Pack<T>(is_top);
        if (rows.labelled) {
          const Truth<T> is_label = equal(hit, static_cast<double>(c));
          logit = where(is_label, logit_c, logit);
          likelihood = where(is_label, e, likelihood);
        }
        if constexpr (output != Output::number) x.set(r, c, output == Output::softmax ? e : z);
      }
      const Pack<T> rest = below + (tops - 1.0);
      if (rows.number != nullptr) {
        put(number_of(rows, rest, shift, logit), rows.number + (first + r) * rows.number_stride, rows.number_stride,
            lanes);
      }
      if constexpr (output == Output::softmax) {
        const Pack<T> inverse = 1.0 / (1.0 + settled(rest));
        for (std::ptrdiff_t c = 0; c < cols; ++c) x.set(r, c, x(r, c) * inverse);
        if (rows.labelled) store(slope_at_label(equal(logit, shift), rest, likelihood * inverse), at_label + r);
      } else if constexpr (output == Output::log_softmax) {
        const Pack<T> total = log1p(settled(rest));
        for (std::ptrdiff_t c = 0; c < cols; ++c) x.set(r, c, x(r, c) - total);
      }
    }
    if constexpr (output != Output::number) x.write(count, cols, call.y + first * call.y_stride, call.y_stride);
    if constexpr (output == Output::softmax) {
      if (rows.plain != nullptr) x.write(count, cols, rows.plain + first * rows.plain_stride, rows.plain_stride);
      if (rows.labelled) {
        for (std::ptrdiff_t r = 0; r < count; ++r) {
          const std::int64_t j = call.label[first + r];
          if (j >= 0 && j < cols) call.y[(first + r) * call.y_stride + j] = at_label[r];
        }
      }
    }
  }
}

/// Long or few rows, one at a time, in three passes: maximum, exponentials, result.
template <Output output, class T>
[[gnu::flatten]] HWY_NOINLINE void wide(const Rows<T>& rows) {
  const Call<T>& call = rows.call;
  const Tag<T> d;
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t whole = call.cols / N * N, tail = call.cols - whole;
  HWY_ALIGN T spread[N] = {};
  for (std::ptrdiff_t r = 0; r < call.rows; ++r) {
    const Lane<T> x = lane(call, 0, r, spread);
    T* y = output == Output::number ? nullptr : call.y + r * call.y_stride;
    const std::int64_t label = rows.labelled ? call.label[r] : -1;
    const bool hit = label >= 0 && label < call.cols;
    const Pack<T> logit = hit ? static_cast<double>(x.at[label * x.step]) : std::numeric_limits<double>::quiet_NaN();
    const auto last = [&]() HWY_ATTR { return load_first(x.at + whole * x.step, tail, Pack<T>(kMinusInfinity)); };

    Pack<T> top[4] = {kMinusInfinity, kMinusInfinity, kMinusInfinity, kMinusInfinity};
    std::ptrdiff_t q = 0;
    for (; q + 4 * N <= whole; q += 4 * N) {
#pragma GCC unroll 4
      for (std::ptrdiff_t u = 0; u < 4; ++u) top[u] = hn::Max(top[u].v, load(x.at + (q + u * N) * x.step).v);
    }
    for (; q < whole; q += N) top[0] = hn::Max(top[0].v, load(x.at + q * x.step).v);
    if (tail != 0) top[1] = hn::Max(top[1].v, last().v);
    const Pack<T> most = hn::Max(hn::Max(top[0].v, top[1].v), hn::Max(top[2].v, top[3].v));
    const Pack<T> shift = shift_of(largest_lane(most));

    Pack<T> below[4] = {0.0, 0.0, 0.0, 0.0}, tops = 0.0;
    const auto exponential = [&](Pack<T> logits, Pack<T>& sum) HWY_ATTR {
      const Pack<T> e = exp(logits - shift);
      const Truth<T> is_top = equal(e, 1.0);
      sum = sum + where(is_top, 0.0, e);
      tops = tops + Pack<T>(is_top);
      return e;
    };
    const auto pass = [&](std::ptrdiff_t at, Pack<T>& sum) HWY_ATTR {
      const Pack<T> e = exponential(load(x.at + at * x.step), sum);
      if constexpr (output == Output::softmax) store(e, y + at);
    };
    for (q = 0; q + 4 * N <= whole; q += 4 * N) {
#pragma GCC unroll 4
      for (std::ptrdiff_t u = 0; u < 4; ++u) pass(q + u * N, below[u]);
    }
    for (std::size_t u = 0; q < whole; q += N, ++u) pass(q, below[u]);
    if (tail != 0) {
      const Pack<T> e = exponential(last(), below[3]);
      if constexpr (output == Output::softmax) store_first(e, y + whole, tail);
    }
    const Pack<T> more = Pack<T>(hn::SumOfLanes(d, tops.v)) - 1.0;
    const Pack<T> rest = Pack<T>(hn::SumOfLanes(d, ((below[0] + below[1]) + (below[2] + below[3])).v)) + more;

    if (rows.number != nullptr) {
      store_first(number_of(rows, rest, shift, logit), rows.number + r * rows.number_stride, 1);
    }
    if constexpr (output == Output::softmax) {
      const Pack<T> inverse = 1.0 / (1.0 + settled(rest));
      for (q = 0; q < whole; q += N) store(load(y + q) * inverse, y + q);
      if (tail != 0) store_first(load_first(y + whole, tail) * inverse, y + whole, tail);
      if (rows.plain != nullptr) std::copy_n(y, call.cols, rows.plain + r * rows.plain_stride);
      if (hit) y[label] = hn::GetLane(slope_at_label(equal(logit, shift), rest, Pack<T>(y[label])).v);
    } else if constexpr (output == Output::log_softmax) {
      const Pack<T> total = log1p(settled(rest));
      for (q = 0; q < whole; q += N) store((load(x.at + q * x.step) - shift) - total, y + q);
      if (tail != 0) store_first((last() - shift) - total, y + whole, tail);
    }
  }
}

template <Output output, class T>
HWY_INLINE void run(const Rows<T>& rows) {
  if (rows.call.cols == 0) return;
  return is_narrow(rows.call) ? narrow<output>(rows) : wide<output>(rows);
}

template <class T>
void softmax(const Call<T>& call) {
  run<Output::softmax, T>({.call = call});
}
template <class T>
void log_softmax(const Call<T>& call) {
  run<Output::log_softmax, T>({.call = call});
}
template <class T>
void log_sum_exp(const Call<T>& call) {
  run<Output::number, T>({.call = call, .number = call.y, .number_stride = call.y_stride});
}
template <class T>
void cross_entropy(const Call<T>& call) {
  run<Output::number, T>({.call = call, .labelled = true, .number = call.y, .number_stride = call.y_stride});
}
template <class T>
void cross_entropy_slope(const Call<T>& call) {
  run<Output::softmax, T>({.call = call, .labelled = true});
}
template <class T>
void cross_entropy_pair(const Call<T>& call) {
  run<Output::softmax, T>({.call = call, .labelled = true, .number = call.y2, .number_stride = call.y2_stride});
}
template <class T>
void softmax_pair(const Call<T>& call) {
  run<Output::softmax, T>({.call = call, .labelled = true, .plain = call.y2, .plain_stride = call.y2_stride});
}

template <class T>
inline constexpr TileFn<T> kRowFunctions[] = {softmax<T>,       log_softmax<T>,         log_sum_exp<T>,
                                              cross_entropy<T>, cross_entropy_slope<T>, cross_entropy_pair<T>,
                                              softmax_pair<T>};
Families tiles() { return {{kRowFunctions<float>, nullptr}, {kRowFunctions<double>, nullptr}}; }

}  // namespace
}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wengert::kernels {
namespace {
HWY_EXPORT(tiles);
}
Families row_tiles() { return HWY_DYNAMIC_DISPATCH(tiles)(); }
}  // namespace wengert::kernels
#endif
