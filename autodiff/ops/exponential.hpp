/// Exponentials, logarithms, roots and powers, elementwise.
#pragma once

#include "autodiff/ops/map.hpp"

namespace wengert {

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

/// 2^x.
template <class T>
Var<T> exp2(Var<T> x, Source where = Source::here()) {
  return map<math::Exp2>(where, x);
}
/// Exact at powers of two.
template <class T>
Var<T> log2(Var<T> x, Source where = Source::here()) {
  return map<math::Log2>(where, x);
}
template <class T>
Var<T> log10(Var<T> x, Source where = Source::here()) {
  return map<math::Log10>(where, x);
}
/// 1/sqrt(x).
template <class T>
Var<T> rsqrt(Var<T> x, Source where = Source::here()) {
  return map<math::Rsqrt>(where, x);
}
/// Cube root, also of negative x; slope +inf at 0.
template <class T>
Var<T> cbrt(Var<T> x, Source where = Source::here()) {
  return map<math::Cbrt>(where, x);
}
/// ln(e^a + e^b), never overflowing.
template <class A, class B>
requires Operands<A, B>
auto logaddexp(A a, B b, Source where = Source::here()) { return map<math::LogAddExp>(where, a, b); }
/// x ln z, but 0 where x = 0 (unless z is NaN).
template <class X, class Z>
requires Operands<X, Z>
auto xlogy(X x, Z z, Source where = Source::here()) { return map<math::XLogY>(where, x, z); }

}  // namespace wengert
