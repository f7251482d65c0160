/// Elementwise operations. Formulas and slopes stand in autodiff/math/; here each gets its name on Vars.
///
/// Operands broadcast by NumPy's rules; where two or three are taken, some may be plain numbers, at least one must be a
/// Var. All throw ShapeError if shapes do not broadcast, UsageError for a stale Var or one of another tape.
#pragma once

#include "autodiff/kernels/function.hpp"
#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Records the elementwise function with this instruction.
template <class T>
Var<T> record_map(kernels::Instruction function, std::span<const Located<T>> x, Source where);

namespace internal {
template <class X>
struct ScalarOf {};
template <class T>
struct ScalarOf<Var<T>> {
  using type = T;
};
template <class X, class... Rest>
struct ScalarOfAny : ScalarOfAny<Rest...> {};
template <class T, class... Rest>
struct ScalarOfAny<Var<T>, Rest...> {
  using type = T;
};
template <class X>
inline constexpr bool is_var = false;
template <class T>
inline constexpr bool is_var<Var<T>> = true;
}  // namespace internal

/// Vars and plain numbers, at least one of them a Var.
template <class... X>
concept Operands = (internal::is_var<X> || ...) && ((internal::is_var<X> || std::is_arithmetic_v<X>)&&...);

/// Records the elementwise function F of Vars and numbers.
template <class F, class... X>
requires Operands<X...>
auto map(Source where, X... x) {
  using T = typename internal::ScalarOfAny<X...>::type;
  const Located<T> operands[] = {Located<T>(x, where)...};
  return record_map<T>(kernels::instruction_of<F>(), std::span<const Located<T>>(operands), where);
}

// ---- arithmetic: also as operators ----------------------------------------------------------------------------------

template <class T>
Var<T> add(Located<T> a, Located<T> b) {
  return record_map<T>(kernels::instruction_of<math::Add>(), std::array{a, b}, a.where());
}
template <class T>
Var<T> subtract(Located<T> a, Located<T> b) {
  return record_map<T>(kernels::instruction_of<math::Subtract>(), std::array{a, b}, a.where());
}
template <class T>
Var<T> multiply(Located<T> a, Located<T> b) {
  return record_map<T>(kernels::instruction_of<math::Multiply>(), std::array{a, b}, a.where());
}
template <class T>
Var<T> divide(Located<T> a, Located<T> b) {
  return record_map<T>(kernels::instruction_of<math::Divide>(), std::array{a, b}, a.where());
}
template <class T>
Var<T> negate(Var<T> x, Source where = Source::here()) {
  return map<math::Negate>(where, x);
}
/// g s, but 0 where g or s is 0: the product of the chain rule.
template <class G, class S>
requires Operands<G, S>
auto chain(G g, S s, Source where = Source::here()) { return map<math::Chain>(where, g, s); }
template <class T>
Var<T> reciprocal(Var<T> x, Source where = Source::here()) {
  return map<math::Reciprocal>(where, x);
}
template <class T>
Var<T> square(Var<T> x, Source where = Source::here()) {
  return map<math::Square>(where, x);
}
/// Slope 0 at 0.
template <class T>
Var<T> abs(Var<T> x, Source where = Source::here()) {
  return map<math::Abs>(where, x);
}
/// -1, 0 or 1; no gradient.
template <class T>
Var<T> sign(Var<T> x, Source where = Source::here()) {
  return map<math::Sign>(where, x);
}

// ---- comparisons: 1 or 0, no gradient -------------------------------------------------------------------------------

