/// Softmax and its kin: row by row along an axis, shifted by the largest element so that nothing overflows.
#pragma once

#include "autodiff/ops/reduce.hpp"
#include "autodiff/tape/tape.hpp"

namespace wengert {

/// y_i = e^(x_i) / Σ_j e^(x_j) along `axis` (Bridle 1990). Rows of -inf alone give zeros.
template <class T>
Var<T> softmax(Var<T> x, int axis = -1, Source where = Source::here());

/// y_i = x_i - ln Σ_j e^(x_j) along `axis`, without cancellation.
template <class T>
Var<T> log_softmax(Var<T> x, int axis = -1, Source where = Source::here());

/// y = ln Σ e^x along `axes`. Of nothing: -inf.
template <class T>
Var<T> log_sum_exp(Var<T> x, const Axes& axes = -1, bool keepdims = false, Source where = Source::here());
/// Another name of log_sum_exp.
template <class T>
Var<T> logsumexp(Var<T> x, const Axes& axes = -1, bool keepdims = false, Source where = Source::here()) {
  return log_sum_exp(x, axes, keepdims, where);
}

}  // namespace wengert
