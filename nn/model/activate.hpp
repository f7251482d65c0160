/// Activations on the tape.
#pragma once

#include "autodiff/autodiff.hpp"
#include "nn/model/activation.hpp"

namespace wengert::nn {

/// σ(z), row by row for softmax. `alpha` is that of leaky_relu and elu.
template <class T>
Var<T> activate(Activation activation, Var<T> z, std::type_identity_t<T> alpha = T(0.01),
                Source where = Source::here());

}  // namespace wengert::nn
