// Adds: a compiled program whose leaves are set between runs. Expected: 0 1 4 9 16 and slopes 0 2 4 6 8.
#include <autodiff/autodiff.hpp>
#include <cstdio>

using namespace wengert;

int main() {
  Tape<double> tape;
  auto x = tape.leaf(0.0);
  auto y = x * x;
  auto program = compile({y, gradient(y, x)});
  for (int i = 0; i < 5; ++i) {
    tape.set(x, i);
    program.run();  // allocates nothing
    const double square = program.value(0).item(), slope = program.value(1).item();
    std::printf("%g squared is %g, slope %g\n", double(i), square, slope);
    if (square != i * i || slope != 2 * i) return 1;
  }
}
