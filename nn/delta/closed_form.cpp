#include "nn/delta/closed_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "autodiff/tensor/error.hpp"
#include "nn/delta/hand_activation.hpp"

namespace wengert::nn {

namespace {

/// -log p_j = (top - z_j) + log(1 + rest), with the rest of Σ e^(z - top) beside the largest: so a p close to 1 keeps
/// the digits of its logarithm.
template <class T>
struct LogSoftmax {
  T top, log_sum;
  LogSoftmax(const T* z, std::int64_t n) {
    const T* largest = std::max_element(z, z + n);
    top = *largest;
    T rest = T(0);
    for (const T* at = z; at != z + n; ++at) rest += at == largest ? T(0) : std::exp(*at - top);
    log_sum = std::log1p(rest);
  }
  T minus_log(T z) const { return (top - z) + log_sum; }
};

template <class T>
void softmax_row(const T* z, T* a, std::int64_t n) {
  const T top = *std::max_element(z, z + n);
  T sum = T(0);
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] = std::exp(z[i] - top);
  for (std::int64_t i = 0; i < n; ++i) a[i] /= sum;
}

template <class T>
const T* row(const Tensor<T>& tensor, std::int64_t n) {
  return tensor.data() + n * tensor.shape()[1];
}
template <class T>
T* row(Tensor<T>& tensor, std::int64_t n) {
  return tensor.data() + n * tensor.shape()[1];
}

[[noreturn]] void refuse(const std::string& fact, Source where) {
  throw ShapeError(locate("closed_form", fact, where));
}

template <class T>
void expect_fit(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, Source where) {
  if (layers.empty()) refuse("there is no layer", where);
  if (x.rank() != 2 || x.size() == 0) {
    refuse(fmt::format("x is {}, not a [batch, in] with elements", to_string(x.shape())), where);
  }
  std::int64_t in = x.shape()[1];
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Shape &W = layers[l].W.shape(), &b = layers[l].b.shape();
    if (W.rank() != 2 || W.size() == 0) {
      refuse(fmt::format("W of layer {} is {}, not an [in, out] with elements", l + 1, to_string(W)), where);
    }
    if (W[0] != in) {
      refuse(fmt::format("inner dimensions of layer {} differ ({} and {}): W is {} and {} is {} wide", l + 1, in, W[0],
                         to_string(W), l == 0 ? "x" : "the layer before", in),
             where);
    }
    if (b != Shape{W[1]}) {
      refuse(fmt::format("b of layer {} is {} but W is {}", l + 1, to_string(b), to_string(W)), where);
    }
    in = W[1];
  }
}

template <class T>
void feed_forward(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, HandBackprop<T>& out) {
  const std::int64_t batch = x.shape()[0];
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto& [W, b, activation, alpha] = layers[l];
    const Tensor<T>& before = l == 0 ? x : out.a[l - 1];
    const std::int64_t inputs = W.shape()[0], outputs = W.shape()[1];
    Tensor<T> z(Shape{batch, outputs}), a(Shape{batch, outputs});
    for (std::int64_t n = 0; n < batch; ++n) {
      const T* a_before = row(before, n);
      T *z_n = row(z, n), *a_n = row(a, n);
      // F1: z_j = Σ_i w_ij a_i + b_j
      for (std::int64_t j = 0; j < outputs; ++j) z_n[j] = b.data()[j];
      for (std::int64_t i = 0; i < inputs; ++i) {
        const T* w_i = row(W, i);
        for (std::int64_t j = 0; j < outputs; ++j) z_n[j] += w_i[j] * a_before[i];
      }
      // F2: a_j = σ(z_j)
      if (activation == Activation::softmax) {
        softmax_row(z_n, a_n, outputs);
      } else {
        for (std::int64_t j = 0; j < outputs; ++j) a_n[j] = hand::activate(activation, z_n[j], alpha);
      }
    }
    out.z.push_back(std::move(z));
    out.a.push_back(std::move(a));  // F3: the last of them is the output
  }
}

/// -Σ t log p. What the target gives no weight adds nothing, even where z is -inf.
template <class T>
T cross_entropy_of(const Tensor<T>& z, const Tensor<T>& target) {
  const std::int64_t batch = z.shape()[0], outputs = z.shape()[1];
  T sum = T(0);
  for (std::int64_t n = 0; n < batch; ++n) {
    const T *z_n = row(z, n), *t_n = row(target, n);
    const LogSoftmax<T> p(z_n, outputs);
    for (std::int64_t j = 0; j < outputs; ++j) {
      if (t_n[j] != T(0)) sum += t_n[j] * p.minus_log(z_n[j]);
    }
  }
  return sum / static_cast<T>(batch);
}

template <class T>
T cost_of(Cost cost, const Tensor<T>& z, const Tensor<T>& a, const Tensor<T>& target) {
  if (cost == Cost::cross_entropy) return cross_entropy_of(z, target);
  T sum = T(0);
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const T residual = a.data()[i] - target.data()[i];
    sum += residual * residual;
  }
  return cost == Cost::half_squares ? T(0.5) * sum : sum / static_cast<T>(a.size());  // F4, or the mean
}

