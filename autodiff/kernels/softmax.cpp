// Row by row: softmax, its logarithm, log-sum-exp, and cross entropy with a class index per row.
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

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kMinusInfinity = -kInfinity;

/// What a row is shifted by: its maximum, or 0 if that is infinite.
template <class T>
HWY_INLINE Pack<T> shift_of(Pack<T> packs) {
  const Pack<T> top = largest_lane(packs);
  return where(less(abs(top), kInfinity), top, 0.0);
}

/// The rest that softmax and cross entropy go by: 0, for -1, of a row of -infinity; NaN of a row with +infinity.
template <class T>
HWY_INLINE Pack<T> settled(Pack<T> rest) {
  return where(less(rest, 0.0), 0.0, rest) + 0.0 * rest;
}

/// Collects the rests of rows and takes a pack of logarithms at once.
template <class T>
class Numbers {
 public:
  explicit Numbers(const Rows<T>& rows) : rows_(rows) {}

  HWY_INLINE void add(std::ptrdiff_t r, T rest, T shift, T at_label) {
    if (count_ == 0) first_ = r;
    rest_[count_] = rest;
    plus_[count_] = rows_.labelled ? shift - at_label : shift;
    if (++count_ == kLanes<T>) flush();
  }
  HWY_INLINE void flush() {
    if (count_ == 0) return;
    const Pack<T> rest = load(rest_);
    store(log1p(rows_.labelled ? settled(rest) : rest) + load(plus_), plus_);
    T* y = rows_.number + first_ * rows_.number_stride;
    for (std::ptrdiff_t i = 0; i < count_; ++i, y += rows_.number_stride) *y = plus_[i];
    count_ = 0;
  }

 private:
  const Rows<T>& rows_;
  std::ptrdiff_t first_ = 0, count_ = 0;
  HWY_ALIGN T rest_[kLanes<T>] = {}, plus_[kLanes<T>] = {};
};

/// The logit at the label of row r.
template <class T>
HWY_INLINE T at_label(const Call<T>& call, std::ptrdiff_t r) {
  const std::int64_t label = call.label[r];
  if (label < 0 || label >= call.cols) return std::numeric_limits<T>::quiet_NaN();
  return call.x[0][r * call.stride[0] + (call.how[0] == How::advance ? label : 0)];
}
/// Takes 1 off the softmax at the label of row r: at the maximum the share of the others remains, negative.
template <class T>
HWY_INLINE void subtract_at_label(const Call<T>& call, std::ptrdiff_t r, bool at_maximum, T rest) {
  const std::int64_t label = call.label[r];
  if (label < 0 || label >= call.cols) return;
  T& y = call.y[r * call.y_stride + label];
  y = at_maximum ? -(rest / (T(1) + rest)) : y - T(1);
}

/// U rows of V packs, kept in registers.
template <class T, int V, int U>
struct Group {
  static constexpr std::ptrdiff_t N = kLanes<T>;
  Pack<T> z[U][V];  ///< logits, then their distance to the shift
  Pack<T> e[U][V];  ///< exponentials, then results
  Pack<T> shift[U], rest[U];

  HWY_INLINE void load_rows(const Call<T>& call, const std::ptrdiff_t (&row)[U], std::ptrdiff_t tail) {
    HWY_ALIGN T wide[N];
    for (int u = 0; u < U; ++u) {
      Lane<T> x{call.x[0] + row[u] * call.stride[0], 1};
      if (call.how[0] != How::advance) {
        store(Pack<T>(hn::Set(Tag<T>(), *x.at)), wide);
        x = {wide, 0};
      }
      for (int v = 0; v < V; ++v) {
        const T* at = x.at + v * N * x.step;
        z[u][v] = v < V - 1 ? load(at) : load_first(at, tail, Pack<T>(kMinusInfinity));
      }
    }
  }

  HWY_INLINE void reduce() {
    const Tag<T> d;
    for (int u = 0; u < U; ++u) {
      shift[u] = z[u][0];
      for (int v = 1; v < V; ++v) shift[u] = hn::Max(shift[u].v, z[u][v].v);
    }
    for (int u = 0; u < U; ++u) shift[u] = shift_of(shift[u]);
    std::size_t tops[U] = {};
    for (int u = 0; u < U; ++u) {
      for (int v = 0; v < V; ++v) {
        z[u][v] = z[u][v] - shift[u];
        e[u][v] = exp(z[u][v]);
        const Truth<T> top = equal(e[u][v], 1.0);
        const Pack<T> below = where(top, 0.0, e[u][v]);
        tops[u] += hn::CountTrue(d, top.mask);
        rest[u] = v == 0 ? below : rest[u] + below;
      }
    }
    for (int u = 0; u < U; ++u) {
      const T more = static_cast<T>(static_cast<int>(tops[u]) - 1);
      rest[u] = Pack<T>(hn::SumOfLanes(d, rest[u].v)) + Pack<T>(hn::Set(d, more));
    }
  }

