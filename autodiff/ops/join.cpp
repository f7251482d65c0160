#include "autodiff/ops/join.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "autodiff/kernels/move.hpp"
#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/broadcast.hpp"
#include "autodiff/ops/reshape.hpp"
#include "autodiff/ops/sample.hpp"
#include "autodiff/ops/slice.hpp"

namespace wengert {

namespace {

struct Concatenate {
  static constexpr Doc doc{"concatenate", "y = parts joined along an axis", "the part of g"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = kAnyNumber;
  std::int64_t axis = 0;

  Shape shape(std::span<const Shape> x) const {
    std::int64_t extent = x[0][static_cast<int>(axis)];
    for (const Shape& part : x.subspan(1)) {
      if (part.rank() != x[0].rank()) throw ShapeError(fmt::format("ranks {} and {}", x[0].rank(), part.rank()));
      for (int i = 0; i < part.rank(); ++i) {
        if (i != axis && part[i] != x[0][i]) {
          throw ShapeError(fmt::format("axis {} is {} and {}, only axis {} may differ", i, x[0][i], part[i], axis));
        }
      }
      if (__builtin_add_overflow(extent, part[static_cast<int>(axis)], &extent)) {
        throw ShapeError(fmt::format("axis {} would have more than 2^63 - 1 elements", axis));
      }
    }
    return with_dim(x[0], axis, extent);
  }
  template <class T>
  std::vector<Var<T>> vjp_all(Var<T> g, std::span<const Var<T>> x, Var<T>, const std::vector<bool>& wanted) const {
    const int a = static_cast<int>(axis);
    std::vector<Var<T>> out(x.size());
    std::int64_t start = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::int64_t length = x[i].shape()[a];
      if (wanted[i]) out[i] = narrow(g, a, start, length, Source());
      start += length;
    }
    return out;
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    T* to = out.data;
    for (const View<const T>& part : in) {
      kernels::copy(part, View<T>(to, part.shape, out.strides));
      to += part.shape[static_cast<int>(axis)] * out.strides[static_cast<std::size_t>(axis)];
    }
  }
};

/// `value`, `count` along an axis and else of x's shape; nothing for count 0.
template <class T>
void append_constant(std::vector<Var<T>>& parts, Var<T> x, int axis, std::int64_t count, T value, Source where) {
  if (count > 0) parts.push_back(x.tape().constant(value, with_dim(x.shape(), axis, count), where));
}

/// x with the whole of `axis`, or single elements along it, `times` times in a row.
template <class T>
Var<T> repeated(const char* name, Var<T> x, int axis, bool whole, std::int64_t times, Source where) {
  if (times == 1) return x;
  const Shape shape = x.shape();
  const int place = whole ? axis : axis + 1;
  const Shape stretched = in_words_of(name, x, where, [&] {
    if (times < 0) throw ShapeError(fmt::format("{} times", times));
    std::vector<std::int64_t> dims = dims_of(shape);
    dims.insert(dims.begin() + place, times);
    return Shape(dims);
  });
  const Var<T> y = broadcast_to(with_axis(name, x, place, where), stretched, where);
  return reshape(y, with_dim(shape, axis, shape[axis] * times), where);
}

}  // namespace

template <class T>
Var<T> concatenate(std::span<const Var<T>> parts, int axis, Source where) {
  if (parts.empty()) throw ShapeError(locate("concatenate", "no parts were given", where));
  const Concatenate op{axis_of("concatenate", parts[0], axis, where)};
  if (parts.size() == 1) return parts[0];
  return record<T>(table_of<Concatenate, T>(), &op, parts, where);
}

template <class T>
Var<T> stack(std::span<const Var<T>> parts, int axis, Source where) {
  if (parts.empty()) throw ShapeError(locate("stack", "no parts were given", where));
  expect_together("stack", parts, where);
  for (const Var<T>& part : parts) {
    if (part.shape(where, "stack") == parts[0].shape(where, "stack")) continue;
    throw ShapeError(locate(
        "stack",
        fmt::format("the parts differ in shape: {} and {}", to_string(parts[0].shape()), to_string(part.shape())),
        where));
  }
  std::vector<Var<T>> slots;
  for (const Var<T>& part : parts) slots.push_back(with_axis("stack", part, axis, where));
  return concatenate(slots, axis, where);
}

template <class T>
std::vector<Var<T>> split(Var<T> x, const std::vector<std::int64_t>& positions, int axis, Source where) {
  axis = axis_of("split", x, axis, where);
  const std::int64_t n = x.shape()[axis];
  std::vector<std::int64_t> cuts = {0};
  cuts.insert(cuts.end(), positions.begin(), positions.end());
  cuts.push_back(n);
  if (!std::ranges::is_sorted(cuts)) {
    throw ShapeError(locate("split",
                            fmt::format("positions [{}] do not ascend within axis {}, which has {}: x is {}",
                                        fmt::join(positions, ", "), axis, n, to_string(x.shape())),
                            where));
  }
  std::vector<Var<T>> parts;
  for (std::size_t i = 1; i < cuts.size(); ++i) {
    parts.push_back(narrow(x, axis, cuts[i - 1], cuts[i] - cuts[i - 1], where));
  }
  return parts;
}

template <class T>
std::vector<Var<T>> split(Var<T> x, int sections, int axis, Source where) {
  axis = axis_of("split", x, axis, where);
  const std::int64_t n = x.shape()[axis];
  if (sections < 1 || n % sections != 0) {
    throw ShapeError(locate("split",
                            fmt::format("axis {} has {} elements, no multiple of {} parts: x is {}", axis, n, sections,
                                        to_string(x.shape())),
                            where));
  }
  std::vector<std::int64_t> positions;
  for (int i = 1; i < sections; ++i) positions.push_back(n / sections * i);
  return split(x, positions, axis, where);
}

template <class T>
std::vector<Var<T>> unbind(Var<T> x, int axis, Source where) {
  axis = axis_of("unbind", x, axis, where);
  std::vector<Var<T>> parts;
  for (std::int64_t i = 0; i < x.shape()[axis]; ++i) {
    parts.push_back(squeeze(narrow(x, axis, i, 1, where), axis, where));
  }
  return parts;
}

template <class T>
Var<T> roll(Var<T> x, std::int64_t shift, int axis, Source where) {
  axis = axis_of("roll", x, axis, where);
  const std::int64_t n = x.shape()[axis];
  if (n == 0 || shift % n == 0) return x;
  const std::int64_t cut = n - (shift % n + n) % n;
  return concatenate({slice(x, axis, cut, kEnd, 1, where), slice(x, axis, 0, cut, 1, where)}, axis, where);
}

template <class T>
Var<T> pad(Var<T> x, const std::vector<Padding>& paddings, std::type_identity_t<T> value, Source where) {
  const int rank = x.shape(where, "pad").rank();
  if (paddings.size() != at(rank)) {
    throw ShapeError(locate("pad",
                            fmt::format("one padding per axis is needed (given: {}, axes: {}): x is {}",
                                        paddings.size(), rank, to_string(x.shape())),
                            where));
  }
  in_words_of("pad", x, where, [&] {
    std::vector<std::int64_t> dims = dims_of(x.shape());
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
      const auto& [before, after] = paddings[axis];
      std::int64_t& n = dims[axis];
      const bool overflows = __builtin_add_overflow(n, before, &n) || __builtin_add_overflow(n, after, &n);
      if (before >= 0 && after >= 0 && !overflows) continue;
      throw ShapeError(fmt::format("{} and {} elements cannot be put around axis {}", before, after, axis));
    }
    return Shape(dims);
  });
  for (int axis = 0; axis < rank; ++axis) {
    std::vector<Var<T>> parts;
    append_constant(parts, x, axis, paddings[at(axis)].before, value, where);
    parts.push_back(x);
    append_constant(parts, x, axis, paddings[at(axis)].after, value, where);
    x = concatenate(parts, axis, where);
  }
  return x;
}

