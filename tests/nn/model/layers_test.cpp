// Layers and how they compose.
#include <doctest/doctest.h>

#include <cmath>

#include "nn/nn.hpp"
#include "tests/nn/oracle.hpp"

using namespace wengert;
using test::relative;

namespace {

std::vector<std::string> names(const std::vector<nn::Parameter<double>>& parameters) {
  std::vector<std::string> out;
  for (const auto& p : parameters) out.push_back(p.name);
  return out;
}

/// A module of one's own: a plain struct.
struct Shift {
  Var<double> by;
  Var<double> forward(Var<double> x, nn::Pass<double>&) const { return x + by; }
  std::vector<nn::Parameter<double>> named_parameters() const { return {{"by", by}}; }
};

}  // namespace

TEST_CASE("a linear layer is x W + b with W [in, out]") {
  Tape<double> tape;
  const nn::Linear<double> layer{tape.leaf({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}), tape.leaf({0.5, 0.0, -0.5})};
  CHECK(value(layer(tape.leaf({{1.0, 10.0}}))) == Tensor<double>{{41.5, 52, 62.5}});
  Random random(1);
  CHECK_THROWS_WITH_AS(nn::linear(tape, 0, 3, random), doctest::Contains("linear: in is 0"), ShapeError);
}

TEST_CASE("an error of a layer names the line that called it") {
  Tape<double> tape;
  Random random(1);
  const auto layer = nn::linear(tape, 2, 3, random);
  CHECK_THROWS_WITH_AS(layer(tape.leaf(zeros({4, 5}))), doctest::Contains("layers_test.cpp"), ShapeError);
}

TEST_CASE("modules compose: functions, activations, residuals and structs of one's own, named by position") {
  Tape<double> tape;
  const nn::Linear<double> twice{tape.leaf({{2.0, 0.0}, {0.0, 2.0}}), tape.leaf({1.0, 1.0})};
  const nn::Sequential<double> net{twice, [](auto x) { return -x; }, nn::Activation::relu, nn::Residual<double>{twice},
                                   Shift{tape.leaf({0.5, 0.25})}};
  // relu(-(2x + 1)) = [5, 0]; x + 2x + 1 = [16, 1]
  CHECK(value(net(tape.leaf({{-3.0, 1.0}}))) == Tensor<double>{{16.5, 1.25}});
  CHECK(names(net.named_parameters()) == std::vector<std::string>{"layers.0.weight", "layers.0.bias",
                                                                  "layers.3.inner.weight", "layers.3.inner.bias",
                                                                  "layers.4.by"});
}

TEST_CASE("batch normalisation trains on the batch and predicts by the running statistics") {
  Tape<double> tape;
  const auto norm = nn::batch_norm(tape, 2);
  const auto x = tape.leaf({{1.0, 10.0}, {2.0, 10.0}, {6.0, 40.0}});
  nn::Pass<double> training{.training = true};
  auto step = compile({norm.forward(x, training)}, training.updates);
  step.run();
  const auto y = step.value();
  const double deviation = std::sqrt(14.0 / 3 + 1e-5);  // mean 3, variance 14/3
  CHECK(relative(y.at(0, 0), -2 / deviation) < 1e-14);
  CHECK(relative(y.at(2, 0), 3 / deviation) < 1e-14);
  CHECK(relative(value(norm.running_mean).at(0), 0.3) < 1e-14);
  CHECK(relative(value(norm.running_var).at(0), 0.9 + 0.1 * 7) < 1e-14);  // 14/2
  CHECK(relative(value(norm.running_var).at(1), 0.9 + 0.1 * 300) < 1e-14);

  nn::Pass<double> predicting;
  const auto predicted = value(norm.forward(x, predicting));
  CHECK(relative(predicted.at(0, 0), 0.7 / std::sqrt(1.6 + 1e-5)) < 1e-14);
  CHECK(predicting.updates.empty());
}

TEST_CASE("a batch of one sample has no variance: its normalised value is the bias, the running variance stays") {
  Tape<double> tape;
  const auto norm = nn::batch_norm(tape, 2);
  tape.set(norm.bias, Tensor<double>{3, 4});
  nn::Pass<double> pass{.training = true};
  auto step = compile({norm.forward(tape.leaf({{7.0, -5.0}}), pass)}, pass.updates);
  step.run();
  CHECK(step.value() == Tensor<double>{{3, 4}});
  CHECK(value(norm.running_var) == Tensor<double>{1, 1});
}

TEST_CASE("the gradient through batch normalisation is that of differences") {
  Tape<double> tape;
  Random random(4);
  const auto norm = nn::batch_norm(tape, 3);
  const auto x = tape.leaf(normal<double>(Shape{5, 3}, 1, 2, random));
  const auto u = tape.leaf(normal<double>(Shape{5, 3}, 0, 1, random));
  nn::Pass<double> pass{.training = true};
  const auto cost = sum(u * tanh(norm.forward(x, pass)));
  const auto slope = value(gradient(cost, x)), start = value(x);
  for (int i = 0; i < 15; ++i) {
    const auto at = [&](double h) {
      Tensor<double> moved = start;
      moved.data()[i] += h;
      tape.set(x, moved);
      return value(cost).item();
    };
    const double h = 1e-3;
    const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    tape.set(x, start);
    CHECK(std::abs(slope.data()[i] - difference) < 1e-9);
  }
}

