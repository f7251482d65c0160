#include "autodiff/ops/index.hpp"

#include <fmt/format.h>

#include "autodiff/kernels/move.hpp"
#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

/// The part of a tensor at position i of an axis, a window with that axis gone to length 1.
template <class T>
View<T> part(const View<T>& x, std::int64_t axis, std::int64_t i) {
  return {x.data + i * x.strides[static_cast<std::size_t>(axis)], with_dim(x.shape, axis, 1), x.strides};
}

template <class T>
void add(const View<const T>& from, const View<T>& to, std::int64_t axis) {
  const auto a = static_cast<std::size_t>(axis);
  const std::int64_t n = to.shape[static_cast<int>(axis)];
  for_each_line<2>(to.shape, axis, {from.strides, to.strides}, [&](const auto& first) {
    for (std::int64_t i = 0; i < n; ++i)
      to.data[first[1] + i * to.strides[a]] += from.data[first[0] + i * from.strides[a]];
  });
}

/// Whole parts along an axis, for an index of one axis.
struct Take {
  static constexpr Doc doc{"take", "y_j = x[index_j] along an axis", "index_add of g"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 2;
  std::int64_t axis = 0;

  Shape shape(const Shape& x, const Shape& index) const { return with_dim(x, axis, index.size()); }
  std::int64_t index_bound(std::span<const Shape> x) const { return x[0][static_cast<int>(axis)]; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T> index, Var<T>) const;
  template <class T>
  NoGradient vjp(Input<1>, Var<T>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  void run(Values<T> in, Positions index, const View<T>& out) const {
    const std::int64_t n = out.shape[static_cast<int>(axis)];
    for (std::int64_t j = 0; j < n; ++j) kernels::copy(part(in[0], axis, index[0][j]), part(out, axis, j));
  }
};

/// The transpose of Take.
struct IndexAdd {
  static constexpr Doc doc{"index_add", "y[index_j] = sum of the x_j along an axis", "take of g"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 2;
  std::int64_t axis = 0, extent = 0;

  Shape shape(const Shape& x, const Shape&) const { return with_dim(x, axis, extent); }
  std::int64_t index_bound(std::span<const Shape>) const { return extent; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T> index, Var<T>) const {
    return record(Take{axis}, {g, index}, Source());
  }
  template <class T>
  NoGradient vjp(Input<1>, Var<T>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  void run(Values<T> in, Positions index, const View<T>& out) const {
    kernels::fill(out, T(0));
    const std::int64_t n = in[0].shape[static_cast<int>(axis)];
    for (std::int64_t j = 0; j < n; ++j) add(part(in[0], axis, j), part(out, axis, index[0][j]), axis);
  }
};

template <class T>
Var<T> Take::vjp(Input<0>, Var<T> g, Var<T> x, Var<T> index, Var<T>) const {
  return record(IndexAdd{axis, x.shape()[static_cast<int>(axis)]}, {g, index}, Source());
}

struct OneHot {
  static constexpr Doc doc{"one_hot", "y_ij = 1 where j = label_i, else 0", "none"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  std::int64_t classes = 0;
  std::int64_t spare = 0;  ///< 1: label `classes` is allowed and gives a row of zeros

  Shape shape(const Shape& labels) const {
    std::vector<std::int64_t> dims = dims_of(labels);
    dims.push_back(classes);
    return Shape(dims);
  }
  std::int64_t index_bound(std::span<const Shape>) const { return classes + spare; }
  template <class T>
  NoGradient vjp(Input<0>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  void run(Values<T>, Positions index, const View<T>& out) const {
    kernels::fill(out, T(0));
    const std::int64_t rows = classes == 0 ? 0 : out.shape.size() / classes;
    for (std::int64_t i = 0; i < rows; ++i) {
      if (index[0][i] < classes) out.data[i * classes + index[0][i]] = T(1);
    }
  }
};

}  // namespace

template <class T>
Var<T> take(Var<T> x, Index<T> index, int axis, Source where) {
  axis = axis_of("take", x, axis, where);
  const Shape shape = x.shape(), places = index.shape(where, "take");
  std::vector<std::int64_t> dims = dims_of(shape);
  dims.erase(dims.begin() + axis);
  dims.insert(dims.begin() + axis, places.begin(), places.end());
  if (dims.size() > static_cast<std::size_t>(kMaxRank)) {
    throw ShapeError(locate("take",
                            fmt::format("the result would have {} axes, at most {} are possible: x is {}, index {}",
                                        dims.size(), kMaxRank, to_string(shape), to_string(places)),
                            where));
  }
  return reshape(record(Take{axis}, {x, index.node()}, where), Shape(dims), where);
}

template <class T>
Var<T> index_add(Var<T> x, int axis, Index<T> index, Var<T> source, Source where) {
  axis = axis_of("index_add", x, axis, where);
  expect_together("index_add", {x, index.node(), source}, where);
  const Shape shape = x.shape(), places = index.shape(where, "index_add");
  if (places.rank() != 1 || source.shape(where, "index_add") != with_dim(shape, axis, places[0])) {
    throw ShapeError(locate(
        "index_add",
        fmt::format("the source must have x's shape but for axis {}, which has the index's length: x is {}, index {}, "
                    "source {}",
                    axis, to_string(shape), to_string(places), to_string(source.shape())),
        where));
  }
  const typename Tape<T>::Line line(x.tape(), where);
  return x + record(IndexAdd{axis, shape[axis]}, {source, index.node()}, where);
}

template <class T>
Var<T> one_hot(Index<T> labels, std::int64_t classes, bool spare, Source where) {
  return record(OneHot{classes, spare ? 1 : 0}, {labels.node()}, where);
}

template <class T>
Var<T> masked_fill(Var<T> x, Var<T> mask, std::type_identity_t<T> value, Source where) {
  return wengert::where(mask, value, x, where);
}

template <class T>
std::vector<Entry<T>> index_entries() {
  return {
      {&table_of<Take, T>(),
       {indexed(sample<T>(Take{0}, {{4, 3}, {5}}), 1, 4), indexed(sample<T>(Take{1}, {{2, 3, 2}, {4}}), 1, 3)}},
      {&table_of<IndexAdd, T>(),
       {indexed(sample<T>(IndexAdd{0, 4}, {{5, 3}, {5}}), 1, 4),
        indexed(sample<T>(IndexAdd{1, 3}, {{2, 4, 2}, {4}}), 1, 3)}},
      {&table_of<OneHot, T>(),
       {indexed(sample<T>(OneHot{5, 0}, {{3}}), 0, 5), indexed(sample<T>(OneHot{3, 1}, {{2, 4}}), 0, 4)}},
  };
}

#define INSTANTIATE(T)                                                          \
  template Var<T> take(Var<T>, Index<T>, int, Source);                          \
  template Var<T> index_add(Var<T>, int, Index<T>, Var<T>, Source);             \
  template Var<T> one_hot(Index<T>, std::int64_t, bool, Source);                \
  template Var<T> masked_fill(Var<T>, Var<T>, std::type_identity_t<T>, Source); \
  template std::vector<Entry<T>> index_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
