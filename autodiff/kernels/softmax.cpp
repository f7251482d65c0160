// Row by row: softmax, its logarithm, log-sum-exp, and cross entropy with a class index per row.
//
// 1. Rows are shifted by their maximum, so nothing overflows; differences are taken before sums, so logits of any
//    magnitude keep their digits.
// 2. A row of -infinity: softmax 0, log softmax -infinity, log-sum-exp -infinity, cross entropy +infinity. An entry of
//    +infinity or NaN makes its row NaN (log-sum-exp too).
// 3. A label outside [0, cols) is read from nowhere: the row's cross entropy is NaN, and nothing is subtracted.
// 4. y may be x (same strides).
#include "autodiff/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autodiff/kernels/softmax.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <algorithm>
#include <limits>

#include "autodiff/kernels/family.hpp"
#include "autodiff/kernels/map-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {
namespace {  // Local to this file: other families have tables of the same names

/// What is written. The kernels below are shared by two or three functions each; which one is a test per row.
enum class Output { softmax, log_softmax, number };

/// A call, read as one of the six functions.
template <class T>
struct Rows {
  const Call<T>& call;
  bool labelled;  ///< cross entropy and its slope, rather than log-sum-exp and softmax
  T* number;      ///< one result per row: log-sum-exp or cross entropy; or none
  std::ptrdiff_t number_stride;
};

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

/// What a row is shifted by: its maximum, or 0 if that is -infinity.
template <class T>
HWY_INLINE Pack<T> shift_of(Pack<T> packs) {
  const Pack<T> top = largest_lane(packs);
  return where(equal(top, kMinusInfinity), 0.0, top);
}

/// The sum of a row of exponentials, but 1 for 0: what is divided by it is 0 then.
template <class T>
HWY_INLINE Pack<T> divisor(Pack<T> sum) {
  return where(equal(sum, 0.0), 1.0, sum);
}

/// Collects sums of exponentials and takes a pack of logarithms at once.
template <class T>
class Numbers {
 public:
  explicit Numbers(const Rows<T>& rows) : rows_(rows) {}

  /// Row r has the sum `sum` after the shift by `shift`.
  HWY_INLINE void add(std::ptrdiff_t r, T sum, T shift, T at_label) {
    if (count_ == 0) first_ = r;
    sum_[count_] = rows_.labelled && sum == T(0) ? T(1) : sum;
    plus_[count_] = rows_.labelled ? shift - at_label : shift;
    if (++count_ == kLanes<T>) flush();
  }
  HWY_INLINE void flush() {
    if (count_ == 0) return;
    for (std::ptrdiff_t i = count_; i < kLanes<T>; ++i) sum_[i] = T(1);
    store(log(load(sum_)) + load(plus_), plus_);
    T* y = rows_.number + first_ * rows_.number_stride;
    for (std::ptrdiff_t i = 0; i < count_; ++i, y += rows_.number_stride) *y = plus_[i];
    count_ = 0;
  }

