#include "autodiff/ops/softmax.hpp"

#include <limits>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/reshape.hpp"
#include "autodiff/ops/sample.hpp"
#include "autodiff/ops/simplex.hpp"

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
  static constexpr std::string_view partner = "cross_entropy_slope";
  static constexpr auto pair = kernels::instruction(Special::softmax_pair);
  static constexpr bool pair_second = true;

  Shape shape(const Shape& x) const { return x; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T> y) const {
    return softmax_pullback(y, g);
  }
  template <class T>
  Var<T> expand(Var<T> x) const {
    const Var<T> e = exp(shifted(x));
    return e / sum(e, -1, true);
  }
};

struct LogSoftmax {
  static constexpr Doc doc{"log_softmax", "y_i = x_i - ln sum_j e^x_j", "g - softmax(x) sum g"};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 1;
  static constexpr auto instruction = kernels::instruction(Special::log_softmax);

  Shape shape(const Shape& x) const { return x; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T>) const {
    return log_softmax_pullback(softmax(x), g);
  }
  template <class T>
  Var<T> expand(Var<T> x) const {
    const Var<T> z = shifted(x);
    return z - log(sum(exp(z), -1, true));
  }
};

struct LogSumExp {
  static constexpr Doc doc{"log_sum_exp", "y = ln sum_j e^x_j", "g softmax(x)"};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 1;
  static constexpr auto instruction = kernels::instruction(Special::log_sum_exp);
  static constexpr bool row_result = true;

  Shape shape(const Shape& x) const { return with_dim(x, x.rank() - 1, 1); }
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

/// Applies a row operation along any axis: the axis is moved to the end and back.
template <class T, class F>
Var<T> along(const char* name, Var<T> x, int axis, Source where, F&& apply) {
  const int rank = x.shape(where, name).rank();
  if (rank == 0) return reshape(apply(reshape(x, Shape{1}, where)), Shape{}, where);
  axis = axis_of(name, x, axis, where);
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
Var<T> log_sum_exp(Var<T> x, const Axes& axes, bool keepdims, Source where) {
  if (x.shape(where, "log_sum_exp").rank() == 0) return x;
  const std::uint32_t mask = mask_of("log_sum_exp", x, axes, where);
  const Shape shape = keepdims ? kept(x.shape(), mask) : dropped(x.shape(), mask);
  if (count_along(x.shape(), mask) == 0) {
    return x.tape().constant(-std::numeric_limits<T>::infinity(), shape, where);
  }
  return reshape(record(LogSumExp{}, {joined_last(x, mask, where)}, where), shape, where);
}

template <class T>
std::vector<Entry<T>> softmax_entries() {
  const std::vector<Shape> shapes = {{3, 5}, {7}, {2, 3, 4}, {4, 1}};
  std::vector<Entry<T>> entries = {
      {&table_of<Softmax, T>(), {}}, {&table_of<LogSoftmax, T>(), {}}, {&table_of<LogSumExp, T>(), {}}};
  for (const Shape& shape : shapes) {
    entries[0].samples.push_back(sample<T>(Softmax{}, {shape}));
    entries[1].samples.push_back(sample<T>(LogSoftmax{}, {shape}));
    entries[2].samples.push_back(sample<T>(LogSumExp{}, {shape}));
  }
  for (Entry<T>& entry : simplex_entries<T>()) entries.push_back(std::move(entry));
  return entries;
}

#define INSTANTIATE(T)                                            \
  template Var<T> softmax(Var<T>, int, Source);                   \
  template Var<T> log_softmax(Var<T>, int, Source);               \
  template Var<T> log_sum_exp(Var<T>, const Axes&, bool, Source); \
  template std::vector<Entry<T>> softmax_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
