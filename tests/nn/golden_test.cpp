#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "nn/delta/closed_form.hpp"
#include "nn/model/layers.hpp"
#include "tests/nn/digits_golden.hpp"
#include "tests/nn/legacy_random.hpp"

namespace wengert::nn {
namespace {

double norm(const Tensor<double>& tensor) {
  double sum = 0;
  for (const double x : tensor) sum += x * x;
  return std::sqrt(sum);
}

double accuracy(const Tensor<double>& p, const Tensor<std::int64_t>& label) {
  std::int64_t hits = 0;
  for (std::int64_t n = 0; n < label.size(); ++n) {
    const double* row = p.data() + n * p.shape()[1];
    hits += std::max_element(row, row + p.shape()[1]) - row == label.at(n);
  }
  return static_cast<double>(hits) / static_cast<double>(label.size());
}

double relative(double ours, double reference) { return std::abs(ours - reference) / std::abs(reference); }

}  // namespace

TEST_CASE("the legacy generator repeats NumPy's first numbers of seeds 0 and 2024") {
  test::LegacyRandom zero(0);
  CHECK(zero.uniform() == 0.5488135039273248);
  CHECK(zero.uniform() == 0.7151893663724195);
  test::LegacyRandom normal(0);
  CHECK(normal.gauss() == doctest::Approx(1.764052345967664).epsilon(1e-15));
  CHECK(normal.gauss() == doctest::Approx(0.4001572083672233).epsilon(1e-15));
  std::mt19937 engine;  // B140: the engine itself
  engine.discard(9999);
  CHECK(engine() == 4123659995u);
}

TEST_CASE("a two-input ReLU layer from seed 2024 gives the published activations") {
  test::LegacyRandom random(2024);
  const auto x = random.randn(Shape{2}), W_out_in = random.randn(Shape{4, 2}), b = random.randn(Shape{4});
  Tensor<double> W(Shape{2, 4});
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 4; ++j) W.at(i, j) = W_out_in.at(j, i);
  }
  const HandLayer<double> layer{W, b, Activation::relu};
  const auto out = closed_form({layer}, reshaped(x, Shape{1, 2}), zeros(Shape{1, 4}), Cost::half_squares);
  const double published[] = {0.60610368, 4.0076268, 0, 0.56469864};
  for (int j = 0; j < 4; ++j) CHECK(std::abs(out.a[0].at(0, j) - published[j]) <= 5.1e-9 * (1 + 9 * (j == 1)));
}

TEST_CASE("the data are the 1,797 digits whose pixels sum to 561,718") {
  const auto golden = test::digits_golden();
  double sum = 0;
  for (const double pixel : golden.x) sum += pixel;
  for (const double pixel : golden.x_test) sum += pixel;
  CHECK(sum == 561718);
  CHECK(golden.x.shape() == Shape{1437, 64});
  CHECK(golden.x_test.shape() == Shape{360, 64});
}

TEST_CASE("the untrained digits network gives the published accuracy, cost and gradient norms") {
  const auto golden = test::digits_golden();
  const std::vector<HandLayer<double>> layers{{golden.W1, golden.b1, Activation::sigmoid},
                                              {golden.W2, golden.b2, Activation::softmax}};
  const auto out = closed_form(layers, golden.x, golden.label, Cost::cross_entropy);
  const double samples = static_cast<double>(golden.label.size());

  CHECK(accuracy(out.a[1], golden.label) == golden.accuracy);
  CHECK(relative(out.a[1].at(0, 0), golden.first_probability) < 1e-8);
  CHECK(relative(out.a[1].at(0, 9), golden.last_probability) < 1e-8);
  CHECK(relative(samples * out.cost, golden.cross_entropy_sum) < 1e-10);
  CHECK(relative(samples * norm(out.dW[1]), golden.norm_dW2) < 1e-10);
  CHECK(relative(samples * norm(out.dW[0]), golden.norm_dW1) < 1e-10);
  MESSAGE("relative differences: cost ", relative(samples * out.cost, golden.cross_entropy_sum), ", dW2 ",
          relative(samples * norm(out.dW[1]), golden.norm_dW2), ", dW1 ",
          relative(samples * norm(out.dW[0]), golden.norm_dW1));
}

TEST_CASE("the tape gives the untrained digits network the same cost and gradient norms") {
  const auto golden = test::digits_golden();
  Tape<double> tape;
  const Linear<double> first{tape.leaf(golden.W1), tape.leaf(golden.b1)},
      second{tape.leaf(golden.W2), tape.leaf(golden.b2)};
  const auto logits = second(sigmoid(first(tape.leaf(golden.x))));
  const auto cost = cross_entropy(logits, tape.indices(golden.label), Reduction::sum);
  const auto [dW1, dW2] = gradient(cost, {first.W, second.W});
  CHECK(relative(value(cost).item(), golden.cross_entropy_sum) < 1e-10);
  CHECK(relative(norm(value(dW2)), golden.norm_dW2) < 1e-10);
  CHECK(relative(norm(value(dW1)), golden.norm_dW1) < 1e-10);
  CHECK(accuracy(value(softmax(logits)), golden.label) == golden.accuracy);
}

}  // namespace wengert::nn
