/// The matrix product alone, against OpenBLAS and Eigen: rows such as NT128x784x128f32/own/1.
#pragma once

#include <string_view>

namespace bench {

class Medians;

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

/// True for the name of a product, "NN64x64x64f32".
bool is_product(std::string_view what);
/// Floating-point operations of one.
double product_flops(std::string_view what);
void register_products(Medians& medians);

}  // namespace bench
