/// Batches of matrices, which stand in the last two axes. For the .cpp files of ops/.
#pragma once

#include "autodiff/ops/axis.hpp"

namespace wengert {

/// Every matrix transposed.
template <class T>
Var<T> flipped(Var<T> a) {
  return swap_axes(a, -1, -2);
}

inline Shape batch_of(const Shape& shape) { return Shape(shape.dims().first(at(shape.rank() - 2))); }

inline void expect_square(const Shape& a) {
  if (a.rank() < 2 || a[-1] != a[-2]) throw ShapeError("square matrices are needed");
}
template <class T>
void expect_square(const char* name, Var<T> x, Source where) {
  in_words_of(name, x, where, [&] { expect_square(x.shape()); });
}

/// Matrix number i of a batch, seen through strides.
template <class T>
View<T> matrix(const View<T>& x, std::int64_t first) {
  const int rank = x.shape.rank();
  return {x.data + first, Shape{x.shape[-2], x.shape[-1]}, Strides{x.strides[at(rank - 2)], x.strides[at(rank - 1)]}};
}
/// Calls f(first) for every matrix of a batch, see for_each_line.
template <std::size_t N, class F>
void for_each_matrix(const Shape& shape, const std::array<Strides, N>& windows, F&& f) {
  const int line = shape.rank() - 2;
  for_each_line<N>(with_dim(Shape(shape.dims().first(at(line + 1))), line, 1), line, windows, f);
}

}  // namespace wengert