/// Whether a formula is taken as it stands, or with the absolute values of its terms.
enum class Terms { as_they_are, absolute };

template <class T>
T term(T value, Terms terms) {
  return terms == Terms::absolute ? std::abs(value) : value;
}

/// From ∂C/∂a to Δ = ∂C/∂z of the same layer, in place.
template <class T>
void through_activation(const HandLayer<T>& layer, const Tensor<T>& z, const Tensor<T>& a, Tensor<T>& g, Terms terms) {
  if (layer.activation != Activation::softmax) {
    // F7, F8: δ_j = σ'(z_j) ∂C/∂a_j
    for (std::int64_t i = 0; i < g.size(); ++i) {
      g.data()[i] *= term(hand::slope(layer.activation, z.data()[i], layer.alpha), terms);
    }
    return;
  }
  // The full Jacobian, ∂a_i/∂z_j = a_i (1{i=j} - a_j). As Σ a_i = 1, δ_j = Σ_i a_i (1{i=j} - a_j) ∂C/∂a_i is
  // a_j Σ_i a_i (∂C/∂a_j - ∂C/∂a_i), which does not lose the digits of 1 - a_j where a_j is close to 1.
  const std::int64_t outputs = g.shape()[1];
  const T minus = terms == Terms::absolute ? T(1) : T(-1);
  std::vector<T> delta(static_cast<std::size_t>(outputs));
  for (std::int64_t n = 0; n < g.shape()[0]; ++n) {
    const T* a_n = row(a, n);
    T* g_n = row(g, n);
    for (std::int64_t j = 0; j < outputs; ++j) {
      T sum = T(0);
      for (std::int64_t i = 0; i < outputs; ++i) sum += i == j ? T(0) : a_n[i] * (g_n[j] + minus * g_n[i]);
      delta[static_cast<std::size_t>(j)] = a_n[j] * sum;
    }
    std::copy(delta.begin(), delta.end(), g_n);
  }
}

/// Δᴸ.
template <class T>
Tensor<T> output_delta(const HandLayer<T>& last, Cost cost, const Tensor<T>& z, const Tensor<T>& a,
                       const Tensor<T>& target, Terms terms) {
  const T minus = terms == Terms::absolute ? T(1) : T(-1);
  const std::int64_t batch = a.shape()[0], outputs = a.shape()[1];
  Tensor<T> delta(a.shape());
  if (cost == Cost::cross_entropy) {
    // Softmax and cross entropy together: Δ = (p Σ_k t_k - t)/batch, that is (p - t)/batch for probabilities t. As
    // Σ p_k = 1 this is Σ_k (p_j t_k - p_k t_j), which where p_j is close to 1 does not lose the digits of p_j - 1.
    for (std::int64_t n = 0; n < batch; ++n) {
      const T *p = row(a, n), *t = row(target, n);
      for (std::int64_t j = 0; j < outputs; ++j) {
        T sum = T(0);
        for (std::int64_t k = 0; k < outputs; ++k) {
          sum += k == j ? T(0) : term(p[j] * t[k], terms) + minus * term(p[k] * t[j], terms);
        }
        row(delta, n)[j] = sum / static_cast<T>(batch);
      }
    }
    return delta;
  }
  // ∂C/∂a_j = a_j - t_j for F4, 2 (a_j - t_j)/count for the mean; then F8.
  const T scale = cost == Cost::half_squares ? T(1) : T(2) / static_cast<T>(a.size());
  for (std::int64_t i = 0; i < a.size(); ++i) {
    delta.data()[i] = scale * (term(a.data()[i], terms) + minus * term(target.data()[i], terms));
  }
  through_activation(last, z, a, delta, terms);
  return delta;
}

/// Δˡ from the layer above.
template <class T>
Tensor<T> hidden_delta(const HandLayer<T>& layer, const Tensor<T>& z, const Tensor<T>& a, const Tensor<T>& W_above,
                       const Tensor<T>& delta_above, Terms terms) {
  Tensor<T> delta(a.shape());
  for (std::int64_t n = 0; n < a.shape()[0]; ++n) {
    const T* above = row(delta_above, n);
    for (std::int64_t j = 0; j < a.shape()[1]; ++j) {
      // F6, F13 without its slope: ∂C/∂a_j = Σ_k δ_k w_jk
      const T* w_j = row(W_above, j);
      T sum = T(0);
      for (std::int64_t k = 0; k < W_above.shape()[1]; ++k) sum += above[k] * term(w_j[k], terms);
      row(delta, n)[j] = sum;
    }
  }
  through_activation(layer, z, a, delta, terms);  // F12, F13: times σ'(z_j)
  return delta;
}

