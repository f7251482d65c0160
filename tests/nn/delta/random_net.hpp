/// Random networks to compare one way of differentiating with another.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "autodiff/tensor/random.hpp"
#include "autodiff/tensor/tensor.hpp"
#include "nn/delta/closed_form.hpp"

namespace wengert::test {

struct Net {
  std::vector<nn::HandLayer<double>> layers;
  Tensor<double> x, target;
  nn::Cost cost = nn::Cost::half_squares;
};

/// Depth layers of 1 to 17 nodes (softmax at least 2) and 1 to 9 samples. The weights keep gradients from vanishing:
/// those behind a softmax, whose outputs are about 1/width, are larger. Targets of cross entropy are one-hot rows.
inline Net random_net(Random& random, int depth, nn::Activation hidden, nn::Activation output, nn::Cost cost) {
  const auto width = [&](std::int64_t least) { return least + random.below(18 - least); };
  const std::int64_t batch = 1 + random.below(9);
  std::int64_t in = width(1);
  const double gain = hidden == nn::Activation::softmax ? 4 : 1.5;
  Net net{.layers = {}, .x = normal(Shape{batch, in}, 0.0, 1.0, random), .target = {}, .cost = cost};
  for (int l = 1; l <= depth; ++l) {
    const nn::Activation activation = l == depth ? output : hidden;
    const std::int64_t out = width(activation == nn::Activation::softmax ? 2 : 1);
    net.layers.push_back({normal(Shape{in, out}, 0.0, gain / std::sqrt(static_cast<double>(in)), random),
                          normal(Shape{out}, 0.0, 0.5, random), activation,
                          activation == nn::Activation::elu ? 0.7 : 0.1});
    in = out;
  }
  net.target = uniform(Shape{batch, in}, -1.0, 1.0, random);
  if (cost == nn::Cost::cross_entropy) {
    for (double& t : net.target) t = 0;
    for (std::int64_t n = 0; n < batch; ++n) net.target.at(n, random.below(in)) = 1;
  }
  return net;
}

}  // namespace wengert::test
