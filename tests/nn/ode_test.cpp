// Differential equations solved by a network inside a trial solution, to published numbers. The derivatives by x come
// off the tape and are differentiated again by the weights. Weights from NumPy's legacy generator: a layer is one
// randn(out, in + 1) whose column 0 is the bias.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "nn/nn.hpp"
#include "tests/nn/legacy_random.hpp"
#include "tests/nn/oracle.hpp"

using namespace wengert;
using test::relative;

namespace {

struct Solved {
  double first_cost = 0, last_cost = 0, error = 0;
};

using Trial = std::function<Var<double>(Var<double> x, Var<double> network)>;
using Residual = std::function<Var<double>(Var<double> x, Var<double> g)>;

/// Gradient descent of rate 1e-3 on the mean squared residual at ten points of [0, 1].
Solved solve(const std::vector<std::int64_t>& hidden, std::uint32_t seed, int iterations, const Trial& trial,
             const Residual& residual, double (*exact)(double)) {
  Tape<double> tape;
  const auto x = tape.leaf(reshaped(linspace(0.0, 1.0, 10), Shape{10, 1}));
  test::LegacyRandom random(seed);
  std::vector<Var<double>> parameters;
  Var<double> a = x;
  for (std::size_t l = 0; l <= hidden.size(); ++l) {
    const std::int64_t in = a.shape()[1], out = l == hidden.size() ? 1 : hidden[l];
    const auto drawn = random.randn(Shape{out, in + 1});
    Tensor<double> W(Shape{in, out}), b(Shape{out});
    for (std::int64_t j = 0; j < out; ++j) {
      b.at(j) = drawn.at(j, 0);
      for (std::int64_t i = 0; i < in; ++i) W.at(i, j) = drawn.at(j, i + 1);
    }
    const nn::Linear<double> layer{tape.leaf(W), tape.leaf(b)};
    a = layer(a);
    if (l < hidden.size()) a = sigmoid(a);
    parameters.push_back(layer.W), parameters.push_back(layer.b);
  }
  const auto g = trial(x, a);
  const auto cost = mean(square(residual(x, g)));
  nn::Optimizer<double> descent(parameters, nn::Sgd{.rate = 1e-3});
  auto step = compile<double>({cost}, descent.updates(gradient(cost, parameters)));
  Solved out;
  for (int t = 1; t <= iterations; ++t) {
    descent.prepare(t);
    step.run();
    if (t == 1) out.first_cost = step.value().item();
  }
  out.last_cost = value(cost).item();
  const auto found = value(g), at = value(x);
  for (int i = 0; i < 10; ++i) out.error = std::max(out.error, std::abs(found.data()[i] - exact(at.data()[i])));
  return out;
}

/// Each g_i depends on its own x_i alone, so the gradient of the sum is g'.
Var<double> derivative(Var<double> g, Var<double> x) { return gradient(sum(g), x); }

void check(const Solved& found, double first_cost, double last_cost, double error) {
  MESSAGE("relative differences: start ", relative(found.first_cost, first_cost), ", end ",
          relative(found.last_cost, last_cost), ", error ", relative(found.error, error));
  CHECK(relative(found.first_cost, first_cost) < 1e-12);
  CHECK(relative(found.last_cost, last_cost) < 1e-8);
  CHECK(relative(found.error, error) < 1e-8);
}

const Trial kDecay = [](auto x, auto network) { return 10.0 + x * network; };
const Residual kDecays = [](auto x, auto g) { return derivative(g, x) + 2.0 * g; };
double decayed(double x) { return 10 * std::exp(-2 * x); }

}  // namespace

TEST_CASE("g' = -2g with one hidden layer ends at the published cost and error") {
  check(solve({10}, 15, 10000, kDecay, kDecays, decayed), 367.010300334542, 0.06668065154427, 0.043749866316);
}

TEST_CASE("g' = -2g with two hidden layers ends at the published cost and error") {
  check(solve({10, 10}, 15, 10000, kDecay, kDecays, decayed), 324.2463220366697, 0.1199359279104, 0.0400597073716);
}

TEST_CASE("logistic growth ends at the published cost, nearer than Euler's method") {
  const auto found = solve(
      {100, 50, 25}, 4155, 1000, [](auto t, auto network) { return 1.2 + t * network; },
      [](auto t, auto g) { return derivative(g, t) - 2.0 * g * (1.0 - g); },
      [](double t) { return 1.2 / (1.2 + (1 - 1.2) * std::exp(-2 * t)); });
  check(found, 0.2218045208746204, 0.000417932019898, 0.00424909145398);
  CHECK(found.error < 0.011225);
}

TEST_CASE("Poisson's equation: second derivatives by x, then the gradient by the weights") {
  check(solve(
            {200, 100}, 4155, 1000, [](auto x, auto network) { return x * (1.0 - x) * network; },
            [](auto x, auto g) { return -derivative(derivative(g, x), x) - (3.0 * x + square(x)) * exp(x); },
            [](double x) { return x * (1 - x) * std::exp(x); }),
        457.25624673635247, 0.003101131087, 0.00046408839616);
}
