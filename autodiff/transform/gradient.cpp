#include "autodiff/transform/gradient.hpp"

#include <fmt/format.h>

#include "autodiff/ops/reshape.hpp"
#include "autodiff/program/program.hpp"
#include "autodiff/tensor/error.hpp"

namespace wengert {

namespace {

template <class T>
void expect_number(const char* operation, Var<T> y, Source where) {
  if (y.shape(where, operation).size() == 1) return;
  throw ShapeError(locate(operation,
                          fmt::format("y has shape {} but a {} needs one number: take sum(y), or vjp(y, x, "
                                      "seed)",
                                      to_string(y.shape()), operation),
                          where));
}

/// See gradient; throws in the name of `operation`.
template <class T>
std::vector<Var<T>> pullback_of(const char* operation, Var<T> y, std::span<const Var<T>> wrt, Source where) {
  expect_number(operation, y, where);
  const typename Tape<T>::AllOrNothing guard(y.tape(), where);
  const Var<T> one = y.tape().constant(T(1), Shape(y.shape()), where);
  return pullback<T>(std::span(&y, 1), std::span(&one, 1), wrt, where, operation);
}

/// The shape of all derivatives of y by x.
Shape joined(const char* operation, const Shape& y, const Shape& x, Source where) {
  std::vector<std::int64_t> dims(y.begin(), y.end());
  dims.insert(dims.end(), x.begin(), x.end());
  try {
    return Shape(dims);
  } catch (const ShapeError& fact) {
    throw ShapeError(
        locate(operation, fmt::format("{}: y has shape {}, x {}", fact.what(), to_string(y), to_string(x)), where));
  }
}

/// See jvp; throws in the name of `operation`.
template <class T>
std::vector<Var<T>> pushforward(const char* operation, const std::vector<Var<T>>& y, const std::vector<Var<T>>& wrt,
                                const std::vector<Var<T>>& tangents, Source where) {
  if (y.empty() || y[0].empty()) throw UsageError(locate(operation, "an empty Var has no tape", where));
  if (wrt.size() != tangents.size()) {
    throw UsageError(locate(
        operation, fmt::format("one tangent per input is needed (given: {}, inputs: {})", tangents.size(), wrt.size()),
        where));
  }
  Tape<T>& tape = y[0].tape();
  for (const Var<T>& output : y) tape.expect_mine(operation, output, where);
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    if (wrt[i].shape(where, operation) == tangents[i].shape(where, operation)) continue;
    throw ShapeError(locate(
        operation,
        fmt::format("x has shape {} but its tangent {}", to_string(wrt[i].shape()), to_string(tangents[i].shape())),
        where));
  }
  const typename Tape<T>::AllOrNothing guard(tape, where);
  std::vector<Var<T>> u;
  for (const Var<T>& output : y) u.push_back(tape.placeholder(Shape(output.shape()), where));
  const std::vector<Var<T>> rows = pullback<T>(y, u, wrt, where, operation);
  return pullback<T>(rows, tangents, u, where, operation);
}

/// See jacobian; throws in the name of `operation`.
template <class T>
Tensor<T> jacobian_of(const char* operation, Var<T> y, Var<T> x, bool forward, Source where) {
  const Shape rows = y.shape(where, operation), cols = x.shape(where, operation);
  const Shape all = joined(operation, rows, cols, where);
  Tensor<T> out(all, elements_for<T>(operation, all, where));
  Tape<T>& tape = y.tape();
  const auto scope = tape.scope(where);
  const Var<T> seed = tape.leaf(Tensor<T>(forward ? cols : rows), where);
  Program<T> program =
      compile(forward ? pushforward<T>(operation, {y}, {x}, {seed}, where)[0]
                      : pullback<T>(std::span(&y, 1), std::span(&seed, 1), std::span(&x, 1), where, operation)[0],
              where);
  Tensor<T> unit(forward ? cols : rows);
  const std::int64_t m = rows.size(), n = cols.size();
  for (std::int64_t i = 0; i < unit.size(); ++i) {
    unit.data()[i] = T(1);
    tape.set(seed, unit, where);
    unit.data()[i] = T(0);
    program.run(where);
    const T* slice = program.output().data;
    if (forward) {
      for (std::int64_t r = 0; r < m; ++r) out.data()[r * n + i] = slice[r];
    } else {
      std::copy(slice, slice + n, out.data() + i * n);
    }
  }
  return out;
}

}  // namespace

template <class T>
std::vector<Var<T>> gradient(Var<T> y, std::span<const Var<T>> wrt, Source where) {
  return pullback_of("gradient", y, wrt, where);
}