template <class A, class B>
requires Operands<A, B>
auto less(A a, B b, Source where = Source::here()) { return map<math::Less>(where, a, b); }
template <class T>
Var<T> less(Located<T> a, Located<T> b) {
  return record_map<T>(kernels::instruction_of<math::Less>(), std::array{a, b}, a.where());
}
template <class A, class B>
requires Operands<A, B>
auto less_equal(A a, B b, Source where = Source::here()) { return map<math::LessEqual>(where, a, b); }
template <class T>
Var<T> less_equal(Located<T> a, Located<T> b) {
  return record_map<T>(kernels::instruction_of<math::LessEqual>(), std::array{a, b}, a.where());
}
template <class A, class B>
requires Operands<A, B>
auto equal(A a, B b, Source where = Source::here()) { return map<math::Equal>(where, a, b); }
template <class A, class B>
requires Operands<A, B>
auto not_equal(A a, B b, Source where = Source::here()) { return map<math::NotEqual>(where, a, b); }
template <class T>
Var<T> isnan(Var<T> x, Source where = Source::here()) {
  return map<math::IsNan>(where, x);
}
/// a where the condition is not 0, else b. The side not chosen gets cotangent 0, whatever its slope.
template <class C, class A, class B>
requires Operands<C, A, B>
auto where(C condition, A a, B b, Source where = Source::here()) { return map<math::Where>(where, condition, a, b); }
/// The larger of two. NaN in either gives NaN. Between two tensors a tie shares the slope by halves; with a number the
/// kink belongs to the number, as in relu: maximum(x, 0) has slope 0 at x = 0.
template <class A, class B>
requires Operands<A, B>
auto maximum(A a, B b, Source at = Source::here()) {
  if constexpr (!internal::is_var<A>) {
    return where(less_equal(b, a, at), a, b, at);
  } else if constexpr (!internal::is_var<B>) {
    return where(less_equal(a, b, at), b, a, at);
  } else {
    return map<math::Maximum>(at, a, b);
  }
}
/// The smaller of two; see maximum.
template <class A, class B>
requires Operands<A, B>
auto minimum(A a, B b, Source at = Source::here()) {
  if constexpr (!internal::is_var<A>) {
    return where(less_equal(a, b, at), a, b, at);
  } else if constexpr (!internal::is_var<B>) {
    return where(less_equal(b, a, at), b, a, at);
  } else {
    return map<math::Minimum>(at, a, b);
  }
}

// ---- exponentials, logarithms, powers -------------------------------------------------------------------------------

template <class T>
Var<T> exp(Var<T> x, Source where = Source::here()) {
  return map<math::Exp>(where, x);
}
/// e^x - 1, exact near 0.
template <class T>
Var<T> expm1(Var<T> x, Source where = Source::here()) {
  return map<math::Expm1>(where, x);
}
/// Natural logarithm: -inf at 0, NaN below.
template <class T>
Var<T> log(Var<T> x, Source where = Source::here()) {
  return map<math::Log>(where, x);
}
/// ln(1 + x), exact near 0.
template <class T>
Var<T> log1p(Var<T> x, Source where = Source::here()) {
  return map<math::Log1p>(where, x);
}
template <class T>
Var<T> sqrt(Var<T> x, Source where = Source::here()) {
  return map<math::Sqrt>(where, x);
}
/// x^p. For a number p: p = 0 is the constant 1, also at x = 0; whole powers keep all their derivatives.
template <class X, class P>
requires Operands<X, P>
auto pow(X x, P p, Source where = Source::here()) { return map<math::Pow>(where, x, p); }

// ---- trigonometric, radians -----------------------------------------------------------------------------------------

template <class T>
Var<T> sin(Var<T> x, Source where = Source::here()) {
  return map<math::Sin>(where, x);
}
template <class T>
Var<T> cos(Var<T> x, Source where = Source::here()) {
  return map<math::Cos>(where, x);
}

// ---- activations ----------------------------------------------------------------------------------------------------

template <class T>
Var<T> tanh(Var<T> x, Source where = Source::here()) {
  return map<math::Tanh>(where, x);
}
/// 1/cosh² x, the slope of tanh, exact in the tails.
template <class T>
Var<T> tanh_slope(Var<T> x, Source where = Source::here()) {
  return map<math::TanhSlope>(where, x);
}
/// 1/(1 + e^-x).
template <class T>
Var<T> sigmoid(Var<T> x, Source where = Source::here()) {
  return map<math::Sigmoid>(where, x);
}
/// sigmoid(x) sigmoid(-x), the slope of sigmoid, exact in the tails.
template <class T>
Var<T> sigmoid_slope(Var<T> x, Source where = Source::here()) {
  return map<math::SigmoidSlope>(where, x);
}
/// max(0, x); slope 0 at 0.
template <class T>
Var<T> relu(Var<T> x, Source where = Source::here()) {
  return map<math::Relu>(where, x);
}
/// x for x >= 0, alpha x below; slope 1 at 0.
template <class T>
Var<T> leaky_relu(Var<T> x, std::type_identity_t<T> alpha = T(0.01), Source where = Source::here()) {
  return map<math::LeakyRelu>(where, x, alpha);
}
/// x for x >= 0, alpha (e^x - 1) below; slope 1 at 0.
template <class T>
Var<T> elu(Var<T> x, std::type_identity_t<T> alpha = T(1), Source where = Source::here()) {
  return map<math::Elu>(where, x, alpha);
}

}  // namespace wengert
