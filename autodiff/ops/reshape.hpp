/// The same elements under another shape: reshape, transpose and their kin. All are views: no element moves until a
/// kernel needs it to. Negative axes count from the end; one out of range is a ShapeError.
///
/// Where NumPy and PyTorch differ both names are there; errors speak of NumPy's.
#pragma once

#include <initializer_list>
#include <vector>

#include "autodiff/ops/reduce.hpp"
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
/// Another name of transpose.
template <class T>
Var<T> permute(Var<T> x, const std::vector<int>& axes, Source where = Source::here()) {
  return transpose(x, axes, where);
}
template <class T>
Var<T> swap_axes(Var<T> x, int axis, int other, Source where = Source::here());
/// Axis `from` goes to place `to`, the others keep their order.
template <class T>
Var<T> moveaxis(Var<T> x, int from, int to, Source where = Source::here());
/// Another name of moveaxis.
template <class T>
Var<T> movedim(Var<T> x, int from, int to, Source where = Source::here()) {
  return moveaxis(x, from, to, where);
}

/// Without the axes of length 1, or without those named. Throws ShapeError if a named one is longer.
template <class T>
Var<T> squeeze(Var<T> x, Source where = Source::here());
template <class T>
Var<T> squeeze(Var<T> x, const Axes& axes, Source where = Source::here());
/// With an axis of length 1 at place `axis` of the result, which is in [-rank - 1, rank].
template <class T>
Var<T> expand_dims(Var<T> x, int axis, Source where = Source::here());
/// Another name of expand_dims.
template <class T>
Var<T> unsqueeze(Var<T> x, int axis, Source where = Source::here()) {
  return expand_dims(x, axis, where);
}

/// The same value, constant for every derivative of any order.
template <class T>
Var<T> stop_gradient(Var<T> x, Source where = Source::here());

}  // namespace wengert
