/// Comparisons and logic: 1 or 0, no gradient; and `where`, which chooses by them.
/// In logic, as in `where`, a number counts as true unless it is 0; NaN counts as true.
#pragma once

#include <limits>

#include "autodiff/ops/map.hpp"

namespace wengert {

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
template <class A, class B>
requires Operands<A, B>
auto greater(A a, B b, Source where = Source::here()) { return less(b, a, where); }
template <class A, class B>
requires Operands<A, B>
auto greater_equal(A a, B b, Source where = Source::here()) { return less_equal(b, a, where); }
template <class T>
Var<T> isnan(Var<T> x, Source where = Source::here()) {
  return map<math::IsNan>(where, x);
}
template <class T>
Var<T> isinf(Var<T> x, Source where = Source::here()) {
  return equal(abs(x, where), std::numeric_limits<T>::infinity(), where);
}
template <class T>
Var<T> isfinite(Var<T> x, Source where = Source::here()) {
  return less(abs(x, where), std::numeric_limits<T>::infinity(), where);
}

template <class T>
Var<T> logical_not(Var<T> x, Source where = Source::here()) {
  return equal(x, 0, where);
}
template <class T>
Var<T> logical_and(Var<T> a, Var<T> b, Source where = Source::here()) {
  return multiply(Located<T>(not_equal(a, 0, where), where), Located<T>(not_equal(b, 0, where), where));
}
template <class T>
Var<T> logical_or(Var<T> a, Var<T> b, Source where = Source::here()) {
  return logical_not(logical_and(logical_not(a, where), logical_not(b, where), where), where);
}
template <class T>
Var<T> logical_xor(Var<T> a, Var<T> b, Source where = Source::here()) {
  return not_equal(not_equal(a, 0, where), not_equal(b, 0, where), where);
}

/// a where the condition is not 0, else b. The side not chosen gets cotangent 0, whatever its slope.
template <class C, class A, class B>
requires Operands<C, A, B>
auto where(C condition, A a, B b, Source where = Source::here()) { return map<math::Where>(where, condition, a, b); }
/// x with its NaN and infinities replaced; these get no gradient. By default NaN becomes 0, infinities the largest
/// numbers of T.
template <class T>
Var<T> nan_to_num(Var<T> x, std::type_identity_t<T> nan = 0,
                  std::type_identity_t<T> posinf = std::numeric_limits<T>::max(),
                  std::type_identity_t<T> neginf = std::numeric_limits<T>::lowest(), Source at = Source::here()) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const Var<T> below = where(equal(x, -infinity, at), neginf, x, at);
  return where(isnan(x, at), nan, where(equal(x, infinity, at), posinf, below, at), at);
}

}  // namespace wengert
