// g' = -2g, g(0) = 10 solved by a network inside a trial solution g = 10 + x N(x), which starts right whatever N is.
// Expected: largest error at ten points at most 0.01, where explicit Euler with as many is off by 0.45.
// Picture: ode_decay.svg.
#include <fmt/format.h>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

int main() {
  constexpr int kPoints = 10;
  const Tensor<double> points = reshaped(linspace(0.0, 1.0, kPoints), Shape{kPoints, 1});

  Tape<double> tape;
  const auto x = tape.leaf(points);
  const nn::Mlp<double> N(tape, {1, 10, 1}, {.seed = 15});
  const auto g = 10.0 + x * N(x);
  const auto slope = gradient(sum(g), x);  // g'(x) in each row, which depends on its own x alone
  const auto cost = mean(square(slope + 2.0 * g));
  const auto costs = nn::minimize(cost, N.parameters(), {.steps = 10000, .schedule = nn::cosine(1e-1, 10000)});
  fmt::print("mean squared residual {:.3g} -> {:.3g}\n\n", costs.front(), costs.back());

  const auto solution = [](auto at) { return 10.0 * exp(-2.0 * at); };
  const Tensor<double> network = value(g), exact = value(solution(x));
  Tensor<double> euler = full({kPoints, 1}, 10.0);
  for (int i = 1; i < kPoints; ++i) euler.at(i, 0) = euler.at(i - 1, 0) * (1 - 2.0 / (kPoints - 1));

  double error = 0, euler_error = 0;
  fmt::print("{:>6}{:>12}{:>12}{:>12}\n", "x", "exact", "network", "Euler");
  for (int i = 0; i < kPoints; ++i) {
    fmt::print("{:6.3f}{:12.5f}{:12.5f}{:12.5f}\n", points.at(i, 0), exact.at(i, 0), network.at(i, 0), euler.at(i, 0));
    error = std::max(error, std::abs(network.at(i, 0) - exact.at(i, 0)));
    euler_error = std::max(euler_error, std::abs(euler.at(i, 0) - exact.at(i, 0)));
  }
  const auto fine = tape.leaf(linspace(0.0, 1.0, 200));
  svg::save("ode_decay.svg", {"Exponential decay: g' = −2g",
                              {"x"},
                              {"g"},
                              {{"exact", value(fine), value(solution(fine))},
                               {"network", points, network, true},
                               {"explicit Euler", points, euler}}});

  const bool good = error <= 0.01 && std::abs(euler_error - 0.4516) < 1e-3;
  fmt::print("\nlargest error: network {:.1e}, Euler {:.1e}: {}\n", error, euler_error,
             good ? "as expected" : "NOT AS EXPECTED");
  return good ? 0 : 1;
}
