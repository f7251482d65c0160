// Losses that outside solvers are tried on.
#pragma once

#include <algorithm>
#include <cmath>

#include "nn/nn.hpp"

namespace wengert::test {

/// 100 (x₁ - x₀²)² + (1 - x₀)² from (-1.2, 1); its minimum is 0 at (1, 1) (Rosenbrock 1960).
template <class T>
struct Rosenbrock {
  Tape<T> tape;
  Var<T> x = tape.leaf(Tensor<T>{T(-1.2), T(1)});
  Var<T> x0 = slice(x, 0, 0, 1), x1 = slice(x, 0, 1, 2);
  Var<T> loss = sum(100.0 * square(x1 - square(x0)) + square(1.0 - x0));
};

/// sin x at 20 points, learned by eight tanh.
struct SmallNetwork {
  Tape<double> tape;
  nn::Mlp<double> mlp{tape, {1, 8, 1}, {.hidden = nn::Activation::tanh, .seed = 1}};
  nn::Sampled<double> sine = nn::sine_line<double>({.n = 20});
  Var<double> loss = nn::mean_squared_error(mlp(tape.leaf(sine.x)), tape.leaf(sine.y));
};

/// A loss that asks for a row its table does not have.
struct OutOfRange {
  Tape<double> tape;
  Var<double> w = tape.leaf(ones({3}));
  Var<double> loss = sum(square(take(w, tape.indices({0, 7}))));
};

inline double largest_difference(const Tensor<double>& a, const Tensor<double>& b) {
  double largest = a.shape() == b.shape() ? 0 : INFINITY;
  for (std::int64_t i = 0; i < a.size() && largest != INFINITY; ++i) {
    largest = std::max(largest, std::abs(a.data()[i] - b.data()[i]));
  }
  return largest;
}

}  // namespace wengert::test
