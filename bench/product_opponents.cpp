// The matrix products of others, compiled for this machine.
#include "bench/product.hpp"

#ifdef WENGERT_BENCH_BLAS
#include <cblas.h>
#endif
#ifdef WENGERT_BENCH_EIGEN
#include <Eigen/Dense>
#endif

namespace bench {
namespace {

#ifdef WENGERT_BENCH_BLAS
void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, const Product<float>& p) {
  cblas_sgemm(CblasRowMajor, ta, tb, p.m, p.n, p.k, 1, p.a, p.a_transposed ? p.m : p.k, p.b, p.b_transposed ? p.k : p.n,
              0, p.c, p.n);
}
void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, const Product<double>& p) {
  cblas_dgemm(CblasRowMajor, ta, tb, p.m, p.n, p.k, 1, p.a, p.a_transposed ? p.m : p.k, p.b, p.b_transposed ? p.k : p.n,
              0, p.c, p.n);
}
#endif

}  // namespace

template <class T>
bool multiply_openblas([[maybe_unused]] const Product<T>& p, [[maybe_unused]] int threads) {
#ifdef WENGERT_BENCH_BLAS
  openblas_set_num_threads(threads);
  gemm(p.a_transposed ? CblasTrans : CblasNoTrans, p.b_transposed ? CblasTrans : CblasNoTrans, p);
  return true;
#else
  return false;
#endif
}

template <class T>
bool multiply_eigen([[maybe_unused]] const Product<T>& p, [[maybe_unused]] int threads) {
#ifdef WENGERT_BENCH_EIGEN
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::setNbThreads(threads);
  Eigen::Map<Matrix> c(p.c, p.m, p.n);
  if (p.a_transposed) {
    c.noalias() = Eigen::Map<const Matrix>(p.a, p.k, p.m).transpose() * Eigen::Map<const Matrix>(p.b, p.k, p.n);
  } else if (p.b_transposed) {
    c.noalias() = Eigen::Map<const Matrix>(p.a, p.m, p.k) * Eigen::Map<const Matrix>(p.b, p.n, p.k).transpose();
  } else {
    c.noalias() = Eigen::Map<const Matrix>(p.a, p.m, p.k) * Eigen::Map<const Matrix>(p.b, p.k, p.n);
  }
  return true;
#else
  return false;
#endif
}

template bool multiply_openblas(const Product<float>&, int);
template bool multiply_openblas(const Product<double>&, int);
template bool multiply_eigen(const Product<float>&, int);
template bool multiply_eigen(const Product<double>&, int);

}  // namespace bench
