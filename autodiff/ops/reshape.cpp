#include "autodiff/ops/reshape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "autodiff/kernels/move.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

std::size_t at(int axis) { return static_cast<std::size_t>(axis); }

/// `in` under shape `out` without moving elements, if its strides allow it: runs of axes with equal products must lie
/// without gaps in `in`.
std::optional<Window> reshaped(const Window& in, const Shape& out) {
  Window y(in.offset, out, {});
  int a = in.shape.rank(), b = out.rank();
  while (a > 0 || b > 0) {
    const int a_end = a, b_end = b;
    std::int64_t p = a > 0 ? in.shape[--a] : 1, q = b > 0 ? out[--b] : 1;
    while (p != q) {
      if (p < q && a > 0) {
        p *= in.shape[--a];
      } else if (q < p && b > 0) {
        q *= out[--b];
      } else {
        return {};
      }
    }
    std::int64_t step = 0, run = 1;  // of the run's axes in `in`
    for (int axis = a_end; axis-- > a;) {
      if (in.shape[axis] == 1) continue;
      if (run != 1 && in.strides[at(axis)] != step * run) return {};
      if (run == 1) step = in.strides[at(axis)];
      run *= in.shape[axis];
    }
    for (int axis = b_end; axis-- > b;) {
      y.strides[at(axis)] = step;
      step *= out[axis];
    }
  }
  return y;
}

struct Reshape {
  static constexpr Doc doc{"reshape", "y = x under another shape", "g under x's shape"};
  static constexpr Kind kind = Kind::view;
  static constexpr int inputs = 1;

  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T>) const {
    return reshape(g, x.shape());
  }
  std::optional<Window> view(const Window& in, const Shape& out) const {
    if (in.is_contiguous()) return Window(in.offset, out, row_major(out));
    return reshaped(in, out);
  }
};

struct Transpose {
  static constexpr Doc doc{"transpose", "y_(p i) = x_i", "g with the axes put back"};
  static constexpr Kind kind = Kind::view;
  static constexpr int inputs = 1;
  std::int8_t from[kMaxRank] = {};

  Shape shape(const Shape& x) const {
    std::int64_t dims[kMaxRank];
    for (int axis = 0; axis < x.rank(); ++axis) dims[axis] = x[from[axis]];
    return Shape(std::span<const std::int64_t>(dims, at(x.rank())));
  }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T>) const {
    std::vector<int> back(at(x.shape().rank()));
    for (std::size_t axis = 0; axis < back.size(); ++axis) back[at(from[axis])] = static_cast<int>(axis);
    return transpose(g, back);
  }
  Window view(const Window& in, const Shape& out) const {
    Window y(in.offset, out, {});
    for (int axis = 0; axis < out.rank(); ++axis) y.strides[at(axis)] = in.strides[at(from[axis])];
    return y;
  }
};

struct Broadcast {
  static constexpr Doc doc{"broadcast_to", "y = x, stretched", "g summed over the stretched axes"};
  static constexpr Kind kind = Kind::view;
  static constexpr int inputs = 1;

  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T>) const {
    return g;  // the sweep sums it
  }
  Window view(const Window& in, const Shape& out) const { return stretched(in, out); }
};

struct StopGradient {
  static constexpr Doc doc{"stop_gradient", "y = x", "none"};
  static constexpr Kind kind = Kind::view;
  static constexpr int inputs = 1;

  Shape shape(const Shape& x) const { return x; }
  template <class T>
  NoGradient vjp(Input<0>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  Window view(const Window& in, const Shape&) const { return in; }
};

/// Elements start, start + step, … of one axis: `count` of them.
struct Slice {
  static constexpr Doc doc{"slice", "y = x[start : stop : step] along an axis", "g at those places, 0 elsewhere"};
  static constexpr Kind kind = Kind::view;
  static constexpr int inputs = 1;
  std::int64_t axis = 0, start = 0, step = 1, count = 0;