/// From the cost back to the first layer: fills delta, dW and db.
template <class T>
void feed_back(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, const Tensor<T>& target, Cost cost,
               Terms terms, HandBackprop<T>& out) {
  out.delta.resize(layers.size());  // F9: Δˡ = ∂C/∂Zˡ, from the last layer to the first
  out.delta.back() = output_delta(layers.back(), cost, out.z.back(), out.a.back(), target, terms);
  for (std::size_t l = layers.size() - 1; l-- > 0;) {
    out.delta[l] = hidden_delta(layers[l], out.z[l], out.a[l], layers[l + 1].W, out.delta[l + 1], terms);
  }
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Tensor<T>& before = l == 0 ? x : out.a[l - 1];
    Tensor<T> dW(layers[l].W.shape()), db(layers[l].b.shape());
    for (std::int64_t n = 0; n < x.shape()[0]; ++n) {
      const T *a = row(before, n), *delta = row(out.delta[l], n);
      for (std::int64_t i = 0; i < dW.shape()[0]; ++i) {
        for (std::int64_t j = 0; j < dW.shape()[1]; ++j) row(dW, i)[j] += term(a[i], terms) * delta[j];  // F5, F10
      }
      for (std::int64_t j = 0; j < db.size(); ++j) db.data()[j] += delta[j];  // F11
    }
    out.dW.push_back(std::move(dW));
    out.db.push_back(std::move(db));
  }
}

template <class T>
double largest(const Tensor<T>& sums) {
  return static_cast<double>(*std::max_element(sums.data(), sums.data() + sums.size()));
}

/// What a rounding of each z, by the terms it is summed from, and of the cost itself can do to the cost.
template <class T>
double cost_size(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, const Tensor<T>& target, Cost cost,
                 const HandBackprop<T>& out) {
  double size = std::abs(static_cast<double>(out.cost));
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Tensor<T>&W = layers[l].W, &before = l == 0 ? x : out.a[l - 1];
    for (std::int64_t n = 0; n < x.shape()[0]; ++n) {
      for (std::int64_t j = 0; j < W.shape()[1]; ++j) {
        T z = std::abs(layers[l].b.data()[j]);
        for (std::int64_t i = 0; i < W.shape()[0]; ++i) z += std::abs(row(W, i)[j] * row(before, n)[i]);
        size += static_cast<double>(std::abs(row(out.delta[l], n)[j]) * z);
      }
    }
  }
  if (cost == Cost::cross_entropy) return size;
  const Tensor<T>& a = out.a.back();
  const double scale = cost == Cost::half_squares ? 1 : 2 / static_cast<double>(a.size());
  for (std::int64_t i = 0; i < a.size(); ++i) {
    size += scale * static_cast<double>(std::abs((a.data()[i] - target.data()[i]) * a.data()[i]));
  }
  return size;
}

}  // namespace

template <class T>
HandBackprop<T> closed_form(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, const Tensor<T>& target,
                            Cost cost, Source where) {
  expect_fit(layers, x, where);
  const HandLayer<T>& last = layers.back();
  const Shape output{x.shape()[0], last.W.shape()[1]};
  if (target.shape() != output) {
    refuse(fmt::format("target is {} but the output is {}", to_string(target.shape()), to_string(output)), where);
  }
  if (cost == Cost::cross_entropy && last.activation != Activation::softmax) {
    throw UsageError(locate(
        "closed_form",
        fmt::format("cross entropy takes the output of a softmax, but the last layer is {}", name_of(last.activation)),
        where));
  }

  HandBackprop<T> out;
  feed_forward(layers, x, out);
  out.cost = cost_of(cost, out.z.back(), out.a.back(), target);

  HandBackprop<T> sizes = out;
  feed_back(layers, x, target, cost, Terms::as_they_are, out);
  feed_back(layers, x, target, cost, Terms::absolute, sizes);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    out.sizes.push_back({largest(sizes.delta[l]), largest(sizes.dW[l]), largest(sizes.db[l])});
  }
  out.cost_size = cost_size(layers, x, target, cost, out);
  return out;
}

template <class T>
HandBackprop<T> closed_form(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x,
                            const Tensor<std::int64_t>& classes, Cost cost, Source where) {
  expect_fit(layers, x, where);
  const std::int64_t batch = x.shape()[0], outputs = layers.back().W.shape()[1];
  if (classes.shape() != Shape{batch}) {
    refuse(fmt::format("classes are {} but x is {}", to_string(classes.shape()), to_string(x.shape())), where);
  }
  Tensor<T> one_hot(Shape{batch, outputs});
  for (std::int64_t n = 0; n < batch; ++n) {
    const std::int64_t label = classes.data()[n];
    if (label < 0 || label >= outputs) {
      throw ValueError(
          locate("closed_form", fmt::format("class {} of row {} is outside [0, {})", label, n, outputs), where));
    }
    row(one_hot, n)[label] = T(1);
  }
  return closed_form(layers, x, one_hot, cost, where);
}

#define INSTANTIATE(T)                                                                                             \
  template HandBackprop<T> closed_form(const std::vector<HandLayer<T>>&, const Tensor<T>&, const Tensor<T>&, Cost, \
                                       Source);                                                                    \
  template HandBackprop<T> closed_form(const std::vector<HandLayer<T>>&, const Tensor<T>&,                         \
                                       const Tensor<std::int64_t>&, Cost, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
