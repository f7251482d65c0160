/// Matrices in every layout a kernel may meet.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <vector>

#include "tests/autodiff/kernels/fenced.hpp"

namespace wengert::kernels {

using Size = std::ptrdiff_t;

/// How a matrix lies in memory: by rows or columns, without or with something between them; with something between all
/// elements; one row or column for all; backwards.
enum class Layout { rows, columns, wide_rows, tall_columns, gaps, tall_gaps, same_row, same_column, flipped, count_ };

/// A matrix at the end of its memory. Everything between its elements is NaN.
template <class T>
struct Matrix {
  Size rows, cols, row = 0, col = 0;
  Fenced<T> memory;
  T* first;

  Matrix(Size m, Size n, Layout layout) : rows(m), cols(n), memory(set_strides(layout)), first(memory.data()) {
    if (layout == Layout::flipped && memory.size() != 0) first = memory.end() - 1;
  }
  T& operator()(Size i, Size j) { return first[i * row + j * col]; }
  template <class Draw>
  void fill(Draw draw) {
    for (Size i = 0; i < rows; ++i) {
      for (Size j = 0; j < cols; ++j) (*this)(i, j) = draw();
    }
  }
  std::vector<T> values() {
    std::vector<T> out;
    for (Size i = 0; i < rows; ++i) {
      for (Size j = 0; j < cols; ++j) out.push_back((*this)(i, j));
    }
    return out;
  }
  /// Whether nothing but elements has been written. For matrices by rows.
  bool intact() const {
    bool good = memory.intact();
    for (Size i = 0; i < static_cast<Size>(memory.size()); ++i) {
      good &= i % row < cols || memory.untouched(static_cast<std::size_t>(i));
    }
    return good;
  }

 private:
  /// Returns the size of the memory.
  std::size_t set_strides(Layout layout) {
    switch (layout) {
      case Layout::rows: row = cols, col = 1; break;
      case Layout::columns: row = 1, col = rows; break;
      case Layout::wide_rows: row = cols + 3, col = 1; break;
      case Layout::tall_columns: row = 1, col = rows + 5; break;
      case Layout::gaps: row = 2 * cols + 1, col = 2; break;
      case Layout::tall_gaps: row = 3, col = 3 * rows + 1; break;
      case Layout::same_row: row = 0, col = 1; break;
      case Layout::same_column: row = 1, col = 0; break;
      case Layout::flipped: row = -cols, col = -1; break;
      case Layout::count_: break;
    }
    if (rows == 0 || cols == 0) return 0;
    return static_cast<std::size_t>(std::abs((rows - 1) * row + (cols - 1) * col) + 1);
  }
};

}  // namespace wengert::kernels
