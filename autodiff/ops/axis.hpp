/// Axes and shapes, for the .cpp files of ops/.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/reshape.hpp"
#include "autodiff/tape/tape.hpp"
#include "autodiff/tensor/error.hpp"

namespace wengert {

inline std::size_t at(int axis) { return static_cast<std::size_t>(axis); }

inline std::vector<std::int64_t> dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

/// `shape` with one dimension replaced. Allocates nothing: kernels call it.
inline Shape with_dim(const Shape& shape, std::int64_t axis, std::int64_t extent) {
  std::array<std::int64_t, kMaxRank> dims{};
  std::ranges::copy(shape, dims.begin());
  dims[static_cast<std::size_t>(axis)] = extent;
  return Shape(std::span<const std::int64_t>(dims.data(), shape.dims().size()));
}

/// make(), whose ShapeError becomes a sentence of `name`: "take: axis 2 is outside [-2, 2): x is [3, 4]".
template <class T, class F>
auto in_words_of(const char* name, Var<T> x, Source where, F&& make) {
  const Shape shape = x.shape(where, name);
  try {
    return make();
  } catch (const ShapeError& fact) {
    throw ShapeError(locate(name, fmt::format("{}: x is {}", fact.what(), to_string(shape)), where));
  }
}

/// `axis` of x counted from the front.
template <class T>
int axis_of(const char* name, Var<T> x, int axis, Source where) {
  return in_words_of(name, x, where, [&] { return normalize_axis(axis, x.shape().rank()); });
}

/// x with an axis of length 1 at place `axis` of the result.
template <class T>
Var<T> with_axis(const char* name, Var<T> x, int axis, Source where) {
  const Shape shape = in_words_of(name, x, where, [&] {
    std::vector<std::int64_t> dims = dims_of(x.shape());
    dims.insert(dims.begin() + normalize_axis(axis, x.shape().rank() + 1), 1);
    return Shape(dims);
  });
  return reshape(x, shape, where);
}

/// Throws, in the name of `name`, unless all are alive and on one tape. For functions that record before they join
/// them.
template <class T>
void expect_together(const char* name, std::span<const Var<T>> x, Source where) {
  x[0].shape(where, name);
  for (const Var<T>& operand : x) x[0].tape().expect_mine(name, operand, where);
}
template <class T>
void expect_together(const char* name, std::initializer_list<Var<T>> x, Source where) {
  expect_together(name, std::span<const Var<T>>(x.begin(), x.size()), where);
}

/// The axes as bits.
template <class T>
std::uint32_t mask_of(const char* name, Var<T> x, const Axes& axes, Source where) {
  return in_words_of(name, x, where, [&] { return axes.mask(x.shape().rank()); });
}
inline bool holds(std::uint64_t mask, int axis) { return (mask >> axis & 1u) != 0; }

/// Shape of a reduction whose axes stay as 1, and without them.
inline Shape kept(const Shape& x, std::uint64_t mask) {
  std::array<std::int64_t, kMaxRank> dims{};
  for (int axis = 0; axis < x.rank(); ++axis) dims[at(axis)] = holds(mask, axis) ? 1 : x[axis];
  return Shape(std::span<const std::int64_t>(dims.data(), at(x.rank())));
}
inline Shape dropped(const Shape& x, std::uint64_t mask) {
  std::array<std::int64_t, kMaxRank> dims{};
  std::size_t rank = 0;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (!holds(mask, axis)) dims[rank++] = x[axis];
  }
  return Shape(std::span<const std::int64_t>(dims.data(), rank));
}
/// Number of elements that one result of a reduction is made of.
inline std::int64_t count_along(const Shape& x, std::uint64_t mask) {
  std::int64_t n = 1;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (holds(mask, axis)) n *= x[axis];
  }
  return n;
}

/// The axes of the mask moved to the end and joined: [kept…, count].
template <class T>
Var<T> joined_last(Var<T> x, std::uint64_t mask, Source where) {
  std::vector<int> order, last;
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < x.shape().rank(); ++axis) {
    (holds(mask, axis) ? last : order).push_back(axis);
    if (!holds(mask, axis)) dims.push_back(x.shape()[axis]);
  }
  order.insert(order.end(), last.begin(), last.end());
  dims.push_back(count_along(x.shape(), mask));
  return reshape(transpose(x, order, where), Shape(dims), where);
}

/// Throws unless x has rows and columns.
template <class T>
void expect_matrix(const char* name, Var<T> x, Source where) {
  if (x.shape(where, name).rank() >= 2) return;
  throw ShapeError(locate(name, fmt::format("rows and columns are needed: x is {}", to_string(x.shape())), where));
}

/// Calls f(first) for every line along `axis`, in row-major order: first[w] is where the line begins in window w.
template <std::size_t N, class F>
void for_each_line(const Shape& shape, std::int64_t axis, const std::array<Strides, N>& windows, F&& f) {
  if (shape.size() == 0) return;
  std::array<std::int64_t, kMaxRank> index{};
  std::array<std::int64_t, N> first{};
  for (;;) {
    f(std::as_const(first));
    int i = shape.rank() - 1;
    for (; i >= 0; --i) {
      if (i == axis) continue;
      for (std::size_t w = 0; w < N; ++w) first[w] += windows[w][at(i)];
      if (++index[at(i)] < shape[i]) break;
      for (std::size_t w = 0; w < N; ++w) first[w] -= windows[w][at(i)] * shape[i];
      index[at(i)] = 0;
    }
    if (i < 0) return;
  }
}

}  // namespace wengert
