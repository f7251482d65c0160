/// Spread and size: variance, standard deviation, norms, normalised layers. Compositions, so derivatives of any order
/// follow. Negative axes count from the end; one out of range is a ShapeError.
#pragma once

#include "autodiff/ops/reduce.hpp"
#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Σ (x - mean)² / (N - correction) along `axes`, in two passes, so that nothing cancels: correction 0 divides by N, 1
/// (Bessel's) by N - 1. NaN, with gradient 0, where N - correction is not positive.
template <class T>
Var<T> var(Var<T> x, const Axes& axes = Axes::all(), double correction = 0, bool keepdims = false,
           Source where = Source::here());
/// The root of var. (NumPy's std; here that is the name of a namespace.) The slope at equal elements is 0.
template <class T>
Var<T> stddev(Var<T> x, const Axes& axes = Axes::all(), double correction = 0, bool keepdims = false,
              Source where = Source::here());

/// (Σ |x|^p)^(1/p) along `axes`, p > 0; for p = infinity the largest |x|. Elements are scaled by the largest one, so
/// that powers neither overflow nor vanish. The slope at 0 is 0; for p = infinity a tie shares it. The norm of nothing
/// is 0. Throws ValueError for p <= 0 or NaN.
template <class T>
Var<T> norm(Var<T> x, double p = 2, const Axes& axes = Axes::all(), bool keepdims = false,
            Source where = Source::here());

/// (x - mean) / sqrt(var + epsilon) along `axes` (Ba, Kiros, Hinton 2016). x keeps its shape; multiply and add to it
/// what the layer learns.
template <class T>
Var<T> layer_norm(Var<T> x, const Axes& axes = -1, double epsilon = 1e-5, Source where = Source::here());

}  // namespace wengert
