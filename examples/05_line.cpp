// Adds: data and a training step, still without nn. Expected: slope 2 and intercept -1 of the line behind the data.
#include <autodiff/autodiff.hpp>
#include <cmath>

using namespace wengert;

int main() {
  Tape<double> tape;
  const Tensor<double> points = linspace(-1.0, 1.0, 50);
  auto x = tape.leaf(points);
  auto t = tape.leaf(value(2.0 * x - 1.0));
  auto slope = tape.leaf(0.0), intercept = tape.leaf(0.0);
  auto loss = mean(square(slope * x + intercept - t));
  auto [ds, di] = gradient(loss, {slope, intercept});
  auto step = compile<double>({loss}, {assign(slope, slope - 0.5 * ds), assign(intercept, intercept - 0.5 * di)});
  for (int i = 0; i < 200; ++i) step.run();
  print(slope);
  print(intercept);
  return std::abs(value(slope).item() - 2) + std::abs(value(intercept).item() + 1) < 1e-12 ? 0 : 1;
}
