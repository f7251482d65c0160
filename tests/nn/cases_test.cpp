// A network's output, and failures others met with it, each named by its id.
#include <doctest/doctest.h>

#include <cmath>

#include "nn/nn.hpp"

using namespace wengert;

TEST_CASE("the output of a network is its last activation, its logits what stands before it") {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {3, 4, 2}, {.output = nn::Activation::softmax, .seed = 4});
  Random random(6);
  const auto x = tape.leaf(normal<double>(Shape{5, 3}, 0, 1, random));
  const auto trace = mlp.trace(x);
  CHECK(value(mlp.logits(x)) == value(trace.z.back()));
  CHECK(value(mlp(x)) == value(softmax(mlp.logits(x))));
  const auto labels = tape.indices({0, 1, 0, 1, 1});
  const auto right = cross_entropy(mlp.logits(x), labels), by_hand = -mean(sum(one_hot(labels, 2) * log(mlp(x)), 1));
  CHECK(std::abs(value(right).item() - value(by_hand).item()) < 1e-14);
}

TEST_CASE("B193: a copy of the best parameters does not move with the parameters") {
  Tape<double> tape;
  const auto w = tape.leaf(1.0);
  const Tensor<double> best = value(w);
  auto step = compile<double>({}, {assign(w, w - 0.1 * gradient(w + 0, w))});
  step.run();
  CHECK(value(w).item() == 0.9);
  tape.set(w, best);
  CHECK(value(w).item() == 1);
}
