#include "autodiff/ops/cross_entropy.hpp"

#include <fmt/format.h>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/index.hpp"
#include "autodiff/ops/sample.hpp"
#include "autodiff/ops/simplex.hpp"
#include "autodiff/ops/softmax.hpp"

namespace wengert {

namespace {

using kernels::Special;

template <class T>
Var<T> hot(Var<T> x, Var<T> labels) {
  return one_hot(Index<T>(&labels.tape(), labels.id(), labels.generation()), x.shape()[-1]);
}

/// Labels [rows] for x [rows, classes].
struct CrossEntropy {
  static constexpr Doc doc{"cross_entropy", "y = ln sum_j e^x_j - x_label", "g (softmax(x) - onehot)"};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 2;
  static constexpr auto instruction = kernels::instruction(Special::cross_entropy);
  static constexpr bool row_result = true;
  static constexpr std::string_view partner = "cross_entropy_slope";
  static constexpr auto pair = kernels::instruction(Special::cross_entropy_pair);
  static constexpr bool pair_second = true;

  Shape shape(const Shape& x, const Shape&) const { return with_dim(x, x.rank() - 1, 1); }
  std::int64_t index_bound(std::span<const Shape> x) const { return x[0][-1]; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T> labels, Var<T>) const;
  template <class T>
  NoGradient vjp(Input<1>, Var<T>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  Var<T> expand(Var<T> x, Var<T> labels) const;
};

struct CrossEntropySlope {
  static constexpr Doc doc{"cross_entropy_slope", "y = softmax(x) - onehot", "the slope of softmax"};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 2;
  static constexpr auto instruction = kernels::instruction(Special::cross_entropy_slope);
  static constexpr std::string_view partner = "cross_entropy";
  static constexpr auto pair = kernels::instruction(Special::cross_entropy_pair);
  static constexpr bool pair_second = false;

