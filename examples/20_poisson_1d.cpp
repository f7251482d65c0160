// Poisson's equation -g'' = (3x + x²) eˣ with g(0) = g(1) = 0: the trial solution x (1 - x) N(x) keeps both ends, and
// the second derivative is the gradient of a gradient.
// Expected: largest error at ten points at most 4e-4; the exact solution is x (1 - x) eˣ. Picture: poisson_1d.svg.
#include <fmt/format.h>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

int main() {
  constexpr int kPoints = 10;
  const Tensor<double> points = reshaped(linspace(0.0, 1.0, kPoints), Shape{kPoints, 1});

  Tape<double> tape;
  const auto x = tape.leaf(points);
  const nn::Mlp<double> N(tape, {1, 20, 20, 1}, {.hidden = nn::Activation::tanh, .seed = 1});
  const auto g = x * (1.0 - x) * N(x);
  const auto slope = gradient(sum(g), x), curvature = gradient(sum(slope), x);  // row by row
  const auto cost = mean(square(-curvature - (3.0 * x + square(x)) * exp(x)));
  const auto costs = nn::minimize(cost, N.parameters(), {.steps = 3000, .schedule = nn::cosine(1e-2, 3000)});
  fmt::print("mean squared residual {:.3g} -> {:.3g}\n\n", costs.front(), costs.back());

  const auto solution = [](auto at) { return at * (1.0 - at) * exp(at); };
  const Tensor<double> network = value(g), exact = value(solution(x));
  double error = 0;
  fmt::print("{:>6}{:>12}{:>12}{:>12}\n", "x", "exact", "network", "error");
  for (int i = 0; i < kPoints; ++i) {
    const double off = std::abs(network.at(i, 0) - exact.at(i, 0));
    fmt::print("{:6.3f}{:12.6f}{:12.6f}{:12.1e}\n", points.at(i, 0), exact.at(i, 0), network.at(i, 0), off);
    error = std::max(error, off);
  }
  const auto fine = tape.leaf(linspace(0.0, 1.0, 200));
  svg::save("poisson_1d.svg", {"Poisson's equation between two fixed ends",
                               {"x"},
                               {"g"},
                               {{"exact", value(fine), value(solution(fine))}, {"network", points, network, true}}});

  fmt::print("\nlargest error {:.1e}: {}\n", error, error <= 4e-4 ? "at most 4e-4, as expected" : "MORE THAN EXPECTED");
  return error <= 4e-4 ? 0 : 1;
}