TEST_CASE("layer normalisation makes mean 0 and variance 1 of each row, then scales") {
  Tape<double> tape;
  const auto norm = nn::layer_norm(tape, 4);
  tape.set(norm.weight, Tensor<double>{1, 1, 1, 2});
  tape.set(norm.bias, Tensor<double>{0, 0, 0, 1});
  nn::Pass<double> pass;
  const auto y = value(norm.forward(tape.leaf({{1.0, 2.0, 3.0, 4.0}, {5.0, 5.0, 5.0, 5.0}}), pass));
  const double deviation = std::sqrt(1.25 + 1e-5);
  CHECK(relative(y.at(0, 0), -1.5 / deviation) < 1e-14);
  CHECK(relative(y.at(0, 3), 3 / deviation + 1) < 1e-14);
  CHECK(y.at(1, 0) == 0);
  CHECK(y.at(1, 3) == 1);
}

TEST_CASE("dropout drops when training, by its key, and leaves x alone when predicting") {
  Tape<double> tape;
  const nn::Dropout<double> half{.rate = 0.5};
  const auto x = tape.leaf(ones({1000}));
  nn::Pass<double> training{.training = true, .key = tape.indices({1, 0})}, keyless{.training = true}, predicting;
  const auto y = half.forward(x, training);
  const auto first = value(y);
  int zeros = 0;
  for (const double v : first) {
    CHECK((v == 0 || v == 2));
    zeros += v == 0 ? 1 : 0;
  }
  CHECK(std::abs(zeros - 500) < 5 * 16);  // five deviations of the binomial distribution
  tape.set(training.key, Tensor<std::int64_t>{1, 1});
  CHECK(value(y) != first);
  CHECK(value(half.forward(x, predicting)) == ones({1000}));
  CHECK_THROWS_WITH_AS(half.forward(x, keyless), doctest::Contains("dropout: a training pass needs a key"), UsageError);
}

TEST_CASE("an embedding gives the rows of its weights, and the slopes of a row that is read twice add up") {
  Tape<double> tape;
  const nn::Embedding<double> table{tape.leaf({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}})};
  const auto y = table(tape.indices({2, 0, 2}));
  CHECK(value(y) == Tensor<double>{{5, 6}, {1, 2}, {5, 6}});
  CHECK(value(gradient(sum(y), table.weight)) == Tensor<double>{{1, 1}, {0, 0}, {2, 2}});
  CHECK_THROWS_AS(value(table(tape.indices({3}))), ValueError);
}

TEST_CASE("predictions do not depend on how many rows are asked for at once, and leave no node behind") {
  Tape<double> tape;
  Random random(2);
  const nn::Mlp<double> mlp(tape, {5, 7, 3}, {.output = nn::Activation::softmax});
  const auto x = normal<double>(Shape{601, 5}, 0, 1, random);  // 512 + 64 + 3 blocks of 8 + 1
  const auto whole = mlp.predict(x), recorded = value(mlp(tape.leaf(x)));
  CHECK(nn::relative_difference(whole, recorded) < 1e-15);
  const auto nodes = tape.size();
  for (const std::int64_t n : {1, 8, 73, 601}) {
    const auto part = mlp.predict(Tensor<double>(Shape{n, 5}, x.data()));
    CHECK(part.shape() == Shape{n, 3});
    CHECK(nn::relative_difference(part, Tensor<double>(Shape{n, 3}, whole.data())) < 1e-15);
  }
  CHECK(mlp.predict(Tensor<double>(Shape{0, 5})).shape() == Shape{0, 3});
  CHECK(tape.size() == nodes);
}

TEST_CASE("a prediction sees the weights of now, also after the scope of its first call has closed") {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {2, 1}, {.init = nn::Init::zeros});
  {
    const auto scope = tape.scope();
    CHECK(mlp.predict({{1.0, 2.0}}).item() == 0);
  }
  tape.leaf(1.0);
  tape.set(mlp.layer(0).W, Tensor<double>(Shape{2, 1}, {1, 10}));
  CHECK(mlp.predict({{1.0, 2.0}}).item() == 21);
  CHECK_THROWS_WITH_AS(mlp.predict({{1.0, 2.0, 3.0}}), doctest::Contains("predict: x must be [n, 2], it is [1, 3]"),
                       ShapeError);
}

TEST_CASE("the leaves of a perceptron are named by layer, W [in, out]") {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {4, 3, 2});
  const auto parameters = mlp.named_parameters();
  CHECK(names(parameters) ==
        std::vector<std::string>{"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"});
  CHECK(parameters[0].var.shape() == Shape{4, 3});
}
