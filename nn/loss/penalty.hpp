/// Penalties on the size of weights, to be added to a loss; the tape gives their slopes.
///
/// Biases are left out (`is_bias`), and whatever is not trained.
#pragma once

#include "nn/model/parameter.hpp"

namespace wengert::nn {

/// λ Σ |w|; slope λ sign w, 0 at 0.
template <class T>
Var<T> l1_penalty(const std::vector<Parameter<T>>& parameters, double lambda, Source where = Source::here());

/// λ/2 Σ w²; slope λ w. Decay that stays out of a method's moments is `decay` of the optimiser instead.
template <class T>
Var<T> l2_penalty(const std::vector<Parameter<T>>& parameters, double lambda, Source where = Source::here());

}  // namespace wengert::nn
