/// Derivatives. All but jacobian and hessian append to the tape and return Vars, so they can be differentiated again.
///
/// `y` may be any Var, `wrt` any Vars it depends on (leaves or not); what y does not depend on gets zeros. So a part of
/// x is taken first, and y computed from it: y does not depend on a slice(x, …) recorded afterwards, its gradient is 0.
/// Throws UsageError for stale Vars or two tapes, ShapeError as each says; then the tape is as before.
#pragma once

#include <array>
#include <concepts>
#include <utility>
#include <vector>

#include "autodiff/transform/pullback.hpp"

namespace wengert {

/// ∂y/∂x for a y of one element, of x's shape. Throws ShapeError if y has more.
template <class T>
std::vector<Var<T>> gradient(Var<T> y, std::span<const Var<T>> wrt, Source where = Source::here());
template <class T>
std::vector<Var<T>> gradient(Var<T> y, const std::vector<Var<T>>& wrt, Source where = Source::here()) {
  return gradient(y, std::span<const Var<T>>(wrt), where);
}
/// One; X is a Var<T>, and no list in braces.
template <class T, std::same_as<Var<T>> X>
Var<T> gradient(Var<T> y, X x, Source where = Source::here()) {
  return gradient(y, std::span<const Var<T>>(&x, 1), where)[0];
}
/// As many as are named: auto [dW, db] = gradient(loss, {W, b}); auto [dW] = gradient(loss, {W});
template <class T, std::size_t N>
std::array<Var<T>, N> gradient(Var<T> y, const Var<T> (&wrt)[N], Source where = Source::here()) {
  const std::vector<Var<T>> all = gradient(y, std::span<const Var<T>>(wrt, N), where);
  std::array<Var<T>, N> out;
  std::copy(all.begin(), all.end(), out.begin());
  return out;
}

/// {y, ∂y/∂x}.
template <class T>
std::pair<Var<T>, Var<T>> value_and_gradient(Var<T> y, Var<T> x, Source where = Source::here()) {
  return {y, gradient(y, x, where)};
}
template <class T>
std::pair<Var<T>, std::vector<Var<T>>> value_and_gradient(Var<T> y, const std::vector<Var<T>>& wrt,
                                                          Source where = Source::here()) {
  return {y, gradient(y, wrt, where)};
}

/// Reverse mode: Σ_i seed_i ∂y_i/∂x, of x's shape. The seed has y's shape, or a ShapeError says both.
template <class T>
Var<T> vjp(Var<T> y, Var<T> x, Var<T> seed, Source where = Source::here());
template <class T>
std::vector<Var<T>> vjp(Var<T> y, const std::vector<Var<T>>& wrt, Var<T> seed, Source where = Source::here());

/// Forward mode: Σ_j ∂y/∂x_j tangent_j, of y's shape. The tangent has x's shape. A vjp is linear in its cotangent;
/// transposing it again gives the jvp, so there is no second table of rules (Bradbury et al. 2018).
template <class T>
Var<T> jvp(Var<T> y, Var<T> x, Var<T> tangent, Source where = Source::here());
template <class T>
Var<T> jvp(Var<T> y, const std::vector<Var<T>>& wrt, const std::vector<Var<T>>& tangents,
           Source where = Source::here());
/// The same for several outputs at once, which share their work.
template <class T>
std::vector<Var<T>> jvp(const std::vector<Var<T>>& y, const std::vector<Var<T>>& wrt,
                        const std::vector<Var<T>>& tangents, Source where = Source::here());

/// Hessian of a y of one element times v, of x's shape: forward over reverse (Pearlmutter 1994).
template <class T>
Var<T> hvp(Var<T> y, Var<T> x, Var<T> v, Source where = Source::here());
template <class T>
std::vector<Var<T>> hvp(Var<T> y, const std::vector<Var<T>>& wrt, const std::vector<Var<T>>& v,
                        Source where = Source::here());

/// All derivatives of f(x + t v) by t at t = 0 up to `order`, for a y = f(x): y, then order more, each of y's shape;
/// the Taylor series without its factorials. v has x's shape and counts as a constant.
///
/// By jvp of jvp. What two orders have in common is computed once, and yet each costs nearly twice the one before: of
/// exp(sin(x)) a program has 63 operations to order 5, 329 to order 8 and 1,135 to order 10, and the tape grows 2.6
/// times with each. Meant for orders up to about 10. Throws UsageError if order is negative, ShapeError if v has
/// another shape than x.
template <class T>
std::vector<Var<T>> directional_derivatives(Var<T> y, Var<T> x, Var<T> v, int order, Source where = Source::here());

enum class Mode { automatic, forward, reverse };
/// All derivatives now: J[i…, j…] = ∂y_i/∂x_j, of shape y.shape + x.shape. One program, run once per element of x
/// (forward) or of y (reverse), whichever is fewer; recording and compiling it takes memory, running it none. Nothing
/// stays on the tape. Throws ShapeError if y and x have more than eight axes together.
template <class T>
Tensor<T> jacobian(Var<T> y, Var<T> x, Mode mode = Mode::automatic, Source where = Source::here());

/// Second derivatives of a y of one element now, of shape x.shape + x.shape.
template <class T>
Tensor<T> hessian(Var<T> y, Var<T> x, Source where = Source::here());

}  // namespace wengert
