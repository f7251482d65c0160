#include "autodiff/ops/softmax.hpp"

#include <fmt/format.h>

#include "autodiff/kernels/move.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/reshape.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

using kernels::Special;

/// Each row by its largest element, which is a constant for every derivative.
template <class T>
Var<T> shifted(Var<T> x) {
  return x - stop_gradient(max(x, -1, true));
}

struct Softmax {
  static constexpr Doc doc{"softmax", "y_i = e^x_i / sum_j e^x_j", "y (g - sum g y)"};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 1;
  static constexpr auto instruction = kernels::instruction(Special::softmax);

  Shape shape(const Shape& x) const { return x; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T> y) const {
    return y * (g - sum(g * y, -1, true));
  }
  template <class T>
  Var<T> expand(Var<T> x) const {
    const Var<T> e = exp(shifted(x));
    return e / sum(e, -1, true);
  }
};

struct LogSoftmax {
  static constexpr Doc doc{"log_softmax", "y_i = x_i - ln sum_j e^x_j", "g - e^y sum g"};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 1;
  static constexpr auto instruction = kernels::instruction(Special::log_softmax);

  Shape shape(const Shape& x) const { return x; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T> y) const {
    return g - exp(y) * sum(g, -1, true);
  }
  template <class T>
  Var<T> expand(Var<T> x) const {
    const Var<T> z = shifted(x);
    return z - log(sum(exp(z), -1, true));
  }
};

Shape row_shape(const Shape& x) {
  std::vector<std::int64_t> dims(x.begin(), x.end());
  dims.back() = 1;
  return Shape(dims);
}

struct LogSumExp {
  static constexpr Doc doc{"log_sum_exp", "y = ln sum_j e^x_j", "g softmax(x)"};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 1;
  static constexpr auto instruction = kernels::instruction(Special::log_sum_exp);
  static constexpr bool row_result = true;

  Shape shape(const Shape& x) const { return row_shape(x); }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T>) const {
    return g * softmax(x);
  }
  template <class T>
  Var<T> expand(Var<T> x) const {
    const Var<T> m = stop_gradient(max(x, -1, true));
    return log(sum(exp(x - m), -1, true)) + m;
  }
};

/// Labels [rows] for x [rows, classes].
struct CrossEntropySlope;

struct CrossEntropy {
  static constexpr Doc doc{"cross_entropy", "y = ln sum_j e^x_j - x_label", "g (softmax(x) - onehot)"};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 2;
  static constexpr auto instruction = kernels::instruction(Special::cross_entropy);
  static constexpr bool row_result = true;
  using Partner = CrossEntropySlope;
  static constexpr auto pair = kernels::instruction(Special::cross_entropy_pair);
  static constexpr bool pair_second = true;

  Shape shape(const Shape& x, const Shape&) const { return row_shape(x); }
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
  using Partner = CrossEntropy;
  static constexpr auto pair = kernels::instruction(Special::cross_entropy_pair);
  static constexpr bool pair_second = false;

