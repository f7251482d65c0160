#include "autodiff/ops/reshape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

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

template <class T>
Var<T> transposed(Var<T> x, std::span<const int> axes, Source where);

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
    std::array<int, kMaxRank> back{};
    const int rank = x.shape().rank();
    for (int axis = 0; axis < rank; ++axis) back[at(from[axis])] = axis;
    return transposed(g, std::span<const int>(back.data(), at(rank)), Source());
  }
  Window view(const Window& in, const Shape& out) const {
    Window y(in.offset, out, {});
    for (int axis = 0; axis < out.rank(); ++axis) y.strides[at(axis)] = in.strides[at(from[axis])];
    return y;
  }
};

struct StopGradient {
  static constexpr Doc doc{"stop_gradient", "y = x", "none"};
  static constexpr Kind kind = Kind::view;
  static constexpr int inputs = 1;
  static constexpr bool alias = true;

  Shape shape(const Shape& x) const { return x; }
  template <class T>
  NoGradient vjp(Input<0>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  Window view(const Window& in, const Shape&) const { return in; }
};

/// See transpose.
template <class T>
Var<T> transposed(Var<T> x, std::span<const int> axes, Source where) {
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

}  // namespace

template <class T>
Var<T> reshape(Var<T> x, const Shape& shape, Source where) {
  const Shape& from = x.shape(where, "reshape");
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
  const auto wanted = [&] { return in_words_of("reshape", x, where, [&] { return Shape(known); }); };
  const auto open = std::ranges::find(known, -1);
  if (open != known.end()) {
    *open = 1;
    if (std::ranges::find(known, -1) != known.end()) {
      throw ShapeError(locate("reshape", "only one dimension may be -1", where));
    }
    const std::int64_t rest = wanted().size(), size = x.shape().size();
    if (rest == 0 || size % rest != 0) {
      throw ShapeError(locate(
          "reshape", fmt::format("no dimension makes {} into the {} elements of {}", rest, size, to_string(x.shape())),
          where));
    }
    *open = size / rest;
  }
  return reshape(x, wanted(), where);
}

template <class T>
Var<T> transpose(Var<T> x, const std::vector<int>& axes, Source where) {
  return transposed<T>(x, axes, where);
}

template <class T>
Var<T> transpose(Var<T> x, Source where) {
  std::vector<int> axes(at(x.shape(where, "transpose").rank()));
  std::iota(axes.rbegin(), axes.rend(), 0);
  return transpose(x, axes, where);
}

template <class T>
Var<T> swap_axes(Var<T> x, int axis, int other, Source where) {
  std::array<int, kMaxRank> axes{};
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[at(axis_of("swap_axes", x, axis, where))], axes[at(axis_of("swap_axes", x, other, where))]);
  return transposed<T>(x, std::span<const int>(axes.data(), at(x.shape().rank())), where);
}

template <class T>
Var<T> moveaxis(Var<T> x, int from, int to, Source where) {
  from = axis_of("moveaxis", x, from, where);
  to = axis_of("moveaxis", x, to, where);
  std::vector<int> axes(at(x.shape().rank()));
  std::iota(axes.begin(), axes.end(), 0);
  axes.erase(axes.begin() + from);
  axes.insert(axes.begin() + to, from);
  return transpose(x, axes, where);
}

template <class T>
Var<T> squeeze(Var<T> x, const Axes& axes, Source where) {
  const std::uint32_t mask = mask_of("squeeze", x, axes, where);
  const Shape shape = x.shape();
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!holds(mask, axis) || shape[axis] == 1) continue;
    throw ShapeError(
        locate("squeeze", fmt::format("axis {} is {}, not 1: x is {}", axis, shape[axis], to_string(shape)), where));
  }
  return reshape(x, dropped(shape, mask), where);
}

template <class T>
Var<T> squeeze(Var<T> x, Source where) {
  const Shape shape = x.shape(where, "squeeze");
  std::vector<int> ones;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) ones.push_back(axis);
  }
  return squeeze(x, Axes(ones), where);
}

template <class T>
Var<T> expand_dims(Var<T> x, int axis, Source where) {
  return with_axis("expand_dims", x, axis, where);
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
          {&table_of<StopGradient, T>(), {sample<T>(StopGradient{}, {{3}})}}};
}

#define INSTANTIATE(T)                                                          \
  template Var<T> reshape(Var<T>, const Shape&, Source);                        \
  template Var<T> reshape(Var<T>, std::initializer_list<std::int64_t>, Source); \
  template Var<T> transpose(Var<T>, Source);                                    \
  template Var<T> transpose(Var<T>, const std::vector<int>&, Source);           \
  template Var<T> swap_axes(Var<T>, int, int, Source);                          \
  template Var<T> moveaxis(Var<T>, int, int, Source);                           \
  template Var<T> squeeze(Var<T>, Source);                                      \
  template Var<T> squeeze(Var<T>, const Axes&, Source);                         \
  template Var<T> expand_dims(Var<T>, int, Source);                             \
  template Var<T> stop_gradient(Var<T>, Source);                                \
  template std::vector<Entry<T>> reshape_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
