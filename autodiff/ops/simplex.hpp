/// Derivatives in rows of probabilities p, which sum to 1. For the rules of softmax and its kin.
///
/// Where one probability is nearly 1 its own derivative is a small difference of large numbers: it is minus the sum of
/// those of the others, so it is taken from them. An element above 1/2 is the only one of its row; a row without one
/// has nothing to lose. Both functions below are linear in g and d, and each is the transpose of the other, so forward
/// mode and higher orders keep their digits as well.
#pragma once

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/comparison.hpp"
#include "autodiff/ops/reduce.hpp"

namespace wengert {

/// g as differences to its value at the element above 1/2, exactly 0 there.
template <class T>
Var<T> differences_to_most(Var<T> g, Var<T> p) {
  return g - sum(chain(g, greater(p, 0.5)), -1, true);
}

/// d with minus the sum of the others at the element above 1/2.
template <class T>
Var<T> balanced(Var<T> d, Var<T> p) {
  const Var<T> most = greater(p, 0.5), others = where(most, 0, d);
  return others - most * sum(others, -1, true);
}

/// p (g - sum g p), the product of softmax's Jacobian with g.
template <class T>
Var<T> softmax_pullback(Var<T> p, Var<T> g) {
  const Var<T> h = differences_to_most(g, p);
  return balanced(p * (h - sum(h * p, -1, true)), p);
}

}  // namespace wengert
