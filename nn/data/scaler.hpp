/// Scaling of features, column by column, with numbers taken from the training rows alone: fit on them, then transform
/// training, validation and test rows.
///     const auto scaler = standard_scaler(x_train);
///     mlp.predict(scaler.transform(x_test));
#pragma once

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

template <class T>
struct Scaler {
  Tensor<T> shift, scale;  ///< [columns]

  /// (x - shift) / scale for x [n, columns]. Throws ShapeError for another number of columns.
  Tensor<T> transform(const Tensor<T>& x, Source where = Source::here()) const;
  /// x scale + shift: what `transform` came from, up to rounding.
  Tensor<T> inverse(const Tensor<T>& x, Source where = Source::here()) const;
};

/// shift = mean, scale = standard deviation (divisor n). A column of one value has scale 1, so it becomes 0 and a row
/// that differs from it keeps its difference. Throws ShapeError unless x is [n, columns] with n >= 1, ValueError for
/// NaN or infinity.
template <class T>
Scaler<T> standard_scaler(const Tensor<T>& x, Source where = Source::here());

/// shift = minimum, scale = maximum - minimum: training rows come into [0, 1]. A column of one value has scale 1.
/// Throws as `standard_scaler`.
template <class T>
Scaler<T> min_max_scaler(const Tensor<T>& x, Source where = Source::here());

}  // namespace wengert::nn
