#include "nn/delta/scalar_chain.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>

#include "autodiff/tensor/error.hpp"
#include "nn/delta/hand_activation.hpp"

namespace wengert::nn {

ScalarChain scalar_chain(const ScalarLayer& first, const ScalarLayer& second, double x) {
  const double z1 = first.w * x + first.b, a1 = hand::activate(first.activation, z1, first.alpha);
  const double z2 = second.w * a1 + second.b;
  const double s1 = hand::slope(first.activation, z1, first.alpha),
               s2 = hand::slope(second.activation, z2, second.alpha);
  return {.f = hand::activate(second.activation, z2, second.alpha),
          .dw1 = s2 * second.w * s1 * x,
          .db1 = s2 * second.w * s1,
          .dw2 = s2 * a1,
          .db2 = s2};
}

double scalar_chain_slope(std::span<const ScalarLayer> layers, double x) {
  if (layers.empty()) return 0;
  double product = x, a = x;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto& [w, b, activation, alpha] = layers[l];
    const double z = w * a + b;
    if (l != 0) product *= w;
    product *= hand::slope(activation, z, alpha);
    a = hand::activate(activation, z, alpha);
  }
  return product;
}

double vanishing_bound(std::span<const ScalarLayer> layers, double x, Source where) {
  if (layers.empty()) return 0;
  double bound = std::abs(x);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (layers[l].activation != Activation::sigmoid) {
      throw UsageError(locate(
          "vanishing_bound",
          fmt::format("layer {} is {}, and σ' <= 1/4 holds for the sigmoid", l + 1, name_of(layers[l].activation)),
          where));
    }
    bound *= (l == 0 ? 1 : std::abs(layers[l].w)) / 4;
  }
  return bound;
}

}  // namespace wengert::nn
