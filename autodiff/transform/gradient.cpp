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

/// All derivatives of y by x, zeros.
template <class T>
Tensor<T> derivatives(const char* operation, const Shape& y, const Shape& x, Source where) {
  std::vector<std::int64_t> dims(y.begin(), y.end());
  dims.insert(dims.end(), x.begin(), x.end());
  Shape all;
  try {
    all = Shape(dims);
  } catch (const ShapeError& fact) {
    throw ShapeError(locate(
        operation,
        fmt::format("the derivatives of {} by {} are no tensor: {}", to_string(y), to_string(x), fact.what()), where));
  }
  return Tensor<T>(all, elements_for<T>(operation, all, where));
}

// Each has the name of the function that the user called, for errors.

template <class T>
std::vector<Var<T>> gradient_for(const char* operation, Var<T> y, std::span<const Var<T>> wrt, Source where) {
  expect_number(operation, y, where);
  const typename Tape<T>::AllOrNothing guard(y.tape(), where);
  const Var<T> one = y.tape().constant(T(1), Shape(y.shape()), where);
  return pullback<T>(std::span(&y, 1), std::span(&one, 1), wrt, where, operation);
}

template <class T>
std::vector<Var<T>> jvp_for(const char* operation, std::span<const Var<T>> y, std::span<const Var<T>> wrt,
                            std::span<const Var<T>> tangents, Source where) {
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

template <class T>
std::vector<Var<T>> hvp_of(Var<T> y, std::span<const Var<T>> wrt, std::span<const Var<T>> v, Source where) {
  expect_number("hvp", y, where);
  const typename Tape<T>::AllOrNothing guard(y.tape(), where);
  return jvp_for<T>("hvp", gradient_for("hvp", y, wrt, where), wrt, v, where);
}

template <class T>
Tensor<T> jacobian_for(const char* operation, Var<T> y, Var<T> x, bool forward, Source where) {
  const Shape rows = y.shape(where, operation), cols = x.shape(where, operation);
  Tensor<T> out = derivatives<T>(operation, rows, cols, where);
  Tape<T>& tape = y.tape();
  const auto scope = tape.scope(where);
  const Var<T> seed = tape.leaf(Tensor<T>(forward ? cols : rows), where);
  const std::span<const Var<T>> ys(&y, 1), xs(&x, 1), seeds(&seed, 1);
  Program<T> program = compile(
      forward ? jvp_for<T>(operation, ys, xs, seeds, where)[0] : pullback<T>(ys, seeds, xs, where, operation)[0],
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
  return gradient_for("gradient", y, wrt, where);
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
  return jvp_for<T>("jvp", y, wrt, tangents, where);
}
template <class T>
Var<T> jvp(Var<T> y, const std::vector<Var<T>>& wrt, const std::vector<Var<T>>& tangents, Source where) {
  return jvp_for<T>("jvp", std::span(&y, 1), wrt, tangents, where)[0];
}
template <class T>
Var<T> jvp(Var<T> y, Var<T> x, Var<T> tangent, Source where) {
  return jvp_for<T>("jvp", std::span(&y, 1), std::span(&x, 1), std::span(&tangent, 1), where)[0];
}

template <class T>
Var<T> hvp(Var<T> y, Var<T> x, Var<T> v, Source where) {
  return hvp_of<T>(y, std::span(&x, 1), std::span(&v, 1), where)[0];
}
template <class T>
std::vector<Var<T>> hvp(Var<T> y, const std::vector<Var<T>>& wrt, const std::vector<Var<T>>& v, Source where) {
  return hvp_of<T>(y, wrt, v, where);
}

template <class T>
std::vector<Var<T>> directional_derivatives(Var<T> y, Var<T> x, Var<T> v, int order, Source where) {
  constexpr const char* operation = "directional_derivatives";
  if (order < 0) throw UsageError(locate(operation, fmt::format("order {} is negative", order), where));
  y.shape(where, operation);
  y.tape().expect_mine(operation, v, where);
  const typename Tape<T>::AllOrNothing guard(y.tape(), where);
  const Var<T> direction = stop_gradient(v, where);
  std::vector<Var<T>> out = {y};
  while (out.size() <= static_cast<std::size_t>(order)) {
    const Var<T> last = out.back();
    out.push_back(jvp_for<T>(operation, std::span(&last, 1), std::span(&x, 1), std::span(&direction, 1), where)[0]);
  }
  return out;
}

template <class T>
Tensor<T> jacobian(Var<T> y, Var<T> x, Mode mode, Source where) {
  const bool fewer = x.shape(where, "jacobian").size() < y.shape(where, "jacobian").size();
  return jacobian_for("jacobian", y, x, mode == Mode::forward || (mode == Mode::automatic && fewer), where);
}

template <class T>
Tensor<T> hessian(Var<T> y, Var<T> x, Source where) {
  expect_number("hessian", y, where);
  const auto scope = y.tape().scope(where);
  return jacobian_for("hessian", gradient_for("hessian", y, std::span<const Var<T>>(&x, 1), where)[0], x, true, where);
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
