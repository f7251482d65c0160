#include "autodiff/ops/contract.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/slice.hpp"

namespace wengert {

namespace {

template <class T>
Var<T> flat(Var<T> x, Source where) {
  return reshape(x, Shape{x.shape().size()}, where);
}

/// The axes as bits, in words of the operand `name` if one is wrong.
std::uint32_t bits_of(const char* name, const Shape& shape, const std::vector<int>& axes, Source where) {
  try {
    return Axes(axes).mask(shape.rank());
  } catch (const ShapeError& fact) {
    throw ShapeError(locate("tensordot", fmt::format("{}: {} is {}", fact.what(), name, to_string(shape)), where));
  }
}

}  // namespace

template <class T>
Var<T> vdot(Var<T> a, Var<T> b, Source where) {
  expect_together("vdot", {a, b}, where);
  if (a.shape().size() != b.shape().size()) {
    throw ShapeError(locate("vdot",
                            fmt::format("{} and {} elements: a is {}, b is {}", a.shape().size(), b.shape().size(),
                                        to_string(a.shape()), to_string(b.shape())),
                            where));
  }
  return dot(flat(a, where), flat(b, where), where);
}

template <class T>
Var<T> outer(Var<T> a, Var<T> b, Source where) {
  expect_together("outer", {a, b}, where);
  return multiply(Located<T>(reshape(a, Shape{a.shape().size(), 1}, where), where),
                  Located<T>(reshape(b, Shape{1, b.shape().size()}, where), where));
}

template <class T>
Var<T> inner(Var<T> a, Var<T> b, Source where) {
  expect_together("inner", {a, b}, where);
  if (a.shape().rank() == 0 || b.shape().rank() == 0) {
    return multiply(Located<T>(a, where), Located<T>(b, where));
  }
  return tensordot(a, b, std::vector<int>{-1}, std::vector<int>{-1}, where);
}

template <class T>
Var<T> kron(Var<T> a, Var<T> b, Source where) {
  expect_together("kron", {a, b}, where);
  const int rank = std::max(a.shape().rank(), b.shape().rank());
  if (2 * rank > kMaxRank) {
    throw ShapeError(locate(
        "kron",
        fmt::format("more than {} axes: a is {}, b is {}", kMaxRank / 2, to_string(a.shape()), to_string(b.shape())),
        where));
  }
  std::vector<std::int64_t> outside, inside, joined;
  for (int axis = -rank; axis < 0; ++axis) {
    const std::int64_t p = axis < -a.shape().rank() ? 1 : a.shape()[axis];
    const std::int64_t q = axis < -b.shape().rank() ? 1 : b.shape()[axis];
    outside.insert(outside.end(), {p, 1});
    inside.insert(inside.end(), {1, q});
  }
  const Var<T> blocks = multiply(Located<T>(reshape(a, Shape(outside), where), where),
                                 Located<T>(reshape(b, Shape(inside), where), where));
  const Shape pairs = blocks.shape();
  for (int axis = 0; axis < rank; ++axis) joined.push_back(pairs[2 * axis] * pairs[2 * axis + 1]);
  return reshape(blocks, Shape(joined), where);
}

template <class T>
Var<T> tensordot(Var<T> a, Var<T> b, const std::vector<int>& a_axes, const std::vector<int>& b_axes, Source where) {
  expect_together("tensordot", {a, b}, where);
  const Shape p = a.shape(), q = b.shape();
  const auto operands = [&] { return fmt::format("a is {}, b is {}", to_string(p), to_string(q)); };
  if (a_axes.size() != b_axes.size()) {
    throw ShapeError(locate(
        "tensordot", fmt::format("{} axes of a against {} of b: {}", a_axes.size(), b_axes.size(), operands()), where));
  }
  const std::uint32_t a_mask = bits_of("a", p, a_axes, where), b_mask = bits_of("b", q, b_axes, where);
  std::vector<int> a_order, b_order;
  for (std::size_t i = 0; i < a_axes.size(); ++i) {
    if (p[a_axes[i]] != q[b_axes[i]]) {
      throw ShapeError(locate("tensordot",
                              fmt::format("axis {} of a is {} but axis {} of b is {}: {}", a_axes[i], p[a_axes[i]],
                                          b_axes[i], q[b_axes[i]], operands()),
                              where));
    }
    b_order.push_back(normalize_axis(b_axes[i], q.rank()));
  }
  std::vector<std::int64_t> dims;
  std::int64_t m = 1, n = 1;
  for (int axis = 0; axis < p.rank(); ++axis) {
    if (holds(a_mask, axis)) continue;
    a_order.push_back(axis);
    dims.push_back(p[axis]);
    m *= p[axis];
  }
  for (const int axis : a_axes) a_order.push_back(normalize_axis(axis, p.rank()));
  for (int axis = 0; axis < q.rank(); ++axis) {
    if (holds(b_mask, axis)) continue;
    b_order.push_back(axis);
    dims.push_back(q[axis]);
    n *= q[axis];
  }
  Shape joined;
  try {
    joined = Shape(dims);
  } catch (const ShapeError& fact) {
    throw ShapeError(locate("tensordot", fmt::format("{}: {}", fact.what(), operands()), where));
  }
  const std::int64_t k = count_along(p, a_mask);
  const Var<T> rows = reshape(transpose(a, a_order, where), Shape{m, k}, where);
  const Var<T> cols = reshape(transpose(b, b_order, where), Shape{k, n}, where);
  return reshape(matmul(rows, cols, where), joined, where);
}

template <class T>
Var<T> tensordot(Var<T> a, Var<T> b, int axes, Source where) {
  expect_together("tensordot", {a, b}, where);
  if (axes < 0 || axes > a.shape().rank() || axes > b.shape().rank()) {
    throw ShapeError(locate("tensordot",
                            fmt::format("{} axes: a is {}, b is {}", axes, to_string(a.shape()), to_string(b.shape())),
                            where));
  }
  std::vector<int> last, first;
  for (int i = 0; i < axes; ++i) {
    last.push_back(a.shape().rank() - axes + i);
    first.push_back(i);
  }
  return tensordot(a, b, last, first, where);
}

template <class T>
Var<T> multi_dot(std::span<const Var<T>> factors, Source where) {
  if (factors.empty()) throw ShapeError(locate("multi_dot", "no factors were given", where));
  expect_together("multi_dot", factors, where);
  const std::size_t n = factors.size();
  // Factor i is [size[i], size[i + 1]].
  std::vector<std::int64_t> size(n + 1, 1);
  for (std::size_t i = 0; i < n; ++i) {
    const Shape shape = factors[i].shape();
    const bool row = i == 0 && shape.rank() == 1, column = i == n - 1 && shape.rank() == 1;
    if (shape.rank() != 2 && !row && !column) {
      throw ShapeError(
          locate("multi_dot", fmt::format("factor {} must have two axes, it is {}", i, to_string(shape)), where));
    }
    const std::int64_t rows = row ? 1 : shape[0], cols = column ? 1 : shape[-1];
    if (i > 0 && rows != size[i]) {
      throw ShapeError(
          locate("multi_dot",
                 fmt::format("inner dimensions of factors {} and {} differ ({} and {}): they are {} and {}", i - 1, i,
                             size[i], rows, to_string(factors[i - 1].shape()), to_string(shape)),
                 where));
    }
    size[i] = rows;
    size[i + 1] = cols;
  }
  // cost(i, j): multiplications for the product of factors i..j, cut at best(i, j).
  std::vector<double> cost(n * n, 0);
  std::vector<std::size_t> best(n * n, 0);
  for (std::size_t length = 1; length < n; ++length) {
    for (std::size_t i = 0; i + length < n; ++i) {
      const std::size_t j = i + length;
      cost[i * n + j] = std::numeric_limits<double>::infinity();
      for (std::size_t cut = i; cut < j; ++cut) {
        const double here =
            cost[i * n + cut] + cost[(cut + 1) * n + j] +
            static_cast<double>(size[i]) * static_cast<double>(size[cut + 1]) * static_cast<double>(size[j + 1]);
        if (here < cost[i * n + j]) {
          cost[i * n + j] = here;
          best[i * n + j] = cut;
        }
      }
    }
  }
  const auto product = [&](const auto& self, std::size_t i, std::size_t j) -> Var<T> {
    if (i == j) return factors[i];
    const std::size_t cut = best[i * n + j];
    return matmul(self(self, i, cut), self(self, cut + 1, j), where);
  };
  return product(product, 0, n - 1);
}

template <class T>
Var<T> trace(Var<T> x, int offset, Source where) {
  expect_matrix("trace", x, where);
  return sum(diagonal(x, offset, where), -1, false, where);
}

#define INSTANTIATE(T)                                                                                 \
  template Var<T> vdot(Var<T>, Var<T>, Source);                                                        \
  template Var<T> outer(Var<T>, Var<T>, Source);                                                       \
  template Var<T> inner(Var<T>, Var<T>, Source);                                                       \
  template Var<T> kron(Var<T>, Var<T>, Source);                                                        \
  template Var<T> tensordot(Var<T>, Var<T>, const std::vector<int>&, const std::vector<int>&, Source); \
  template Var<T> tensordot(Var<T>, Var<T>, int, Source);                                              \
  template Var<T> multi_dot(std::span<const Var<T>>, Source);                                          \
  template Var<T> trace(Var<T>, int, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
