// Adds: a derivative and a kernel of your own.
// Expected: x^3 + ln(1 + e^x) at 100 is 1.0001e+06, its slope 30001, then 600.
#include <autodiff/autodiff.hpp>
#include <cmath>

using namespace wengert;

int main() {
  Tape<float> tape;
  auto x = tape.leaf(100.0f);

  // e^100 is too large for a float, and so is the derivative of a formula with it. This rule is what it should be.
  auto soft = custom_vjp([](auto in) { return where(in[0] > 30, in[0], log1p(exp(in[0]))); },
                         [](auto in, auto, auto g) { return std::vector{g * sigmoid(in[0])}; }, {x});

  // Any C++ function on spans becomes an operation; its derivative is an expression again.
  const auto run = [](auto in, const auto& out) {
    const auto a = in[0].elements();
    for (std::size_t i = 0; i < a.size(); ++i) out.elements()[i] = a[i] * a[i] * a[i];
  };
  const auto rule = [](auto in, auto, auto g) { return std::vector{3 * in[0] * in[0] * g}; };
  const auto cube = custom_kernel<float>({.name = "cube", .run = run, .vjp = rule});

  auto y = cube(x) + soft;
  print(y);
  print(gradient(y, x));
  print(hessian(y, x));  // your rules are differentiated like any other
  return std::abs(value(gradient(y, x)).item() - 30001) + std::abs(hessian(y, x).item() - 600) < 1e-3f ? 0 : 1;
}
