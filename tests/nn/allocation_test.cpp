// What a training step and a prediction allocate.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "nn/data/zip.hpp"
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

TEST_CASE("a training step recorded afresh allocates hardly more often for 20 layers than for 2") {
  const auto of_a_step = [](std::size_t layers) {
    Tape<double> tape;
    const nn::Mlp<double> mlp(tape, std::vector<std::int64_t>(layers + 1, 8));
    const auto x = tape.leaf(zeros({4, 8}));
    const auto labels = tape.indices(Tensor<std::int64_t>(Shape{4}));
    nn::Optimizer<double> optimizer(mlp.parameters(), nn::Adam{});
    Program<double> step;
    const auto take = [&] {
      const auto scope = tape.scope();
      step = {};  // whose memory the next one takes over
      const auto loss = nn::cross_entropy(mlp.logits(x), labels);
      step = compile<double>({loss}, optimizer.updates(gradient(loss, mlp.parameters())));
      step.run();
    };
    take();
    take();
    const long before = allocations;
    take();
    return allocations - before;
  };
  const long few = of_a_step(2);
  CHECK(few <= 40);
  CHECK(of_a_step(20) <= few + 10);
}

TEST_CASE("an epoch of a trainer allocates as much for 100 steps as for 10") {
  const auto of_second_epoch = [](std::int64_t batch, std::int64_t micro, bool watched = false) {
    Tape<double> tape;
    const nn::Mlp<double> mlp(tape, {4, 3});
    long at[3] = {};
    double losses = 0;
    std::function<void(nn::Step&)> after_step;
    if (watched) after_step = [&](nn::Step& step) { losses += step.loss; };
    nn::Trainer<double> trainer(mlp, {.epochs = 3,
                                      .batch = batch,
                                      .micro_batch = micro,
                                      .clip_norm = 1,
                                      .progress = false,
                                      .after_epoch = [&](nn::Epoch& e) { at[e.number - 1] = allocations; },
                                      .after_step = after_step});
    trainer.fit({zeros({200, 4}), Tensor<std::int64_t>(Shape{200})});
    CHECK((losses > 0) == watched);
    return at[1] - at[0];
  };
  CHECK(of_second_epoch(2, 0) == of_second_epoch(20, 0));
  CHECK(of_second_epoch(2, 1) == of_second_epoch(20, 10));
  CHECK(of_second_epoch(2, 0, true) == of_second_epoch(20, 0));
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
  const std::vector<std::int64_t> counts{100, 64, 63, 1, 7};
  std::vector<Tensor<float>> expected;
  for (const std::int64_t rows : counts) expected.push_back(mlp.predict(Tensor<float>(Shape{rows, 32}, x.data())));
  nn::Mlp<float> fresh(tape, {32, 64, 64, 2}, {.hidden = nn::Activation::tanh});  // with the same weights
  std::vector<float> y(200);
  fresh.prepare(100);
  const long before = allocations;
  for (const Tensor<float>& wanted : expected) {
    const auto rows = static_cast<std::size_t>(wanted.shape()[0]);
    const auto out = std::span(y).first(rows * 2);
    fresh.predict(x.values().first(rows * 32), out);
    if (!std::equal(out.begin(), out.end(), wanted.begin())) FAIL("another prediction of ", rows, " rows");
  }
  fresh.predict(std::span<const float>(), std::span<float>());
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

TEST_CASE("readers allocate by what a file holds, never by what it claims (B151, B157, B158, B161)") {
  const auto text = [](const char* bytes, std::size_t size) { return std::string(bytes, size); };
  const std::string npy =
      text("\x93NUMPY\1\0\x3f\0", 10) + "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999,)}";
  const std::string tensors = R"({"t":{"dtype":"F32","shape":[10000,10000],"data_offsets":[0,4]}})";
  std::string zipped = nn::zip({{"x.npy", npy}});
  zipped.replace(zipped.find("PK\1\2") + 24, 4, text("\0\0\0\1", 4));  // the unpacked size in the directory
  struct Case {
    const char* claim;
    std::function<void()> read;
  };
  const std::vector<Case> cases{
      {"takes 268435455 times 8 bytes", [&] { nn::parse_idx(text("\0\0\x0e\1\x0f\xff\xff\xff", 8)); }},
      {"takes 999999999 times 8 bytes", [&] { nn::parse_npy(npy); }},
      {"takes 999999999 times 8 bytes",
       [&] {
         nn::parse_npz(nn::zip({{"x.npy", npy}}));
       }},
      {"claims 16777216 bytes", [&] { nn::parse_npz(zipped); }},
      {"takes 100000000 times 4 bytes",
       [&] { nn::parse_safetensors(text("\x40\0\0\0\0\0\0\0", 8) + tensors + "1234"); }},
      {"takes 4294967296 bytes", [&] { nn::parse_safetensors(text("\0\0\0\0\1\0\0\0", 8)); }}};
  for (const Case& c : cases) {
    largest_allocation = 0;
    CHECK_THROWS_WITH_AS(c.read(), doctest::Contains(c.claim), FileError);
    CHECK(largest_allocation < 1 << 16);
  }
}
