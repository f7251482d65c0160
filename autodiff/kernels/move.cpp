// Copies walk both windows at once: axes are put into the order of the target's memory, neighbours that continue each
// other are joined, and the innermost one or two axes decide the loop.
#include "autodiff/kernels/move.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace wengert::kernels {
namespace {

struct Axis {
  std::int64_t extent = 1, from = 0, to = 0;
};

/// The axes of a copy, outermost first; none of extent 1, none if there is a single element.
struct Walk {
  std::array<Axis, kMaxRank> axes;
  std::size_t rank = 0;
};

Walk walk_of(const Shape& shape, const Strides& from, const Strides& to) {
  Walk walk;
  for (int i = 0; i < shape.rank(); ++i) {
    const auto axis = static_cast<std::size_t>(i);
    if (shape[i] != 1) walk.axes[walk.rank++] = {shape[i], from[axis], to[axis]};
  }
  // Long steps of the target outside. Insertion sort: at most eight axes, nearly always in order, and it is stable.
  for (std::size_t i = 1; i < walk.rank; ++i) {
    for (std::size_t j = i; j > 0 && std::abs(walk.axes[j - 1].to) < std::abs(walk.axes[j].to); --j) {
      std::swap(walk.axes[j - 1], walk.axes[j]);
    }
  }
  std::size_t joined = 0;
  for (std::size_t i = 1; i < walk.rank; ++i) {
    Axis& outer = walk.axes[joined];
    const Axis& inner = walk.axes[i];
    if (outer.from == inner.extent * inner.from && outer.to == inner.extent * inner.to) {
      outer = {outer.extent * inner.extent, inner.from, inner.to};
    } else {
      walk.axes[++joined] = inner;
    }
  }
  if (walk.rank != 0) walk.rank = joined + 1;
  return walk;
}

template <class T>
void copy_row(const T* from, T* to, const Axis& axis) {
  if (axis.from == 1 && axis.to == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(axis.extent) * sizeof(T));
  } else if (axis.from == 0 && axis.to == 1) {
    if (*from == 0 && !std::signbit(static_cast<double>(*from))) {
      std::memset(to, 0, static_cast<std::size_t>(axis.extent) * sizeof(T));
    } else {
      std::fill_n(to, axis.extent, *from);
    }
  } else {
    for (std::int64_t i = 0; i < axis.extent; ++i) to[i * axis.to] = from[i * axis.from];
  }
}

/// A transposition: the target is contiguous along `inner`, the source along `outer`. Squares of 16 elements a side
/// use every line of cache they touch, on both sides, before it is evicted.
template <class T>
void copy_transposed(const T* from, T* to, const Axis& outer, const Axis& inner) {
  constexpr std::int64_t kSide = 16;
  for (std::int64_t i = 0; i < outer.extent; i += kSide) {
    const std::int64_t i_end = std::min(i + kSide, outer.extent);
    for (std::int64_t j = 0; j < inner.extent; j += kSide) {
      const std::int64_t j_end = std::min(j + kSide, inner.extent);
      for (std::int64_t r = i; r < i_end; ++r) {
        const T* source = from + r * outer.from;
        T* target = to + r * outer.to;
        for (std::int64_t c = j; c < j_end; ++c) target[c] = source[c * inner.from];
      }
    }
  }
}

/// Calls body(source offset, target offset) for every index of the outer axes.
template <class Body>
void for_each_outer(const Walk& walk, std::size_t axes, const Body& body) {
  std::array<std::int64_t, kMaxRank> at{};
  std::int64_t from = 0, to = 0;
  for (;;) {
    body(from, to);
    std::size_t axis = axes;
    for (; axis > 0; --axis) {
      const Axis& a = walk.axes[axis - 1];
      from += a.from;
      to += a.to;
      if (++at[axis - 1] < a.extent) break;
      from -= a.from * a.extent;
      to -= a.to * a.extent;
      at[axis - 1] = 0;
    }
    if (axis == 0) return;
  }
}

}  // namespace

template <class T>
void copy(const View<const T>& from, const View<T>& to) {
  if (to.shape.size() == 0) return;
  Walk walk = walk_of(to.shape, from.strides, to.strides);
  if (walk.rank == 0) {
    *to.data = *from.data;
    return;
  }
  const Axis inner = walk.axes[walk.rank - 1];
  std::size_t outer_axes = walk.rank - 1;
  if (inner.to == 1 && std::abs(inner.from) > 1) {
    for (std::size_t i = 0; i < outer_axes; ++i) {
      if (walk.axes[i].from != 1) continue;
      std::swap(walk.axes[i], walk.axes[outer_axes - 1]);
      const Axis second = walk.axes[--outer_axes];
      return for_each_outer(walk, outer_axes, [&](std::int64_t source, std::int64_t target) {
        copy_transposed(from.data + source, to.data + target, second, inner);
      });
    }
  }
  for_each_outer(walk, outer_axes, [&](std::int64_t source, std::int64_t target) {
    copy_row(from.data + source, to.data + target, inner);
  });
}

template <class T>
void fill(const View<T>& to, T value) {
  const View<const T> from(&value, to.shape, {});
  copy(from, to);
}

template void copy<float>(const View<const float>&, const View<float>&);
template void copy<double>(const View<const double>&, const View<double>&);
template void copy<std::int64_t>(const View<const std::int64_t>&, const View<std::int64_t>&);
template void fill<float>(const View<float>&, float);
template void fill<double>(const View<double>&, double);
template void fill<std::int64_t>(const View<std::int64_t>&, std::int64_t);

}  // namespace wengert::kernels
