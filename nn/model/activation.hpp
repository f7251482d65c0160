/// The activations a layer may have, by name.
#pragma once

#include <string_view>

namespace wengert::nn {

/// σ of a layer. All are elementwise except softmax, which acts on each row.
///
///   identity    z
///   sigmoid     1/(1 + e^-z)
///   tanh        tanh z
///   relu        max(0, z)                           slope 0 at z = 0
///   leaky_relu  z for z >= 0, alpha z below         slope 1 at z = 0
///   elu         z for z >= 0, alpha (e^z - 1) below slope 1 at z = 0
///   softmax     e^z_i / Σ_j e^z_j
enum class Activation { identity, sigmoid, tanh, relu, leaky_relu, elu, softmax };

/// The name as it is written in C++: "leaky_relu".
constexpr std::string_view name_of(Activation activation) {
  switch (activation) {
    case Activation::identity: return "identity";
    case Activation::sigmoid: return "sigmoid";
    case Activation::tanh: return "tanh";
    case Activation::relu: return "relu";
    case Activation::leaky_relu: return "leaky_relu";
    case Activation::elu: return "elu";
    case Activation::softmax: return "softmax";
  }
  return "unknown";
}

}  // namespace wengert::nn
