// The tape against the hand-derived formulas F1..F17.
#include <doctest/doctest.h>

#include <cmath>

#include "nn/nn.hpp"
#include "tests/nn/digits_golden.hpp"

using namespace wengert;
using nn::Activation;
using nn::Cost;

namespace {

constexpr Activation kAll[] = {Activation::identity, Activation::sigmoid,    Activation::tanh,
                               Activation::relu,     Activation::leaky_relu, Activation::elu};

struct Case {
  std::vector<std::int64_t> sizes;
  nn::MlpOptions options;
  std::int64_t batch;
};

Case random_case(std::uint64_t seed, bool softmax) {
  Random random(seed, 77);
  Case c;
  const auto depth = static_cast<std::size_t>(1 + random.below(6));
  for (std::size_t l = 0; l <= depth; ++l) c.sizes.push_back(1 + random.below(17));
  for (std::size_t l = 0; l < depth; ++l) c.options.activations.push_back(kAll[random.below(6)]);
  if (softmax) c.options.activations.back() = Activation::softmax;
  c.options.init = nn::Init::glorot_normal;
  c.options.bias = 0.1;
  c.options.alpha = 0.3;
  c.options.seed = seed;
  c.batch = 1 + random.below(9);
  return c;
}

template <class T>
nn::DeltaReport compare(std::uint64_t seed, Cost cost, bool softmax, std::int64_t samples) {
  const Case c = random_case(seed, softmax);
  Random random(seed, 78);
  Tape<T> tape;
  const nn::Mlp<T> mlp(tape, c.sizes, c.options);
  const auto x = normal<T>(Shape{c.batch, c.sizes.front()}, T(0), T(1), random);
  if (cost == Cost::cross_entropy) {
    Tensor<std::int64_t> labels(Shape{c.batch});
    for (auto& label : labels) label = random.below(c.sizes.back());
    return nn::compare_deltas(mlp, x, labels, samples);
  }
  return nn::compare_deltas(mlp, x, normal<T>(Shape{c.batch, c.sizes.back()}, T(0), T(1), random), cost, samples);
}

}  // namespace

TEST_CASE("F8 to F13: the tape's deltas and gradients are the hand-derived ones, in double") {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    CAPTURE(seed);
    CHECK(compare<double>(seed, Cost::half_squares, false, 0).closed_form <= 1e-12);
    CHECK(compare<double>(seed, Cost::mean_squared_error, seed % 2 == 0, 0).closed_form <= 1e-12);
    CHECK(compare<double>(seed, Cost::cross_entropy, true, 0).closed_form <= 1e-12);
  }
}

TEST_CASE("F8 to F13: the tape's deltas and gradients are the hand-derived ones, in float") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    CHECK(compare<float>(seed, Cost::half_squares, false, 0).closed_form <= 1e-5);
    CHECK(compare<float>(seed, Cost::cross_entropy, true, 0).closed_form <= 1e-5);
  }
}

TEST_CASE("a wrong delta is caught by the comparison") {
  Random random(5);
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {3, 4, 4}, {.hidden = Activation::tanh, .output = Activation::sigmoid, .seed = 9});
  const auto x = normal<double>(Shape{6, 3}, 0, 1, random), t = normal<double>(Shape{6, 4}, 0, 1, random);
  std::vector<nn::HandLayer<double>> layers;
  for (std::size_t l = 0; l < 2; ++l)
    layers.push_back({value(mlp.layer(l).W), value(mlp.layer(l).b), mlp.activation(l)});
  const nn::HandBackprop<double> right = nn::closed_form(layers, x, t, Cost::half_squares);
  const auto trace = mlp.trace(tape.leaf(x));
  const auto cost = nn::half_squares(trace.a.back(), tape.leaf(t));
  const auto difference = [&](const nn::HandBackprop<double>& hand) {
    return nn::compare_deltas(mlp, trace, cost, hand, 0).closed_form;
  };
  CHECK(difference(right) <= 1e-12);

  nn::HandBackprop<double> dropped = right;  // the factor σ'(z) forgotten
  for (std::int64_t i = 0; i < 24; ++i) {
    const double a = right.a[0].data()[i];
    dropped.delta[0].data()[i] /= 1 - a * a;
  }
  CHECK(difference(dropped) > 1e-3);

  nn::HandBackprop<double> swapped = right;  // w_jk where w_kj belongs
  for (std::int64_t i = 0; i < 6; ++i) {
    for (std::int64_t j = 0; j < 4; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < 4; ++k) sum += right.delta[1].at(i, k) * layers[1].W.at(k, j);
      const double a = right.a[0].at(i, j);
      swapped.delta[0].at(i, j) = sum * (1 - a * a);
    }
  }
  CHECK(difference(swapped) > 1e-3);
}

TEST_CASE("F15: the scalar chain of two layers, with w2 and not a1 in the slope of w1") {
  Tape<double> tape;
  auto x = tape.leaf(0.7), w1 = tape.leaf(0.4), b1 = tape.leaf(-0.2), w2 = tape.leaf(1.3), b2 = tape.leaf(0.1);
  auto z1 = w1 * x + b1, a1 = sigmoid(z1), z2 = w2 * a1 + b2, f = sigmoid(z2);
  const auto [g1, gb1, g2, gb2] = gradient(f, {w1, b1, w2, b2});
  const auto s = [](double z) { return 1 / (1 + std::exp(-z)); };
  const double h1 = s(0.4 * 0.7 - 0.2), h2 = s(1.3 * h1 + 0.1), d2 = h2 * (1 - h2), d1 = h1 * (1 - h1);
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-14 * std::abs(b); };
  CHECK(near(value(g1).item(), d2 * 1.3 * d1 * 0.7));
  CHECK(near(value(gb1).item(), d2 * 1.3 * d1));
  CHECK(near(value(g2).item(), d2 * h1));
  CHECK(near(value(gb2).item(), d2));
  CHECK_FALSE(near(value(g1).item(), d2 * h1 * d1 * 0.7));
}

TEST_CASE("golden: the tape gives the published first step on the digits") {
  const auto golden = test::digits_golden();
  Tape<double> tape;
  const auto W1 = tape.leaf(golden.W1), b1 = tape.leaf(golden.b1), W2 = tape.leaf(golden.W2), b2 = tape.leaf(golden.b2);
  const auto logits = matmul(sigmoid(matmul(tape.leaf(golden.x), W1) + b1), W2) + b2;
  const auto loss = cross_entropy(logits, tape.indices(golden.label), Reduction::sum);
  const auto [dW1, dW2] = gradient(loss, {W1, W2});
  const auto norm = [](const Tensor<double>& t) {
    double sum = 0;
    for (const double v : t) sum += v * v;
    return std::sqrt(sum);
  };
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-10 * std::abs(b); };
  CHECK(near(value(loss).item(), test::DigitsGolden::cross_entropy_sum));
  CHECK(near(norm(value(dW2)), test::DigitsGolden::norm_dW2));
  CHECK(near(norm(value(dW1)), test::DigitsGolden::norm_dW1));
  CHECK(near(nn::accuracy(value(logits), golden.label), test::DigitsGolden::accuracy));
}
