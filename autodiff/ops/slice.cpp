#include "autodiff/ops/slice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "autodiff/kernels/move.hpp"
#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/reshape.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

/// Elements start, start + step, … of one axis: `count` of them.
struct Slice {
  static constexpr Doc doc{"slice", "y = x[start : stop : step] along an axis", "g at those places, 0 elsewhere"};
  static constexpr Kind kind = Kind::view;
  static constexpr int inputs = 1;
  std::int64_t axis = 0, start = 0, step = 1, count = 0;

  Shape shape(const Shape& x) const { return with_dim(x, axis, count); }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T>) const {
    return place(g, static_cast<int>(axis), x.shape()[static_cast<int>(axis)], start, step, Source());
  }
  Window view(const Window& in, const Shape& out) const {
    const auto a = static_cast<std::size_t>(axis);
    Window y(in.offset, out, in.strides);
    if (out.size() > 0) y.offset += start * in.strides[a];
    y.strides[a] *= step;
    return y;
  }
};

/// The transpose of Slice: x at those places of a tensor of zeros.
struct Place {
  static constexpr Doc doc{"place", "y[start : stop : step] = x, 0 elsewhere", "g[start : stop : step]"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  Slice where;
  std::int64_t extent = 0;

  Shape shape(const Shape& x) const { return with_dim(x, where.axis, extent); }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T>) const {
    return record(where, {g}, Source());
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    const auto part = [&](const Slice& slice) {
      return View<T>(out.data, slice.view(Window(out.shape), slice.shape(out.shape)));
    };
    const auto zero = [&](std::int64_t from, std::int64_t to) {
      if (from != to) kernels::fill(part({where.axis, from, 1, to - from}), T(0));
    };
    // Zeros on either side of x, and between its elements if they are no neighbours.
    const std::int64_t last = where.start + std::max<std::int64_t>(0, where.count - 1) * where.step;
    const std::int64_t low = std::min(where.start, last),
                       high = where.count == 0 ? low : std::max(where.start, last) + 1;
    zero(0, low);
    if (std::abs(where.step) > 1) zero(low, high);
    zero(high, extent);
    kernels::copy(in[0], part(where));
  }
};

/// What lies on one side of a diagonal; linear, and its own transpose.
struct Triangle {
  static constexpr Doc doc{"triangle", "y = x below (above) a diagonal and on it, 0 elsewhere", "the same of g"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  std::int64_t offset = 0, lower = 1;

  Shape shape(const Shape& x) const { return x; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T>) const {
    return record(*this, {g}, Source());
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    const int last = out.shape.rank() - 1;
    const std::int64_t m = out.shape[-2], n = out.shape[-1], step = in[0].strides[at(last)];
    std::int64_t row = 0;
    for_each_line<2>(out.shape, last, {in[0].strides, out.strides}, [&](const auto& first) {
      const auto [from, to] = first;
      const std::int64_t cut = std::clamp<std::int64_t>(row++ % m + offset + lower, 0, n);
      for (std::int64_t j = 0; j < n; ++j) {
        out.data[to + j] = (j < cut) == (lower != 0) ? in[0].data[from + j * step] : T(0);
      }
    });
  }
};

/// [..., m, n] as [..., m n]: a diagonal is then a slice with step n + 1.
template <class T>
Var<T> rows_joined(Var<T> x, Source where) {
  std::vector<std::int64_t> dims = dims_of(x.shape());
  const std::int64_t n = dims.back();
  dims.pop_back();
  dims.back() *= n;
  return reshape(x, Shape(dims), where);
}

/// Where the diagonal `offset` begins.
std::pair<std::int64_t, std::int64_t> begin_of(std::int64_t offset) {
  return {std::max<std::int64_t>(0, -offset), std::max<std::int64_t>(0, offset)};
}

template <class T>
Var<T> triangle(const char* name, Var<T> x, int offset, bool lower, Source where) {
  expect_matrix(name, x, where);
  return record(Triangle{offset, lower ? 1 : 0}, {x}, where);
}

}  // namespace

template <class T>
Var<T> slice(Var<T> x, int axis, std::int64_t start, std::int64_t stop, std::int64_t step, Source where) {
  axis = axis_of("slice", x, axis, where);
  if (step == 0)
    throw ShapeError(locate("slice", fmt::format("the step must not be 0: x is {}", to_string(x.shape())), where));
  const std::int64_t n = x.shape()[axis];
  step = std::max(step, -std::numeric_limits<std::int64_t>::max());  // so that it can be negated
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  const auto clipped = [&](std::int64_t i) { return std::clamp(i < 0 ? i + n : i, low, high); };
  const std::int64_t first = start == kEnd ? (step > 0 ? low : high) : clipped(start);
  const std::int64_t last = stop == kEnd ? (step > 0 ? high : low) : clipped(stop);
  const std::int64_t span = step > 0 ? last - first : first - last, stride = step > 0 ? step : -step;
  const std::int64_t count = span <= 0 ? 0 : (span - 1) / stride + 1;
  if (count <= 1) step = 1;  // never taken, and too large to multiply strides by
  if (count == n && step == 1) return x;
  return record(Slice{axis, first, step, count}, {x}, where);
}

