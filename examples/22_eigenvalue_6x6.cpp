// The largest and the smallest eigenvalue of a symmetric 6 x 6 matrix as the rest of a differential equation:
// v' = (v·v) A v - (v·A v) v turns any start towards the eigenvector of the largest (Yi, Fu and Tang 2004), and -A
// gives the smallest. A network solves it: v(t) = e^-t v(0) + (1 - e^-t) N(t). Expected: 3.80194 and 0.198062, that is
// 2 ± 2 cos(π/7), to 1e-3. Picture: eigenvalue_6x6.svg.
#include <fmt/format.h>

#include <numbers>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

namespace {

/// A chain of six masses between two walls: 2 on the diagonal, -1 beside it.
Tensor<double> chain() {
  Tensor<double> A(Shape{6, 6});
  for (int i = 0; i < 6; ++i) {
    A.at(i, i) = 2;
    if (i > 0) A.at(i, i - 1) = A.at(i - 1, i) = -1;
  }
  return A;
}

/// v·Av / v·v of each row of v along the solution: it climbs to the largest eigenvalue of sign · A.
Tensor<double> quotients(double sign, const Tensor<double>& times) {
  Tape<double> tape;
  const auto A = sign * tape.leaf(chain());
  const auto t = tape.leaf(times);
  const nn::Mlp<double> N(tape, {1, 40, 6}, {.hidden = nn::Activation::tanh, .seed = 2});
  Random random(1);
  const auto start = tape.leaf(normal<double>({1, 6}, 0, 0.4, random));
  const auto v = exp(-t) * start + (1.0 - exp(-t)) * N(t);
  const auto slope = jvp(v, t, tape.leaf(ones(times.shape())));  // v'(t): all six at once, in forward mode
  const auto Av = matmul(v, A), vv = sum(v * v, 1, true), vAv = sum(v * Av, 1, true);
  const auto cost = mean(square(slope - (vv * Av - vAv * v)));
  nn::minimize(cost, N.parameters(), {.steps = 8000, .schedule = nn::cosine(1e-2, 8000)});
  fmt::print("mean squared residual for {}A: {:.1e}\n", sign > 0 ? " " : "-", value(cost).item());
  return value(sign * vAv / vv);
}

}  // namespace

int main() {
  const Tensor<double> times = reshaped(linspace(0.0, 8.0, 60), Shape{60, 1});
  const auto largest = quotients(1, times), smallest = quotients(-1, times);
  const double right = 2 * std::cos(std::numbers::pi / 7), found[] = {largest.at(-1, 0), smallest.at(-1, 0)};
  fmt::print("\n{:10}{:>12}{:>12}\n", "", "network", "exact");
  fmt::print("{:10}{:12.6f}{:12.6f}\n{:10}{:12.6f}{:12.6f}\n", "largest", found[0], 2 + right, "smallest", found[1],
             2 - right);
  const Tensor<double> ends{0, 8};
  svg::save("eigenvalue_6x6.svg", {"Rayleigh's quotient along the network's solution",
                                   {"t"},
                                   {"v·Av / v·v"},
                                   {{"by A", times, largest},
                                    {"by −A", times, smallest},
                                    {"largest eigenvalue", ends, full({2}, 2 + right)},
                                    {"smallest eigenvalue", ends, full({2}, 2 - right)}}});

  const bool good = std::abs(found[0] - 2 - right) < 1e-3 && std::abs(found[1] - 2 + right) < 1e-3;
  fmt::print("\n{}\n", good ? "right to 1e-3, as expected" : "NOT AS EXPECTED");
  return good ? 0 : 1;
}
