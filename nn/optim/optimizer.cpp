#include "nn/optim/optimizer.hpp"

#include <fmt/format.h>

#include <cmath>

namespace wengert::nn {

template <class T>
Optimizer<T>::Optimizer(std::vector<Var<T>> parameters, const OptimizerOptions& options, Source where)
    : parameters_(std::move(parameters)), options_(options) {
  if (parameters_.empty()) throw UsageError(locate("optimizer", "no parameters were given", where));
  Tape<T>& tape = parameters_[0].tape();
  rate_ = tape.leaf(options.rate, where);
  correction_ = tape.leaf(1, where);
  for (const Var<T>& w : parameters_) {
    if (options.method != Method::sgd) first_.push_back(tape.leaf(Tensor<T>(Shape(w.shape(where))), where));
    if (options.method == Method::adam) second_.push_back(tape.leaf(Tensor<T>(Shape(w.shape(where))), where));
  }
}

template <class T>
std::vector<Assign<T>> Optimizer<T>::updates(const std::vector<Var<T>>& gradients, Source where) const {
  if (gradients.size() != parameters_.size()) {
    throw UsageError(locate(
        "optimizer", fmt::format("{} gradients for {} parameters", gradients.size(), parameters_.size()), where));
  }
  std::vector<Assign<T>> out;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Var<T> w = parameters_[i], g = gradients[i];
    switch (options_.method) {
      case Method::sgd: out.push_back(assign(w, w - rate_ * g)); break;
      case Method::momentum: {
        const Var<T> v = options_.momentum * first_[i] + g;
        out.push_back(assign(first_[i], v));
        out.push_back(assign(w, w - rate_ * v));
        break;
      }
      case Method::adam: {  // rate_ is η / (1 - β₁ᵗ), correction_ 1 / sqrt(1 - β₂ᵗ)
        const Var<T> m = options_.beta1 * first_[i] + (1 - options_.beta1) * g;
        const Var<T> v = options_.beta2 * second_[i] + ((1 - options_.beta2) * g) * g;
        out.push_back(assign(first_[i], m));
        out.push_back(assign(second_[i], v));
        out.push_back(assign(w, w - rate_ * m / (sqrt(v) * correction_ + options_.epsilon)));
        break;
      }
    }
  }
  return out;
}

template <class T>
void Optimizer<T>::prepare(std::int64_t step) {
  const double t = static_cast<double>(step);
  const bool adam = options_.method == Method::adam;
  Tape<T>& tape = parameters_[0].tape();
  tape.set(rate_, adam ? options_.rate / (1 - std::pow(options_.beta1, t)) : options_.rate);
  tape.set(correction_, adam ? 1 / std::sqrt(1 - std::pow(options_.beta2, t)) : 1.0);
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace wengert::nn
