/// Rows of a table: picked by number, and labels written as rows.
#pragma once

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

/// The rows of x [n, …] at `rows` [m], in that order: [m, …]. Throws ShapeError if x has no axis or `rows` not one,
/// ValueError for a row outside 0..n-1.
template <class T>
Tensor<T> take_rows(const Tensor<T>& x, const Tensor<std::int64_t>& rows, Source where = Source::here());

/// `shape` with another number of rows.
Shape with_rows(std::int64_t rows, const Shape& shape);

/// Labels [n] as rows [n, classes] of zeros with a one at the label. Throws ShapeError if `labels` has not one axis,
/// ValueError `one_hot: label 8 of row 3 is not in 0..7`.
template <class T>
Tensor<T> one_hot(const Tensor<std::int64_t>& labels, std::int64_t classes, Source where = Source::here());

/// A table [n, columns] whose last column is the class of the row.
template <class T>
struct Classified {
  Tensor<T> x;                  ///< [n, columns - 1], rounded to T
  Tensor<std::int64_t> labels;  ///< [n]
};
/// Throws ShapeError unless the table is [n, columns] with columns >= 1, ValueError `classified: the label of row 3 is
/// 1.5, not a class` unless labels are whole numbers >= 0.
template <class T>
Classified<T> classified(const Tensor<double>& table, Source where = Source::here());

}  // namespace wengert::nn
