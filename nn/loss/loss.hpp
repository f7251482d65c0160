/// Losses of a batch. Rows are samples; `mean` and `sum` give one number, `none` what stands below.
///
/// Predictions and targets have the same shape, or a ShapeError says both: nothing is broadcast.
#pragma once

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

// Losses that are operations of the tape: autodiff/ops.
using wengert::binary_cross_entropy;
using wengert::cross_entropy;
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

/// -Σ_k t_k ln softmax(logits)_k of each row; the rows of t are probabilities, one-hot or soft. A class of probability
/// 0 costs nothing, whatever its logit.
template <class T>
Var<T> cross_entropy(Var<T> logits, Var<T> t, Reduction reduction = Reduction::mean, Source where = Source::here());

/// -log_p[label] of each row: log-probabilities [n, classes], labels [n]. A label out of range is a ValueError of the
/// run.
template <class T>
Var<T> negative_log_likelihood(Var<T> log_p, Index<T> labels, Reduction reduction = Reduction::mean,
                               Source where = Source::here());

}  // namespace wengert::nn
