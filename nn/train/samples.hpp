/// What a training is given: rows, and a label or target for each.
#pragma once

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

/// Rows of x and what belongs to each: class labels [n], or targets [n, outputs], also [n] for one output.
template <class T>
struct Samples {
  Tensor<T> x, targets{};
  Tensor<std::int64_t> labels{};

  Samples() = default;
  /// Throws ShapeError if there is not one label, or target, per row of x.
  Samples(Tensor<T> rows, Tensor<std::int64_t> classes, Source where = Source::here());
  Samples(Tensor<T> rows, Tensor<T> values, Source where = Source::here());
  std::int64_t size() const { return x.shape()[0]; }
  bool has_labels() const { return labels.size() != 0; }
};

/// Samples on the tape; `labels` or `targets` is set, as in the samples.
template <class T>
struct Inputs {
  Var<T> x, targets{};
  Index<T> labels{};
};

extern template struct Samples<float>;
extern template struct Samples<double>;

}  // namespace wengert::nn
