// Heat in a rod: u_t = u_xx, u(x, 0) = sin πx, both ends at 0. The trial solution (1 - t) sin πx + x (1 - x) t N(x, t)
// meets start and ends; the network learns the rest. Exact: e^(-π² t) sin πx.
// Expected: largest error for t up to 1/2 at most 2e-3, median of five seeds; explicit Euler (Δx = 1/10, Δt = Δx²/2)
// has 6e-3. Width and rate are chosen by how well the equation holds between the points learned from, which needs no
// exact solution, with a seed of their own. Picture: diffusion_pde.svg.
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

/// Mean of (u_t - u_xx)² over a grid.
Var<double> residual(const nn::Mlp<double>& N, std::int64_t n) {
  const auto [x, t] = grid(N.tape(), n);
  const auto u = trial(N, x, t);
  const auto [u_x, u_t] = gradient(sum(u), {x, t});
  return mean(square(u_t - gradient(sum(u_x), x)));
}

struct Setting {
  std::int64_t width;
  double rate;
};

constexpr std::int64_t kLearned = 20, kFine = 101;  // points per side: those learned from, those of the report

nn::Mlp<double> trained(Tape<double>& tape, Setting setting, std::uint64_t seed) {
  constexpr int kSteps = 4000;
  const nn::Mlp<double> N(tape, {2, setting.width, setting.width, 1}, {.hidden = nn::Activation::tanh, .seed = seed});
  nn::minimize(residual(N, kLearned), N.parameters(), {.steps = kSteps, .schedule = nn::cosine(setting.rate, kSteps)});
  return N;
}

/// The best of six, by the residual on a grid of other points.
Setting chosen() {
  Setting best{};
  double least = std::numeric_limits<double>::infinity();
  fmt::print("{:>6}{:>8}{:>10}\n", "width", "rate", "residual");
  for (const std::int64_t width : {10, 20}) {
    for (const double rate : {1e-2, 2e-2, 4e-2}) {
      Tape<double> tape;
      const double left = value(residual(trained(tape, {width, rate}, 0), 2 * kLearned + 1)).item();
      fmt::print("{:6}{:8}{:10.1e}\n", width, rate, left);
      if (left < least) best = {width, rate};
      least = std::min(least, left);
    }
  }
  return best;
}

/// Off the exact solution: the largest error at each time.
Tensor<double> errors_of(const nn::Mlp<double>& N) {
  const auto [x, t] = grid(N.tape(), kFine);
  return value(max(reshape(abs(trial(N, x, t) - exact(x, t)), {kFine, kFine}), 1));
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
  const Setting setting = chosen();
  const svg::Series by_euler = euler();
  svg::Plot errors{"Largest error at each time", {"time t"}, {"error", true, 1e-4, 1e-2}, {by_euler}};
  svg::Plot solution{"Heat in a rod, by the network", {"place x"}, {"temperature u"}};
  std::vector<double> largest;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Tape<double> tape;
    const nn::Mlp<double> N = trained(tape, setting, seed);
    errors.series.push_back({fmt::format("network, seed {}", seed), linspace(0.0, kLast, kFine), errors_of(N)});
    largest.push_back(std::ranges::max(errors.series.back().y.values()));
    if (seed != 1) continue;
    const auto [x, t] = grid(tape, kFine);
    const Tensor<double> u = value(trial(N, x, t));
    for (const int percent : {0, 10, 20, 40, 100}) {
      const Tensor<double> line(Shape{kFine}, u.data() + percent * kFine);
      solution.series.push_back({fmt::format("t = {:g}", kLast * percent / 100), linspace(0.0, 1.0, kFine), line});
    }
  }
  svg::save("diffusion_pde.svg", {solution, errors});

  std::ranges::sort(largest);
  const double euler_error = std::ranges::max(by_euler.y.values());
  const bool good = largest[2] <= 2e-3 && largest[2] < euler_error;
  fmt::print("\nlargest error: network {:.1e} to {:.1e}, median {:.1e}; explicit Euler {:.1e}: {}\n", largest[0],
             largest[4], largest[2], euler_error, good ? "as expected" : "MORE THAN EXPECTED");
  return good ? 0 : 1;
}
