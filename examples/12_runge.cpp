// Runge's function 1 / (1 + 25 x²): a network learns what polynomials through equidistant points diverge from.
// Expected: median test error of five seeds at most 2.9e-7; the polynomial of degree 15 is off by more than 1. Picture:
// runge.svg.
#include <fmt/format.h>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

namespace {

/// The polynomial through all points, as Lagrange wrote it.
double interpolated(const nn::Sampled<double>& points, double x) {
  const std::int64_t n = points.x.size();
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    double term = points.y.at(i, 0);
    for (std::int64_t k = 0; k < n; ++k) {
      if (k != i) term *= (x - points.x.at(k, 0)) / (points.x.at(i, 0) - points.x.at(k, 0));
    }
    sum += term;
  }
  return sum;
}

}  // namespace

int main() {
  const auto train = nn::runge_line<double>({.n = 100}), test = nn::runge_line<double>({.n = 333}),
             knots = nn::runge_line<double>({.n = 16});
  Tensor<double> polynomial(test.y.shape());
  double farthest = 0;
  for (std::int64_t i = 0; i < test.x.size(); ++i) {
    polynomial.at(i, 0) = interpolated(knots, test.x.at(i, 0));
    farthest = std::max(farthest, std::abs(polynomial.at(i, 0) - test.y.at(i, 0)));
  }
  fmt::print("polynomial of degree 15: off by up to {:.2f}\n\n{:>4}{:>14}{:>14}\n", farthest, "seed", "train error",
             "test error");

  std::vector<double> errors;
  Tensor<double> network;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Tape<double> tape;
    const nn::Mlp<double> mlp(tape, {1, 50, 1}, {.init = nn::Init::uniform, .seed = seed});
    const auto loss = nn::mean_squared_error(mlp(5.0 * tape.leaf(train.x)), tape.leaf(train.y));
    nn::minimize(loss, mlp.parameters(), {.steps = 5000, .schedule = nn::cosine(1e-2, 5000)});
    network = value(mlp(5.0 * tape.leaf(test.x)));  // sigmoids bend within ±5
    errors.push_back(nn::mean_squared_error(network, test.y));
    fmt::print("{:4}{:14.2e}{:14.2e}\n", seed, value(loss).item(), errors.back());
  }
  svg::save("runge.svg", {"Runge's function",
                          {"x"},
                          {"y", false, -0.5, 1.5},
                          {{"polynomial, degree 15", test.x, polynomial},
                           {"network, 50 sigmoids", test.x, network},
                           {"its 16 points", knots.x, knots.y, true}}});

  std::ranges::sort(errors);
  const bool good = errors[2] <= 2.9e-7 && farthest > 1;
  fmt::print("\nmedian {:.2e}: {}\n", errors[2], good ? "at most 2.9e-7, as expected" : "MORE THAN EXPECTED");
  return good ? 0 : 1;
}
