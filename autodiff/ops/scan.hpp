/// Running results along one axis, and the product of all elements, which is the last of a running one. Negative axes
/// count from the end; one out of range is a ShapeError. An axis of length 0 gives an empty result.
#pragma once

#include "autodiff/ops/reduce.hpp"
#include "autodiff/tape/tape.hpp"

namespace wengert {

/// y_i = x_0 + … + x_i.
template <class T>
Var<T> cumsum(Var<T> x, int axis, Source where = Source::here());

/// y_i = x_0 … x_i. All derivatives are exact, also behind zeros: no division takes part.
template <class T>
Var<T> cumprod(Var<T> x, int axis, Source where = Source::here());

/// y_i = ln(e^x_0 + … + e^x_i), without overflow; -inf as long as all are -inf.
template <class T>
Var<T> logcumsumexp(Var<T> x, int axis, Source where = Source::here());

/// y_0 = b_0, y_i = a_i y_(i-1) + b_i along `axis`; a_0 plays no part. a and b have one shape, or a ShapeError says
/// both.
template <class T>
Var<T> recurrence(Var<T> a, Var<T> b, int axis, Source where = Source::here());

/// Product of the elements along `axes`, all derivatives exact behind zeros. The product of nothing is 1.
template <class T>
Var<T> prod(Var<T> x, const Axes& axes = Axes::all(), bool keepdims = false, Source where = Source::here());

}  // namespace wengert
