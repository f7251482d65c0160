#include "nn/model/mlp.hpp"

#include <fmt/format.h>

namespace wengert::nn {

template <class T>
Var<T> activate(Activation activation, Var<T> z, T alpha, Source where) {
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

template <class T>
Mlp<T>::Mlp(Tape<T>& tape, const std::vector<std::int64_t>& sizes, const MlpOptions& options, Source where)
    : tape_(&tape), activations_(options.activations), alpha_(static_cast<T>(options.alpha)) {
  if (sizes.size() < 2) throw ShapeError(locate("mlp", "at least the sizes of input and output are needed", where));
  for (const std::int64_t size : sizes) {
    if (size < 1) throw ShapeError(locate("mlp", fmt::format("a layer of {} nodes", size), where));
  }
  const std::size_t count = sizes.size() - 1;
  if (activations_.empty()) {
    activations_.assign(count, options.hidden);
    activations_.back() = options.output;
  }
  if (activations_.size() != count) {
    throw ShapeError(locate("mlp", fmt::format("{} activations for {} layers", activations_.size(), count), where));
  }
  for (std::size_t l = 0; l < count; ++l) {
    Random random(options.seed, l);
    layers_.push_back({tape.leaf(initial_weights<T>(sizes[l], sizes[l + 1], options.init, random), where),
                       tape.leaf(full<T>(Shape{sizes[l + 1]}, static_cast<T>(options.bias)), where)});
  }
}

template <class T>
typename Mlp<T>::Trace Mlp<T>::trace(Var<T> x, Source where) const {
  Trace out;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    out.z.push_back(layers_[l](x, where));
    out.a.push_back(x = activate(activations_[l], out.z.back(), alpha_, where));
  }
  return out;
}

template <class T>
Var<T> Mlp<T>::operator()(Var<T> x, Source where) const {
  return activate(activations_.back(), logits(x, where), alpha_, where);
}

template <class T>
Var<T> Mlp<T>::logits(Var<T> x, Source where) const {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    x = layers_[l](x, where);
    if (l + 1 < layers_.size()) x = activate(activations_[l], x, alpha_, where);
  }
  return x;
}

template <class T>
Tensor<T> Mlp<T>::predict(const Tensor<T>& x, Source where) const {
  const auto scope = tape_->scope(where);
  return value((*this)(tape_->leaf(x, where), where), where);
}

template <class T>
std::vector<Var<T>> Mlp<T>::parameters() const {
  std::vector<Var<T>> out;
  for (const Linear<T>& layer : layers_) {
    out.push_back(layer.W);
    out.push_back(layer.b);
  }
  return out;
}

template <class T>
std::vector<Parameter<T>> Mlp<T>::named_parameters() const {
  std::vector<Parameter<T>> out;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    out.push_back({fmt::format("layers.{}.weight", l), layers_[l].W});
    out.push_back({fmt::format("layers.{}.bias", l), layers_[l].b});
  }
  return out;
}

template <class T>
std::string Mlp<T>::describe() const {
  std::string text = fmt::format("{:<8}{:>8}{:>8}  {:<12}{:>12}\n", "layer", "in", "out", "activation", "parameters");
  std::int64_t total = 0;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Shape& w = layers_[l].W.shape();
    const std::int64_t count = w.size() + w[1];
    total += count;
    text += fmt::format("{:<8}{:>8}{:>8}  {:<12}{:>12}\n", l + 1, w[0], w[1], name_of(activations_[l]), count);
  }
  return text + fmt::format("{:<36}{:>12}\n", "all", total);
}

template Var<float> activate(Activation, Var<float>, float, Source);
template Var<double> activate(Activation, Var<double>, double, Source);
template class Mlp<float>;
template class Mlp<double>;

}  // namespace wengert::nn
