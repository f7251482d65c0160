#include "autodiff/tensor/shape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "autodiff/tensor/error.hpp"

namespace wengert {

Shape::Shape(std::initializer_list<std::int64_t> dims, Source where)
    : Shape(std::span(dims.begin(), dims.size()), where) {}

Shape::Shape(std::span<const std::int64_t> dims, Source where) {
  const auto fail = [&](const std::string& fact) {
    throw ShapeError(where.line() == 0 ? fact : locate("Shape", fact, where));
  };
  if (dims.size() > static_cast<std::size_t>(kMaxRank)) {
    fail(fmt::format("a shape has at most {} dimensions, not {}", kMaxRank, dims.size()));
  }
  bool empty = false;
  for (const std::int64_t dim : dims) {
    if (dim < 0) fail(fmt::format("dimensions [{}] hold a negative number", fmt::join(dims, ", ")));
    empty |= dim == 0;
    dims_[static_cast<std::size_t>(rank_++)] = dim;
    if (dim != 0 && __builtin_mul_overflow(size_, dim, &size_)) {
      fail(fmt::format("dimensions [{}] have more than 2^63 - 1 elements", fmt::join(dims, ", ")));
    }
  }
  if (empty) size_ = 0;
}

Strides row_major(const Shape& shape) {
  Strides strides{};
  std::int64_t step = 1;
  for (int axis = shape.rank(); axis-- > 0;) {
    strides[static_cast<std::size_t>(axis)] = step;
    step *= shape[axis];
  }
  return strides;
}

int normalize_axis(int axis, int rank) {
  if (axis < -rank || axis >= rank) throw ShapeError(fmt::format("axis {} is outside [{}, {})", axis, -rank, rank));
  return axis < 0 ? axis + rank : axis;
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  if (from.rank() > to.rank()) return false;
  for (int axis = -from.rank(); axis < 0; ++axis) {
    if (from[axis] != to[axis] && from[axis] != 1) return false;
  }
  return true;
}

Shape broadcast(const Shape& a, const Shape& b) {
  if (a == b) return a;
  const int rank = std::max(a.rank(), b.rank());
  std::array<std::int64_t, kMaxRank> dims{};
  for (int axis = -rank; axis < 0; ++axis) {
    const std::int64_t p = axis < -a.rank() ? 1 : a[axis], q = axis < -b.rank() ? 1 : b[axis];
    if (p != q && p != 1 && q != 1) {
      throw ShapeError(
          fmt::format("{} and {} do not broadcast: axis {} is {} and {}", to_string(a), to_string(b), axis, p, q));
    }
    dims[static_cast<std::size_t>(axis + rank)] = p == 1 ? q : p;
  }
  return Shape(std::span<const std::int64_t>(dims.data(), static_cast<std::size_t>(rank)));
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape.dims(), ", ")); }

}  // namespace wengert
