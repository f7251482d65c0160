#include "autodiff/ops/matmul.hpp"

#include <fmt/format.h>

#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/reshape.hpp"
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
    std::vector<std::int64_t> dims(batch.begin(), batch.end());
    dims.push_back(a[-2]);
    dims.push_back(b[-1]);
    return Shape(dims);
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

std::vector<std::int64_t> dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

}  // namespace

template <class T>
Var<T> matmul(Var<T> a, Var<T> b, Source where) {
  const Shape p = a.shape(where, "matmul");
  a.tape().expect_mine("matmul", b, where);
  const Shape q = b.shape();
  if (p.rank() == 0 || q.rank() == 0) {
    throw ShapeError(
        locate("matmul", fmt::format("a number is no matrix: a is {}, b is {}", to_string(p), to_string(q)), where));
  }
  if (const std::int64_t k = q.rank() == 1 ? q[0] : q[-2]; p[-1] != k) {  // before a row or column becomes a matrix
    throw ShapeError(locate(
        "matmul",
        fmt::format("inner dimensions differ ({} and {}): a is {}, b is {}", p[-1], k, to_string(p), to_string(q)),
        where));
  }
  const typename Tape<T>::AllOrNothing guard(a.tape(), where);
  if (p.rank() == 1) {  // a row, whose axis disappears
    const Var<T> y = matmul(reshape(a, Shape{1, p[0]}, where), b, where);
    std::vector<std::int64_t> dims = dims_of(y.shape());
    dims.erase(q.rank() == 1 ? dims.begin() : dims.end() - 2);
    return reshape(y, Shape(dims), where);
  }
  if (q.rank() == 1) {  // a column, whose axis disappears
    const Var<T> y = matmul(a, reshape(b, Shape{q[0], 1}, where), where);
    std::vector<std::int64_t> dims = dims_of(y.shape());
    dims.pop_back();
    return reshape(y, Shape(dims), where);
  }
  if (p.rank() > 2 && q.rank() == 2 && p[-1] == q[0] && p.size() > 0) {  // one product of all rows
    std::vector<std::int64_t> dims = dims_of(p);
    dims.back() = q[1];
    return reshape(matmul(reshape(a, Shape{p.size() / p[-1], p[-1]}, where), b, where), Shape(dims), where);
  }
  return record(Matmul{}, {a, b}, where);
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