template <class T>
Var<T> vjp(Var<T> y, Var<T> x, Var<T> seed, Source where) {
  return pullback<T>(std::span(&y, 1), std::span(&seed, 1), std::span(&x, 1), where, "vjp")[0];
}
template <class T>
std::vector<Var<T>> vjp(Var<T> y, const std::vector<Var<T>>& wrt, Var<T> seed, Source where) {
  return pullback<T>(std::span(&y, 1), std::span(&seed, 1), wrt, where, "vjp");
}

template <class T>
std::vector<Var<T>> jvp(const std::vector<Var<T>>& y, const std::vector<Var<T>>& wrt,
                        const std::vector<Var<T>>& tangents, Source where) {
  return pushforward("jvp", y, wrt, tangents, where);
}
template <class T>
Var<T> jvp(Var<T> y, const std::vector<Var<T>>& wrt, const std::vector<Var<T>>& tangents, Source where) {
  return jvp(std::vector<Var<T>>{y}, wrt, tangents, where)[0];
}
template <class T>
Var<T> jvp(Var<T> y, Var<T> x, Var<T> tangent, Source where) {
  return jvp(y, std::vector<Var<T>>{x}, std::vector<Var<T>>{tangent}, where);
}

template <class T>
Var<T> hvp(Var<T> y, Var<T> x, Var<T> v, Source where) {
  return hvp(y, std::vector<Var<T>>{x}, std::vector<Var<T>>{v}, where)[0];
}
template <class T>
std::vector<Var<T>> hvp(Var<T> y, const std::vector<Var<T>>& wrt, const std::vector<Var<T>>& v, Source where) {
  expect_number("hvp", y, where);
  const typename Tape<T>::AllOrNothing guard(y.tape(), where);
  return pushforward("hvp", pullback_of("hvp", y, std::span<const Var<T>>(wrt), where), wrt, v, where);
}

template <class T>
std::vector<Var<T>> directional_derivatives(Var<T> y, Var<T> x, Var<T> v, int order, Source where) {
  constexpr const char* operation = "directional_derivatives";
  if (order < 0) throw UsageError(locate(operation, fmt::format("order {} is negative", order), where));
  y.shape(where, operation);
  for (const Var<T>& other : {x, v}) y.tape().expect_mine(operation, other, where);
  if (x.shape() != v.shape()) {
    throw ShapeError(
        locate(operation,
               fmt::format("x has shape {} but its direction {}", to_string(x.shape()), to_string(v.shape())), where));
  }
  const typename Tape<T>::AllOrNothing guard(y.tape(), where);
  const Var<T> direction = stop_gradient(v, where);
  std::vector<Var<T>> out = {y};
  while (out.size() <= static_cast<std::size_t>(order)) out.push_back(jvp(out.back(), x, direction, where));
  return out;
}

template <class T>
Tensor<T> jacobian(Var<T> y, Var<T> x, Mode mode, Source where) {
  const bool fewer = x.shape(where, "jacobian").size() < y.shape(where, "jacobian").size();
  return jacobian_of("jacobian", y, x, mode == Mode::forward || (mode == Mode::automatic && fewer), where);
}

template <class T>
Tensor<T> hessian(Var<T> y, Var<T> x, Source where) {
  expect_number("hessian", y, where);
  const Shape shape = x.shape(where, "hessian");
  joined("hessian", shape, shape, where);
  const auto scope = y.tape().scope(where);
  return jacobian_of("hessian", pullback_of("hessian", y, std::span<const Var<T>>(&x, 1), where)[0], x, true, where);
}

#define INSTANTIATE(T)                                                                                                 \
  template std::vector<Var<T>> gradient(Var<T>, std::span<const Var<T>>, Source);                                      \
  template Var<T> vjp(Var<T>, Var<T>, Var<T>, Source);                                                                 \
  template std::vector<Var<T>> vjp(Var<T>, const std::vector<Var<T>>&, Var<T>, Source);                                \
  template Var<T> jvp(Var<T>, Var<T>, Var<T>, Source);                                                                 \
  template Var<T> jvp(Var<T>, const std::vector<Var<T>>&, const std::vector<Var<T>>&, Source);                         \
  template std::vector<Var<T>> jvp(const std::vector<Var<T>>&, const std::vector<Var<T>>&, const std::vector<Var<T>>&, \
                                   Source);                                                                            \
  template Var<T> hvp(Var<T>, Var<T>, Var<T>, Source);                                                                 \
  template std::vector<Var<T>> hvp(Var<T>, const std::vector<Var<T>>&, const std::vector<Var<T>>&, Source);            \
  template std::vector<Var<T>> directional_derivatives(Var<T>, Var<T>, Var<T>, int, Source);                           \
  template Tensor<T> jacobian(Var<T>, Var<T>, Mode, Source);                                                           \
  template Tensor<T> hessian(Var<T>, Var<T>, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
