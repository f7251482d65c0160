/// Gradients of several micro-batches added up before one update, for batches that do not fit into memory.
#pragma once

#include <vector>

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

/// Two programs take part. The first runs once per micro-batch and adds its gradients; the second updates and clears:
///
///   Accumulator<T> sum(parameters);
///   auto add = compile({loss}, sum.add(gradient(loss, parameters), 1.0 / 4));          // a mean of 4 micro-batches
///   auto step = compile({}, joined(optimizer.updates(sum.gradients()), sum.clear()));
template <class T>
class Accumulator {
 public:
  /// Makes a leaf of zeros for each parameter.
  explicit Accumulator(const std::vector<Var<T>>& parameters, Source where = Source::here());

  /// sum ← sum + weight g. `weight` is a number or a scalar Var, for micro-batches that differ in size. Throws
  /// as Optimizer::updates.
  std::vector<Assign<T>> add(const std::vector<Var<T>>& gradients, Located<T> weight) const;
  /// What has been added up.
  const std::vector<Var<T>>& gradients() const { return sums_; }
  /// sum ← 0.
  std::vector<Assign<T>> clear(Source where = Source::here()) const;
  /// The same at once, after a micro-batch that threw.
  void reset(Source where = Source::here());

 private:
  std::vector<Var<T>> sums_;
};

/// The assigns of `a`, then those of `b`.
template <class T>
std::vector<Assign<T>> joined(std::vector<Assign<T>> a, const std::vector<Assign<T>>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

extern template class Accumulator<float>;
extern template class Accumulator<double>;

}  // namespace wengert::nn