  Shape shape(const Shape& x) const {
    std::vector<std::int64_t> dims(x.begin(), x.end());
    dims[static_cast<std::size_t>(axis)] = count;
    return Shape(dims);
  }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T>) const;
  Window view(const Window& in, const Shape& out) const {
    const auto a = static_cast<std::size_t>(axis);
    Window y(in.offset, out, in.strides);
    if (out.size() > 0) y.offset += start * in.strides[a];
    y.strides[a] *= step;
    return y;
  }
};

/// The transpose of Slice: x at those places of a tensor of zeros.
struct Place {
  static constexpr Doc doc{"place", "y[start : stop : step] = x, 0 elsewhere", "g[start : stop : step]"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  Slice where;

  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T>) const {
    return record(where, {g}, Source());
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    kernels::fill(out, T(0));
    kernels::copy(in[0], View<T>(out.data, where.view(Window(out.shape), in[0].shape)));
  }
};

template <class T>
Var<T> Slice::vjp(Input<0>, Var<T> g, Var<T> x, Var<T>) const {
  return record(Place{*this}, {g}, x.shape(), Source());
}

struct Concatenate {
  static constexpr Doc doc{"concatenate", "y = parts joined along an axis", "the part of g"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = kAnyNumber;
  std::int64_t axis = 0;

  Shape shape(std::span<const Shape> x) const {
    std::vector<std::int64_t> dims(x[0].begin(), x[0].end());
    const auto a = static_cast<std::size_t>(axis);
    for (const Shape& part : x.subspan(1)) {
      if (part.rank() != x[0].rank()) throw ShapeError(fmt::format("ranks {} and {}", x[0].rank(), part.rank()));
      for (int i = 0; i < part.rank(); ++i) {
        if (i != axis && part[i] != x[0][i]) {
          throw ShapeError(fmt::format("axis {} is {} and {}, only axis {} may differ", i, x[0][i], part[i], axis));
        }
      }
      dims[a] += part[static_cast<int>(axis)];
    }
    return Shape(dims);
  }
  template <class T>
  Var<T> vjp(int input, Var<T> g, std::span<const Var<T>> x, Var<T>) const {
    std::int64_t start = 0;
    for (int i = 0; i < input; ++i) start += x[at(i)].shape()[static_cast<int>(axis)];
    const std::int64_t count = x[at(input)].shape()[static_cast<int>(axis)];
    return record(Slice{axis, start, 1, count}, {g}, Source());
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    std::int64_t start = 0;
    for (const View<const T>& part : in) {
      const std::int64_t count = part.shape[static_cast<int>(axis)];
      kernels::copy(part, View<T>(out.data, Slice{axis, start, 1, count}.view(Window(out.shape), part.shape)));
      start += count;
    }
  }
};

}  // namespace

template <class T>
Var<T> reshape(Var<T> x, const Shape& shape, Source where) {
  const Shape from = x.shape(where, "reshape");
  if (from == shape) return x;
  if (from.size() != shape.size()) {
    throw ShapeError(locate(
        "reshape",
        fmt::format("{} has {} elements but {} has {}", to_string(from), from.size(), to_string(shape), shape.size()),
        where));
  }
  Tape<T>& tape = x.tape();
  if (tape.node(x.id()).op->kind == Kind::constant) return tape.constant(tape.constant_value(x.id()), shape, where);
  return record(Reshape{}, {x}, shape, where);
}

template <class T>
Var<T> reshape(Var<T> x, std::initializer_list<std::int64_t> dims, Source where) {
  std::vector<std::int64_t> known(dims);
  const auto open = std::find(known.begin(), known.end(), -1);
  if (open != known.end()) {
    *open = 1;
    if (std::find(known.begin(), known.end(), -1) != known.end()) {
      throw ShapeError(locate("reshape", "only one dimension may be -1", where));
    }
    const std::int64_t rest = Shape(known).size(), size = x.shape(where, "reshape").size();
    if (rest == 0 || size % rest != 0) {
      throw ShapeError(locate(
          "reshape", fmt::format("no dimension makes {} into the {} elements of {}", rest, size, to_string(x.shape())),
          where));
    }
    *open = size / rest;
  }
  return reshape(x, Shape(known), where);
}

