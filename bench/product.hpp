/// A matrix product, for libraries compiled with options of their own.
#pragma once

#include <string_view>
#include <vector>

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

template <class T>
struct Library {
  std::string_view name;
  /// For all that is multiplied until the next call.
  void (*set_threads)(int n);
  void (*multiply)(const Product<T>& p);
};
/// Those of others, as far as they are part of the benchmark: "openblas", "onednn" (f32 alone), "eigen".
template <class T>
std::vector<Library<T>> other_libraries();

}  // namespace bench
