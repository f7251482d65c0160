/// Layers of one number each: the chain rule without indices, and why gradients vanish.
///
///   F15 two layers: ∂f/∂w₁ = σ₂'(z₂) w₂ σ₁'(z₁) x and ∂f/∂b₁ the same without x; ∂f/∂w₂ = σ₂'(z₂) a₁, ∂f/∂b₂ = σ₂'(z₂)
///   F16 L layers: ∂f/∂w₁ = x Π_{l≥2} w_l Π_l σ_l'(z_l)
///   F17 sigmoids: |∂f/∂w₁| ≤ |x| Π_{l≥2} |w_l| / 4ᴸ, because σ' ≤ 1/4; and σ'(z) → 0 far from 0
#pragma once

#include <span>

#include "autodiff/tensor/source.hpp"
#include "nn/model/activation.hpp"

namespace wengert::nn {

/// One layer of a chain of scalars: a = σ(w a' + b).
struct ScalarLayer {
  double w = 0;
  double b = 0;
  Activation activation = Activation::sigmoid;
  double alpha = 0.01;
};

/// f = σ₂(w₂ σ₁(w₁ x + b₁) + b₂) and its four slopes.
struct ScalarChain {
  double f = 0;
  double dw1 = 0, db1 = 0;
  double dw2 = 0, db2 = 0;
};

/// F15, two layers written out.
ScalarChain scalar_chain(const ScalarLayer& first, const ScalarLayer& second, double x);

/// F16, ∂f/∂w₁ of any number of layers as one product. No layers: 0.
double scalar_chain_slope(std::span<const ScalarLayer> layers, double x);

/// F17, what |∂f/∂w₁| can be at most. Throws UsageError unless every layer is a sigmoid.
double vanishing_bound(std::span<const ScalarLayer> layers, double x, Source where = Source::here());

}  // namespace wengert::nn
