#include "autodiff/ops/reduce.hpp"

#include <fmt/format.h>

#include <limits>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/broadcast.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/reshape.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

/// factor * Σ x along the axes of a mask. The factor turns a sum into a mean without another pass.
struct Sum {
  static constexpr Doc doc{"sum", "y = factor * sum of x along axes", "factor * g, stretched"};
  static constexpr Kind kind = Kind::reduce;
  static constexpr int inputs = 1;
  static constexpr auto instruction = kernels::instruction(kernels::Special::sum_all);
  double factor = 1;
  std::uint64_t axes = 0;

  Shape shape(const Shape& x) const { return kept(x, axes); }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T>) const {
    return broadcast_to(factor == 1 ? g : static_cast<T>(factor) * g, x.shape());
  }
};

/// The rule of max and min: the cotangent goes to the chosen element; equal ones share it.
template <class T>
Var<T> share(Var<T> g, Var<T> x, Var<T> y, std::uint64_t axes) {
  const Var<T> chosen = equal(x, y);
  return chain(g / record(Sum{1, axes}, {chosen}, Source()), chosen);
}

struct Max {
  static constexpr Doc doc{"max", "y = largest x along axes", "g at the largest", "a tie shares the gradient equally"};
  static constexpr Kind kind = Kind::reduce;
  static constexpr int inputs = 1;
  static constexpr auto instruction = kernels::instruction(kernels::Special::max_all);
  std::uint64_t axes = 0;

  Shape shape(const Shape& x) const { return kept(x, axes); }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T> y) const {
    return share(g, x, y, axes);
  }
};

struct Min {
  static constexpr Doc doc{"min", "y = smallest x along axes", "g at the smallest",
                           "a tie shares the gradient equally"};
  static constexpr Kind kind = Kind::reduce;
  static constexpr int inputs = 1;
  static constexpr auto instruction = kernels::instruction(kernels::Special::min_all);
  std::uint64_t axes = 0;

  Shape shape(const Shape& x) const { return kept(x, axes); }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T> y) const {
    return share(g, x, y, axes);
  }
};

struct ArgExtreme {
  static constexpr Doc doc{"argmax", "y = position of the largest (smallest) x along an axis", "none",
                           "the first of equal ones; of NaN if there is one"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  std::int64_t axis = 0, smallest = 0;

  Shape shape(const Shape& x) const { return with_dim(x, axis, 1); }
  template <class T>
  NoGradient vjp(Input<0>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    const std::int64_t n = in[0].shape[static_cast<int>(axis)], step = in[0].strides[static_cast<std::size_t>(axis)];
    for_each_line<2>(out.shape, axis, {in[0].strides, out.strides}, [&](const auto& first) {
      const T* x = in[0].data + first[0];
      std::int64_t best = 0;
      for (std::int64_t i = 1; i < n && !std::isnan(x[best * step]); ++i) {
        const T candidate = x[i * step], held = x[best * step];
        if (std::isnan(candidate) || (smallest != 0 ? candidate < held : candidate > held)) best = i;
      }
      out.data[first[1]] = static_cast<T>(best);
    });
  }
};

template <class T>
Var<T> position(const char* name, Var<T> x, int axis, bool smallest, bool keepdims, Source where) {
  axis = axis_of(name, x, axis, where);
  if (x.shape()[axis] == 0) {
    throw ShapeError(locate(name, fmt::format("nothing to choose from: x is {}", to_string(x.shape())), where));
  }
  const Var<T> y = record(ArgExtreme{axis, smallest ? 1 : 0}, {x}, where);
  return keepdims ? y : squeeze(y, axis, where);
}

/// Removes the reduced axes, unless they are to stay.
template <class T>
Var<T> drop(Var<T> y, std::uint32_t axes, bool keepdims, Source where) {
  return keepdims ? y : reshape(y, dropped(y.shape(), axes), where);
}

template <class T, class Op>
Var<T> extreme(const char* name, Op op, Var<T> x, const Axes& axes, bool keepdims, Source where) {
  const std::uint32_t mask = mask_of(name, x, axes, where);
  if (count_along(x.shape(), mask) == 0) {
    throw ShapeError(locate(name, fmt::format("nothing to choose from: x is {}", to_string(x.shape())), where));
  }
  op.axes = mask;
  return drop(record(op, {x}, where), mask, keepdims, where);
}

}  // namespace

std::uint32_t Axes::mask(int rank) const {
  if (all_) return (1u << rank) - 1u;
  std::uint32_t bits = 0;
  for (const int axis : std::span(axes_).first(count_)) {
    const std::uint32_t bit = 1u << normalize_axis(axis, rank);
    if ((bits & bit) != 0) throw ShapeError(fmt::format("axis {} is named twice", axis));
    bits |= bit;
  }
  return bits;
}

