/// Reading and writing whole parts by integer positions; single elements: gather.hpp. An `Index` is data the user sets;
/// a position outside its axis is a ValueError of the run that meets it, naming row and value, before anything is
/// written. Negative positions are out of range. Repeated positions add up, in the order of the index. Negative axes
/// count from the end.
#pragma once

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// y[i…, j…, k…] = x[i…, index[j…], k…]: the axis gives way to the axes of the index. Rows of a table are
/// take(table, index, 0), an embedding. Throws ShapeError for an axis out of range or more than eight axes.
template <class T>
Var<T> take(Var<T> x, Index<T> index, int axis = 0, Source where = Source::here());
/// x, with source[…, j, …] added at place index[j] of `axis`: index [n], source of x's shape but n along `axis`.
/// Throws ShapeError for other shapes.
template <class T>
Var<T> index_add(Var<T> x, int axis, Index<T> index, Var<T> source, Source where = Source::here());

/// 1 at each label, 0 elsewhere: labels [...] in [0, classes) -> [..., classes]. With `spare`, label `classes` is
/// allowed too and gives a row of zeros. No gradient.
template <class T>
Var<T> one_hot(Index<T> labels, std::int64_t classes, bool spare = false, Source where = Source::here());

/// x where the mask is 0, else `value`. Shapes broadcast. The cotangent of what was replaced is 0, whatever its slope.
template <class T>
Var<T> masked_fill(Var<T> x, Var<T> mask, std::type_identity_t<T> value, Source where = Source::here());

}  // namespace wengert