template <class T>
Var<T> repeat(Var<T> x, std::int64_t times, int axis, Source where) {
  axis = axis_of("repeat", x, axis, where);
  return repeated("repeat", x, axis, false, times, where);
}

template <class T>
Var<T> tile(Var<T> x, const std::vector<std::int64_t>& times, Source where) {
  x.shape(where, "tile");
  const typename Tape<T>::AllOrNothing guard(x.tape(), where);
  while (x.shape().rank() < static_cast<int>(times.size())) x = with_axis("tile", x, 0, where);
  const int first = x.shape().rank() - static_cast<int>(times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    x = repeated("tile", x, first + static_cast<int>(i), true, times[i], where);
  }
  return x;
}

template <class T>
std::vector<Entry<T>> join_entries() {
  return {{&table_of<Concatenate, T>(),
           {sample<T>(Concatenate{0}, {{2, 3}, {1, 3}, {3, 3}}), sample<T>(Concatenate{1}, {{2, 3}, {2, 1}}),
            sample<T>(Concatenate{1}, {{2, 2, 2}, {2, 0, 2}, {2, 1, 2}})}}};
}

#define INSTANTIATE(T)                                                                       \
  template Var<T> concatenate(std::span<const Var<T>>, int, Source);                         \
  template Var<T> stack(std::span<const Var<T>>, int, Source);                               \
  template std::vector<Var<T>> split(Var<T>, int, int, Source);                              \
  template std::vector<Var<T>> split(Var<T>, const std::vector<std::int64_t>&, int, Source); \
  template std::vector<Var<T>> unbind(Var<T>, int, Source);                                  \
  template Var<T> roll(Var<T>, std::int64_t, int, Source);                                   \
  template Var<T> pad(Var<T>, const std::vector<Padding>&, std::type_identity_t<T>, Source); \
  template Var<T> repeat(Var<T>, std::int64_t, int, Source);                                 \
  template Var<T> tile(Var<T>, const std::vector<std::int64_t>&, Source);                    \
  template std::vector<Entry<T>> join_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
