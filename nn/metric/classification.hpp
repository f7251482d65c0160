/// How well classes are predicted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

/// Class of each row of outputs [n, classes]: where the largest stands, the first of several. A NaN is smaller than any
/// number. Throws ShapeError unless outputs are [n, classes] with classes >= 1.
template <class T>
Tensor<std::int64_t> predicted_classes(const Tensor<T>& outputs, Source where = Source::here());

/// Fraction of rows of outputs [n, classes] whose label [n] is among the k classes with the largest outputs; of equal
/// outputs the first counts as larger. Throws ShapeError if outputs and labels do not fit or there are no rows,
/// ValueError unless 1 <= k <= classes and every label is in 0..classes-1.
template <class T>
double top_k_accuracy(const Tensor<T>& outputs, const Tensor<std::int64_t>& labels, std::int64_t k,
                      Source where = Source::here());
/// Fraction of rows whose largest output is at the label: `top_k_accuracy` with k = 1.
template <class T>
double accuracy(const Tensor<T>& outputs, const Tensor<std::int64_t>& labels, Source where = Source::here());

/// Who was taken for whom. Counts rows; batch after batch gives the same as all at once.
class ConfusionMatrix {
 public:
  /// Throws ValueError for less than one class.
  explicit ConfusionMatrix(std::int64_t classes, Source where = Source::here());

  /// Labels [n] and what was predicted instead [n]. Throws ShapeError if they differ in shape, ValueError for a class
  /// outside 0..classes-1; nothing is counted then.
  void add(const Tensor<std::int64_t>& labels, const Tensor<std::int64_t>& predicted, Source where = Source::here());

  std::int64_t classes() const { return counts_.shape()[0]; }
  /// Counts [label, predicted].
  const Tensor<std::int64_t>& counts() const { return counts_; }
  /// Number of rows.
  std::int64_t rows() const;

  /// Fraction of all rows predicted right.
  double accuracy() const;
  /// Of the rows predicted as `c`, the fraction that is. These are 0 where nothing is to
  /// divide by. Throws ValueError for a class outside 0..classes-1, as do recall and f1.
  double precision(std::int64_t c, Source where = Source::here()) const;
  /// Of the rows that are `c`, the fraction predicted as such.
  double recall(std::int64_t c, Source where = Source::here()) const;
  /// Harmonic mean of precision and recall: 2 right / (predicted + there).
  double f1(std::int64_t c, Source where = Source::here()) const;
  /// Means over the classes, each counting as much (macro average).
  double macro_precision() const;
  double macro_recall() const;
  double macro_f1() const;

 private:
  void expect_class(const char* operation, std::int64_t c, Source where) const;
  std::int64_t right(std::int64_t c) const { return counts_.at(c, c); }
  std::int64_t there(std::int64_t c) const;
  std::int64_t predicted(std::int64_t c) const;

  Tensor<std::int64_t> counts_;
};

/// An aligned table: a row per class, a column per predicted class, then precision, recall and F1 of the row's class.
/// `names` takes the place of the numbers. Throws UsageError for another number of names than classes.
std::string to_string(const ConfusionMatrix& matrix, const std::vector<std::string>& names = {},
                      Source where = Source::here());

}  // namespace wengert::nn