  Shape shape(const Shape& x, const Shape&) const { return x; }
  std::int64_t index_bound(std::span<const Shape> x) const { return x[0][-1]; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T>, Var<T>) const {
    return softmax_pullback(softmax(x), g);
  }
  template <class T>
  NoGradient vjp(Input<1>, Var<T>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  Var<T> expand(Var<T> x, Var<T> labels) const {
    return softmax(x) - hot(x, labels);
  }
};

template <class T>
Var<T> CrossEntropy::vjp(Input<0>, Var<T> g, Var<T> x, Var<T> labels, Var<T>) const {
  return g * record(CrossEntropySlope{}, {x, labels}, Source());
}
template <class T>
Var<T> CrossEntropy::expand(Var<T> x, Var<T> labels) const {
  return -sum(hot(x, labels) * log_softmax(x), -1, true);
}

/// The shape of one number per row of x; throws unless x has rows and classes.
template <class T>
Shape expect_classes(Var<T> x, Source where) {
  const Shape shape = x.shape(where, "cross_entropy");
  if (shape.rank() == 0 || shape[-1] == 0) {
    throw ShapeError(
        locate("cross_entropy", fmt::format("no classes: the predictions are {}", to_string(shape)), where));
  }
  return Shape(shape.dims().first(at(shape.rank() - 1)));
}
template <class T>
void expect_labels(Var<T> x, Index<T> labels, Source where) {
  const Shape rows = expect_classes(x, where);
  if (labels.shape(where, "cross_entropy") == rows) return x.tape().expect_mine("cross_entropy", labels.node(), where);
  throw ShapeError(locate("cross_entropy",
                          fmt::format("one label per row of predictions is needed: predictions are {}, labels {}",
                                      to_string(x.shape()), to_string(labels.shape())),
                          where));
}
template <class T>
void expect_options(Var<T> x, const CrossEntropyOptions<T>& options, Source where) {
  if (!(options.smoothing >= 0 && options.smoothing <= 1)) {
    throw ValueError(locate("cross_entropy", fmt::format("smoothing {} is outside [0, 1]", options.smoothing), where));
  }
  if (!options.weights.empty()) x.tape().expect_mine("cross_entropy", options.weights, where);
  if (!options.weights.empty() && options.weights.shape() != Shape{x.shape()[-1]}) {
    throw ShapeError(locate("cross_entropy",
                            fmt::format("one weight per class is needed: predictions are {}, weights {}",
                                        to_string(x.shape()), to_string(options.weights.shape())),
                            where));
  }
}

/// One loss per sample. Targets of 0 absorb an infinite logarithm.
template <class T>
Var<T> losses(Var<T> x, Var<T> targets, const CrossEntropyOptions<T>& options, Source where) {
  if (options.smoothing > 0) {
    const double share = options.smoothing / static_cast<double>(x.shape()[-1]);
    targets = (1 - options.smoothing) * targets + share * sum(targets, -1, true, where);
  }
  if (!options.weights.empty()) targets = targets * options.weights;
  const Var<T> logarithms = options.probabilities ? log(x, where) : log_softmax(x, -1, where);
  return -sum(chain(targets, logarithms, where), -1, false, where);
}

}  // namespace

template <class T>
Var<T> cross_entropy(Var<T> logits, Index<T> labels, Reduction reduction, Source where) {
  expect_labels(logits, labels, where);
  const Shape x = logits.shape();
  const Var<T> rows = reshape(logits, Shape{x.size() / x[-1], x[-1]}, where);
  const Var<T> each = record(CrossEntropy{}, {rows, labels.node()}, where);
  if (reduction == Reduction::none) return reshape(each, labels.shape(), where);
  return reduction == Reduction::sum ? sum(each, where) : mean(each, where);
}

template <class T>
Var<T> cross_entropy(Var<T> predictions, Index<T> labels, const CrossEntropyOptions<T>& options, Source where) {
  expect_labels(predictions, labels, where);
  expect_options(predictions, options, where);
  const typename Tape<T>::Line line(predictions.tape(), where);
  const Var<T> targets = one_hot(labels, predictions.shape()[-1], options.ignore, where);
  const Var<T> each = losses(predictions, targets, options, where);
  if (options.reduction == Reduction::none) return each;
  if (options.reduction == Reduction::sum) return sum(each, where);
  return sum(each, where) / sum(options.weights.empty() ? targets : targets * options.weights, where);
}

template <class T>
Var<T> cross_entropy(Var<T> predictions, Var<T> targets, const CrossEntropyOptions<T>& options, Source where) {
  expect_classes(predictions, where);
  predictions.tape().expect_mine("cross_entropy", targets, where);
  expect_options(predictions, options, where);
  if (predictions.shape() != targets.shape(where, "cross_entropy")) {
    throw ShapeError(locate("cross_entropy",
                            fmt::format("predictions and targets differ in shape: {} and {}",
                                        to_string(predictions.shape()), to_string(targets.shape())),
                            where));
  }
  const typename Tape<T>::Line line(predictions.tape(), where);
  const Var<T> each = losses(predictions, targets, options, where);
  if (options.reduction == Reduction::none) return each;
  return options.reduction == Reduction::sum ? sum(each, where) : mean(each, where);
}

template <class T>
std::vector<Entry<T>> cross_entropy_entries() {
  return {{&table_of<CrossEntropy, T>(), {indexed(sample<T>(CrossEntropy{}, {{3, 5}, {3}}), 1, 5)}},
          {&table_of<CrossEntropySlope, T>(), {indexed(sample<T>(CrossEntropySlope{}, {{3, 5}, {3}}), 1, 5)}}};
}

#define INSTANTIATE(T)                                                                    \
  template Var<T> cross_entropy(Var<T>, Index<T>, Reduction, Source);                     \
  template Var<T> cross_entropy(Var<T>, Index<T>, const CrossEntropyOptions<T>&, Source); \
  template Var<T> cross_entropy(Var<T>, Var<T>, const CrossEntropyOptions<T>&, Source);   \
  template std::vector<Entry<T>> cross_entropy_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
