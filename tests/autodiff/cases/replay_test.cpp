// Compiled programs run for other values than they were recorded with.
#include <doctest/doctest.h>

#include <type_traits>
#include <utility>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

TEST_CASE("B085: relu recorded on one side of its kink is right on the other") {
  Tape<double> tape;
  const auto x = tape.leaf(-1.3), y = relu(x);
  auto both = compile({y, gradient(y, x)});
  both.run();
  CHECK(both.value(0).item() == 0);
  CHECK(both.value(1).item() == 0);
  tape.set(x, 1.34);
  both.run();
  CHECK(both.value(0).item() == 1.34);
  CHECK(both.value(1).item() == 1);
}

TEST_CASE("B085: a branch of the host on what is recorded does not compile") {
  // if (x < 0.0) would ask whether there is a Var, and be replayed for every value of x.
  CHECK(!std::is_constructible_v<bool, decltype(std::declval<Var<double>>() < 0.0)>);
}

TEST_CASE("B088: gradients accumulate over runs until the accumulator is cleared") {
  Tape<double> tape;
  const auto x = tape.leaf(3.0), total = tape.leaf(0.0);
  auto backward = compile<double>({}, {assign(total, total + gradient(x * x, x))});
  backward.run();
  backward.run();
  CHECK(item(total) == 12);
  tape.set(total, 0.0);
  backward.run();
  CHECK(item(total) == 6);
}

TEST_CASE("B089: a leaf that changes never mixes old and new values") {
  Tape<double> tape;
  const auto x = tape.leaf(1.0), u = x * x * x, g = gradient(u, x);
  auto compiled = compile(g);
  CHECK(item(g) == 3);
  tape.set(x, 2.0);
  CHECK(item(g) == 12);
  CHECK(item(u) == 8);
  compiled.run();
  CHECK(compiled.value().item() == 12);
}

TEST_CASE("B091: a last, smaller batch under replay equals recording anew, bit for bit") {
  Random random(3);
  const auto data = normal<double>(Shape{10, 3}, 0, 1, random), target = normal<double>(Shape{10, 2}, 0, 1, random);
  const auto rows = [](const Tensor<double>& from, std::int64_t start, std::int64_t count) {
    const std::int64_t width = from.shape()[1];
    return Tensor<double>(Shape{count, width}, from.data() + start * width);
  };
  struct Layer {
    Tape<double> tape;
    Var<double> W = tape.leaf(full({3, 2}, 0.1)), b = tape.leaf(zeros({2}));
    Var<double> loss(Var<double> x, Var<double> t) const { return mean(square(matmul(x, W) + b - t)); }
  };
  struct Step {
    Var<double> x, t;
    Program<double> program;
  };
  Layer replayed, anew;
  const auto step_of = [&](std::int64_t batch) {
    Step step{replayed.tape.leaf(zeros({batch, 3})), replayed.tape.leaf(zeros({batch, 2})), {}};
    const auto [dW, db] = gradient(replayed.loss(step.x, step.t), {replayed.W, replayed.b});
    step.program =
        compile<double>({}, {assign(replayed.W, replayed.W - 0.1 * dW), assign(replayed.b, replayed.b - 0.1 * db)});
    return step;
  };
  Step full = step_of(4), last = step_of(2);
  for (int epoch = 0; epoch < 100; ++epoch) {
    for (const std::int64_t start : {0, 4, 8}) {
      const std::int64_t count = start == 8 ? 2 : 4;
      Step& step = start == 8 ? last : full;
      replayed.tape.set(step.x, rows(data, start, count));
      replayed.tape.set(step.t, rows(target, start, count));
      step.program.run();

      const auto scope = anew.tape.scope();
      const auto loss = anew.loss(anew.tape.leaf(rows(data, start, count)), anew.tape.leaf(rows(target, start, count)));
      const auto [dW, db] = gradient(loss, {anew.W, anew.b});
      const auto W = value(anew.W - 0.1 * dW), b = value(anew.b - 0.1 * db);
      anew.tape.set(anew.W, W);
      anew.tape.set(anew.b, b);
    }
  }
  CHECK(value(replayed.W) == value(anew.W));
  CHECK(value(replayed.b) == value(anew.b));
}
