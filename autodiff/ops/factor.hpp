/// Linear systems and factorisations of square matrices. Matrices stand in the last two axes; axes before them are
/// batches. All throw ShapeError unless the last two axes are equal. A matrix for which there is no answer gives NaN in
/// its whole result, never an error: run() does not depend on values.
#pragma once

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// L with a = L Lᵀ, zeros above the diagonal: [..., n, n] -> [..., n, n]. The symmetric part (a + aᵀ)/2 is factored, so
/// the gradient is symmetric. NaN if a is not positive definite. Rule: Murray 2016, section 3.1.
template <class T>
Var<T> cholesky(Var<T> a, Source where = Source::here());

/// Which triangle of a matrix is meant, the other is not read; a unit diagonal is not read either.
struct Triangular {
  bool lower = true;
  bool unit_diagonal = false;
};
/// x with a x = b for a triangular a: [..., n, n], [..., n, k] or [n] -> b's shape. Batches broadcast. NaN if a has a 0
/// on its diagonal. Throws ShapeError if a and b do not fit.
template <class T>
Var<T> triangular_solve(Var<T> a, Var<T> b, Triangular how = {}, Source where = Source::here());

/// x with a x = b: [..., n, n], [..., n, k] or [n] -> b's shape. Batches broadcast. NaN if a is singular. By LU with
/// partial pivoting, once for the value and once per derivative (Giles 2008, 2.3.1). Throws ShapeError if a and b do
/// not fit.
template <class T>
Var<T> solve(Var<T> a, Var<T> b, Source where = Source::here());
/// The inverse: NaN if a is singular. To multiply by it, solve is cheaper and more exact.
template <class T>
Var<T> inverse(Var<T> a, Source where = Source::here());

}  // namespace wengert
