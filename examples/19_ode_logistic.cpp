// Logistic growth g' = α g (A - g), α = 2, A = 1, from g(0) = 1.2, solved by a network: trial solution 1.2 + t N(t).
// Expected: largest error at ten points at most 0.004; explicit Euler with as many is off by 0.011225. Picture:
// ode_logistic.svg.
#include <fmt/format.h>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

int main() {
  constexpr int kPoints = 10;
  constexpr double kAlpha = 2, kA = 1, kStart = 1.2;
  const Tensor<double> times = reshaped(linspace(0.0, 1.0, kPoints), Shape{kPoints, 1});

  Tape<double> tape;
  const auto t = tape.leaf(times);
  const nn::Mlp<double> N(tape, {1, 20, 20, 1}, {.hidden = nn::Activation::tanh, .seed = 1});
  const auto g = kStart + t * N(t);
  const auto slope = gradient(sum(g), t);  // g'(t) in each row, which depends on its own t alone
  const auto cost = mean(square(slope - kAlpha * g * (kA - g)));
  const auto costs = nn::minimize(cost, N.parameters(), {.steps = 2000, .schedule = nn::cosine(1e-2, 2000)});
  fmt::print("mean squared residual {:.3g} -> {:.3g}\n\n", costs.front(), costs.back());

  const auto solution = [](auto at) { return kA * kStart / (kStart + (kA - kStart) * exp(-kAlpha * kA * at)); };
  const Tensor<double> network = value(g), exact = value(solution(t));
  Tensor<double> euler = full({kPoints, 1}, kStart);
  for (int i = 1; i < kPoints; ++i) {
    const double before = euler.at(i - 1, 0);
    euler.at(i, 0) = before + kAlpha * before * (kA - before) / (kPoints - 1);
  }

  double error = 0, euler_error = 0;
  fmt::print("{:>6}{:>12}{:>12}{:>12}\n", "t", "exact", "network", "Euler");
  for (int i = 0; i < kPoints; ++i) {
    fmt::print("{:6.3f}{:12.6f}{:12.6f}{:12.6f}\n", times.at(i, 0), exact.at(i, 0), network.at(i, 0), euler.at(i, 0));
    error = std::max(error, std::abs(network.at(i, 0) - exact.at(i, 0)));
    euler_error = std::max(euler_error, std::abs(euler.at(i, 0) - exact.at(i, 0)));
  }
  const auto fine = tape.leaf(linspace(0.0, 1.0, 200));
  svg::save("ode_logistic.svg", {"Logistic growth towards 1 from above",
                                 {"t"},
                                 {"g"},
                                 {{"exact", value(fine), value(solution(fine))},
                                  {"network", times, network, true},
                                  {"explicit Euler", times, euler}}});

  const bool good = error <= 0.004 && std::abs(euler_error - 0.011225) < 1e-6;
  fmt::print("\nlargest error: network {:.1e}, Euler {:.6f}: {}\n", error, euler_error,
             good ? "as expected" : "NOT AS EXPECTED");
  return good ? 0 : 1;
}
