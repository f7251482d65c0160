// The matrix products of others, compiled for this machine.
#include "bench/product.hpp"

#ifdef WENGERT_BENCH_BLAS
#include <cblas.h>
#endif
#ifdef WENGERT_BENCH_EIGEN
#include <Eigen/Dense>
#endif
#ifdef WENGERT_BENCH_ONEDNN
#include <dnnl.h>
#include <omp.h>
#endif

namespace bench {
namespace {

#ifdef WENGERT_BENCH_BLAS
CBLAS_TRANSPOSE transposed(bool yes) { return yes ? CblasTrans : CblasNoTrans; }
void multiply_openblas(const Product<float>& p) {
  cblas_sgemm(CblasRowMajor, transposed(p.a_transposed), transposed(p.b_transposed), p.m, p.n, p.k, 1, p.a,
              p.a_transposed ? p.m : p.k, p.b, p.b_transposed ? p.k : p.n, 0, p.c, p.n);
}
void multiply_openblas(const Product<double>& p) {
  cblas_dgemm(CblasRowMajor, transposed(p.a_transposed), transposed(p.b_transposed), p.m, p.n, p.k, 1, p.a,
              p.a_transposed ? p.m : p.k, p.b, p.b_transposed ? p.k : p.n, 0, p.c, p.n);
}
#endif

#ifdef WENGERT_BENCH_ONEDNN
void multiply_onednn(const Product<float>& p) {
  dnnl_sgemm(p.a_transposed ? 'T' : 'N', p.b_transposed ? 'T' : 'N', p.m, p.n, p.k, 1, p.a, p.a_transposed ? p.m : p.k,
             p.b, p.b_transposed ? p.k : p.n, 0, p.c, p.n);
}
#endif

#ifdef WENGERT_BENCH_EIGEN
template <class T>
void multiply_eigen(const Product<T>& p) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<Matrix> c(p.c, p.m, p.n);
  if (p.a_transposed) {
    c.noalias() = Eigen::Map<const Matrix>(p.a, p.k, p.m).transpose() * Eigen::Map<const Matrix>(p.b, p.k, p.n);
  } else if (p.b_transposed) {
    c.noalias() = Eigen::Map<const Matrix>(p.a, p.m, p.k) * Eigen::Map<const Matrix>(p.b, p.n, p.k).transpose();
  } else {
    c.noalias() = Eigen::Map<const Matrix>(p.a, p.m, p.k) * Eigen::Map<const Matrix>(p.b, p.k, p.n);
  }
}
#endif

}  // namespace

template <class T>
std::vector<Library<T>> other_libraries() {
  std::vector<Library<T>> out;
#ifdef WENGERT_BENCH_BLAS
  out.push_back({"openblas", openblas_set_num_threads, multiply_openblas});
#endif
#ifdef WENGERT_BENCH_ONEDNN
  if constexpr (sizeof(T) == sizeof(float)) out.push_back({"onednn", omp_set_num_threads, multiply_onednn});
#endif
#ifdef WENGERT_BENCH_EIGEN
  out.push_back({"eigen", Eigen::setNbThreads, multiply_eigen<T>});
#endif
  return out;
}

template std::vector<Library<float>> other_libraries();
template std::vector<Library<double>> other_libraries();

}  // namespace bench
