/// How well numbers are predicted. Sums are taken in double, over a whole set: batch after batch gives the same as all
/// rows at once, up to rounding.
#pragma once

#include <cstdint>
#include <vector>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

/// Collects rows of predictions and targets.
class RegressionScore {
 public:
  /// Both [n, columns], or both [n] for one column. Throws ShapeError if the shapes differ (nothing is broadcast), the
  /// rank is another, or the number of columns is not that of the rows before.
  template <class T>
  void add(const Tensor<T>& prediction, const Tensor<T>& target, Source where = Source::here());

  /// Number of rows.
  std::int64_t rows() const { return rows_; }
  /// Mean of (prediction - target)^2 over rows and columns. Throws UsageError if there are no elements, as do the
  /// others.
  double mean_squared_error(Source where = Source::here()) const;
  /// Mean over rows and columns of |prediction - target|.
  double mean_absolute_error(Source where = Source::here()) const;
  /// R2 = 1 - Σ (prediction - target)^2 / Σ (target - its mean)^2 of each column, then the mean over columns. A column
  /// whose target is constant counts 1 if it is predicted exactly, else 0.
  double r2(Source where = Source::here()) const;

 private:
  /// Of one column. Mean and spread of the target by Welford's update (1962): nothing cancels.
  struct Column {
    double squares = 0, absolute = 0;
    double mean = 0, spread = 0;
  };
  void expect_elements(const char* operation, Source where) const;

  std::int64_t rows_ = 0;
  std::vector<Column> columns_;
};

/// Mean of (prediction - target)^2 over all elements. Throws ShapeError if the shapes differ: nothing is broadcast.
template <class T>
double mean_squared_error(const Tensor<T>& prediction, const Tensor<T>& target, Source where = Source::here());

/// `RegressionScore::r2` of these rows.
template <class T>
double r2(const Tensor<T>& prediction, const Tensor<T>& target, Source where = Source::here());

}  // namespace wengert::nn
