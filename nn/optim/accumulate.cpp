#include "nn/optim/accumulate.hpp"

#include <fmt/format.h>

namespace wengert::nn {

template <class T>
Accumulator<T>::Accumulator(const std::vector<Var<T>>& parameters, Source where) {
  for (const Var<T>& w : parameters)
    sums_.push_back(w.tape().leaf(Tensor<T>(Shape(w.shape(where, "accumulator"))), where));
}

template <class T>
std::vector<Assign<T>> Accumulator<T>::add(const std::vector<Var<T>>& gradients, Located<T> weight) const {
  if (gradients.size() != sums_.size()) {
    throw UsageError(locate(
        "add",
        fmt::format("one gradient per parameter is needed (given: {}, parameters: {})", gradients.size(), sums_.size()),
        weight.where()));
  }
  std::vector<Assign<T>> out;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    const Shape &shape = sums_[i].shape(weight.where(), "add"), &given = gradients[i].shape(weight.where(), "add");
    if (given != shape) {
      throw ShapeError(locate("add",
                              fmt::format("gradient {} must have the shape of its parameter, {}, it is {}", i,
                                          to_string(shape), to_string(given)),
                              weight.where()));
    }
    const typename Tape<T>::Line line(sums_[i].tape(), weight.where());
    out.push_back(assign(sums_[i], sums_[i] + weight * gradients[i]));
  }
  return out;
}

template <class T>
std::vector<Assign<T>> Accumulator<T>::clear(Source where) const {
  std::vector<Assign<T>> out;
  for (const Var<T>& sum : sums_) {
    out.push_back(assign(sum, sum.tape().constant(T(0), Shape(sum.shape(where, "clear")), where)));
  }
  return out;
}

template <class T>
void Accumulator<T>::reset(Source where) {
  for (const Var<T>& sum : sums_) sum.tape().set(sum, Tensor<T>(Shape(sum.shape(where, "reset"))), where);
}

template class Accumulator<float>;
template class Accumulator<double>;

}  // namespace wengert::nn
