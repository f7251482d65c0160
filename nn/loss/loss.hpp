/// Losses of a batch, one number each.
#pragma once

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

/// F4: ½ Σ (a - t)² over outputs and batch. Throws ShapeError if the shapes differ: nothing is broadcast.
template <class T>
Var<T> half_squares(Var<T> a, Var<T> t, Source where = Source::here());

/// Mean of (a - t)² over all elements. Throws ShapeError if the shapes differ.
template <class T>
Var<T> mean_squared_error(Var<T> a, Var<T> t, Source where = Source::here());

}  // namespace wengert::nn
