/// Rounding to whole numbers, to zero, and remainders.
#pragma once

#include "autodiff/ops/map.hpp"

namespace wengert {

/// Largest whole number <= x; slope 0.
template <class T>
Var<T> floor(Var<T> x, Source where = Source::here()) {
  return map<math::Floor>(where, x);
}
/// Smallest whole number >= x; slope 0.
template <class T>
Var<T> ceil(Var<T> x, Source where = Source::here()) {
  return map<math::Ceil>(where, x);
}
/// Nearest whole number, halves to even; slope 0.
template <class T>
Var<T> round(Var<T> x, Source where = Source::here()) {
  return map<math::Round>(where, x);
}
/// x without its fraction; slope 0.
template <class T>
Var<T> trunc(Var<T> x, Source where = Source::here()) {
  return map<math::Trunc>(where, x);
}
/// x, or 0 where |x| is below the smallest normal number (1.2e-38 in float, 2.2e-308 in double), with which processors
/// are slow; slope 1.
template <class T>
Var<T> without_subnormals(Var<T> x, Source where = Source::here()) {
  return map<math::WithoutSubnormals>(where, x);
}
/// a - b trunc(a / b), exact; the sign is that of a.
template <class A, class B>
requires Operands<A, B>
auto fmod(A a, B b, Source where = Source::here()) { return map<math::FMod>(where, a, b); }
/// a - b floor(a / b), Python's %; the sign is that of b.
template <class A, class B>
requires Operands<A, B>
auto remainder(A a, B b, Source where = Source::here()) { return map<math::Remainder>(where, a, b); }

}  // namespace wengert
