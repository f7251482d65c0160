/// Broadcasting, asked for by name: elementwise operations do it by themselves. Stretching is a view, no element moves.
#pragma once

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Stretched to `shape` by NumPy's rules. Throws ShapeError if x does not broadcast to it.
template <class T>
Var<T> broadcast_to(Var<T> x, const Shape& shape, Source where = Source::here());

/// Summed over the axes by which `shape` would have been stretched to x's shape: the reverse of broadcast_to.
template <class T>
Var<T> sum_to(Var<T> x, const Shape& shape, Source where = Source::here());

}  // namespace wengert
