#include "autodiff/ops/factor.hpp"

#include <fmt/format.h>

#include "autodiff/kernels/factor.hpp"
#include "autodiff/kernels/move.hpp"
#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/broadcast.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/matrices.hpp"
#include "autodiff/ops/sample.hpp"
#include "autodiff/ops/slice.hpp"

namespace wengert {

namespace {

void expect_system(const Shape& a, const Shape& b) {
  expect_square(a);
  if (b.rank() != a.rank() || batch_of(a) != batch_of(b)) throw ShapeError("the batches differ");
  if (a[-1] != b[-2]) throw ShapeError(fmt::format("{} unknowns but {} right-hand rows", a[-1], b[-2]));
}

/// The lower triangle, its diagonal halved.
template <class T>
Var<T> lower_half(Var<T> x) {
  return tril(x) - 0.5 * diag(diagonal(x));
}

struct Cholesky {
  static constexpr Doc doc{"cholesky",
                           "y y^T = (x + x^T) / 2, y lower triangular",
                           "P(s + s^T), s = y^-T P(y^T g) y^-1, P: lower triangle, diagonal halved",
                           "NaN unless x is positive definite",
                           {{-1, 1}}};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;

  Shape shape(const Shape& a) const {
    expect_square(a);
    return a;
  }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T> y) const {
    const auto divided = [&](Var<T> b) { return triangular_solve(flipped(y), b, {.lower = false}); };
    const Var<T> s = divided(flipped(divided(lower_half(matmul(flipped(y), tril(g))))));
    return lower_half(s + flipped(s));
  }
  template <class T>
  void run(Values<T> in, Positions, const View<T>& out) const {
    kernels::copy(in[0], out);
    for_each_matrix<1>(out.shape, {out.strides}, [&](const auto& first) { kernels::cholesky(matrix(out, first[0])); });
  }
};

struct TriangularSolve {
  static constexpr Doc doc{"triangular_solve",
                           "a y = b, a triangular",
                           "-(h y^T)'s triangle, h = a^-T g; h",
                           "NaN if the diagonal of a holds a 0",
                           {{-1, 1}, {-2, 2}}};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 2;
  std::int64_t lower = 1, unit = 0;

  Shape shape(const Shape& a, const Shape& b) const {
    expect_system(a, b);
    return b;
  }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> a, Var<T> b, Var<T> y) const {
    const Var<T> all = -matmul(vjp(Input<1>(), g, a, b, y), flipped(y));
    return lower != 0 ? tril(all, unit != 0 ? -1 : 0) : triu(all, unit != 0 ? 1 : 0);
  }
  template <class T>
  Var<T> vjp(Input<1>, Var<T> g, Var<T> a, Var<T>, Var<T>) const {
    return record(TriangularSolve{1 - lower, unit}, {flipped(a), g}, Source());
  }
  template <class T>
  void run(Values<T> in, Positions, const View<T>& out) const {
    kernels::copy(in[1], out);
    if (out.shape.size() == 0) return;
    for_each_matrix<2>(out.shape, {in[0].strides, out.strides}, [&](const auto& first) {
      kernels::solve_triangular(matrix(in[0], first[0]), lower != 0, unit != 0, matrix(out, first[1]));
    });
  }
};

struct Solve {
  static constexpr Doc doc{"solve", "a y = b", "-h y^T, h = a^-T g; h", "NaN if a is singular", {{-1, 1}, {-2, 2}}};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 2;

  Shape shape(const Shape& a, const Shape& b) const {
    expect_system(a, b);
    return b;
  }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> a, Var<T> b, Var<T> y) const {
    return -matmul(vjp(Input<1>(), g, a, b, y), flipped(y));
  }
  template <class T>
  Var<T> vjp(Input<1>, Var<T> g, Var<T> a, Var<T>, Var<T>) const {
    return record(Solve{}, {flipped(a), g}, Source());
  }
  template <class T>
  void run(Values<T> in, Positions, const View<T>& out) const {
    kernels::copy(in[1], out);
    if (out.shape.size() == 0) return;
    for_each_matrix<2>(out.shape, {in[0].strides, out.strides},
                       [&](const auto& first) { kernels::solve(matrix(in[0], first[0]), matrix(out, first[1])); });
  }
};

