#include "nn/solve/value_and_gradient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wengert::nn {

template <class T>
ValueAndGradient<T>::ValueAndGradient(Var<T> loss, std::vector<Var<T>> parameters, Source where)
    : parameters_(std::move(parameters)) {
  loss.shape(where, "value_and_gradient");  // throws if it is stale
  if (parameters_.empty()) throw UsageError(locate("value_and_gradient", "no parameters were given", where));
  for (const Var<T>& p : parameters_) {
    const auto same = [&](const Var<T>& other) { return other.id() == p.id(); };
    if (std::ranges::count_if(parameters_, same) != 1) {
      throw UsageError(locate("value_and_gradient", "a parameter is given twice", where));
    }
    values_.push_back(value(p, where));
    p.tape().set(p, values_.back(), where);  // throws if it is no leaf
    size_ += static_cast<std::size_t>(values_.back().size());
  }
  const auto scope = loss.tape().scope(where);
  std::vector<Var<T>> outputs{loss};
  for (const Var<T>& g : gradient(loss, parameters_, where)) outputs.push_back(g);
  program_ = compile(outputs, {}, where);
}

template <class T>
std::vector<double> ValueAndGradient<T>::x(Source where) const {
  std::vector<double> out;
  for (const Var<T>& p : parameters_) {
    for (const T element : value(p, where)) out.push_back(element);
  }
  return out;
}

template <class T>
void ValueAndGradient<T>::set(std::span<const double> x, Source where) {
  expect_size("set", x.size(), where);
  const double* from = x.data();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    for (T& element : values_[i]) element = static_cast<T>(*from++);
    parameters_[i].tape().set(parameters_[i], values_[i], where);
  }
}

template <class T>
double ValueAndGradient<T>::operator()(std::span<const double> x, std::span<double> gradient, Source where) {
  if (!gradient.empty()) expect_size("value_and_gradient", gradient.size(), where);
  expect_size("value_and_gradient", x.size(), where);
  set(x, where);
  program_.run(where);
  double* to = gradient.data();
  for (std::size_t i = 0; i < parameters_.size() && !gradient.empty(); ++i) {
    to = std::copy_n(program_.output(i + 1, where).data, values_[i].size(), to);
  }
  return program_.output(0, where).data[0];
}

template <class T>
Minimum ValueAndGradient<T>::minimum(std::span<const double> x, std::int64_t evaluations, bool converged,
                                     std::string reason, Source where) {
  const double found = (*this)(x, {}, where);
  if (std::isfinite(found)) return {found, evaluations, converged, std::move(reason)};
  return {found, evaluations, false,
          fmt::format("the loss is {} where the solver stopped ({})", std::isnan(found) ? "NaN" : "infinite", reason)};
}

template <class T>
void ValueAndGradient<T>::expect_size(const char* operation, std::size_t given, Source where) const {
  if (given == size_) return;
  throw ShapeError(
      locate(operation,
             fmt::format("one number per element of the parameters is needed (given: {}, elements: {})", given, size_),
             where));
}

template class ValueAndGradient<float>;
template class ValueAndGradient<double>;

}  // namespace wengert::nn