  HWY_INLINE void softmax() {
    for (int u = 0; u < U; ++u) {
      const Pack<T> sum = 1.0 + settled(rest[u]);
      if constexpr (V == 1) {
        e[u][0] = e[u][0] / sum;
      } else {
        const Pack<T> inverse = 1.0 / sum;
        for (int v = 0; v < V; ++v) e[u][v] = e[u][v] * inverse;
      }
    }
  }

  /// Takes the logarithms of U sums at once.
  HWY_INLINE void log_softmax() {
    HWY_ALIGN T logs[N < U ? U : N] = {};
    for (int u = 0; u < U; ++u) logs[u] = hn::GetLane(settled(rest[u]).v);
    for (int u = 0; u < U; u += static_cast<int>(N)) store(log1p(load(logs + u)), logs + u);
    for (int u = 0; u < U; ++u) {
      for (int v = 0; v < V; ++v) e[u][v] = z[u][v] - Pack<T>(hn::Set(Tag<T>(), logs[u]));
    }
  }
};

/// Rows of V packs, U of them at a time, because one row alone is a chain of two horizontal reductions. If fewer than
/// U rows are left, the last one is done again: all rows are read before any is written.
template <Output output, int V, int U, class T>
[[gnu::flatten]] HWY_NOINLINE void narrow(const Rows<T>& rows) {
  const Call<T>& call = rows.call;
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t tail = call.cols - (V - 1) * N;
  Numbers<T> numbers(rows);
  for (std::ptrdiff_t first = 0; first < call.rows; first += U) {
    Group<T, V, U> group;
    std::ptrdiff_t row[U];
    T label[U] = {};
    for (int u = 0; u < U; ++u) {
      row[u] = std::min(first + u, call.rows - 1);
      if (rows.labelled) label[u] = at_label(call, row[u]);
    }
    group.load_rows(call, row, tail);
    group.reduce();
    if constexpr (output == Output::softmax) group.softmax();
    if constexpr (output == Output::log_softmax) group.log_softmax();
    const int count = static_cast<int>(std::min<std::ptrdiff_t>(U, call.rows - first));
    for (int u = 0; u < count; ++u) {
      const T rest = hn::GetLane(group.rest[u].v), shift = hn::GetLane(group.shift[u].v);
      if (rows.number != nullptr) numbers.add(row[u], rest, shift, label[u]);
      if constexpr (output != Output::number) {
        T* y = call.y + row[u] * call.y_stride;
        for (int v = 0; v < V - 1; ++v) store(group.e[u][v], y + v * N);
        store_first(group.e[u][V - 1], y + (V - 1) * N, tail);
        if (output == Output::softmax && rows.labelled) subtract_at_label(call, row[u], label[u] == shift, rest);
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
  const std::ptrdiff_t whole = call.cols / N * N, tail = call.cols - whole;
  Numbers<T> numbers(rows);
  HWY_ALIGN T spread[N];
  for (std::ptrdiff_t r = 0; r < call.rows; ++r) {
    const Lane<T> x = lane(call, 0, r, spread);
    T* y = output == Output::number ? nullptr : call.y + r * call.y_stride;
    const T label = rows.labelled ? at_label(call, r) : T(0);
    const auto last = [&]() HWY_ATTR { return load_first(x.at + whole * x.step, tail, Pack<T>(kMinusInfinity)); };

    Pack<T> top[4] = {kMinusInfinity, kMinusInfinity, kMinusInfinity, kMinusInfinity};
    std::ptrdiff_t q = 0;
    for (; q + 4 * N <= whole; q += 4 * N) {
#pragma GCC unroll 4
      for (std::ptrdiff_t u = 0; u < 4; ++u) top[u] = hn::Max(top[u].v, load(x.at + (q + u * N) * x.step).v);
    }
    for (; q < whole; q += N) top[0] = hn::Max(top[0].v, load(x.at + q * x.step).v);
    if (tail != 0) top[1] = hn::Max(top[1].v, last().v);
    const Pack<T> shift = shift_of(Pack<T>(hn::Max(hn::Max(top[0].v, top[1].v), hn::Max(top[2].v, top[3].v))));

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
    if (rows.number != nullptr) numbers.add(r, hn::GetLane(rest.v), hn::GetLane(shift.v), label);

    if constexpr (output == Output::softmax) {
      const Pack<T> inverse = 1.0 / (1.0 + settled(rest));
      for (q = 0; q < whole; q += N) store(load(y + q) * inverse, y + q);
      if (tail != 0) store_first(load_first(y + whole, tail) * inverse, y + whole, tail);
      if (rows.labelled) subtract_at_label(call, r, label == hn::GetLane(shift.v), hn::GetLane(rest.v));
    } else if constexpr (output == Output::log_softmax) {
      const Pack<T> total = log1p(settled(rest));
      for (q = 0; q < whole; q += N) store((load(x.at + q * x.step) - shift) - total, y + q);
      if (tail != 0) store_first((last() - shift) - total, y + whole, tail);
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
