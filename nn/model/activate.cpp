#include "nn/model/activate.hpp"

namespace wengert::nn {

template <class T>
Var<T> activate(Activation activation, Var<T> z, std::type_identity_t<T> alpha, Source where) {
  switch (activation) {
    case Activation::identity: return z;
    case Activation::sigmoid: return sigmoid(z, where);
    case Activation::tanh: return tanh(z, where);
    case Activation::relu: return relu(z, where);
    case Activation::leaky_relu: return leaky_relu(z, alpha, where);
    case Activation::elu: return elu(z, alpha, where);
    case Activation::softmax: return softmax(z, -1, where);
  }
  throw UsageError(locate("activate", "unknown activation", where));
}

template Var<float> activate(Activation, Var<float>, float, Source);
template Var<double> activate(Activation, Var<double>, double, Source);

}  // namespace wengert::nn
