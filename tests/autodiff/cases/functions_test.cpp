// Failures others met with elementwise functions and losses, each a requirement of its own, named by its id.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

/// Value and the first derivatives of f at x.
template <class F>
std::vector<double> derivatives(F f, double at, int orders) {
  Tape<double> tape;
  const auto x = tape.leaf(at);
  Var<double> y = f(x);
  std::vector<double> out = {item(y)};
  for (int i = 0; i < orders; ++i) out.push_back(item(y = gradient(y, x)));
  return out;
}
/// Slope of f at x in forward mode, for a tangent.
template <class F>
double forward(F f, double at, double tangent) {
  Tape<double> tape;
  const auto x = tape.leaf(at);
  return item(jvp(f(x), x, tape.leaf(tangent)));
}
}  // namespace

TEST_CASE("B019: the slope of atan2 survives squares that underflow") {
  for (const auto& a : every_way([](auto x) { return atan2(x[0], x[1]); }, {number(1e-200), number(1e-200)})) {
    CAPTURE(a.way);
    CHECK(near(a.y.item(), 0.78539816339744831));
    CHECK(near(a.g[0].item(), 5e199));
    CHECK(near(a.g[1].item(), -5e199));
  }
}
TEST_CASE("B020: a zero tangent times an infinite slope is 0") {
  const auto f = [](Var<double> x) { return acos(x); };
  CHECK(derivatives(f, 1, 1) == std::vector<double>{0, -kInf});
  CHECK(forward(f, 1, 0) == 0);
  Tape<double> tape;
  const auto x = tape.leaf(0.5), tangent = tape.leaf(1.0);
  auto replayed = compile(jvp(f(x), x, tangent));
  replayed.run();
  CHECK(near(replayed.value().item(), -1 / std::sqrt(0.75)));
  tape.set(x, 1.0);
  tape.set(tangent, 0.0);
  replayed.run();
  CHECK(replayed.value().item() == 0);
}
TEST_CASE("B025: clamp has slope 1 at both bounds, in both modes and when run again") {
  for (const auto& a : every_way([](auto x) { return clamp(x[0], 0, 1); }, {Tensor<double>{0, 1, -1, 2}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{0, 1, 0, 1});
    CHECK(a.g[0] == Tensor<double>{1, 1, 0, 0});
  }
}
TEST_CASE("B035: the curvature of log-sigmoid is even") {
  const auto slope = [](auto x) { return gradient(sum(log_sigmoid(x[0])), x[0]); };
  for (const auto& a : every_way(slope, {Tensor<double>{40, -40}})) {
    CAPTURE(a.way);
    for (const double curvature : a.g[0]) CHECK(near(curvature, -4.248354255291589e-18));
  }
}
TEST_CASE("B037: softplus and logaddexp have slope 1/2 where their pieces meet") {
  for (const auto f : {+[](Var<double> x) { return softplus(x); }, +[](Var<double> x) { return logaddexp(x, 0); }}) {
    for (const auto& a : every_way([f](auto x) { return f(x[0]); }, {number(0.0)})) {
      CAPTURE(a.way);
      CHECK(near(a.y.item(), 0.69314718055994531));
      CHECK(a.g[0].item() == 0.5);
    }
    CHECK(derivatives(f, 0, 2)[2] == 0.25);
  }
}
TEST_CASE("B038: the curvature of softplus in the far tail") {
  const auto slope = [](auto x) { return gradient(softplus(x[0]), x[0]); };
  for (const auto& a : every_way(slope, {number(37.42994775023705)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), 5.551115123125775e-17));
  }
}
TEST_CASE("B043: the slope of SiLU near the limit of underflow") {
  for (const auto& a : every_way([](auto x) { return silu(x[0]); }, {number(-709.0)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), -8.614807714413836e-306));
  }
}
TEST_CASE("B044: the tails of GELU do not cancel") {
  for (const auto& a : every_way([](auto x) { return gelu(x[0]); }, {number(-10.0)})) {
    CAPTURE(a.way);
    CHECK(near(a.y.item(), -7.619853024160526e-23));
    CHECK(near(a.g[0].item(), -7.618400096464814e-22));
  }
  for (const auto& a : every_way([](auto x) { return gelu_tanh(x[0]); }, {number(-10.0)})) {
    CAPTURE(a.way);
    CHECK(near(a.y.item(), -1.204092348209806e-37, 1e-12));
  }
}
TEST_CASE("B070: the inner slope is applied where the argument is itself a function") {
  const auto f = [](Var<double> x) { return atanh(2 * x); };
  CHECK(near(derivatives(f, 0.1, 1)[1], 2.0833333333333333));
  CHECK(near(forward(f, 0.1, 1), 2.0833333333333333));
}
TEST_CASE("B079: both modes agree where an inner slope is infinite") {
  const auto f = [](Var<double> x) { return sqrt(maximum(x, 0)); };
  CHECK(derivatives(f, -10, 1) == std::vector<double>{0, 0});
  CHECK(forward(f, -10, 1) == 0);
}
TEST_CASE("B080: the Hessian of hypot keeps its mixed terms") {
  Tape<double> tape;
  const auto v = tape.leaf({1.0, 1.0});
  const Tensor<double> h = hessian(sum(hypot(slice(v, 0, 0, 1), slice(v, 0, 1, 2))), v);
  const double c = 0.35355339059327376, expected[] = {c, -c, -c, c};
  for (std::int64_t i = 0; i < 4; ++i) CHECK(near(h.data()[i], expected[i]));
}
TEST_CASE("B116: binary cross entropy of infinite logits") {
  const auto loss = [](auto x) { return binary_cross_entropy(x[0], x[1], Reduction::none); };
  for (const auto& a : every_way(loss, {Tensor<double>{-kInf, kInf, -kInf, kInf}, Tensor<double>{0, 0, 1, 1}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{0, kInf, kInf, 0});
    CHECK(a.g[0] == Tensor<double>{0, 1, -1, 0});
  }
}
TEST_CASE("B118: a confident mistake in probabilities keeps its slope") {
  const auto loss = [](auto x) { return binary_cross_entropy_of_probabilities(sigmoid(x[0]), x[1]); };
  for (const auto& a : every_way(loss, {number(-50.0), number(1.0)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), -1, 1e-15));
  }
}
TEST_CASE("B119: binary cross entropy at probabilities 0 and 1") {
  const auto loss = [](auto x) { return binary_cross_entropy_of_probabilities(x[0], x[1], Reduction::none); };
  for (const auto& a : every_way(loss, {Tensor<double>{0, 1, 1}, Tensor<double>{0, 1, 0}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{0, 0, kInf});
    CHECK(a.g[0] == Tensor<double>{1, -1, kInf});
  }
}
TEST_CASE("B127: the divergence of 0 from 0 is 0, of something from 0 infinite") {
  Tape<double> tape;
  const auto q = tape.leaf({0.5, 0.5, 0.0});
  CHECK(item(kl_divergence(tape.leaf({0.5, 0.5, 0.0}), q)) == 0);
  CHECK(item(kl_divergence(tape.leaf({0.3, 0.3, 0.4}), q)) == kInf);
  CHECK(item(kl_divergence_of_log(tape.leaf({0.5, 0.5, 0.0}), log(q))) == 0);
}
TEST_CASE("B128: smooth L1 with beta 0 is L1") {
  const auto loss = [](auto x) { return smooth_l1(x[0], x[1], 0, Reduction::none); };
  for (const auto& a : every_way(loss, {Tensor<double>{0, 2}, Tensor<double>{0, 0}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{0, 2});
    CHECK(a.g[0] == Tensor<double>{0, 1});
  }
}

TEST_CASE("every derivative of lgamma exists: at 1 they are the constants of Euler, Basel and Apery") {
  const auto d = derivatives([](Var<double> x) { return lgamma(x); }, 1, 4);
  CHECK(d[0] == 0);
  CHECK(near(d[1], -0.57721566490153286061));
  CHECK(near(d[2], std::numbers::pi * std::numbers::pi / 6));
  CHECK(near(d[3], -2 * 1.2020569031595942854));
  CHECK(near(d[4], std::pow(std::numbers::pi, 4) / 15));
}
TEST_CASE("polygamma is reflected at negative arguments and has its poles at whole numbers") {
  Tape<double> tape;
  // psi(1/2) = -gamma - 2 ln 2 and psi_1(1/2) = pi²/2; psi(x) = psi(x + 1) - 1/x, psi_1(x) = psi_1(x + 1) + 1/x²
  const auto x = tape.leaf({-0.5, -1.5});
  const Tensor<double> zero = value(digamma(x)), one = value(trigamma(x));
  const double half = -0.57721566490153286061 - 2 * std::numbers::ln2, square = 4.9348022005446793094;
  CHECK(near(zero.at(0), half + 2));
  CHECK(near(zero.at(1), half + 2 + 2.0 / 3));
  CHECK(near(one.at(0), square + 4));
  CHECK(near(one.at(1), square + 4 + 4.0 / 9));
  const auto pole = tape.leaf({0.0, -1.0, -2.0});
  CHECK(value(lgamma(pole)) == Tensor<double>{kInf, kInf, kInf});
  CHECK(value(trigamma(pole)) == Tensor<double>{kInf, kInf, kInf});
  CHECK(std::isnan(value(digamma(pole)).at(1)));
}
TEST_CASE("sinc is 1 at 0 and exactly 0 at other whole numbers, and its derivatives at 0 are those of its series") {
  const auto f = [](Var<double> x) { return sinc(x); };
  const auto d = derivatives(f, 0, 4);
  const double pi = std::numbers::pi;
  CHECK(d[0] == 1);
  CHECK(d[1] == 0);
  CHECK(near(d[2], -pi * pi / 3));
  CHECK(d[3] == 0);
  CHECK(near(d[4], std::pow(pi, 4) / 5));
  for (const double whole : {1.0, -2.0, 1e6, 3e15}) CHECK(derivatives(f, whole, 0)[0] == 0);
  CHECK(near(derivatives(f, 2, 1)[1], 0.5));
  CHECK(derivatives(f, kInf, 1) == std::vector<double>{0, 0});
}
TEST_CASE("activations and their slopes have their limits at the infinities") {
  const struct {
    Var<double> (*f)(Var<double>);
    double below, above, slope_below, slope_above;
  } cases[] = {
      {[](Var<double> x) { return gelu(x); }, 0, kInf, 0, 1},
      {[](Var<double> x) { return gelu_tanh(x); }, 0, kInf, 0, 1},
      {[](Var<double> x) { return silu(x); }, 0, kInf, 0, 1},
      {[](Var<double> x) { return mish(x); }, 0, kInf, 0, 1},
      {[](Var<double> x) { return softplus(x); }, 0, kInf, 0, 1},
      {[](Var<double> x) { return log_sigmoid(x); }, -kInf, 0, 1, 0},
      {[](Var<double> x) { return softsign(x); }, -1, 1, 0, 0},
      {[](Var<double> x) { return tanhshrink(x); }, -kInf, kInf, 1, 1},
      {[](Var<double> x) { return celu(x, 2); }, -2, kInf, 0, 1},
      {[](Var<double> x) { return erf(x); }, -1, 1, 0, 0},
      {[](Var<double> x) { return hard_tanh(x); }, -1, 1, 0, 0},
  };
  for (const auto& c : cases) {
    CHECK(derivatives(c.f, -kInf, 1) == std::vector<double>{c.below, c.slope_below});
    CHECK(derivatives(c.f, kInf, 1) == std::vector<double>{c.above, c.slope_above});
    CHECK(std::isnan(derivatives(c.f, kNan, 0)[0]));
  }
}
TEST_CASE("functions of two numbers keep their rules at zero and infinity") {
  Tape<double> tape;
  const auto at = [&](auto f, double a, double b) {
    const auto x = tape.leaf(a), y = tape.leaf(b);
    const auto z = f(x, y);
    return std::vector<double>{item(z), item(gradient(z, x)), item(gradient(z, y))};
  };
  using Three = std::vector<double>;
  const auto hypotenuse = [](auto a, auto b) { return hypot(a, b); };
  CHECK(at(hypotenuse, 0, 0) == Three{0, 0, 0});
  CHECK(at(hypotenuse, kInf, 1) == Three{kInf, 1, 0});
  CHECK(near(at(hypotenuse, 3e200, 4e200)[0], 5e200));
  const auto angle = [](auto a, auto b) { return atan2(a, b); };
  CHECK(at(angle, 0, 0) == Three{0, 0, 0});
  CHECK(at(angle, 0.0, -1) == Three{std::numbers::pi, -1, 0});
  CHECK(at(angle, 1, kInf) == Three{0, 0, 0});
  const auto entropy = [](auto a, auto b) { return xlogy(a, b); };
  CHECK(at(entropy, 0, 0) == Three{0, -kInf, 0});
  CHECK(std::isnan(at(entropy, 0, kNan)[0]));
  const auto both = [](auto a, auto b) { return logaddexp(a, b); };
  CHECK(at(both, kInf, kInf) == Three{kInf, 0.5, 0.5});
  CHECK(at(both, -kInf, 2) == Three{2, 0, 1});
  CHECK(at([](auto a, auto b) { return remainder(a, b); }, -7, 3) == Three{2, 1, 3});
  CHECK(at([](auto a, auto b) { return fmod(a, b); }, -7, 3) == Three{-1, 1, 2});
}
TEST_CASE("lerp is exact at both ends") {
  Tape<double> tape;
  const auto a = tape.leaf(1e16), b = tape.leaf(0.1);
  CHECK(item(lerp(a, b, 0)) == 1e16);
  CHECK(item(lerp(a, b, 1)) == 0.1);
}
TEST_CASE("numbers that are none are replaced, and get no gradient") {
  Tape<double> tape;
  const auto x = tape.leaf({kNan, kInf, -kInf, 3.0});
  const auto y = nan_to_num(x, 1, 2, -2);
  CHECK(value(y) == Tensor<double>{1, 2, -2, 3});
  CHECK(value(gradient(sum(y), x)) == Tensor<double>{0, 0, 0, 1});
  CHECK(value(isinf(x)) == Tensor<double>{0, 1, 1, 0});
  CHECK(value(isfinite(x)) == Tensor<double>{0, 0, 0, 1});
}
TEST_CASE("in logic everything but 0 is true") {
  Tape<double> tape;
  const auto a = tape.leaf({0.0, 0.0, 2.0, 2.0, kNan}), b = tape.leaf({0.0, -3.0, 0.0, 1.0, 1.0});
  CHECK(value(logical_and(a, b)) == Tensor<double>{0, 0, 0, 1, 1});
  CHECK(value(logical_or(a, b)) == Tensor<double>{0, 1, 1, 1, 1});
  CHECK(value(logical_xor(a, b)) == Tensor<double>{0, 1, 1, 0, 0});
  CHECK(value(logical_not(a)) == Tensor<double>{1, 1, 0, 0, 0});
}
TEST_CASE("the Poisson loss is minus the logarithm of the probability") {
  Tape<double> tape;
  const auto loss = poisson_loss(tape.leaf({2.0, 0.0}), tape.leaf({3.0, 0.0}), Reduction::none);
  CHECK(near(value(loss).at(0), -std::log(8 * std::exp(-2.0) / 6)));
  CHECK(value(loss).at(1) == 0);
}
TEST_CASE("a loss names the shapes that differ") {
  Tape<double> tape;
  const auto a = tape.leaf(ones({3})), t = tape.leaf(ones({3, 1}));
  CHECK_THROWS_WITH_AS(huber(a, t), doctest::Contains("huber: prediction and target differ in shape: [3] and [3, 1]"),
                       ShapeError);
}
