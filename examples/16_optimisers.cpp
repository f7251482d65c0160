// Thirteen methods, two of them in two forms, on a convex and a non-convex problem, each with its best rate of a grid.
// Expected after 1,000 steps: in the bowl all fifteen below 1e-3, thirteen of them below 1e-10; in the valley all below
// 4 (24.2 at the start), twelve of them below 0.1. Picture: optimisers.svg.
#include <fmt/format.h>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

namespace {

using Loss = Var<double> (*)(Var<double> x, Var<double> y);

/// Convex, 50 times steeper in one direction than in the other.
Var<double> bowl(Var<double> x, Var<double> y) { return 0.5 * (square(x) + 50.0 * square(y)); }
/// Rosenbrock 1960: a bent valley whose floor hardly falls.
Var<double> valley(Var<double> x, Var<double> y) { return 100.0 * square(y - square(x)) + square(1.0 - x); }

struct Run {
  double rate = 0;
  std::vector<double> losses{INFINITY};
};

/// The run that ends lowest, of those with rates 10, 10^0.5 … 1e-4.
Run best_run(Loss loss, const nn::Method& method) {
  Run best;
  for (double exponent = 1; exponent >= -4; exponent -= 0.5) {
    Tape<double> tape;
    const auto x = tape.leaf(-1.2), y = tape.leaf(1.0);
    const double rate = std::pow(10, exponent);
    const auto losses =
        nn::minimize(loss(x, y), {x, y}, {.method = method, .steps = 1000, .schedule = nn::constant(rate)});
    if (losses.back() < best.losses.back()) best = {rate, losses};
  }
  return best;
}

}  // namespace

int main() {
  using Named = std::pair<const char*, nn::Method>;
  const std::vector<std::vector<Named>> families{
      {{"sgd", nn::Sgd{}}, {"momentum", nn::Momentum{}}, {"nesterov", nn::Nesterov{}}},
      {{"adagrad", nn::Adagrad{}}, {"adagrad, momentum", nn::Adagrad{.momentum = 0.9}}, {"adadelta", nn::Adadelta{}}},
      {{"rmsprop", nn::RmsProp{}}, {"rmsprop, centred", nn::RmsProp{.centred = true}}, {"lion", nn::Lion{}}},
      {{"adam", nn::Adam{}}, {"adamw", nn::AdamW{.decay = 1e-4}}, {"amsgrad", nn::AmsGrad{}}},
      {{"adamax", nn::Adamax{}}, {"nadam", nn::NAdam{}}, {"radam", nn::RAdam{}}}};
  std::vector<std::vector<svg::Plot>> plots;  // a family in each row
  const Tensor<double> steps = linspace<double>(0, 999, 1000);
  bool good = true;
  int solved = 0, far_down = 0;
  fmt::print("{:18}{:>12}{:>12}{:>14}{:>12}\n", "", "bowl", "rate", "valley", "rate");
  for (const auto& family : families) {
    const svg::Axis x{"step"}, y{"loss", true, 1e-16, 1e4};
    plots.push_back({{"Convex: a narrow bowl", x, y}, {"Non-convex: Rosenbrock's valley", x, y}});
    for (const auto& [name, method] : family) {
      const Run convex = best_run(bowl, method), other = best_run(valley, method);
      fmt::print("{:18}{:12.1e}{:12.0e}{:14.1e}{:12.0e}\n", name, convex.losses.back(), convex.rate,
                 other.losses.back(), other.rate);
      plots.back()[0].series.push_back({name, steps, Tensor<double>(convex.losses)});
      plots.back()[1].series.push_back({name, steps, Tensor<double>(other.losses)});
      good = good && convex.losses.back() < 1e-3 && other.losses.back() < 4;
      solved += convex.losses.back() < 1e-10;
      far_down += other.losses.back() < 0.1;
    }
  }
  svg::save("optimisers.svg", plots);
  good = good && solved >= 13 && far_down >= 12;
  fmt::print("\n{} of 15 solve the bowl, {} come far down the valley: {}\n", solved, far_down,
             good ? "as expected" : "LESS THAN EXPECTED");
  return good ? 0 : 1;
}
