#include "autodiff/kernels/factor.hpp"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <cmath>
#include <limits>

#include "autodiff/kernels/move.hpp"

namespace wengert::kernels {
namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
Eigen::Map<Matrix<T>> map(const View<T>& a) {
  return {a.data, static_cast<Eigen::Index>(a.shape[0]), static_cast<Eigen::Index>(a.shape[1])};
}

/// A contiguous copy in memory that the thread keeps.
template <class T>
const Matrix<T>& contiguous(const View<const T>& a) {
  thread_local Matrix<T> copied;
  copied.resize(a.shape[0], a.shape[1]);
  copy(a, View<T>(copied.data(), a.shape));
  return copied;
}
template <class T>
const Eigen::PartialPivLU<Matrix<T>>& lu(const View<const T>& a) {
  thread_local Eigen::PartialPivLU<Matrix<T>> factors;
  return factors.compute(contiguous(a));
}

/// True if every number of a diagonal can be divided by.
template <class Diagonal>
bool divides(const Diagonal& diagonal) {
  return (diagonal.array() != 0 && diagonal.array() == diagonal.array()).all();
}

template <class T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

}  // namespace

template <class T>
void cholesky(const View<T>& a) {
  auto x = map(a);
  Eigen::Ref<Matrix<T>> in_place(x);
  const Eigen::LLT<Eigen::Ref<Matrix<T>>> factor(in_place);
  if (factor.info() != Eigen::Success || !divides(x.diagonal())) {
    x.setConstant(kNan<T>);
  } else {
    x.template triangularView<Eigen::StrictlyUpper>().setZero();
  }
}

template <class T>
void solve_triangular(const View<const T>& a, bool lower, bool unit_diagonal, const View<T>& b) {
  const Matrix<T>& A = contiguous(a);
  auto x = map(b);
  if (!unit_diagonal && !divides(A.diagonal())) {
    x.setConstant(kNan<T>);
  } else if (lower) {
    unit_diagonal ? A.template triangularView<Eigen::UnitLower>().solveInPlace(x)
                  : A.template triangularView<Eigen::Lower>().solveInPlace(x);
  } else {
    unit_diagonal ? A.template triangularView<Eigen::UnitUpper>().solveInPlace(x)
                  : A.template triangularView<Eigen::Upper>().solveInPlace(x);
  }
}

template <class T>
void solve(const View<const T>& a, const View<T>& b) {
  auto x = map(b);
  const auto& factors = lu(a);
  if (!divides(factors.matrixLU().diagonal())) {
    x.setConstant(kNan<T>);
    return;
  }
  // As factors.solve(x), which would take memory for the permuted rows on every call.
  const auto& rows = factors.permutationP().indices();
  static thread_local Matrix<T> permuted;
  permuted.resize(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.rows(); ++i) permuted.row(rows[i]) = x.row(i);
  x = permuted;
  factors.matrixLU().template triangularView<Eigen::UnitLower>().solveInPlace(x);
  factors.matrixLU().template triangularView<Eigen::Upper>().solveInPlace(x);
}

template <class T>
Determinant<T> determinant(const View<const T>& a) {
  if (a.shape.size() == 0) return {1, 1, 0};
  const auto& factors = lu(a);
  // Eigen counts the exchanges too, but hands them out only in a product that may vanish.
  const auto& rows = factors.permutationP().indices();
  T sign = 1, log_abs = 0;
  for (Eigen::Index i = 0; i < rows.size(); ++i) {
    for (Eigen::Index j = 0; j < i; ++j) sign = rows[j] > rows[i] ? -sign : sign;
  }
  for (const T u : factors.matrixLU().diagonal()) {
    sign = u > 0 ? sign : u < 0 ? -sign : u;  // 0 and NaN stay
    log_abs += std::log(std::abs(u));
  }
  return {factors.determinant(), sign, log_abs};
}

#define INSTANTIATE(T)                                                              \
  template void cholesky(const View<T>&);                                           \
  template void solve_triangular(const View<const T>&, bool, bool, const View<T>&); \
  template void solve(const View<const T>&, const View<T>&);                        \
  template Determinant<T> determinant(const View<const T>&)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::kernels