 private:
  const Rows<T>& rows_;
  std::ptrdiff_t first_ = 0, count_ = 0;
  HWY_ALIGN T sum_[kLanes<T>], plus_[kLanes<T>] = {};
};

/// The logit at the label of row r.
template <class T>
HWY_INLINE T at_label(const Call<T>& call, std::ptrdiff_t r) {
  const std::int64_t label = call.label[r];
  if (label < 0 || label >= call.cols) return std::numeric_limits<T>::quiet_NaN();
  return call.x[0][r * call.stride[0] + (call.how[0] == How::advance ? label : 0)];
}
template <class T>
HWY_INLINE void subtract_at_label(const Call<T>& call, std::ptrdiff_t r) {
  const std::int64_t label = call.label[r];
  if (label >= 0 && label < call.cols) call.y[r * call.y_stride + label] -= T(1);
}

/// Rows of V packs, U of them at a time, because one row alone is a chain of two horizontal reductions. If fewer than
/// U rows are left, the last one is done again: all rows are read before any is written.
template <Output output, int V, int U, class T>
[[gnu::flatten]] HWY_NOINLINE void narrow(const Rows<T>& rows) {
  const Call<T>& call = rows.call;
  const Tag<T> d;
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t tail = call.cols - (V - 1) * N;
  Numbers<T> numbers(rows);
  HWY_ALIGN T wide[U][N];
  for (std::ptrdiff_t first = 0; first < call.rows; first += U) {
    Pack<T> z[U][V], shift[U], sum[U], e[U][V];
    std::ptrdiff_t row[U];
    T label[U] = {};
    for (int u = 0; u < U; ++u) {
      row[u] = std::min(first + u, call.rows - 1);
      if (rows.labelled && rows.number != nullptr) label[u] = at_label(call, row[u]);
      Lane<T> x{call.x[0] + row[u] * call.stride[0], 1};
      if (call.how[0] != How::advance) {
        store(Pack<T>(hn::Set(d, *x.at)), wide[u]);
        x = {wide[u], 0};
      }
      for (int v = 0; v < V; ++v) {
        const T* at = x.at + v * N * x.step;
        z[u][v] = v < V - 1 ? load(at) : load_first(at, tail, Pack<T>(kMinusInfinity));
      }
      Pack<T> top = z[u][0];
      for (int v = 1; v < V; ++v) top = hn::Max(top.v, z[u][v].v);
      shift[u] = top;
    }
    for (int u = 0; u < U; ++u) shift[u] = shift_of(shift[u]);
    for (int u = 0; u < U; ++u) {
      for (int v = 0; v < V; ++v) {
        z[u][v] = z[u][v] - shift[u];
        e[u][v] = exp(z[u][v]);
        sum[u] = v == 0 ? e[u][v] : sum[u] + e[u][v];
      }
    }
    for (int u = 0; u < U; ++u) sum[u] = hn::SumOfLanes(d, sum[u].v);
    const int count = static_cast<int>(std::min<std::ptrdiff_t>(U, call.rows - first));
    if (rows.number != nullptr) {
      for (int u = 0; u < count; ++u) {
        numbers.add(row[u], hn::GetLane(sum[u].v), hn::GetLane(shift[u].v), label[u]);
      }
    }
    if constexpr (output == Output::log_softmax) {  // the logarithms of U sums at once
      HWY_ALIGN T sums[N < U ? U : N];
      for (int u = 0; u < U; ++u) sums[u] = hn::GetLane(divisor(sum[u]).v);
      for (int u = U; u < N; ++u) sums[u] = T(1);
      for (int u = 0; u < U; u += static_cast<int>(N)) store(log(load(sums + u)), sums + u);
      for (int u = 0; u < U; ++u) {
        for (int v = 0; v < V; ++v) e[u][v] = z[u][v] - Pack<T>(hn::Set(d, sums[u]));
      }
    } else if constexpr (output == Output::softmax) {
      for (int u = 0; u < U; ++u) {
        sum[u] = divisor(sum[u]);
        if constexpr (V == 1) {
          e[u][0] = e[u][0] / sum[u];
        } else {
          const Pack<T> inverse = 1.0 / sum[u];
          for (int v = 0; v < V; ++v) e[u][v] = e[u][v] * inverse;
        }
      }
    }
    if constexpr (output != Output::number) {
      for (int u = 0; u < count; ++u) {
        T* y = call.y + row[u] * call.y_stride;
        for (int v = 0; v < V - 1; ++v) store(e[u][v], y + v * N);
        store_first(e[u][V - 1], y + (V - 1) * N, tail);
        if (output == Output::softmax && rows.labelled) subtract_at_label(call, row[u]);
      }
    }
  }
  if (rows.number != nullptr) numbers.flush();
}

/// Longer rows, one at a time, in three passes: maximum, exponentials, result.
template <Output output, class T>
[[gnu::flatten]] HWY_NOINLINE void wide(const Rows<T>& rows) {
  const Call<T>& call = rows.call;
  const Tag<T> d;
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t whole = call.cols / N * N, rest = call.cols - whole;
  Numbers<T> numbers(rows);
  HWY_ALIGN T spread[N];
  for (std::ptrdiff_t r = 0; r < call.rows; ++r) {
    const Lane<T> x = lane(call, 0, r, spread);
    T* y = output == Output::number ? nullptr : call.y + r * call.y_stride;
    const T label = rows.labelled && rows.number != nullptr ? at_label(call, r) : T(0);
    const auto last = [&]() HWY_ATTR { return load_first(x.at + whole * x.step, rest, Pack<T>(kMinusInfinity)); };

    Pack<T> top[4] = {kMinusInfinity, kMinusInfinity, kMinusInfinity, kMinusInfinity};
    std::ptrdiff_t q = 0;
    for (; q + 4 * N <= whole; q += 4 * N) {
#pragma GCC unroll 4
      for (std::ptrdiff_t u = 0; u < 4; ++u) top[u] = hn::Max(top[u].v, load(x.at + (q + u * N) * x.step).v);
    }
    for (; q < whole; q += N) top[0] = hn::Max(top[0].v, load(x.at + q * x.step).v);
    if (rest != 0) top[1] = hn::Max(top[1].v, last().v);
    const Pack<T> shift = shift_of(Pack<T>(hn::Max(hn::Max(top[0].v, top[1].v), hn::Max(top[2].v, top[3].v))));

    Pack<T> sums[2] = {0.0, 0.0};
    const auto exponential = [&](std::ptrdiff_t at) HWY_ATTR {
      const Pack<T> e = exp(load(x.at + at * x.step) - shift);
      if constexpr (output == Output::softmax) store(e, y + at);
      return e;
    };
    for (q = 0; q + 2 * N <= whole; q += 2 * N) {
      sums[0] = sums[0] + exponential(q);
      sums[1] = sums[1] + exponential(q + N);
    }
    if (q < whole) sums[0] = sums[0] + exponential(q);
    if (rest != 0) {
      const Pack<T> e = exp(last() - shift);
      if constexpr (output == Output::softmax) store_first(e, y + whole, rest);
      sums[1] = sums[1] + e;
    }
    const Pack<T> sum = hn::SumOfLanes(d, (sums[0] + sums[1]).v);
    if (rows.number != nullptr) numbers.add(r, hn::GetLane(sum.v), hn::GetLane(shift.v), label);

    if constexpr (output == Output::softmax) {
      const Pack<T> inverse = 1.0 / divisor(sum);
      for (q = 0; q < whole; q += N) store(load(y + q) * inverse, y + q);
      if (rest != 0) store_first(load_first(y + whole, rest) * inverse, y + whole, rest);
      if (rows.labelled) subtract_at_label(call, r);
    } else if constexpr (output == Output::log_softmax) {
      const Pack<T> total = log(divisor(sum));
      for (q = 0; q < whole; q += N) store((load(x.at + q * x.step) - shift) - total, y + q);
      if (rest != 0) store_first((last() - shift) - total, y + whole, rest);
    }
  }
  if (rows.number != nullptr) numbers.flush();
}

template <Output output, class T>
HWY_INLINE void run(const Rows<T>& rows) {
  if (rows.call.cols == 0) return;
  switch ((rows.call.cols + kLanes<T> - 1) / kLanes<T>) {
    case 1: return narrow<output, 1, 4>(rows);
    case 2: return narrow<output, 2, 2>(rows);
    case 3: return narrow<output, 3, 1>(rows);
    default: return wide<output>(rows);
  }
}

template <class T>
void softmax(const Call<T>& call) {
  run<Output::softmax, T>({call, false, nullptr, 0});
}
template <class T>
void log_softmax(const Call<T>& call) {
  run<Output::log_softmax, T>({call, false, nullptr, 0});
}
template <class T>
void log_sum_exp(const Call<T>& call) {
  run<Output::number, T>({call, false, call.y, call.y_stride});
}
template <class T>
void cross_entropy(const Call<T>& call) {
  run<Output::number, T>({call, true, call.y, call.y_stride});
}
template <class T>
void cross_entropy_slope(const Call<T>& call) {
  run<Output::softmax, T>({call, true, nullptr, 0});
}
template <class T>
void cross_entropy_pair(const Call<T>& call) {
  run<Output::softmax, T>({call, true, call.y2, call.y2_stride});
}

template <class T>
inline constexpr TileFn<T> kRowFunctions[] = {softmax<T>,       log_softmax<T>,         log_sum_exp<T>,
                                              cross_entropy<T>, cross_entropy_slope<T>, cross_entropy_pair<T>};
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
