// Adds: forward mode and Hessian times vector, from the same rules. Expected: both forms of v'Hv agree.
#include <autodiff/autodiff.hpp>
#include <cmath>

using namespace wengert;

int main() {
  Tape<double> tape;
  auto x = tape.leaf({1.0, 2.0, 3.0}), v = tape.leaf({0.1, -0.2, 0.3});
  auto y = sum(sin(x) * exp(0.1 * x));
  print(jvp(y, x, v));     // slope along v
  auto Hv = hvp(y, x, v);  // no Hessian is formed
  print(Hv);
  const double once = value(sum(v * Hv)).item();
  const double twice = value(jvp(jvp(y, x, v), x, v)).item();
  return std::abs(once - twice) < 1e-14 ? 0 : 1;
}
