/// σ and σ' of the elementwise activations, written by hand for closed_form and scalar_chain.
///
/// Kept apart from the formulas of the operations on purpose: what checks them must not share their mistakes.
#pragma once

#include <cmath>

#include "nn/model/activation.hpp"

namespace wengert::nn::hand {

/// 1/(1 + e^-z); the exponential never overflows, so both tails keep all digits.
template <class T>
T logistic(T z) {
  const T e = std::exp(-std::abs(z));
  return z < T(0) ? e / (T(1) + e) : T(1) / (T(1) + e);
}

/// F2, σ(z). The softmax of one number is 1; a row of several is the caller's business.
template <class T>
T activate(Activation activation, T z, T alpha) {
  switch (activation) {
    case Activation::identity: return z;
    case Activation::sigmoid: return logistic(z);
    case Activation::tanh: return std::tanh(z);
    case Activation::relu: return z <= T(0) ? T(0) : z;  // NaN stays NaN
    case Activation::leaky_relu: return z < T(0) ? alpha * z : z;
    case Activation::elu: return z < T(0) ? alpha * std::expm1(z) : z;
    case Activation::softmax: return T(1);
  }
  return z;
}

/// F7, σ'(z).
template <class T>
T slope(Activation activation, T z, T alpha) {
  switch (activation) {
    case Activation::identity: return T(1);
    case Activation::sigmoid: return logistic(z) * logistic(-z);
    case Activation::tanh: {
      const T sech = T(1) / std::cosh(z);
      return sech * sech;
    }
    case Activation::relu: return z > T(0) ? T(1) : T(0);
    case Activation::leaky_relu: return z < T(0) ? alpha : T(1);
    case Activation::elu: return z < T(0) ? alpha * std::exp(z) : T(1);
    case Activation::softmax: return T(0);
  }
  return T(1);
}

}  // namespace wengert::nn::hand
