// F1 to F4: from x to the cost.
#include <algorithm>
#include <cmath>

#include "nn/delta/hand_activation.hpp"
#include "nn/delta/hand_sweep.hpp"

namespace wengert::nn::hand {

namespace {

/// F1: z_j = Σ_i w_ij a_i + b_j.
template <class T>
Tensor<T> weighted_input(const HandLayer<T>& layer, const Tensor<T>& before) {
  const std::int64_t batch = before.shape()[0], inputs = layer.W.shape()[0], outputs = layer.W.shape()[1];
  Tensor<T> out(Shape{batch, outputs});
  const auto W = matrix(layer.W), a = matrix(before);
  const auto z = matrix(out);
  for (std::int64_t n = 0; n < batch; ++n) {
    std::copy_n(layer.b.data(), outputs, z.row(n));
    for (std::int64_t i = 0; i < inputs; ++i) {
      for (std::int64_t j = 0; j < outputs; ++j) z(n, j) += W(i, j) * a(n, i);
    }
  }
  return out;
}

template <class T>
void softmax_row(const T* z, T* a, std::int64_t n) {
  const T top = *std::max_element(z, z + n);
  T sum = T(0);
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] = std::exp(z[i] - top);
  for (std::int64_t i = 0; i < n; ++i) a[i] /= sum;
}

/// F2: a_j = σ(z_j).
template <class T>
Tensor<T> activated(const HandLayer<T>& layer, const Tensor<T>& z) {
  Tensor<T> a(z.shape());
  if (layer.activation == Activation::softmax) {
    for (std::int64_t n = 0; n < z.shape()[0]; ++n) softmax_row(matrix(z).row(n), matrix(a).row(n), z.shape()[1]);
  } else {
    for (std::int64_t i = 0; i < z.size(); ++i) a.data()[i] = activate(layer.activation, z.data()[i], layer.alpha);
  }
  return a;
}

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

/// -Σ t log p. What the target gives no weight adds nothing, even where z is -inf.
template <class T>
T cross_entropy_of(Matrix<const T> z, Matrix<const T> target, std::int64_t batch) {
  T sum = T(0);
  for (std::int64_t n = 0; n < batch; ++n) {
    const LogSoftmax<T> p(z.row(n), z.columns);
    for (std::int64_t j = 0; j < z.columns; ++j) {
      if (target(n, j) != T(0)) sum += target(n, j) * p.minus_log(z(n, j));
    }
  }
  return sum / static_cast<T>(batch);
}

}  // namespace

template <class T>
void feed_forward(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, HandBackprop<T>& out) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    out.z.push_back(weighted_input(layers[l], input_of(l, x, out)));
    out.a.push_back(activated(layers[l], out.z[l]));  // F3: the last of them is the output
  }
}

template <class T>
T cost_of(Cost cost, const Tensor<T>& z, const Tensor<T>& a, const Tensor<T>& target) {
  if (cost == Cost::cross_entropy) return cross_entropy_of(matrix(z), matrix(target), z.shape()[0]);
  T sum = T(0);
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const T residual = a.data()[i] - target.data()[i];
    sum += residual * residual;
  }
  return cost == Cost::half_squares ? T(0.5) * sum : sum / static_cast<T>(a.size());  // F4, or the mean
}

#define INSTANTIATE(T)                                                                              \
  template void feed_forward(const std::vector<HandLayer<T>>&, const Tensor<T>&, HandBackprop<T>&); \
  template T cost_of(Cost, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn::hand
