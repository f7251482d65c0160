// The first idea: record, differentiate, look. Expected: [-0.778801, -0.735759, -0.0732626] and a diagonal Hessian.
#include <autodiff/autodiff.hpp>
#include <cmath>

int main() {
  namespace wg = wengert;
  wg::Tape<double> tape;
  auto x = tape.leaf({0.5, 1.0, 2.0});
  auto y = sum(exp(-x * x));
  print(gradient(y, x));  // [-0.778801, -0.735759, -0.0732626]
  print(hessian(y, x));   // exact, no step size
  const double at_one = value(gradient(y, x)).at(1);
  return std::abs(at_one + 2 * std::exp(-1.0)) < 1e-15 ? 0 : 1;
}
