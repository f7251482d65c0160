/// Softmax and its kin: row by row along an axis, shifted by the largest element so that nothing overflows.
#pragma once

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// y_i = e^(x_i) / Σ_j e^(x_j) along `axis` (Bridle 1990). Rows of -inf alone give zeros.
template <class T>
Var<T> softmax(Var<T> x, int axis = -1, Source where = Source::here());

/// y_i = x_i - ln Σ_j e^(x_j) along `axis`, without cancellation.
template <class T>
Var<T> log_softmax(Var<T> x, int axis = -1, Source where = Source::here());

/// y = ln Σ_j e^(x_j) along `axis`.
template <class T>
Var<T> log_sum_exp(Var<T> x, int axis = -1, bool keepdims = false, Source where = Source::here());

/// How the losses of single samples become one.
enum class Reduction { mean, sum, none };

/// -ln softmax(logits)[label], per sample: logits [n, classes] (or [classes]), labels [n] (or []) in [0, classes).
/// A label out of range is a ValueError of the run that meets it, naming row and label. The mean of no samples is NaN.
template <class T>
Var<T> cross_entropy(Var<T> logits, Index<T> labels, Reduction reduction = Reduction::mean,
                     Source where = Source::here());

/// 1 at the label of each row, 0 elsewhere: labels [n] -> [n, classes]. No gradient.
template <class T>
Var<T> one_hot(Index<T> labels, std::int64_t classes, Source where = Source::here());

}  // namespace wengert
