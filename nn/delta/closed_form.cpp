// What is asked for, what is refused, and what rounding is judged by; the formulas are in feed_forward and feed_back.
#include "nn/delta/closed_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "autodiff/tensor/error.hpp"
#include "nn/delta/hand_sweep.hpp"

namespace wengert::nn {

namespace {

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
double largest(const Tensor<T>& sums) {
  return static_cast<double>(*std::max_element(sums.data(), sums.data() + sums.size()));
}

/// What a rounding of each z, by the terms it is summed from, and of the cost itself can do to the cost.
template <class T>
double cost_size(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, const Tensor<T>& target, Cost cost,
                 const HandBackprop<T>& out) {
  double size = std::abs(static_cast<double>(out.cost));
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto W = hand::matrix(layers[l].W), a = hand::matrix(hand::input_of(l, x, out)),
               delta = hand::matrix(out.delta[l]);
    for (std::int64_t n = 0; n < x.shape()[0]; ++n) {
      for (std::int64_t j = 0; j < W.columns; ++j) {
        T z = std::abs(layers[l].b.data()[j]);
        for (std::int64_t i = 0; i < a.columns; ++i) z += std::abs(W(i, j) * a(n, i));
        size += static_cast<double>(std::abs(delta(n, j)) * z);
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
  hand::feed_forward(layers, x, out);
  out.cost = hand::cost_of(cost, out.z.back(), out.a.back(), target);

  HandBackprop<T> sizes = out;
  hand::feed_back(layers, x, target, cost, hand::Terms::as_they_are, out);
  hand::feed_back(layers, x, target, cost, hand::Terms::absolute, sizes);
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
    hand::matrix(one_hot)(n, label) = T(1);
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
