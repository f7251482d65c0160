/// Backpropagation derived by hand, on plain arrays: the numbers the tape must reproduce.
///
/// 1. Nothing here touches a tape or shares code with the operations: explicit loops, activation formulas of its own.
/// 2. Rows are samples and W is [in, out], so Z = A W + b. Layers are l = 1..L and a⁰ = x.
/// 3. Slopes keep their digits in the tails: σ(z) σ(-z), 1/cosh² z, alpha e^z, never from the activation alone.
///
///   F1  z_jˡ = Σ_i w_ijˡ a_iˡ⁻¹ + b_jˡ           F8  δ_jᴸ = σ'(z_jᴸ) ∂C/∂a_jᴸ
///   F2  a_jˡ = σˡ(z_jˡ)                          F9  δ_jˡ = ∂C/∂z_jˡ, the definition
///   F3  the output is aᴸ                         F10 ∂C/∂w_ijˡ = δ_jˡ a_iˡ⁻¹
///   F4  C = ½ Σ_i (a_iᴸ - t_i)²                  F11 ∂C/∂b_jˡ = δ_jˡ
///   F5  ∂z_jˡ/∂w_ijˡ = a_iˡ⁻¹                    F12 ∂z_kˡ⁺¹/∂z_jˡ = w_jkˡ⁺¹ σ'(z_jˡ)
///   F6  ∂z_jˡ/∂a_iˡ⁻¹ = w_ijˡ                    F13 δ_jˡ = Σ_k δ_kˡ⁺¹ w_jkˡ⁺¹ σ'(z_jˡ)
///   F7  ∂a_jˡ/∂z_jˡ = σ'(z_jˡ)
///
/// A batch sums F10 and F11 over its rows: ∂C/∂W = Aᵀ Δ, ∂C/∂b = column sums of Δ.
#pragma once

#include <cstdint>
#include <vector>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"
#include "nn/model/activation.hpp"

namespace wengert::nn {

/// What is minimised.
///   half_squares        ½ Σ (a - t)² over outputs and batch (F4)
///   mean_squared_error  the mean of (a - t)² over all elements
///   cross_entropy       -Σ t log p over the outputs, mean over the batch; the last layer must be a softmax
enum class Cost { half_squares, mean_squared_error, cross_entropy };

template <class T>
struct HandLayer {
  Tensor<T> W;  ///< [in, out]
  Tensor<T> b;  ///< [out]
  Activation activation = Activation::identity;
  T alpha = T(0.01);  ///< of leaky_relu and elu, unused otherwise
};

/// The largest sum of |terms| that an element of the tensors of a layer is made of: the formulas with absolute values.
/// Where terms cancel, rounding is a matter of these and not of what is left (Higham 2002, section 3.3).
struct Sizes {
  double delta = 0, dW = 0, db = 0;
};

/// All that the sweep leaves behind, one entry per layer.
template <class T>
struct HandBackprop {
  T cost = T(0);
  std::vector<Tensor<T>> z;      ///< [batch, out] before the activation
  std::vector<Tensor<T>> a;      ///< [batch, out] after it; the last is the output
  std::vector<Tensor<T>> delta;  ///< [batch, out] ∂C/∂z
  std::vector<Tensor<T>> dW;     ///< [in, out]
  std::vector<Tensor<T>> db;     ///< [out]
  std::vector<Sizes> sizes;      ///< what rounding is judged by
  double cost_size = 0;          ///< the same of the cost
};

/// Feeds x [batch, in] forward and the cost against target [batch, out] back.
///
/// Any activation may stand in any layer, softmax by its full Jacobian. Cross entropy is computed from z, so a
/// probability that underflows costs its true amount. Rows of its target are probabilities, one-hot or soft.
/// Throws ShapeError if layers, x and target do not fit together or one of them is empty, and UsageError for cross
/// entropy of a last layer other than softmax.
template <class T>
HandBackprop<T> closed_form(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, const Tensor<T>& target,
                            Cost cost, Source where = Source::here());

/// The same with class labels [batch] in place of one-hot rows. Throws ValueError for a label outside [0, out).
template <class T>
HandBackprop<T> closed_form(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x,
                            const Tensor<std::int64_t>& classes, Cost cost, Source where = Source::here());

}  // namespace wengert::nn