template <class T>
Var<T> transpose(Var<T> x, Source where) {
  std::vector<int> axes(at(x.shape(where, "transpose").rank()));
  std::iota(axes.rbegin(), axes.rend(), 0);
  return transpose(x, axes, where);
}

template <class T>
Var<T> transpose(Var<T> x, const std::vector<int>& axes, Source where) {
  const int rank = x.shape(where, "transpose").rank();
  Transpose op;
  bool seen[kMaxRank] = {}, identity = true;
  bool permutation = axes.size() == at(rank);
  for (std::size_t i = 0; permutation && i < axes.size(); ++i) {
    const int from = axes[i] < 0 ? axes[i] + rank : axes[i];
    permutation = from >= 0 && from < rank && !seen[from];
    if (!permutation) break;
    seen[from] = true;
    op.from[i] = static_cast<std::int8_t>(from);
    identity &= from == static_cast<int>(i);
  }
  if (!permutation) {
    throw ShapeError(locate("transpose",
                            fmt::format("axes [{}] are no permutation of the {} axes of {}", fmt::join(axes, ", "),
                                        rank, to_string(x.shape())),
                            where));
  }
  if (identity) return x;
  const Node<T>& node = x.tape().node(x.id());
  if (node.op == &table_of<Transpose, T>()) {  // a transpose of a transpose is one
    const auto inner = internal::attributes_as<Transpose>(x.tape().attributes(x.id()));
    const Var<T> base = x.tape().var(x.tape().inputs(x.id())[0]);
    Transpose joined;
    identity = true;
    for (int i = 0; i < rank; ++i) {
      joined.from[i] = inner.from[op.from[i]];
      identity &= joined.from[i] == i;
    }
    return identity ? base : record(joined, {base}, where);
  }
  return record(op, {x}, where);
}

template <class T>
Var<T> swap_axes(Var<T> x, int axis, int other, Source where) {
  const int rank = x.shape(where, "swap_axes").rank();
  std::vector<int> axes(at(rank));
  std::iota(axes.begin(), axes.end(), 0);
  try {
    std::swap(axes[at(normalize_axis(axis, rank))], axes[at(normalize_axis(other, rank))]);
  } catch (const ShapeError& fact) {
    throw ShapeError(locate("swap_axes", fmt::format("{}: x is {}", fact.what(), to_string(x.shape())), where));
  }
  return transpose(x, axes, where);
}

template <class T>
Var<T> broadcast_to(Var<T> x, const Shape& shape, Source where) {
  const Shape from = x.shape(where, "broadcast_to");
  if (from == shape) return x;
  if (!broadcasts_to(from, shape)) {
    throw ShapeError(
        locate("broadcast_to", fmt::format("{} does not broadcast to {}", to_string(from), to_string(shape)), where));
  }
  Tape<T>& tape = x.tape();
  if (tape.node(x.id()).op->kind == Kind::constant) return tape.constant(tape.constant_value(x.id()), shape, where);
  return record(Broadcast{}, {x}, shape, where);
}

template <class T>
Var<T> sum_to(Var<T> x, const Shape& shape, Source where) {
  const Shape from = x.shape(where, "sum_to");
  if (from == shape) return x;
  if (!broadcasts_to(shape, from)) {
    throw ShapeError(
        locate("sum_to", fmt::format("{} does not broadcast to {}", to_string(shape), to_string(from)), where));
  }
  std::vector<int> axes;
  const int lead = from.rank() - shape.rank();
  for (int axis = 0; axis < from.rank(); ++axis) {
    if (axis < lead || (shape[axis - lead] == 1 && from[axis] != 1)) axes.push_back(axis);
  }
  return reshape(sum(x, Axes(axes), true, where), shape, where);
}

