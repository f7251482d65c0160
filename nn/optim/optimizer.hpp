/// Optimisers: mathematics on Vars plus assigns, so that a whole training step is one program.
#pragma once

#include <vector>

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

enum class Method {
  sgd,       ///< w ← w - η g (F14)
  momentum,  ///< v ← μ v + g, w ← w - η v (Polyak 1964)
  adam,      ///< Kingma and Ba 2015, algorithm 1: ε outside the root, after the bias correction
};

struct OptimizerOptions {
  Method method = Method::adam;
  double rate = 1e-3;     ///< η
  double momentum = 0.9;  ///< μ
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
};

/// The state of an optimiser: its moments and scalars are leaves of the parameters' tape.
template <class T>
class Optimizer {
 public:
  Optimizer(std::vector<Var<T>> parameters, const OptimizerOptions& options = {}, Source where = Source::here());

  /// The assigns of one step, given the gradients of the parameters in their order. Put them into a program.
  std::vector<Assign<T>> updates(const std::vector<Var<T>>& gradients, Source where = Source::here()) const;
  /// Sets learning rate and bias corrections of step `step`, counted from 1. Call it before each run.
  void prepare(std::int64_t step);
  void set_rate(double rate) { options_.rate = rate; }

 private:
  std::vector<Var<T>> parameters_, first_, second_;
  Var<T> rate_, correction_;
  OptimizerOptions options_;
};

}  // namespace wengert::nn
