/// Operations that move elements or look at them differently: reshape, transpose, slice, concatenate, broadcast.
///
/// Reshape, transpose, broadcast and slice are views: no element moves until a kernel needs it to.
#pragma once

#include <initializer_list>
#include <vector>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// The same elements in row-major order under another shape of the same size; one dimension may be -1.
template <class T>
Var<T> reshape(Var<T> x, const Shape& shape, Source where = Source::here());
template <class T>
Var<T> reshape(Var<T> x, std::initializer_list<std::int64_t> dims, Source where = Source::here());

/// Reverses the axes: of a matrix, the transpose.
template <class T>
Var<T> transpose(Var<T> x, Source where = Source::here());
/// Axis i of the result is axis axes[i] of x; `axes` is a permutation.
template <class T>
Var<T> transpose(Var<T> x, const std::vector<int>& axes, Source where = Source::here());
template <class T>
Var<T> swap_axes(Var<T> x, int axis, int other, Source where = Source::here());

/// Stretched to `shape` by NumPy's rules. Throws ShapeError if x does not broadcast to it.
template <class T>
Var<T> broadcast_to(Var<T> x, const Shape& shape, Source where = Source::here());

/// Summed over the axes by which `shape` would have been stretched to x's shape: the reverse of broadcast_to.
template <class T>
Var<T> sum_to(Var<T> x, const Shape& shape, Source where = Source::here());

/// Means "to the end" (from the start, for a negative step) in slice.
inline constexpr std::int64_t kEnd = INT64_MIN;
/// x[start:stop:step] along `axis`, Python's rules: negative positions count from the end, positions past it are
/// clipped, the step may be negative. Throws ShapeError for step 0 or an axis out of range.
template <class T>
Var<T> slice(Var<T> x, int axis, std::int64_t start, std::int64_t stop = kEnd, std::int64_t step = 1,
             Source where = Source::here());

/// Joined along `axis`; all other dimensions must agree.
template <class T>
Var<T> concatenate(std::span<const Var<T>> parts, int axis = 0, Source where = Source::here());
template <class T>
Var<T> concatenate(std::initializer_list<Var<T>> parts, int axis = 0, Source where = Source::here()) {
  return concatenate(std::span<const Var<T>>(parts.begin(), parts.size()), axis, where);
}

/// The same value, constant for every derivative of any order.
template <class T>
Var<T> stop_gradient(Var<T> x, Source where = Source::here());

}  // namespace wengert
