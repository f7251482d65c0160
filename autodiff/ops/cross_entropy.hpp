/// Cross entropy of predictions against classes.
#pragma once

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// How the losses of single samples become one.
enum class Reduction { mean, sum, none };

/// -ln softmax(logits)[label], per sample: logits [..., classes], labels [...] in [0, classes). Never overflows,
/// and loss and slopes keep their digits where a class is almost certain. A row of logits with +inf or NaN is NaN.
/// A label out of range is a ValueError of the run that meets it, naming row and label. The mean of no samples is NaN.
/// Throws ShapeError unless there is one label per row of logits, and at least one class.
template <class T>
Var<T> cross_entropy(Var<T> logits, Index<T> labels, Reduction reduction = Reduction::mean,
                     Source where = Source::here());

/// The same, with choices: cross_entropy(logits, labels, {.smoothing = 0.1}).
template <class T>
struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  /// The part of each target that is spread evenly over all classes, in [0, 1] (Szegedy et al. 2016, section 7).
  double smoothing = 0;
  /// Per class, [classes]: its share of a target counts so many times. A mean over labels divides by the weights of the
  /// labels. None: all are 1.
  Var<T> weights{};
  /// Samples whose label is the number of classes are left out of loss, gradient and mean.
  bool ignore = false;
  /// The predictions are probabilities, not logits.
  bool probabilities = false;
};
/// Throws also ValueError for a smoothing outside [0, 1], ShapeError for weights of another shape than [classes].
template <class T>
Var<T> cross_entropy(Var<T> predictions, Index<T> labels, const CrossEntropyOptions<T>& options,
                     Source where = Source::here());

/// -Σ_j target_j ln p_j, per sample, p = softmax(logits): logits and targets [..., classes]. A target of 0 counts 0,
/// whatever its p; the mean is over samples. Throws ShapeError if the shapes differ, else as above.
template <class T>
Var<T> cross_entropy(Var<T> predictions, Var<T> targets, const CrossEntropyOptions<T>& options = {},
                     Source where = Source::here());
template <class T>
Var<T> cross_entropy(Var<T> logits, Var<T> targets, Reduction reduction, Source where = Source::here()) {
  CrossEntropyOptions<T> options;
  options.reduction = reduction;
  return cross_entropy(logits, targets, options, where);
}

}  // namespace wengert
