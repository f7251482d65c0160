/// Matrix products.
#pragma once

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// y = a b by NumPy's rules:
///   [m, k] [k, n] -> [m, n];  leading axes are batches and broadcast: [..., m, k] [..., k, n] -> [..., m, n]
///   a vector [k] on the left is a row, on the right a column, and its axis disappears from the result
/// Throws ShapeError if the inner dimensions differ, a batch axis does not broadcast, or an operand has rank 0.
/// Rules: ∂/∂a = g bᵀ, ∂/∂b = aᵀ g (Giles 2008, 2.2.2).
template <class T>
Var<T> matmul(Var<T> a, Var<T> b, Source where = Source::here());

/// Sum of the products of two vectors of equal length: [n], [n] -> [].
template <class T>
Var<T> dot(Var<T> a, Var<T> b, Source where = Source::here());

}  // namespace wengert