template <class T>
Var<T> slice(Var<T> x, int axis, std::int64_t start, std::int64_t stop, std::int64_t step, Source where) {
  const Shape shape = x.shape(where, "slice");
  if (step == 0) throw ShapeError(locate("slice", fmt::format("step 0 of x {}", to_string(shape)), where));
  try {
    axis = normalize_axis(axis, shape.rank());
  } catch (const ShapeError& fact) {
    throw ShapeError(locate("slice", fmt::format("{}: x is {}", fact.what(), to_string(shape)), where));
  }
  const std::int64_t n = shape[axis];
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  const auto place = [&](std::int64_t i) { return std::clamp(i < 0 ? i + n : i, low, high); };
  const std::int64_t first = start == kEnd ? (step > 0 ? low : high) : place(start);
  const std::int64_t last = stop == kEnd ? (step > 0 ? high : low) : place(stop);
  const std::int64_t span = step > 0 ? last - first : first - last, stride = step > 0 ? step : -step;
  const std::int64_t count = span <= 0 ? 0 : (span - 1) / stride + 1;
  if (count == n && step == 1) return x;
  return record(Slice{axis, first, step, count}, {x}, where);
}

template <class T>
Var<T> concatenate(std::span<const Var<T>> parts, int axis, Source where) {
  if (parts.empty()) throw ShapeError(locate("concatenate", "no parts were given", where));
  try {
    axis = normalize_axis(axis, parts[0].shape(where, "concatenate").rank());
  } catch (const ShapeError& fact) {
    throw ShapeError(locate("concatenate",
                            fmt::format("{}: the first part is {}", fact.what(), to_string(parts[0].shape())), where));
  }
  const Concatenate op{axis};
  return record<T>(table_of<Concatenate, T>(), &op, parts, where);
}

template <class T>
Var<T> stop_gradient(Var<T> x, Source where) {
  return record(StopGradient{}, {x}, where);
}

template <class T>
std::vector<Entry<T>> reshape_entries() {
  Transpose cycle;
  cycle.from[0] = 2;
  cycle.from[1] = 0;
  cycle.from[2] = 1;
  return {{&table_of<Reshape, T>(), {sample<T>(Reshape{}, {{2, 6}}, {3, 4}), sample<T>(Reshape{}, {Shape{}}, {1, 1})}},
          {&table_of<Transpose, T>(), {sample<T>(cycle, {{2, 3, 4}})}},
          {&table_of<Broadcast, T>(),
           {sample<T>(Broadcast{}, {{3, 1}}, {2, 3, 4}), sample<T>(Broadcast{}, {Shape{}}, {5})}},
          {&table_of<StopGradient, T>(), {sample<T>(StopGradient{}, {{3}})}},
          {&table_of<Slice, T>(),
           {sample<T>(Slice{1, 1, 2, 3}, {{2, 7}}), sample<T>(Slice{0, 4, -2, 2}, {{5, 3}}),
            sample<T>(Slice{2, 0, 1, 2}, {{2, 3, 4}})}},
          {&table_of<Place, T>(), {sample<T>(Place{Slice{1, 1, 2, 3}}, {{2, 3}}, {2, 7})}},
          {&table_of<Concatenate, T>(),
           {sample<T>(Concatenate{0}, {{2, 3}, {1, 3}, {3, 3}}), sample<T>(Concatenate{1}, {{2, 3}, {2, 1}})}}};
}

#define INSTANTIATE(T)                                                                  \
  template Var<T> reshape(Var<T>, const Shape&, Source);                                \
  template Var<T> reshape(Var<T>, std::initializer_list<std::int64_t>, Source);         \
  template Var<T> transpose(Var<T>, Source);                                            \
  template Var<T> transpose(Var<T>, const std::vector<int>&, Source);                   \
  template Var<T> swap_axes(Var<T>, int, int, Source);                                  \
  template Var<T> broadcast_to(Var<T>, const Shape&, Source);                           \
  template Var<T> sum_to(Var<T>, const Shape&, Source);                                 \
  template Var<T> slice(Var<T>, int, std::int64_t, std::int64_t, std::int64_t, Source); \
  template Var<T> concatenate(std::span<const Var<T>>, int, Source);                    \
  template Var<T> stop_gradient(Var<T>, Source);                                        \
  template std::vector<Entry<T>> reshape_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
