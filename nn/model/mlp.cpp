#include "nn/model/mlp.hpp"

#include <fmt/format.h>

namespace wengert::nn {

template <class T>
Mlp<T>::Mlp(Tape<T>& tape, const std::vector<std::int64_t>& sizes, const MlpOptions& options, Source where)
    : tape_(&tape), activations_(options.activations), alpha_(static_cast<T>(options.alpha)) {
  if (sizes.size() < 2)
    throw ShapeError(locate("mlp", "at least two sizes are needed, those of input and output", where));
  for (const std::int64_t size : sizes) {
    if (size < 1) throw ShapeError(locate("mlp", fmt::format("sizes must be positive, one is {}", size), where));
  }
  const std::size_t count = sizes.size() - 1;
  if (activations_.empty()) {
    activations_.assign(count, options.hidden);
    activations_.back() = options.output;
  }
  if (activations_.size() != count) {
    throw ShapeError(locate(
        "mlp", fmt::format("one activation per layer is needed (given: {}, layers: {})", activations_.size(), count),
        where));
  }
  for (std::size_t l = 0; l < count; ++l) {
    Random random(options.seed, l);
    layers_.push_back(linear(tape, sizes[l], sizes[l + 1], random, options.init, options.bias, where));
  }
  // Without the predictor itself, which would keep itself alive.
  predictor_ = std::make_shared<Predictor<T>>([mlp = *this](Var<T> x) { return mlp(x); });
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
  const std::int64_t inputs = layers_[0].W.shape(where)[0];
  if (x.rank() != 2 || x.shape()[1] != inputs) {
    throw ShapeError(
        locate("predict", fmt::format("x must be [n, {}], it is {}", inputs, to_string(x.shape())), where));
  }
  return (*predictor_)(*tape_, x, where);
}

template <class T>
void Mlp<T>::predict(std::span<const T> x, std::span<T> y, Source where) const {
  const std::int64_t inputs = layers_[0].W.shape(where, "predict")[0];
  if (std::ssize(x) % inputs != 0) {
    throw ShapeError(
        locate("predict", fmt::format("rows of {} elements are needed, x has {} elements", inputs, x.size()), where));
  }
  (*predictor_)(*tape_, x, Shape{std::ssize(x) / inputs, inputs}, y, where);
}

template <class T>
void Mlp<T>::prepare(std::int64_t rows, Source where) const {
  if (rows < 1) throw ShapeError(locate("prepare", fmt::format("rows is {}, it must be positive", rows), where));
  predictor_->prepare(*tape_, Shape{rows, layers_[0].W.shape(where, "prepare")[0]}, where);
}

template <class T>
std::vector<Var<T>> Mlp<T>::parameters() const {
  std::vector<Var<T>> out;
  out.reserve(2 * layers_.size());
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
    for (auto& p : prefixed(fmt::format("layers.{}.", l), layers_[l].named_parameters())) out.push_back(std::move(p));
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

template class Mlp<float>;
template class Mlp<double>;

}  // namespace wengert::nn
