// F5 to F13: from the cost to the gradients.
#include <algorithm>
#include <cmath>

#include "nn/delta/hand_activation.hpp"
#include "nn/delta/hand_sweep.hpp"

namespace wengert::nn::hand {

namespace {

template <class T>
T term(T value, Terms terms) {
  return terms == Terms::absolute ? std::abs(value) : value;
}
/// The sign before what is taken away.
template <class T>
T minus(Terms terms) {
  return terms == Terms::absolute ? T(1) : T(-1);
}

/// F7: times σ'(z_j), from ∂C/∂a to ∂C/∂z of the same layer.
template <class T>
void through_elementwise(const HandLayer<T>& layer, const Tensor<T>& z, Tensor<T>& g, Terms terms) {
  for (std::int64_t i = 0; i < g.size(); ++i) {
    g.data()[i] *= term(slope(layer.activation, z.data()[i], layer.alpha), terms);
  }
}

/// The full Jacobian, ∂a_i/∂z_j = a_i (1{i=j} - a_j). As Σ a_i = 1, δ_j = Σ_i a_i (1{i=j} - a_j) ∂C/∂a_i is
/// a_j Σ_i a_i (∂C/∂a_j - ∂C/∂a_i), which does not lose the digits of 1 - a_j where a_j is close to 1.
template <class T>
void through_softmax(const Tensor<T>& a_of, Tensor<T>& g_of, Terms terms) {
  const auto a = matrix(a_of);
  const auto g = matrix(g_of);
  std::vector<T> delta(static_cast<std::size_t>(g.columns));
  for (std::int64_t n = 0; n < g_of.shape()[0]; ++n) {
    for (std::int64_t j = 0; j < g.columns; ++j) {
      T sum = T(0);
      for (std::int64_t i = 0; i < g.columns; ++i) {
        sum += i == j ? T(0) : a(n, i) * (g(n, j) + minus<T>(terms) * g(n, i));
      }
      delta[static_cast<std::size_t>(j)] = a(n, j) * sum;
    }
    std::copy(delta.begin(), delta.end(), g.row(n));
  }
}

template <class T>
void through_activation(const HandLayer<T>& layer, const Tensor<T>& z, const Tensor<T>& a, Tensor<T>& g, Terms terms) {
  if (layer.activation == Activation::softmax) {
    through_softmax(a, g, terms);
  } else {
    through_elementwise(layer, z, g, terms);
  }
}

/// Softmax and cross entropy together: Δ = (p Σ_k t_k - t)/batch, that is (p - t)/batch for probabilities t. As
/// Σ p_k = 1 this is Σ_k (p_j t_k - p_k t_j), which where p_j is close to 1 does not lose the digits of p_j - 1.
template <class T>
Tensor<T> cross_entropy_delta(const Tensor<T>& a, const Tensor<T>& target, Terms terms) {
  const std::int64_t batch = a.shape()[0];
  Tensor<T> out(a.shape());
  const auto p = matrix(a), t = matrix(target);
  const auto delta = matrix(out);
  for (std::int64_t n = 0; n < batch; ++n) {
    for (std::int64_t j = 0; j < p.columns; ++j) {
      T sum = T(0);
      for (std::int64_t k = 0; k < p.columns; ++k) {
        sum += k == j ? T(0) : term(p(n, j) * t(n, k), terms) + minus<T>(terms) * term(p(n, k) * t(n, j), terms);
      }
      delta(n, j) = sum / static_cast<T>(batch);
    }
  }
  return out;
}

/// ∂C/∂a_j = a_j - t_j of F4, 2 (a_j - t_j)/count of the mean.
template <class T>
Tensor<T> cost_slope(Cost cost, const Tensor<T>& a, const Tensor<T>& target, Terms terms) {
  const T scale = cost == Cost::half_squares ? T(1) : T(2) / static_cast<T>(a.size());
  Tensor<T> g(a.shape());
  for (std::int64_t i = 0; i < a.size(); ++i) {
    g.data()[i] = scale * (term(a.data()[i], terms) + minus<T>(terms) * term(target.data()[i], terms));
  }
  return g;
}

/// F8: δ_jᴸ = σ'(z_jᴸ) ∂C/∂a_jᴸ.
template <class T>
Tensor<T> output_delta(const HandLayer<T>& last, Cost cost, const Tensor<T>& z, const Tensor<T>& a,
                       const Tensor<T>& target, Terms terms) {
  if (cost == Cost::cross_entropy) return cross_entropy_delta(a, target, terms);
  Tensor<T> delta = cost_slope(cost, a, target, terms);
  through_activation(last, z, a, delta, terms);
  return delta;
}

/// F6: ∂C/∂a_j = Σ_k δ_k w_jk, with δ and w of the layer above.
template <class T>
Tensor<T> through_weights(const Tensor<T>& delta_above, const Tensor<T>& W_above, Terms terms) {
  const std::int64_t batch = delta_above.shape()[0], outputs = W_above.shape()[0];
  Tensor<T> out(Shape{batch, outputs});
  const auto delta = matrix(delta_above), w = matrix(W_above);
  for (std::int64_t n = 0; n < batch; ++n) {
    for (std::int64_t j = 0; j < outputs; ++j) {
      T sum = T(0);
      for (std::int64_t k = 0; k < w.columns; ++k) sum += delta(n, k) * term(w(j, k), terms);
      matrix(out)(n, j) = sum;
    }
  }
  return out;
}

/// F12, F13: δ_jˡ = Σ_k δ_kˡ⁺¹ w_jkˡ⁺¹ σ'(z_jˡ).
template <class T>
Tensor<T> hidden_delta(const HandLayer<T>& layer, const Tensor<T>& z, const Tensor<T>& a, const Tensor<T>& W_above,
                       const Tensor<T>& delta_above, Terms terms) {
  Tensor<T> delta = through_weights(delta_above, W_above, terms);
  through_activation(layer, z, a, delta, terms);
  return delta;
}

/// F5, F10: ∂C/∂w_ij = δ_j a_i, summed over the batch.
template <class T>
Tensor<T> weight_gradient(const Tensor<T>& before, const Tensor<T>& delta_of, Terms terms) {
  const auto a = matrix(before), delta = matrix(delta_of);
  Tensor<T> out(Shape{a.columns, delta.columns});
  const auto dW = matrix(out);
  for (std::int64_t n = 0; n < before.shape()[0]; ++n) {
    for (std::int64_t i = 0; i < a.columns; ++i) {
      for (std::int64_t j = 0; j < delta.columns; ++j) dW(i, j) += term(a(n, i), terms) * delta(n, j);
    }
  }
  return out;
}

/// F11: ∂C/∂b_j = δ_j, summed over the batch.
template <class T>
Tensor<T> bias_gradient(const Tensor<T>& delta_of) {
  const auto delta = matrix(delta_of);
  Tensor<T> db(Shape{delta.columns});
  for (std::int64_t n = 0; n < delta_of.shape()[0]; ++n) {
    for (std::int64_t j = 0; j < delta.columns; ++j) db.data()[j] += delta(n, j);
  }
  return db;
}

}  // namespace

template <class T>
void feed_back(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, const Tensor<T>& target, Cost cost,
               Terms terms, HandBackprop<T>& out) {
  out.delta.resize(layers.size());  // F9: Δˡ = ∂C/∂Zˡ, from the last layer to the first
  out.delta.back() = output_delta(layers.back(), cost, out.z.back(), out.a.back(), target, terms);
  for (std::size_t l = layers.size() - 1; l-- > 0;) {
    out.delta[l] = hidden_delta(layers[l], out.z[l], out.a[l], layers[l + 1].W, out.delta[l + 1], terms);
  }
  for (std::size_t l = 0; l < layers.size(); ++l) {
    out.dW.push_back(weight_gradient(input_of(l, x, out), out.delta[l], terms));
    out.db.push_back(bias_gradient(out.delta[l]));
  }
}

#define INSTANTIATE(T)                                                                                       \
  template void feed_back(const std::vector<HandLayer<T>>&, const Tensor<T>&, const Tensor<T>&, Cost, Terms, \
                          HandBackprop<T>&)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn::hand