/// A system whose batches broadcast and whose right-hand side may be a vector.
template <class T, class Op>
Var<T> system(const Op& op, Var<T> a, Var<T> b, Source where) {
  const std::string name(Op::doc.name);
  expect_together(name.c_str(), {a, b}, where);
  const Shape p = a.shape(), q = b.shape();
  const bool vector = q.rank() == 1;
  Shape batch, matrices, sides;
  try {
    expect_square(p);
    if (q.rank() == 0) throw ShapeError("a number is no right-hand side");
    const Shape column = vector ? Shape{q[0], 1} : q;
    batch = broadcast(batch_of(p), batch_of(column));
    std::vector<std::int64_t> dims = dims_of(batch);
    dims.insert(dims.end(), {p[-2], p[-1]});
    matrices = Shape(dims);
    dims.resize(dims.size() - 2);
    dims.insert(dims.end(), {column[-2], column[-1]});
    sides = Shape(dims);
    expect_system(matrices, sides);
  } catch (const ShapeError& fact) {
    throw ShapeError(locate(name, fmt::format("{}: a is {}, b is {}", fact.what(), to_string(p), to_string(q)), where));
  }
  if (vector) b = reshape(b, Shape{q[0], 1}, where);
  const Var<T> y = record(op, {broadcast_to(a, matrices, where), broadcast_to(b, sides, where)}, where);
  return vector ? squeeze(y, -1, where) : y;
}

}  // namespace

template <class T>
Var<T> cholesky(Var<T> a, Source where) {
  expect_square("cholesky", a, where);
  const typename Tape<T>::Line line(a.tape(), where);
  return record(Cholesky{}, {0.5 * (a + swap_axes(a, -1, -2, where))}, where);
}

template <class T>
Var<T> triangular_solve(Var<T> a, Var<T> b, Triangular how, Source where) {
  return system(TriangularSolve{how.lower ? 1 : 0, how.unit_diagonal ? 1 : 0}, a, b, where);
}

template <class T>
Var<T> solve(Var<T> a, Var<T> b, Source where) {
  return system(Solve{}, a, b, where);
}

template <class T>
Var<T> inverse(Var<T> a, Source where) {
  expect_square("inverse", a, where);
  const Shape shape = a.shape();
  const Var<T> identity = diag(a.tape().constant(T(1), Shape{shape[-1]}, where), 0, where);
  return solve(a, broadcast_to(identity, shape, where), where);
}

template <class T>
std::vector<Entry<T>> factor_entries() {
  const auto regular = [](Sample sample) {
    sample.diagonal = 4;
    return sample;
  };
  return {{&table_of<Cholesky, T>(),
           {regular(sample<T>(Cholesky{}, {{3, 3}})), regular(sample<T>(Cholesky{}, {{2, 2, 2}}))}},
          {&table_of<TriangularSolve, T>(),
           {regular(sample<T>(TriangularSolve{1, 0}, {{3, 3}, {3, 2}})),
            regular(sample<T>(TriangularSolve{0, 0}, {{2, 2, 2}, {2, 2, 3}})),
            regular(sample<T>(TriangularSolve{1, 1}, {{3, 3}, {3, 1}})),
            regular(sample<T>(TriangularSolve{0, 1}, {{3, 3}, {3, 2}}))}},
          {&table_of<Solve, T>(),
           {regular(sample<T>(Solve{}, {{3, 3}, {3, 2}})), regular(sample<T>(Solve{}, {{2, 2, 2}, {2, 2, 3}}))}}};
}

#define INSTANTIATE(T)                                                  \
  template Var<T> cholesky(Var<T>, Source);                             \
  template Var<T> triangular_solve(Var<T>, Var<T>, Triangular, Source); \
  template Var<T> solve(Var<T>, Var<T>, Source);                        \
  template Var<T> inverse(Var<T>, Source);                              \
  template std::vector<Entry<T>> factor_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
