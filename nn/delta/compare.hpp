/// The tape's deltas against the hand-derived ones and against differences, layer by layer.
///
/// 1. Relative difference of a (tape) and b (hand): max |a - b| / max |b|, where 0/0 is 0. Where the terms of a sum
///    cancel, as over a symmetric batch, b may be nothing but rounding. So a difference of at most 16 roundings of the
///    largest sum of |terms| (Sizes) is taken relative to that sum, if it is larger than max |b|. A wrong delta is not
///    excused by this: it is wrong by a part of its terms, however small all of them are.
/// 2. An entry whose slope by differences is less certain than the bound, because the cost is rounded, is not compared
///    but counted as unjudged. One whose slopes to both sides differ lies across a kink, is skipped and counted.
#pragma once

#include <string>
#include <vector>

#include "nn/delta/closed_form.hpp"
#include "nn/model/mlp.hpp"

namespace wengert::nn {

/// Relative difference of a from the reference b: max |a - b| / max |b|, where 0/0 is 0.
/// With `size`, the largest sum of |terms| of an element, by the first rule above.
template <class T>
double relative_difference(const Tensor<T>& a, const Tensor<T>& b, double size = 0);

struct LayerDifference {
  double closed_form = 0;     ///< largest of δ, ∂C/∂W and ∂C/∂b: tape against hand
  double differences = 0;     ///< ∂C/∂W and ∂C/∂b against central differences
  std::int64_t skipped = 0;   ///< entries whose differences do not fit together: a kink lies between
  std::int64_t unjudged = 0;  ///< entries whose differences are lost in the rounding of the cost
  std::int64_t compared = 0;  ///< entries compared with differences
  double norm = 0;            ///< of δˡ, Euclidean
};

struct DeltaReport {
  std::vector<LayerDifference> layers;
  double closed_form = 0, differences = 0;  ///< the largest of all layers
  /// What these may be: 1e-12 and 1e-7 in double, 1e-5 and 5e-3 in float.
  double closed_form_bound = 1e-12, differences_bound = 1e-7;

  bool confirmed() const { return closed_form <= closed_form_bound && differences <= differences_bound; }
  /// As an aligned table, with a verdict as its last line.
  std::string table() const;
};

/// Compares on a batch x [n, inputs] with targets [n, outputs], or class labels [n] (then the cost is cross entropy of
/// the logits and the output must be a softmax). At most `samples` entries of each W are checked by differences.
template <class T>
DeltaReport compare_deltas(const Mlp<T>& mlp, const Tensor<T>& x, const Tensor<T>& target, Cost cost,
                           std::int64_t samples = 24, Source where = Source::here());
template <class T>
DeltaReport compare_deltas(const Mlp<T>& mlp, const Tensor<T>& x, const Tensor<std::int64_t>& labels,
                           std::int64_t samples = 24, Source where = Source::here());

/// The same against hand-derived results given by the caller: what the comparison itself is tested with.
template <class T>
DeltaReport compare_deltas(const Mlp<T>& mlp, const typename Mlp<T>::Trace& trace, Var<T> cost,
                           const HandBackprop<T>& hand, std::int64_t samples, Source where = Source::here());

}  // namespace wengert::nn
