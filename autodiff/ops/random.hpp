/// Random numbers on the tape: pure functions of a key, a stream and the element's position, by Philox (see
/// tensor/random.hpp). No gradient.
///
/// 1. The key is two integers, {seed, step}, that the user sets like any index: tape.indices({seed, step}). A run never
///    changes it. The same key gives the same numbers, in forward and backward and when recomputed.
/// 2. The stream is the ordinal of the random operation on its tape, so two calls differ and are never merged. Ordinals
///    of a closed scope are given again: recording again draws the same and finds the compiled program.
/// 3. Numbers of the tape are never those of a `Random` with a stream below 2^63.
#pragma once

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Numbers in [low, high). Throws ShapeError unless the key has shape [2], ValueError unless low < high and high - low
/// is finite.
template <class T>
Var<T> uniform(Index<T> key, const Shape& shape, double low = 0, double high = 1, Source where = Source::here());

/// Gaussian numbers. Throws ShapeError unless the key has shape [2], ValueError unless deviation >= 0 and both are
/// finite.
template <class T>
Var<T> normal(Index<T> key, const Shape& shape, double mean = 0, double deviation = 1, Source where = Source::here());

/// 1 with `probability`, else 0. Throws ShapeError unless the key has shape [2], ValueError for a probability outside
/// [0, 1].
template <class T>
Var<T> bernoulli(Index<T> key, const Shape& shape, double probability, Source where = Source::here());

/// x / (1 - rate), but 0 with probability `rate`, so that the mean stays (Srivastava et al. 2014, section 10). What is
/// dropped has cotangent 0. Throws as bernoulli.
template <class T>
Var<T> dropout(Var<T> x, Index<T> key, double rate, Source where = Source::here());

}  // namespace wengert
