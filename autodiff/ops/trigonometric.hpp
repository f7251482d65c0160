/// Trigonometric and hyperbolic functions, angles in radians; tanh stands with the activations.
#pragma once

#include "autodiff/ops/map.hpp"

namespace wengert {

template <class T>
Var<T> sin(Var<T> x, Source where = Source::here()) {
  return map<math::Sin>(where, x);
}
template <class T>
Var<T> cos(Var<T> x, Source where = Source::here()) {
  return map<math::Cos>(where, x);
}

template <class T>
Var<T> tan(Var<T> x, Source where = Source::here()) {
  return map<math::Tan>(where, x);
}
template <class T>
Var<T> asin(Var<T> x, Source where = Source::here()) {
  return map<math::Asin>(where, x);
}
template <class T>
Var<T> acos(Var<T> x, Source where = Source::here()) {
  return map<math::Acos>(where, x);
}
template <class T>
Var<T> atan(Var<T> x, Source where = Source::here()) {
  return map<math::Atan>(where, x);
}
/// The angle of the point (x, y), from -pi to pi; slope 0 at the origin.
template <class Y, class X>
requires Operands<Y, X>
auto atan2(Y y, X x, Source where = Source::here()) { return map<math::Atan2>(where, y, x); }
/// sqrt(a² + b²) without overflow between; slope 0 at the origin.
template <class A, class B>
requires Operands<A, B>
auto hypot(A a, B b, Source where = Source::here()) { return map<math::Hypot>(where, a, b); }
template <class T>
Var<T> sinh(Var<T> x, Source where = Source::here()) {
  return map<math::Sinh>(where, x);
}
template <class T>
Var<T> cosh(Var<T> x, Source where = Source::here()) {
  return map<math::Cosh>(where, x);
}
template <class T>
Var<T> asinh(Var<T> x, Source where = Source::here()) {
  return map<math::Asinh>(where, x);
}
/// NaN below 1.
template <class T>
Var<T> acosh(Var<T> x, Source where = Source::here()) {
  return map<math::Acosh>(where, x);
}
/// NaN outside [-1, 1].
template <class T>
Var<T> atanh(Var<T> x, Source where = Source::here()) {
  return map<math::Atanh>(where, x);
}

}  // namespace wengert
