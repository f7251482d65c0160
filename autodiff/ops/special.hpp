/// The error function, the normal distribution, GELU, the gamma family and sinc, elementwise.
#pragma once

#include "autodiff/ops/map.hpp"

namespace wengert {

template <class T>
Var<T> erf(Var<T> x, Source where = Source::here()) {
  return map<math::Erf>(where, x);
}
/// 1 - erf x, exact for large x.
template <class T>
Var<T> erfc(Var<T> x, Source where = Source::here()) {
  return map<math::Erfc>(where, x);
}
/// e^(-x²).
template <class T>
Var<T> gaussian(Var<T> x, Source where = Source::here()) {
  return map<math::Gaussian>(where, x);
}
/// e^(-x²/2) / sqrt(2 pi).
template <class T>
Var<T> normal_pdf(Var<T> x, Source where = Source::here()) {
  return map<math::NormalPdf>(where, x);
}
/// The integral of normal_pdf up to x.
template <class T>
Var<T> normal_cdf(Var<T> x, Source where = Source::here()) {
  return map<math::NormalCdf>(where, x);
}
/// x normal_cdf(x) (Hendrycks and Gimpel 2016); gelu_tanh is its approximation.
template <class T>
Var<T> gelu(Var<T> x, Source where = Source::here()) {
  return map<math::Gelu>(where, x);
}
/// normal_cdf(x) + x normal_pdf(x), the slope of gelu.
template <class T>
Var<T> gelu_slope(Var<T> x, Source where = Source::here()) {
  return map<math::GeluSlope>(where, x);
}
/// ln |Gamma(x)|.
template <class T>
Var<T> lgamma(Var<T> x, Source where = Source::here()) {
  return map<math::LGamma>(where, x);
}
/// The derivative of order `order` of digamma; the order is rounded to a whole number and has no gradient.
template <class N, class X>
requires Operands<N, X>
auto polygamma(N order, X x, Source where = Source::here()) { return map<math::Polygamma>(where, order, x); }
/// The slope of lgamma.
template <class T>
Var<T> digamma(Var<T> x, Source where = Source::here()) {
  return polygamma(0, x, where);
}
/// The slope of digamma.
template <class T>
Var<T> trigamma(Var<T> x, Source where = Source::here()) {
  return polygamma(1, x, where);
}
/// sin(pi x) / (pi x), 1 at 0.
template <class T>
Var<T> sinc(Var<T> x, Source where = Source::here()) {
  return map<math::Sinc>(where, 0, x);
}
/// Its derivative of order `order`, which has no gradient.
template <class N, class X>
requires Operands<N, X>
auto sinc(N order, X x, Source where = Source::here()) { return map<math::Sinc>(where, order, x); }

}  // namespace wengert
