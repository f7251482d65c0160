#include "autodiff/ops/matmul.hpp"

#include <fmt/format.h>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

struct Matmul {
  static constexpr Doc doc{"matmul", "y = a b", "g b^T, a^T g"};
  static constexpr Kind kind = Kind::product;
  static constexpr int inputs = 2;

  Shape shape(const Shape& a, const Shape& b) const {
    if (a.rank() < 2 || b.rank() < 2) throw ShapeError("both operands need rows and columns");
    if (a[-1] != b[-2]) throw ShapeError(fmt::format("inner dimensions differ ({} and {})", a[-1], b[-2]));
    const Shape batch = broadcast(Shape(a.dims().first(static_cast<std::size_t>(a.rank() - 2))),
                                  Shape(b.dims().first(static_cast<std::size_t>(b.rank() - 2))));
    std::array<std::int64_t, kMaxRank> dims{};
    auto* end = std::ranges::copy(batch, dims.begin()).out;
    *end++ = a[-2];
    *end++ = b[-1];
    return Shape(std::span<const std::int64_t>(dims.begin(), end));
  }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T> b, Var<T>) const {
    return matmul(g, swap_axes(b, -1, -2));
  }
  template <class T>
  Var<T> vjp(Input<1>, Var<T> g, Var<T> a, Var<T>, Var<T>) const {
    return matmul(swap_axes(a, -1, -2), g);
  }
};

}  // namespace

template <class T>
Var<T> matmul(Var<T> a, Var<T> b, Source where) {
  expect_together("matmul", {a, b}, where);
  const Shape &p = a.shape(), &q = b.shape();
  if (p.rank() == 0 || q.rank() == 0) {
    throw ShapeError(
        locate("matmul",
               fmt::format("a and b must have one axis or more: a is {}, b is {}", to_string(p), to_string(q)), where));
  }
  const Shape rows = p.rank() == 1 ? Shape{1, p[0]} : p, cols = q.rank() == 1 ? Shape{q[0], 1} : q;
  Shape product;
  try {
    product = Matmul{}.shape(rows, cols);
  } catch (const ShapeError& fact) {
    throw ShapeError(
        locate("matmul", fmt::format("{}: a is {}, b is {}", fact.what(), to_string(p), to_string(q)), where));
  }
  // The axes of length 1 that a vector was given.
  const int rank = product.rank();
  const unsigned lent = (p.rank() == 1 ? 1u << (rank - 2) : 0u) | (q.rank() == 1 ? 1u << (rank - 1) : 0u);
  const Shape shape = lent == 0 ? product : dropped(product, lent);
  // With one matrix on the right, all rows of a batch are one product.
  const bool joins = rows.rank() > 2 && cols.rank() == 2 && rows.size() > 0;
  if (joins) product = Shape{rows.size() / rows[-1], cols[-1]};
  a = reshape(a, joins ? Shape{product[0], rows[-1]} : rows, where);
  return reshape(record(Matmul{}, {a, reshape(b, cols, where)}, product, where), shape, where);
}

template <class T>
Var<T> dot(Var<T> a, Var<T> b, Source where) {
  const Shape p = a.shape(where, "dot"), q = b.shape(where, "dot");
  if (p.rank() != 1 || p != q) {
    throw ShapeError(
        locate("dot", fmt::format("two vectors of one length are needed: a is {}, b is {}", to_string(p), to_string(q)),
               where));
  }
  return matmul(a, b, where);
}

template <class T>
std::vector<Entry<T>> matmul_entries() {
  return {{&table_of<Matmul, T>(),
           {sample<T>(Matmul{}, {{3, 5}, {5, 2}}), sample<T>(Matmul{}, {{2, 3, 4}, {4, 3}}),
            sample<T>(Matmul{}, {{2, 1, 3, 2}, {4, 2, 3}}), sample<T>(Matmul{}, {{1, 1}, {1, 7}})}}};
}

#define INSTANTIATE(T)                            \
  template Var<T> matmul(Var<T>, Var<T>, Source); \
  template Var<T> dot(Var<T>, Var<T>, Source);    \
  template std::vector<Entry<T>> matmul_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