  Shape shape(const Shape& x, const Shape&) const { return x; }
  std::int64_t index_bound(std::span<const Shape> x) const { return x[0][-1]; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T>, Var<T>) const {
    const Var<T> p = softmax(x);
    return p * (g - sum(g * p, -1, true));
  }
  template <class T>
  NoGradient vjp(Input<1>, Var<T>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  Var<T> expand(Var<T> x, Var<T> labels) const {
    return softmax(x) - one_hot(Index<T>(&labels.tape(), labels.id(), labels.generation()), x.shape()[-1]);
  }
};

template <class T>
Var<T> CrossEntropy::vjp(Input<0>, Var<T> g, Var<T> x, Var<T> labels, Var<T>) const {
  return g * record(CrossEntropySlope{}, {x, labels}, Source());
}
template <class T>
Var<T> CrossEntropy::expand(Var<T> x, Var<T> labels) const {
  const Var<T> hot = one_hot(Index<T>(&labels.tape(), labels.id(), labels.generation()), x.shape()[-1]);
  return -sum(hot * log_softmax(x), -1, true);
}

struct OneHot {
  static constexpr Doc doc{"one_hot", "y_ij = 1 where j = label_i, else 0", "none"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  std::int64_t classes = 0;

  Shape shape(const Shape& labels) const {
    std::vector<std::int64_t> dims(labels.begin(), labels.end());
    dims.push_back(classes);
    return Shape(dims);
  }
  std::int64_t index_bound(std::span<const Shape>) const { return classes; }
  template <class T>
  NoGradient vjp(Input<0>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  void run(std::span<const View<const T>>, std::span<const std::int64_t* const> index, const View<T>& out) const {
    kernels::fill(out, T(0));
    const std::int64_t rows = classes == 0 ? 0 : out.shape.size() / classes;
    for (std::int64_t i = 0; i < rows; ++i) out.data[i * classes + index[0][i]] = T(1);
  }
};

/// Applies a row operation along any axis: the axis is moved to the end and back.
template <class T, class F>
Var<T> along(const char* name, Var<T> x, int axis, Source where, F&& apply) {
  const int rank = x.shape(where, name).rank();
  if (rank == 0) return reshape(apply(reshape(x, Shape{1}, where)), Shape{}, where);
  try {
    axis = normalize_axis(axis, rank);
  } catch (const ShapeError& fact) {
    throw ShapeError(locate(name, fmt::format("{}: x is {}", fact.what(), to_string(x.shape())), where));
  }
  if (axis == rank - 1) return apply(x);
  return swap_axes(apply(swap_axes(x, axis, -1, where)), axis, -1, where);
}

}  // namespace

template <class T>
Var<T> softmax(Var<T> x, int axis, Source where) {
  return along("softmax", x, axis, where, [&](Var<T> rows) { return record(Softmax{}, {rows}, where); });
}

template <class T>
Var<T> log_softmax(Var<T> x, int axis, Source where) {
  return along("log_softmax", x, axis, where, [&](Var<T> rows) { return record(LogSoftmax{}, {rows}, where); });
}

template <class T>
Var<T> log_sum_exp(Var<T> x, int axis, bool keepdims, Source where) {
  const Var<T> y =
      along("log_sum_exp", x, axis, where, [&](Var<T> rows) { return record(LogSumExp{}, {rows}, where); });
  if (keepdims || y.shape().rank() == 0) return y;
  std::vector<std::int64_t> dims(y.shape().begin(), y.shape().end());
  dims.erase(dims.begin() + normalize_axis(axis, y.shape().rank()));
  return reshape(y, Shape(dims), where);
}

template <class T>
Var<T> cross_entropy(Var<T> logits, Index<T> labels, Reduction reduction, Source where) {
  const Shape x = logits.shape(where, "cross_entropy"), l = labels.shape(where, "cross_entropy");
  if (x.rank() == 0 || l != Shape(x.dims().first(static_cast<std::size_t>(x.rank() - 1)))) {
    throw ShapeError(locate("cross_entropy",
                            fmt::format("one label per row of logits is needed: logits are {}, "
                                        "labels {}",
                                        to_string(x), to_string(l)),
                            where));
  }
  if (x[-1] == 0) throw ShapeError(locate("cross_entropy", "logits have no classes", where));
  const std::int64_t n = x.size() / x[-1];
  const typename Tape<T>::AllOrNothing guard(logits.tape(), where);
  const Var<T> rows = x.rank() == 2 ? logits : reshape(logits, Shape{n, x[-1]}, where);
  const Var<T> each = record(CrossEntropy{}, {rows, labels.node()}, where);
  if (reduction == Reduction::none) return reshape(each, l, where);
  return reduction == Reduction::sum ? sum(each, where) : mean(each, where);
}

template <class T>
Var<T> one_hot(Index<T> labels, std::int64_t classes, Source where) {
  return record(OneHot{classes}, {labels.node()}, where);
}

template <class T>
std::vector<Entry<T>> softmax_entries() {
  const std::vector<Shape> shapes = {{3, 5}, {7}, {2, 3, 4}, {4, 1}};
  std::vector<Entry<T>> entries = {{&table_of<Softmax, T>(), {}},           {&table_of<LogSoftmax, T>(), {}},
                                   {&table_of<LogSumExp, T>(), {}},         {&table_of<CrossEntropy, T>(), {}},
                                   {&table_of<CrossEntropySlope, T>(), {}}, {&table_of<OneHot, T>(), {}}};
  for (const Shape& shape : shapes) {
    entries[0].samples.push_back(sample<T>(Softmax{}, {shape}));
    entries[1].samples.push_back(sample<T>(LogSoftmax{}, {shape}));
    entries[2].samples.push_back(sample<T>(LogSumExp{}, {shape}));
  }
  const auto with_labels = [](Sample s, int input, std::int64_t bound) {
    s.index_input = input;
    s.index_bound = bound;
    return s;
  };
  entries[3].samples.push_back(with_labels(sample<T>(CrossEntropy{}, {{3, 5}, {3}}), 1, 5));
  entries[4].samples.push_back(with_labels(sample<T>(CrossEntropySlope{}, {{3, 5}, {3}}), 1, 5));
  entries[5].samples.push_back(with_labels(sample<T>(OneHot{5}, {{3}}), 0, 5));
  return entries;
}

#define INSTANTIATE(T)                                                \
  template Var<T> softmax(Var<T>, int, Source);                       \
  template Var<T> log_softmax(Var<T>, int, Source);                   \
  template Var<T> log_sum_exp(Var<T>, int, bool, Source);             \
  template Var<T> cross_entropy(Var<T>, Index<T>, Reduction, Source); \
  template Var<T> one_hot(Index<T>, std::int64_t, Source);            \
  template std::vector<Entry<T>> softmax_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
