/// Determinants of square matrices. Matrices stand in the last two axes; axes before them are batches. All throw
/// ShapeError unless the last two axes are equal.
#pragma once

#include <utility>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Determinant: [..., n, n] -> [...]. Its gradient, det(a) a⁻ᵀ, is NaN where a is singular.
template <class T>
Var<T> det(Var<T> a, Source where = Source::here());
/// {sign of the determinant, ln |determinant|}, which overflow nowhere; {0, -inf} if a is singular. The sign has no
/// gradient.
template <class T>
std::pair<Var<T>, Var<T>> slogdet(Var<T> a, Source where = Source::here());
/// ln of the determinant; NaN where that is negative.
template <class T>
Var<T> logdet(Var<T> a, Source where = Source::here());

}  // namespace wengert
