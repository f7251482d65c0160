/// Arithmetic, elementwise. Also as operators.
#pragma once

#include "autodiff/ops/comparison.hpp"

namespace wengert {

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

/// min(max(x, low), high), with slope 1 at both bounds. NaN anywhere gives NaN.
template <class X, class L, class H>
requires Operands<X, L, H>
auto clamp(X x, L low, H high, Source where = Source::here()) { return map<math::Clamp>(where, x, low, high); }
/// a + w (b - a), exact at w = 0 and w = 1.
template <class A, class B, class W>
requires Operands<A, B, W>
auto lerp(A a, B b, W w, Source where = Source::here()) { return map<math::Lerp>(where, a, b, w); }

}  // namespace wengert
