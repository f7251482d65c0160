#include "autodiff/ops/gather.hpp"

#include <fmt/format.h>

#include "autodiff/kernels/move.hpp"
#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

/// Single elements along an axis, for an index of the result's shape.
struct Gather {
  static constexpr Doc doc{"gather", "y_ij = x[i, index_ij]", "scatter_add of g"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 2;
  std::int64_t axis = 0;

  Shape shape(const Shape& x, const Shape& index) const {
    const int a = static_cast<int>(axis);
    if (index.rank() != x.rank() || with_dim(x, axis, index[a]) != index) {
      throw ShapeError(fmt::format("the index must have x's shape but for axis {}", axis));
    }
    return index;
  }
  std::int64_t index_bound(std::span<const Shape> x) const { return x[0][static_cast<int>(axis)]; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T> index, Var<T>) const;
  template <class T>
  NoGradient vjp(Input<1>, Var<T>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  void run(Values<T> in, Positions index, const View<T>& out) const {
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t n = out.shape[static_cast<int>(axis)], from = in[0].strides[a], to = out.strides[a];
    for_each_line<2>(out.shape, axis, {in[0].strides, out.strides}, [&](const auto& first) {
      for (std::int64_t j = 0; j < n; ++j) {
        const std::int64_t at = first[1] + j * to;
        out.data[at] = in[0].data[first[0] + index[0][at] * from];
      }
    });
  }
};

/// The transpose of Gather.
struct ScatterAdd {
  static constexpr Doc doc{"scatter_add", "y[i, index_ij] = sum of the x_ij", "gather of g"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 2;
  std::int64_t axis = 0, extent = 0;

  Shape shape(const Shape& x, const Shape& index) const {
    if (x != index) throw ShapeError("index and source must have one shape");
    return with_dim(x, axis, extent);
  }
  std::int64_t index_bound(std::span<const Shape>) const { return extent; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T> index, Var<T>) const {
    return record(Gather{axis}, {g, index}, Source());
  }
  template <class T>
  NoGradient vjp(Input<1>, Var<T>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  void run(Values<T> in, Positions index, const View<T>& out) const {
    kernels::fill(out, T(0));
    const auto a = static_cast<std::size_t>(axis);
    const Shape& shape = in[0].shape;
    const Strides entries = row_major(shape);
    const std::int64_t n = shape[static_cast<int>(axis)];
    for_each_line<3>(shape, axis, {in[0].strides, out.strides, entries}, [&](const auto& first) {
      for (std::int64_t j = 0; j < n; ++j) {
        const std::int64_t to = index[0][first[2] + j * entries[a]];
        out.data[first[1] + to * out.strides[a]] += in[0].data[first[0] + j * in[0].strides[a]];
      }
    });
  }
};

template <class T>
Var<T> Gather::vjp(Input<0>, Var<T> g, Var<T> x, Var<T> index, Var<T>) const {
  return record(ScatterAdd{axis, x.shape()[static_cast<int>(axis)]}, {g, index}, Source());
}

}  // namespace

template <class T>
Var<T> gather(Var<T> x, Index<T> index, int axis, Source where) {
  return record(Gather{axis_of("gather", x, axis, where)}, {x, index.node()}, where);
}

template <class T>
Var<T> scatter_add(Var<T> x, int axis, Index<T> index, Var<T> source, Source where) {
  axis = axis_of("scatter_add", x, axis, where);
  expect_together("scatter_add", {x, index.node(), source}, where);
  const Shape shape = x.shape(), places = index.shape(where, "scatter_add");
  if (places.rank() != shape.rank() || with_dim(shape, axis, places[axis]) != places) {
    throw ShapeError(locate("scatter_add",
                            fmt::format("the index must have x's shape but for axis {}: x is {}, index {}", axis,
                                        to_string(shape), to_string(places)),
                            where));
  }
  const typename Tape<T>::Line line(x.tape(), where);
  return x + record(ScatterAdd{axis, shape[axis]}, {source, index.node()}, where);
}

template <class T>
std::vector<Entry<T>> gather_entries() {
  return {{&table_of<Gather, T>(),
           {indexed(sample<T>(Gather{1}, {{2, 3}, {2, 5}}), 1, 3),
            indexed(sample<T>(Gather{0}, {{4, 2, 2}, {3, 2, 2}}), 1, 4)}},
          {&table_of<ScatterAdd, T>(),
           {indexed(sample<T>(ScatterAdd{1, 3}, {{2, 5}, {2, 5}}), 1, 3),
            indexed(sample<T>(ScatterAdd{0, 4}, {{3, 2, 2}, {3, 2, 2}}), 1, 4)}}};
}

#define INSTANTIATE(T)                                                \
  template Var<T> gather(Var<T>, Index<T>, int, Source);              \
  template Var<T> scatter_add(Var<T>, int, Index<T>, Var<T>, Source); \
  template std::vector<Entry<T>> gather_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
