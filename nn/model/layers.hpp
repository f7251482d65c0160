/// Layers with leaves of their own.
///
/// W is [in, out]: rows of x are samples and z = x W + b. (PyTorch stores the transpose.)
#pragma once

#include "nn/model/init.hpp"
#include "nn/model/module.hpp"

namespace wengert::nn {

/// z = x W + b with W [in, out] and b [out].
template <class T>
struct Linear {
  Var<T> W, b;
  Var<T> operator()(Var<T> x, Source where = Source::here()) const {
    return add(Located<T>(matmul(x, W, where), where), Located<T>(b, where));
  }
  Var<T> forward(Var<T> x, Pass<T>& pass) const { return (*this)(x, pass.where); }
  std::vector<Parameter<T>> named_parameters() const { return {{"weight", W}, {"bias", b}}; }
};

/// A linear layer whose weights are drawn from `random`. Throws ShapeError unless both sizes are positive.
template <class T>
Linear<T> linear(Tape<T>& tape, std::int64_t in, std::int64_t out, Random& random, Init init = Init::glorot_uniform,
                 double bias = 0, Source where = Source::here());

/// (x - mean) / sqrt(variance + ε) · weight + bias for each column of x [n, features] (Ioffe and Szegedy 2015).
///
/// Training: mean and variance (divisor n) of the batch; the running ones move by `momentum` towards them, the variance
/// with divisor n - 1. A batch of one sample has no variance and leaves the running one alone. Predicting: the running
/// ones.
template <class T>
struct BatchNorm1d {
  Var<T> weight, bias;               ///< [features], from 1 and 0
  Var<T> running_mean, running_var;  ///< [features], from 0 and 1, not trained
  double momentum = 0.1, epsilon = 1e-5;
  Var<T> forward(Var<T> x, Pass<T>& pass) const;
  std::vector<Parameter<T>> named_parameters() const {
    return {
        {"weight", weight}, {"bias", bias}, {"running_mean", running_mean, false}, {"running_var", running_var, false}};
  }
};
template <class T>
BatchNorm1d<T> batch_norm(Tape<T>& tape, std::int64_t features, Source where = Source::here());

/// (x - mean) / sqrt(variance + ε) · weight + bias along the last axis (Ba, Kiros and Hinton 2016).
template <class T>
struct LayerNorm {
  Var<T> weight, bias;  ///< [features], from 1 and 0
  double epsilon = 1e-5;
  Var<T> forward(Var<T> x, Pass<T>& pass) const;
  std::vector<Parameter<T>> named_parameters() const { return {{"weight", weight}, {"bias", bias}}; }
};
template <class T>
LayerNorm<T> layer_norm(Tape<T>& tape, std::int64_t features, Source where = Source::here());

/// Training: each element is 0 with probability `rate`, else divided by 1 - rate, drawn anew by each step's key
/// (Srivastava et al. 2014). Predicting: x. Throws UsageError if a training pass has no key, ValueError for a rate
/// outside [0, 1].
template <class T>
struct Dropout {
  double rate = 0.5;
  Var<T> forward(Var<T> x, Pass<T>& pass) const;
};

/// Rows of weight [count, features] by number: [...] -> [..., features]. A number out of range is a ValueError of the
/// run. It stands in front of a model, as it takes an Index.
template <class T>
struct Embedding {
  Var<T> weight;
  Var<T> operator()(Index<T> rows, Source where = Source::here()) const { return take(weight, rows, 0, where); }
  std::vector<Parameter<T>> named_parameters() const { return {{"weight", weight}}; }
};
/// Its weights are standard normal. Throws ShapeError unless both sizes are positive.
template <class T>
Embedding<T> embedding(Tape<T>& tape, std::int64_t count, std::int64_t features, Random& random,
                       Source where = Source::here());

}  // namespace wengert::nn
