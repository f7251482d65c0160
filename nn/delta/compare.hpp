/// The tape's deltas against the hand-derived ones and against differences, layer by layer.
#pragma once

#include <string>
#include <vector>

#include "nn/delta/closed_form.hpp"
#include "nn/model/mlp.hpp"

namespace wengert::nn {

/// Relative difference of a from the reference b: max |a - b| / max |b|, where 0/0 is 0.
template <class T>
double relative_difference(const Tensor<T>& a, const Tensor<T>& b);

struct LayerDifference {
  double closed_form = 0;    ///< largest of δ, ∂C/∂W and ∂C/∂b: tape against hand
  double differences = 0;    ///< ∂C/∂W and ∂C/∂b against central differences
  std::int64_t skipped = 0;  ///< entries whose differences do not fit together: a kink lies between
  double norm = 0;           ///< of δˡ, Euclidean
};

struct DeltaReport {
  std::vector<LayerDifference> layers;
  double closed_form = 0, differences = 0;  ///< the largest of all layers
  /// As an aligned table with a verdict.
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
