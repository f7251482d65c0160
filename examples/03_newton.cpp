// Adds: assign, so that the update is part of the program. Expected: the square root of 2 after six steps.
#include <autodiff/autodiff.hpp>
#include <cmath>

using namespace wengert;

int main() {
  Tape<double> tape;
  auto x = tape.leaf(1.0);
  auto f = x * x - 2.0;
  auto step = compile<double>({f}, {assign(x, x - f / gradient(f, x))});
  for (int i = 0; i < 6; ++i) step.run();
  print(x);  // 1.41421
  return std::abs(value(x).item() - std::sqrt(2.0)) < 1e-15 ? 0 : 1;
}
