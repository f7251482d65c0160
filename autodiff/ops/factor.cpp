#include "autodiff/ops/factor.hpp"

#include <fmt/format.h>

#include <limits>

#include "autodiff/kernels/factor.hpp"
#include "autodiff/kernels/move.hpp"
#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/sample.hpp"
#include "autodiff/ops/slice.hpp"

namespace wengert {

namespace {

template <class T>
using Values = std::span<const View<const T>>;
using Positions = std::span<const std::int64_t* const>;

template <class T>
Var<T> flipped(Var<T> a) {
  return swap_axes(a, -1, -2);
}

Shape batch_of(const Shape& shape) { return Shape(shape.dims().first(at(shape.rank() - 2))); }

void expect_square(const Shape& a) {
  if (a.rank() < 2 || a[-1] != a[-2]) throw ShapeError("square matrices are needed");
}
void expect_system(const Shape& a, const Shape& b) {
  expect_square(a);
  if (b.rank() != a.rank() || batch_of(a) != batch_of(b)) throw ShapeError("the batches differ");
  if (a[-1] != b[-2]) throw ShapeError(fmt::format("{} unknowns but {} right-hand rows", a[-1], b[-2]));
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

/// What is wanted of a determinant.
enum class Part : std::int64_t { value, sign, log_abs };

struct Det {
  static constexpr Doc doc{"det",
                           "y = determinant of x, its sign, or ln of its size",
                           "g y x^-T; none; g x^-T",
                           "the gradient of a singular matrix is NaN",
                           {{-1, 1}}};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  Part part = Part::value;

  Shape shape(const Shape& a) const {
    expect_square(a);
    return batch_of(a);
  }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> a, Var<T> y) const {
    if (part == Part::sign) return {};
    const Var<T> weight = part == Part::value ? g * y : g;
    return expand_dims(expand_dims(weight, -1), -1) * flipped(inverse(a));
  }
  template <class T>
  void run(Values<T> in, Positions, const View<T>& out) const {
    T* y = out.data;
    for_each_matrix<1>(in[0].shape, {in[0].strides}, [&](const auto& first) {
      const kernels::Determinant<T> det = kernels::determinant(matrix(in[0], first[0]));
      *y++ = part == Part::value ? det.value : part == Part::sign ? det.sign : det.log_abs;
    });
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
  const Shape shape = a.shape(where, "cholesky");
  if (shape.rank() < 2 || shape[-1] != shape[-2]) return record(Cholesky{}, {a}, where);  // throws
  const typename Tape<T>::Line line(a, where);
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
  expect_matrix("inverse", a, where);
  const Shape shape = a.shape();
  if (shape[-1] != shape[-2]) {
    throw ShapeError(locate("inverse", fmt::format("square matrices are needed: a is {}", to_string(shape)), where));
  }
  const Var<T> identity = diag(a.tape().constant(T(1), Shape{shape[-1]}, where), 0, where);
  return solve(a, broadcast_to(identity, shape, where), where);
}

template <class T>
Var<T> det(Var<T> a, Source where) {
  return record(Det{Part::value}, {a}, where);
}
template <class T>
std::pair<Var<T>, Var<T>> slogdet(Var<T> a, Source where) {
  return {record(Det{Part::sign}, {a}, where), record(Det{Part::log_abs}, {a}, where)};
}
template <class T>
Var<T> logdet(Var<T> a, Source where) {
  const auto [sign, log_abs] = slogdet(a, where);
  return wengert::where(sign < 0, std::numeric_limits<T>::quiet_NaN(), log_abs, where);
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
           {regular(sample<T>(Solve{}, {{3, 3}, {3, 2}})), regular(sample<T>(Solve{}, {{2, 2, 2}, {2, 2, 3}}))}},
          {&table_of<Det, T>(),
           {regular(sample<T>(Det{Part::value}, {{3, 3}})), regular(sample<T>(Det{Part::value}, {{2, 2, 2}})),
            regular(sample<T>(Det{Part::sign}, {{3, 3}})), regular(sample<T>(Det{Part::log_abs}, {{2, 3, 3}}))}}};
}

#define INSTANTIATE(T)                                                  \
  template Var<T> cholesky(Var<T>, Source);                             \
  template Var<T> triangular_solve(Var<T>, Var<T>, Triangular, Source); \
  template Var<T> solve(Var<T>, Var<T>, Source);                        \
  template Var<T> inverse(Var<T>, Source);                              \
  template Var<T> det(Var<T>, Source);                                  \
  template std::pair<Var<T>, Var<T>> slogdet(Var<T>, Source);           \
  template Var<T> logdet(Var<T>, Source);                               \
  template std::vector<Entry<T>> factor_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