template <class T>
Var<T> sum(Var<T> x, const Axes& axes, bool keepdims, Source where) {
  const std::uint32_t mask = mask_of("sum", x, axes, where);
  if (mask == 0) return x;
  return drop(record(Sum{1, mask}, {x}, where), mask, keepdims, where);
}

template <class T>
Var<T> mean(Var<T> x, const Axes& axes, bool keepdims, Source where) {
  const std::uint32_t mask = mask_of("mean", x, axes, where);
  if (mask == 0) return x;
  const std::int64_t n = count_along(x.shape(), mask);
  if (n == 0) {
    const Shape shape = kept(x.shape(), mask);
    return drop(x.tape().constant(std::numeric_limits<T>::quiet_NaN(), shape, where), mask, keepdims, where);
  }
  return drop(record(Sum{1.0 / static_cast<double>(n), mask}, {x}, where), mask, keepdims, where);
}

template <class T>
Var<T> max(Var<T> x, const Axes& axes, bool keepdims, Source where) {
  return extreme("max", Max{}, x, axes, keepdims, where);
}
template <class T>
Var<T> min(Var<T> x, const Axes& axes, bool keepdims, Source where) {
  return extreme("min", Min{}, x, axes, keepdims, where);
}

template <class T>
Var<T> argmax(Var<T> x, int axis, bool keepdims, Source where) {
  return position("argmax", x, axis, false, keepdims, where);
}
template <class T>
Var<T> argmin(Var<T> x, int axis, bool keepdims, Source where) {
  return position("argmin", x, axis, true, keepdims, where);
}

template <class T>
Var<T> all(Var<T> x, const Axes& axes, bool keepdims, Source where) {
  return equal(sum(equal(x, 0, where), axes, keepdims, where), 0, where);
}
template <class T>
Var<T> any(Var<T> x, const Axes& axes, bool keepdims, Source where) {
  return not_equal(count_nonzero(x, axes, keepdims, where), 0, where);
}
template <class T>
Var<T> count_nonzero(Var<T> x, const Axes& axes, bool keepdims, Source where) {
  return sum(not_equal(x, 0, where), axes, keepdims, where);
}

template <class T>
Var<T> sum(Var<T> x, Source where) {
  return sum(x, Axes::all(), false, where);
}
template <class T>
Var<T> mean(Var<T> x, Source where) {
  return mean(x, Axes::all(), false, where);
}
template <class T>
Var<T> max(Var<T> x, Source where) {
  return max(x, Axes::all(), false, where);
}
template <class T>
Var<T> min(Var<T> x, Source where) {
  return min(x, Axes::all(), false, where);
}

template <class T>
std::vector<Entry<T>> reduce_entries() {
  std::vector<Entry<T>> entries = {
      {&table_of<Sum, T>(), {}},
      {&table_of<Max, T>(), {}},
      {&table_of<Min, T>(), {}},
      {&table_of<ArgExtreme, T>(), {sample<T>(ArgExtreme{0, 0}, {{7}}), sample<T>(ArgExtreme{1, 1}, {{2, 5, 3}})}}};
  for (const auto& [shape, axes] : std::initializer_list<std::pair<Shape, std::uint64_t>>{
           {{3, 5}, 3}, {{3, 5}, 1}, {{3, 5}, 2}, {{2, 3, 4}, 2}, {{2, 3, 4}, 5}, {{7}, 1}}) {
    entries[0].samples.push_back(sample<T>(Sum{1, axes}, {shape}));
    entries[0].samples.push_back(sample<T>(Sum{0.25, axes}, {shape}));
    entries[1].samples.push_back(sample<T>(Max{axes}, {shape}));
    entries[2].samples.push_back(sample<T>(Min{axes}, {shape}));
  }
  return entries;
}

#define INSTANTIATE(T)                                              \
  template Var<T> sum(Var<T>, const Axes&, bool, Source);           \
  template Var<T> sum(Var<T>, Source);                              \
  template Var<T> mean(Var<T>, const Axes&, bool, Source);          \
  template Var<T> mean(Var<T>, Source);                             \
  template Var<T> max(Var<T>, const Axes&, bool, Source);           \
  template Var<T> max(Var<T>, Source);                              \
  template Var<T> min(Var<T>, const Axes&, bool, Source);           \
  template Var<T> min(Var<T>, Source);                              \
  template Var<T> argmax(Var<T>, int, bool, Source);                \
  template Var<T> argmin(Var<T>, int, bool, Source);                \
  template Var<T> all(Var<T>, const Axes&, bool, Source);           \
  template Var<T> any(Var<T>, const Axes&, bool, Source);           \
  template Var<T> count_nonzero(Var<T>, const Axes&, bool, Source); \
  template std::vector<Entry<T>> reduce_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
