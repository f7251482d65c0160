/// Reading and writing single elements by integer positions. Positions are checked as index.hpp says; repeated ones add
/// up. Negative axes count from the end.
#pragma once

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// y[i, j, k] = x[i, index[i, j, k], k] for axis 1 (NumPy's take_along_axis): the index has x's shape but for `axis`.
/// Throws ShapeError for another.
template <class T>
Var<T> gather(Var<T> x, Index<T> index, int axis, Source where = Source::here());
/// x, with source[i, j, k] added at [i, index[i, j, k], k] for axis 1: source and index have one shape, which is x's
/// but for `axis`. Throws ShapeError for others.
template <class T>
Var<T> scatter_add(Var<T> x, int axis, Index<T> index, Var<T> source, Source where = Source::here());

}  // namespace wengert
