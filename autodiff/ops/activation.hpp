/// Activations of neural networks, elementwise. Slopes are exact in the tails.
#pragma once

#include <numbers>

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/exponential.hpp"
#include "autodiff/ops/special.hpp"

namespace wengert {

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
/// The same with a slope that can be learned (PReLU).
template <class T>
Var<T> leaky_relu(Var<T> x, Var<T> alpha, Source where = Source::here()) {
  return map<math::LeakyRelu>(where, x, alpha);
}
/// x for x >= 0, alpha (e^x - 1) below; slope 1 at 0.
template <class T>
Var<T> elu(Var<T> x, std::type_identity_t<T> alpha = T(1), Source where = Source::here()) {
  return map<math::Elu>(where, x, alpha);
}

/// x for x >= 0, alpha (e^(x/alpha) - 1) below; slope 1 at 0 (Barron 2017).
template <class T>
Var<T> celu(Var<T> x, std::type_identity_t<T> alpha = T(1), Source at = Source::here()) {
  const Located<T> scaled(divide(Located<T>(x, at), Located<T>(alpha, at)), at);
  return where(less(x, 0, at), multiply(Located<T>(alpha, at), Located<T>(expm1(scaled.var(), at), at)), x, at);
}
/// elu with alpha = 1.6732…, times 1.0507…; slope 1.0507… at 0 (Klambauer et al. 2017).
template <class T>
Var<T> selu(Var<T> x, Source where = Source::here()) {
  const Var<T> y = elu(x, static_cast<T>(1.6732632423543772848170429916717), where);
  return multiply(Located<T>(static_cast<T>(1.0507009873554804934193349852946), where), Located<T>(y, where));
}
/// ln(1 + e^x).
template <class T>
Var<T> softplus(Var<T> x, Source where = Source::here()) {
  return map<math::Softplus>(where, x);
}
/// ln(1 + e^(beta x)) / beta.
template <class T>
Var<T> softplus(Var<T> x, std::type_identity_t<T> beta, Source where = Source::here()) {
  const Var<T> y = softplus(multiply(Located<T>(beta, where), Located<T>(x, where)), where);
  return divide(Located<T>(y, where), Located<T>(beta, where));
}
/// ln sigmoid(x).
template <class T>
Var<T> log_sigmoid(Var<T> x, Source where = Source::here()) {
  return negate(softplus(negate(x, where), where), where);
}
/// x sigmoid(x), also called swish (Elfwing et al. 2018).
template <class T>
Var<T> silu(Var<T> x, Source where = Source::here()) {
  return map<math::Silu>(where, x);
}
/// sigmoid(x) (1 + x sigmoid(-x)), the slope of silu.
template <class T>
Var<T> silu_slope(Var<T> x, Source where = Source::here()) {
  return map<math::SiluSlope>(where, x);
}
/// x tanh(softplus(x)) (Misra 2019).
template <class T>
Var<T> mish(Var<T> x, Source where = Source::here()) {
  return chain(x, tanh(softplus(x, where), where), where);
}
/// x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x³): the approximation of gelu by tanh, for x (1 + tanh u) / 2 is the
/// same but cancels for x < 0 (Hendrycks and Gimpel 2016).
template <class T>
Var<T> gelu_tanh(Var<T> x, Source where = Source::here()) {
  const auto times = [&](double c, Var<T> v) {
    return multiply(Located<T>(static_cast<T>(c), where), Located<T>(v, where));
  };
  const Var<T> cubic = add(Located<T>(T(1), where), Located<T>(times(0.044715, square(x, where)), where));
  const Var<T> factor = times(2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi, cubic);
  return chain(x, sigmoid(multiply(Located<T>(x, where), Located<T>(factor, where)), where), where);
}
/// x/(1 + |x|).
template <class T>
Var<T> softsign(Var<T> x, Source where = Source::here()) {
  return map<math::Softsign>(where, x);
}
/// x - tanh x, exact near 0.
template <class T>
Var<T> tanhshrink(Var<T> x, Source where = Source::here()) {
  return map<math::Tanhshrink>(where, x);
}
/// x kept between low and high; slope 1 at both.
template <class T>
Var<T> hard_tanh(Var<T> x, std::type_identity_t<T> low = T(-1), std::type_identity_t<T> high = T(1),
                 Source where = Source::here()) {
  return clamp(x, low, high, where);
}

}  // namespace wengert
