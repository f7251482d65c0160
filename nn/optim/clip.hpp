/// Gradients kept from growing too large, as mathematics on Vars: put the result into Optimizer::updates.
///
/// Norms are Euclidean and taken of values scaled by the largest, so that no square overflows or vanishes. A gradient
/// that is not finite is passed on as it is, and its norm says so.
#pragma once

#include <vector>

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

/// Each element brought into [-largest, largest]. NaN stays.
template <class T>
Var<T> clip_by_value(Var<T> g, double largest, Source where = Source::here());

/// g largest/‖g‖ where ‖g‖ > largest, else g itself, also the zero vector.
template <class T>
Var<T> clip_by_norm(Var<T> g, double largest, Source where = Source::here());

/// sqrt(Σ g²) over all elements of all gradients: +inf or NaN if one of them is. No gradients, or empty ones: 0.
/// Throws UsageError for no gradients at all.
template <class T>
Var<T> global_norm(const std::vector<Var<T>>& gradients, Source where = Source::here());

template <class T>
struct Clipped {
  std::vector<Var<T>> gradients;
  Var<T> norm;  ///< before clipping
};
/// All gradients by one factor, largest/norm where norm > largest (Pascanu, Mikolov and Bengio 2013, algorithm 1).
template <class T>
Clipped<T> clip_by_global_norm(const std::vector<Var<T>>& gradients, double largest, Source where = Source::here());

}  // namespace wengert::nn
