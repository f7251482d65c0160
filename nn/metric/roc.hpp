/// Two classes told apart by a score: what each threshold gives (Fawcett 2006, "An introduction to ROC analysis").
#pragma once

#include <cstdint>
#include <vector>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

/// A row is called positive if its score >= threshold.
struct RocPoint {
  double threshold;
  double false_positive_rate;  ///< of the negative rows, the fraction called positive
  double true_positive_rate;   ///< of the positive rows, the fraction called positive
};

/// From (0, 0) at threshold +inf to (1, 1): one point per different score, largest first. Scores and labels (0 or 1)
/// are [n]. Throws ShapeError if they are not, ValueError for a score that is NaN, a label that is neither, and if one
/// of the classes is missing: a rate of no rows is no number.
template <class T>
std::vector<RocPoint> roc(const Tensor<T>& scores, const Tensor<std::int64_t>& labels, Source where = Source::here());

/// The area under that curve: the probability that a positive row scores higher than a negative one, ties counting
/// half. Throws as `roc`.
template <class T>
double roc_area(const Tensor<T>& scores, const Tensor<std::int64_t>& labels, Source where = Source::here());

}  // namespace wengert::nn