template <class T>
Var<T> place(Var<T> x, int axis, std::int64_t extent, std::int64_t start, std::int64_t step, Source where) {
  axis = axis_of("place", x, axis, where);
  const std::int64_t count = x.shape()[axis];
  if (count <= 1) step = 1;
  if (count == 0) start = 0;
  std::int64_t last = 0;
  const bool overflows = __builtin_mul_overflow(count - 1, step, &last) || __builtin_add_overflow(start, last, &last);
  if (count > 0 && (overflows || std::min(start, last) < 0 || std::max(start, last) >= extent || step == 0)) {
    throw ShapeError(locate("place",
                            fmt::format("{} places from {} with step {} are not all different and in [0, {}): x is {}",
                                        count, start, step, extent, to_string(x.shape())),
                            where));
  }
  return record(Place{Slice{axis, start, step, count}, extent}, {x}, where);
}

template <class T>
Var<T> narrow(Var<T> x, int axis, std::int64_t start, std::int64_t count, Source where) {
  axis = axis_of("narrow", x, axis, where);
  const std::int64_t n = x.shape()[axis];
  if (start < 0 || count < 0 || start > n - count) {
    throw ShapeError(locate("narrow",
                            fmt::format("{} elements from {} on are not in axis {}, which has {}: x is {}", count,
                                        start, axis, n, to_string(x.shape())),
                            where));
  }
  return slice(x, axis, start, start + count, 1, where);
}

template <class T>
Var<T> flip(Var<T> x, const Axes& axes, Source where) {
  const std::uint32_t mask = mask_of("flip", x, axes, where);
  for (int axis = 0; axis < x.shape().rank(); ++axis) {
    if (holds(mask, axis)) x = slice(x, axis, kEnd, kEnd, -1, where);
  }
  return x;
}

template <class T>
Var<T> diagonal(Var<T> x, int offset, Source where) {
  expect_matrix("diagonal", x, where);
  const std::int64_t m = x.shape()[-2], n = x.shape()[-1];
  const auto [row, col] = begin_of(offset);
  const std::int64_t count = std::max<std::int64_t>(0, std::min(m - row, n - col));
  const Var<T> line = rows_joined(x, where);
  return record(Slice{line.shape().rank() - 1, count == 0 ? 0 : row * n + col, n + 1, count}, {line}, where);
}

template <class T>
Var<T> diag(Var<T> x, int offset, Source where) {
  const int last = axis_of("diag", x, -1, where);
  const auto [row, col] = begin_of(offset);
  const Shape square = in_words_of("diag", x, where, [&, skipped = row + col] {
    std::vector<std::int64_t> dims = dims_of(x.shape());
    if (__builtin_add_overflow(dims.back(), skipped, &dims.back())) throw ShapeError("the result is too large");
    dims.push_back(dims.back());
    return Shape(dims);
  });
  const std::int64_t n = square[-1];
  return reshape(place(x, last, n * n, row * n + col, n + 1, where), square, where);
}

template <class T>
Var<T> tril(Var<T> x, int offset, Source where) {
  return triangle("tril", x, offset, true, where);
}
template <class T>
Var<T> triu(Var<T> x, int offset, Source where) {
  return triangle("triu", x, offset, false, where);
}

template <class T>
std::vector<Entry<T>> slice_entries() {
  return {{&table_of<Slice, T>(),
           {sample<T>(Slice{1, 1, 2, 3}, {{2, 7}}), sample<T>(Slice{0, 4, -2, 2}, {{5, 3}}),
            sample<T>(Slice{2, 0, 1, 2}, {{2, 3, 4}}), sample<T>(Slice{0, 2, 1, 0}, {{5}})}},
          {&table_of<Place, T>(),
           {sample<T>(Place{Slice{1, 1, 2, 3}, 7}, {{2, 3}}), sample<T>(Place{Slice{0, 4, -3, 2}, 6}, {{2, 2}})}},
          {&table_of<Triangle, T>(),
           {sample<T>(Triangle{0, 1}, {{4, 3}}), sample<T>(Triangle{1, 0}, {{2, 3, 4}}),
            sample<T>(Triangle{-2, 1}, {{3, 3}})}}};
}

#define INSTANTIATE(T)                                                                  \
  template Var<T> slice(Var<T>, int, std::int64_t, std::int64_t, std::int64_t, Source); \
  template Var<T> place(Var<T>, int, std::int64_t, std::int64_t, std::int64_t, Source); \
  template Var<T> narrow(Var<T>, int, std::int64_t, std::int64_t, Source);              \
  template Var<T> flip(Var<T>, const Axes&, Source);                                    \
  template Var<T> diagonal(Var<T>, int, Source);                                        \
  template Var<T> diag(Var<T>, int, Source);                                            \
  template Var<T> tril(Var<T>, int, Source);                                            \
  template Var<T> triu(Var<T>, int, Source);                                            \
  template std::vector<Entry<T>> slice_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
