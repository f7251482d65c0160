/// A matrix product, for libraries compiled with options of their own.
#pragma once

namespace bench {

/// C [m, n] = A B, contiguous, of depth k; A is stored [k, m] if a_transposed, B [n, k] if b_transposed.
template <class T>
struct Product {
  bool a_transposed = false, b_transposed = false;
  int m = 0, n = 0, k = 0;
  const T* a = nullptr;
  const T* b = nullptr;
  T* c = nullptr;
};

/// False if this library is not part of the benchmark.
template <class T>
bool multiply_openblas(const Product<T>& p, int threads);
template <class T>
bool multiply_eigen(const Product<T>& p, int threads);

}  // namespace bench
