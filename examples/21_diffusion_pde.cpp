// Heat in a rod: u_t = u_xx, u(x, 0) = sin πx, both ends at 0. The trial solution (1 - t) sin πx + x (1 - x) t N(x, t)
// meets start and ends; the network learns the rest. Exact: e^(-π² t) sin πx.
// Expected: largest error at most 2e-3 for t up to 1/2, below that of explicit Euler with Δx = 1/10, Δt = Δx²/2.
// Picture: diffusion_pde.svg.
#include <fmt/format.h>

#include <numbers>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

namespace {

constexpr double kPi = std::numbers::pi, kLast = 0.5;

Var<double> exact(Var<double> x, Var<double> t) { return exp(-kPi * kPi * t) * sin(kPi * x); }

Var<double> trial(const nn::Mlp<double>& N, Var<double> x, Var<double> t) {
  return (1.0 - t) * sin(kPi * x) + x * (1.0 - x) * t * N(concatenate({x, t}, 1));
}

/// All pairs of n places and n times: two columns [n², 1].
std::pair<Var<double>, Var<double>> grid(Tape<double>& tape, std::int64_t n) {
  const auto x = tape.leaf(reshaped(linspace(0.0, 1.0, n), Shape{1, n}));
  const auto t = tape.leaf(reshaped(linspace(0.0, kLast, n), Shape{n, 1}));
  return {reshape(broadcast_to(x, {n, n}), {n * n, 1}), reshape(broadcast_to(t, {n, n}), {n * n, 1})};
}

/// Explicit Euler: forward differences in time, central ones in space. The largest error at each step.
svg::Series euler() {
  constexpr int kN = 10, kSteps = 100;
  constexpr double kDx = 1.0 / kN, kDt = kLast / kSteps;  // Δt = Δx²/2, the largest that is stable
  std::vector<double> u;
  for (int i = 0; i <= kN; ++i) u.push_back(std::sin(kPi * i * kDx));
  Tensor<double> errors(Shape{kSteps});
  for (int step = 1; step <= kSteps; ++step) {
    const std::vector<double> before = u;
    for (std::size_t i = 1; i < kN; ++i) {
      u[i] = before[i] + kDt / (kDx * kDx) * (before[i + 1] - 2 * before[i] + before[i - 1]);
      const double right = std::exp(-kPi * kPi * step * kDt) * std::sin(kPi * kDx * double(i));
      errors.at(step - 1) = std::max(errors.at(step - 1), std::abs(u[i] - right));
    }
  }
  return {"explicit Euler", linspace(kDt, kLast, kSteps), errors};
}

}  // namespace

int main() {
  Tape<double> tape;
  const nn::Mlp<double> N(tape, {2, 20, 20, 1}, {.hidden = nn::Activation::tanh, .seed = 1});
  const auto [x, t] = grid(tape, 20);
  const auto u = trial(N, x, t);
  const auto [u_x, u_t] = gradient(sum(u), {x, t});
  const auto u_xx = gradient(sum(u_x), x);
  const auto costs =
      nn::minimize(mean(square(u_t - u_xx)), N.parameters(), {.steps = 4000, .schedule = nn::cosine(2e-2, 4000)});
  fmt::print("mean squared residual {:.3g} -> {:.3g}\n", costs.front(), costs.back());

  constexpr std::int64_t kFine = 101;  // a finer grid than that learned from
  const auto [fine_x, fine_t] = grid(tape, kFine);
  const auto found = trial(N, fine_x, fine_t);
  const auto off = reshape(abs(found - exact(fine_x, fine_t)), {kFine, kFine});
  const svg::Series by_network{"network", linspace(0.0, kLast, kFine), value(max(off, 1))}, by_euler = euler();
  svg::Plot solution{"Heat in a rod, by the network", {"place x"}, {"temperature u"}};
  for (const int percent : {0, 10, 20, 40, 100}) {
    const Tensor<double> line(Shape{kFine}, value(found).data() + percent * kFine);
    solution.series.push_back({fmt::format("t = {:g}", kLast * percent / 100), linspace(0.0, 1.0, kFine), line});
  }
  const svg::Plot errors{"Largest error at each time", {"time t"}, {"error", true, 1e-4, 1e-2}, {by_network, by_euler}};
  svg::save("diffusion_pde.svg", {solution, errors});

  const double error = std::ranges::max(by_network.y.values()), euler_error = std::ranges::max(by_euler.y.values());
  const bool good = error <= 2e-3 && error < euler_error;
  fmt::print("largest error: network {:.1e}, explicit Euler {:.1e}: {}\n", error, euler_error,
             good ? "as expected" : "MORE THAN EXPECTED");
  return good ? 0 : 1;
}
