// What a training step and a prediction allocate.
#include <doctest/doctest.h>

#include "nn/nn.hpp"
#include "tests/allocations.hpp"

using namespace wengert;

TEST_CASE_TEMPLATE_DEFINE("a training step of a method allocates nothing", M, allocates_nothing) {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {64, 50, 10});
  const auto x = tape.leaf(zeros({32, 64}));
  const auto labels = tape.indices(Tensor<std::int64_t>(Shape{32}));
  const auto loss = nn::cross_entropy(mlp.logits(x), labels);
  nn::Optimizer<double> optimizer(mlp.parameters(), M{});
  auto step = compile<double>({loss}, optimizer.updates(gradient(loss, mlp.parameters())));
  const Tensor<double> rows(Shape{32, 64});
  const Tensor<std::int64_t> classes(Shape{32});
  const auto take = [&](int t) {
    tape.set(x, rows);
    tape.set(labels, classes);
    optimizer.prepare(t);
    step.run();
  };
  take(1);
  const long before = allocations;
  for (int t = 2; t < 12; ++t) take(t);
  CHECK(allocations == before);
}
TEST_CASE_TEMPLATE_APPLY(allocates_nothing, nn::Methods);

TEST_CASE("an epoch of a trainer allocates as much for 100 steps as for 10") {
  const auto of_second_epoch = [](std::int64_t batch, std::int64_t micro) {
    Tape<double> tape;
    const nn::Mlp<double> mlp(tape, {4, 3});
    long at[3] = {};
    nn::Trainer<double> trainer(mlp, {.epochs = 3,
                                      .batch = batch,
                                      .micro_batch = micro,
                                      .clip_norm = 1,
                                      .progress = false,
                                      .after_epoch = [&](nn::Epoch& e) { at[e.number - 1] = allocations; }});
    trainer.fit({zeros({200, 4}), Tensor<std::int64_t>(Shape{200})});
    return at[1] - at[0];
  };
  CHECK(of_second_epoch(2, 0) == of_second_epoch(20, 0));
  CHECK(of_second_epoch(2, 1) == of_second_epoch(20, 10));
}

TEST_CASE("a prediction allocates its result alone") {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {64, 50, 10});
  const Tensor<double> x(Shape{73, 64});
  mlp.predict(x);
  const long before = allocations;
  const auto y = mlp.predict(x);
  CHECK(allocations - before == 1);
}

TEST_CASE("after prepare a prediction of any number of rows into the caller's memory allocates nothing") {
  Tape<float> tape;
  const nn::Mlp<float> mlp(tape, {32, 64, 64, 2}, {.hidden = nn::Activation::tanh});
  Random random(1);
  const Tensor<float> x = normal<float>(Shape{100, 32}, 0, 1, random);
  const Tensor<float> expected = mlp.predict(x);
  nn::Mlp<float> fresh(tape, {32, 64, 64, 2}, {.hidden = nn::Activation::tanh});  // with the same weights
  std::vector<float> y(200);
  fresh.prepare(100);
  const long before = allocations;
  for (const std::int64_t rows : {100, 64, 63, 1, 7, 0}) {
    const auto n = static_cast<std::size_t>(rows);
    fresh.predict(x.values().first(n * 32), std::span(y).first(n * 2));
    for (std::size_t i = 0; i < n * 2; ++i) {
      if (y[i] != expected.data()[i]) FAIL("row ", i / 2, " of ", rows, " rows is another");
    }
  }
  CHECK(allocations == before);
  CHECK_THROWS_WITH_AS(fresh.predict(x.values().first(33), y), doctest::Contains("rows of 32 elements are needed"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(fresh.predict(x.values(), std::span(y).first(3)),
                       doctest::Contains("predict: y needs 200 elements for 100 rows, it has 3"), ShapeError);
  CHECK_THROWS_WITH_AS(fresh.prepare(0), doctest::Contains("prepare: rows is 0, it must be positive"), ShapeError);
}

TEST_CASE("an evaluation for an outside solver allocates nothing") {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {64, 50, 10});
  nn::ValueAndGradient<double> f(sum(square(mlp(tape.leaf(ones({32, 64}))))), mlp.parameters());
  std::vector<double> x = f.x(), g(f.size());
  f(x, g);
  const long before = allocations;
  for (int i = 0; i < 10; ++i) {
    x[0] += 0.1;
    f(x, g);
  }
  CHECK(allocations == before);
}
