// Forms of derivatives against each other and against closed forms.
#include <doctest/doctest.h>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

/// f = x0^2 x1 + e^(x1 w) summed over a small tensor, its Hessian known.
struct Function {
  Tape<double> tape;
  Var<double> x = tape.leaf({1.5, -0.5}), w = tape.leaf(2.0);
  Var<double> a = slice(x, 0, 0, 1), b = slice(x, 0, 1, 2);
  Var<double> y = sum(square(a) * b + exp(b * w));
};

}  // namespace

TEST_CASE("hvp is the Hessian times v") {
  Function f;
  const auto v = f.tape.leaf({0.3, -2.0});
  const double e = std::exp(-1.0);
  // [[2 b, 2 a], [2 a, w^2 e^(b w)]]
  const auto h = value(hvp(f.y, f.x, v));
  CHECK(near(h.at(0), -1.0 * 0.3 + 3.0 * -2.0));
  CHECK(near(h.at(1), 3.0 * 0.3 + 4 * e * -2.0));
  const auto H = hessian(f.y, f.x);
  CHECK(near(H.at(0, 0), -1));
  CHECK(near(H.at(0, 1), 3));
  CHECK(near(H.at(1, 1), 4 * e));
}

TEST_CASE("hvp by several inputs sums the mixed blocks, and can be differentiated again") {
  Function f;
  const auto v = f.tape.leaf({0.0, 1.0}), u = f.tape.leaf(10.0);
  const double e = std::exp(-1.0);
  const auto h = hvp(f.y, {f.x, f.w}, {v, u});
  // ∂²/∂b² = w² e, ∂²/∂b∂w = (1 + b w) e = 0 at b w = -1, ∂²/∂w² = b² e
  CHECK(near(value(h[0]).at(0), 3));
  CHECK(near(value(h[0]).at(1), 4 * e));
  CHECK(near(value(h[1]).item(), 0.25 * e * 10));
  // ∂/∂w of w² e^(b w) is (2 w + b w²) e = 2 e, and of 10 (1 + b w) e^(b w) it is 10 (2 b + b² w) e = -5 e
  CHECK(near(item(gradient(sum(h[0]), f.w)), 2 * e - 5 * e, 1e-13));
}

TEST_CASE("jvp of several outputs gives each, and what they share is computed once") {
  Tape<double> tape;
  const auto x = tape.leaf(linspace(-1.0, 1.0, 50)), t = tape.leaf(ones({50}));
  const auto A = tape.leaf(full({50, 50}, 0.01));
  const auto hidden = tanh(matmul(A, x)), y = sum(hidden), z = matmul(A, hidden);
  const auto both = jvp(std::vector{y, z}, {x}, {t});
  REQUIRE(both.size() == 2);
  CHECK(value(both[0]) == value(jvp(y, x, t)));
  CHECK(value(both[1]) == value(jvp(z, x, t)));
  const auto products = [](const Program<double>& program) {
    int n = 0;
    for (const UnitInfo& unit : program.units()) n += unit.product ? 1 : 0;
    return n;
  };
  CHECK(products(compile(both)) == 3);  // A x, A t, and A times the tangent of hidden
}

TEST_CASE("a derivative by a Var in the middle is that of what follows, and 0 where nothing does") {
  Tape<double> tape;
  const auto x = tape.leaf(0.5), other = tape.leaf({1.0, 2.0});
  const auto u = sin(x), y = u * u + x;
  const auto [du, dx, none] = gradient(y, {u, x, other});
  CHECK(near(item(du), 2 * std::sin(0.5)));
  CHECK(near(item(dx), 2 * std::sin(0.5) * std::cos(0.5) + 1));
  CHECK(value(none) == zeros({2}));
  CHECK(item(gradient(y, y)) == 1);
  const auto [same, slope] = value_and_gradient(y, x);
  CHECK(same.id() == y.id());
  CHECK(item(slope) == item(dx));
}

TEST_CASE("a stopped gradient is constant in every mode, and costs nothing") {
  Tape<double> tape;
  const auto x = tape.leaf(2.0), y = x * stop_gradient(square(x));
  CHECK(item(y) == 8);
  CHECK(item(gradient(y, x)) == 4);
  CHECK(item(jvp(y, x, tape.leaf(1.0))) == 4);
  CHECK(item(gradient(gradient(y, x), x)) == 0);
  CHECK(compile(y).units().size() == compile(x * square(x)).units().size());
  auto stopped = compile<double>({stop_gradient(x)}, {assign(x, stop_gradient(x) + 1)});  // of a leaf that changes
  stopped.run();
  CHECK(stopped.value().item() == 2);
  CHECK(item(x) == 3);
}

TEST_CASE("derivatives that are no tensor, or for which there is no memory, are refused with operation and shapes") {
  Tape<double> tape;
  const auto x = tape.leaf(ones({1, 1, 2, 1, 2}));
  CHECK_THROWS_WITH_AS(jacobian(x * 2.0, x),
                       doctest::Contains("jacobian: a shape has at most 8 dimensions, not 10: y has shape "
                                         "[1, 1, 2, 1, 2], x [1, 1, 2, 1, 2]   at gradient_test.cpp:"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(hessian(sum(x * x), x), doctest::Contains("hessian: a shape has at most 8 dimensions"),
                       ShapeError);
  const auto large = tape.leaf(zeros({1 << 23}));
  CHECK_THROWS_WITH_AS(hessian(sum(large), large),
                       doctest::Contains("hessian: there is no memory for a tensor of shape [8388608, 8388608]: "
                                         "70368744177664 elements of 8 bytes   at gradient_test.cpp:"),
                       MemoryError);
  const Shape huge{std::int64_t{1} << 61};
  CHECK_THROWS_WITH_AS(zeros(huge),
                       doctest::Contains("tensor: there is no memory for a tensor of shape [2305843009213693952"
                                         "]: 2305843009213693952 elements of 8 bytes   at gradient_test.cpp:"),
                       MemoryError);
  const auto wide = broadcast_to(tape.leaf(1.0), Shape{std::int64_t{1} << 50});
  CHECK_THROWS_WITH_AS(value(exp(wide)), doctest::Contains("value: there is no memory for what the program computes: "),
                       MemoryError);
  CHECK_THROWS_WITH_AS(compile(exp(wide)), doctest::Contains("compile: there is no memory"), MemoryError);
}
