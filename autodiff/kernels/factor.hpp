/// Factorisations of one square matrix, row-major and contiguous: what Eigen does best. Where a matrix has none, every
/// element of the result is NaN.
///
/// A thread keeps the memory of its last matrix; beyond some hundred rows Eigen takes more for the time of a call.
#pragma once

#include <cstdint>

#include "autodiff/tensor/view.hpp"

namespace wengert::kernels {

/// a becomes L of a = L Lᵀ, zeros above the diagonal; only the lower triangle of a is read.
template <class T>
void cholesky(const View<T>& a);

/// b becomes A⁻¹ b; only the lower (upper) triangle of A is read, of its diagonal nothing if it is taken for 1.
template <class T>
void solve_triangular(const View<const T>& a, bool lower, bool unit_diagonal, const View<T>& b);

/// b becomes A⁻¹ b, by LU with partial pivoting.
template <class T>
void solve(const View<const T>& a, const View<T>& b);

template <class T>
struct Determinant {
  T value, sign, log_abs;
};
/// By LU with partial pivoting. Of a singular matrix: 0, 0, -inf.
template <class T>
Determinant<T> determinant(const View<const T>& a);

}  // namespace wengert::kernels
