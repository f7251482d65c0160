/// Losses of a batch. Rows are samples; `mean` and `sum` give one number, `none` what stands below.
///
/// Predictions and targets have the same shape, or a ShapeError says both: nothing is broadcast.
#pragma once

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

using wengert::binary_cross_entropy;  // of logits and probabilities
using wengert::cross_entropy;         // of logits, with class labels or probabilities
using wengert::huber;

/// F4: ½ (a - t)², summed over outputs and batch.
template <class T>
Var<T> half_squares(Var<T> a, Var<T> t, Reduction reduction = Reduction::sum, Source where = Source::here());

/// (a - t)², its mean over all elements; slope 2 (a - t)/n.
template <class T>
Var<T> mean_squared_error(Var<T> a, Var<T> t, Reduction reduction = Reduction::mean, Source where = Source::here());

/// |a - t|; slope 0 where they are equal.
template <class T>
Var<T> mean_absolute_error(Var<T> a, Var<T> t, Reduction reduction = Reduction::mean, Source where = Source::here());

/// -log_p[label] of each row: log-probabilities [n, classes], labels [n]. A label out of range is a ValueError of the
/// run.
template <class T>
Var<T> negative_log_likelihood(Var<T> log_p, Index<T> labels, Reduction reduction = Reduction::mean,
                               Source where = Source::here());

}  // namespace wengert::nn
