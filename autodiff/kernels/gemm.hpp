/// Matrix product on strided operands, with a fused epilogue.
///
///   C [m, n] = (accumulate ? C : 0) + bias + A [m, k] B [k, n], then the epilogue over C while it is in cache
///
/// Goto and van de Geijn 2008 (blocking); which operands are packed follows from the whole problem's shape, never from
/// a thread's part, so that the result does not depend on the number of threads.
#pragma once

#include <cstddef>

#include "autodiff/kernels/tile.hpp"

namespace wengert::kernels {

/// Half of the smallest L2 that matters, in bytes.
inline constexpr std::ptrdiff_t kHalfL2 = std::ptrdiff_t{1} << 19;

template <class T>
struct Gemm {
  std::ptrdiff_t m = 0, n = 0, k = 0;
  const T* a = nullptr;
  std::ptrdiff_t a_row = 0, a_col = 0;  ///< element strides; fastest where one of them is 1
  const T* b = nullptr;
  std::ptrdiff_t b_row = 0, b_col = 0;
  T* c = nullptr;
  std::ptrdiff_t c_row = 0;  ///< columns of C are contiguous
  bool accumulate = false;
  const T* bias = nullptr;                   ///< n contiguous elements, or none
  const TileProgram<T>* epilogue = nullptr;  ///< its home is C: rows = m, cols = n
  T* scratch = nullptr;                      ///< for the epilogue
};

template <class T>
using GemmFn = void (*)(const Gemm<T>&);
/// What runs a product and its epilogue on the instruction set in use now. k = 0 gives the bias (or zeros). No operand
/// may overlap C.
template <class T>
GemmFn<T> gemm_function();
/// Runs it. Who does so often keeps the function: looking it up takes as long as the smallest products.
template <class T>
void gemm(const Gemm<T>& problem) {
  gemm_function<T>()(problem);
}

}  // namespace wengert::kernels
