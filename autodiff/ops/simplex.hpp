/// Derivatives in rows of probabilities p, which sum to 1. For the rules of softmax and its kin.
///
/// Where one probability is nearly 1 its own derivative is a small difference of large numbers: it is minus the sum of
/// those of the others, so it is taken from them. An element above 1/2 is the only one of its row; a row without one
/// has nothing to lose. All functions below are linear in g, so forward mode and higher orders keep their digits as
/// well.
#pragma once

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// g as differences to its value at the element above 1/2, exactly 0 there.
template <class T>
Var<T> differences_to_most(Var<T> g, Var<T> p);

/// p (g - sum g p), the product of softmax's Jacobian with g. The Jacobian is symmetric: its own transpose.
template <class T>
Var<T> softmax_pullback(Var<T> p, Var<T> g);

/// g - p sum g, the product of log softmax's transposed Jacobian with g.
template <class T>
Var<T> log_softmax_pullback(Var<T> p, Var<T> g);

}  // namespace wengert
