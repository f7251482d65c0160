// Clipping, and gradients gathered over micro-batches.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "nn/nn.hpp"
#include "tests/nn/oracle.hpp"

using namespace wengert;
using test::relative;

TEST_CASE("B106: clipping by norm leaves the zero vector alone, value and slope") {
  Tape<double> tape;
  const auto g = tape.leaf({0.0, 0.0, 0.0});
  const auto clipped = nn::clip_by_norm(g, 1);
  CHECK(value(clipped) == Tensor<double>{0, 0, 0});
  CHECK(jacobian(clipped, g) == Tensor<double>{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}});
}

TEST_CASE("B107: clipping by the global norm does not overflow in squares") {
  Tape<float> tape;
  const auto g = tape.leaf(full(Shape{60}, 1e20f)), h = tape.leaf(full(Shape{40}, 1e20f));
  const auto clipped = nn::clip_by_global_norm<float>({g, h}, 1);
  CHECK(relative(value(clipped.norm).item(), 1e21) < 1e-6);
  for (const auto& part : clipped.gradients) {
    for (const float x : value(part)) CHECK(relative(x, 0.1) < 1e-6);
  }
}

TEST_CASE("B107: a gradient that is not finite is passed on, and the norm says so") {
  Tape<float> tape;
  const auto g = tape.leaf(full(Shape{100}, 1e20f));
  const auto clipped = nn::clip_by_global_norm<float>({g}, 1);
  for (const float wrong : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    auto bad = full(Shape{100}, 1e20f);
    bad.at(7) = wrong;
    tape.set(g, bad);
    CHECK(!std::isfinite(value(clipped.norm).item()));
    CHECK(std::isnan(value(clipped.norm).item()) == std::isnan(wrong));
    CHECK(value(clipped.gradients[0]).at(0) == 1e20f);
  }
}

TEST_CASE("squares that would vanish do not: the norm of tiny numbers is exact") {
  Tape<double> tape;
  const auto norm = nn::global_norm<double>({tape.leaf({3e-200, 4e-200})});
  CHECK(relative(value(norm).item(), 5e-200) < 1e-15);
}

TEST_CASE("a norm below the limit changes nothing, one above it is scaled to the limit") {
  Tape<double> tape;
  const auto g = tape.leaf({3.0, 4.0});
  CHECK(value(nn::clip_by_norm(g, 5)) == Tensor<double>{3, 4});
  const auto clipped = value(nn::clip_by_norm(g, 1));
  CHECK(relative(clipped.at(0), 0.6) < 1e-15);
  CHECK(relative(clipped.at(1), 0.8) < 1e-15);
}

TEST_CASE("clipping by norm has the slope of the unit vector above the limit") {
  Tape<double> tape;
  const auto g = tape.leaf({3.0, 4.0});
  const auto slope = jacobian(nn::clip_by_norm(g, 1), g);  // (1 - u u')/‖g‖ with u = [0.6, 0.8]
  const double expected[] = {0.64 / 5, -0.48 / 5, -0.48 / 5, 0.36 / 5};
  for (int i = 0; i < 4; ++i) CHECK(relative(slope.data()[i], expected[i]) < 1e-14);
}

TEST_CASE("clipping by value keeps what is inside, the sign of the rest, and NaN") {
  Tape<double> tape;
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const auto clipped = value(nn::clip_by_value(tape.leaf({-inf, -2.0, 0.5, 3.0, nan}), 1));
  CHECK(Tensor<double>(Shape{4}, clipped.data()) == Tensor<double>{-1, -1, 0.5, 1});
  CHECK(std::isnan(clipped.at(4)));
}

TEST_CASE("a gradient without elements has norm 0; no gradient at all is an error") {
  Tape<double> tape;
  const auto none = tape.leaf(Tensor<double>(Shape{0}));
  CHECK(value(nn::global_norm<double>({none})).item() == 0);
  CHECK(value(nn::global_norm<double>({none, tape.leaf({3.0, 4.0})})).item() == 5);
  CHECK_THROWS_AS(nn::global_norm<double>({}), UsageError);
}

TEST_CASE("four micro-batches make the step of one batch") {
  Random random(3);
  const auto x = normal<double>(Shape{8, 3}, 0, 1, random), t = normal<double>(Shape{8, 2}, 0, 1, random);
  const auto start = normal<double>(Shape{3, 2}, 0, 1, random);
  const auto loss_of = [](Var<double> w, Var<double> rows, Var<double> targets) {
    return nn::mean_squared_error(matmul(rows, w), targets);
  };

  Tape<double> whole;
  const auto w = whole.leaf(start);
  nn::Optimizer<double> adam({w});
  const auto loss = loss_of(w, whole.leaf(x), whole.leaf(t));
  auto step = compile<double>({}, adam.updates({gradient(loss, w)}));

  Tape<double> parts;
  const auto v = parts.leaf(start), rows = parts.leaf(zeros({2, 3})), targets = parts.leaf(zeros({2, 2}));
  nn::Optimizer<double> other({v});
  const nn::Accumulator<double> sum({v});
  auto add = compile<double>({}, sum.add({gradient(loss_of(v, rows, targets), v)}, 0.25));
  auto update = compile<double>({}, nn::joined(other.updates(sum.gradients()), sum.clear()));

  for (int t_step = 1; t_step <= 3; ++t_step) {
    adam.prepare(t_step);
    step.run();
    for (std::int64_t part = 0; part < 4; ++part) {
      parts.set(rows, Tensor<double>(Shape{2, 3}, x.data() + part * 6));
      parts.set(targets, Tensor<double>(Shape{2, 2}, t.data() + part * 4));
      add.run();
    }
    other.prepare(t_step);
    update.run();
    CHECK(nn::relative_difference(value(v), value(w)) < 1e-13);
  }
  CHECK(value(sum.gradients()[0]) == zeros({3, 2}));
}
