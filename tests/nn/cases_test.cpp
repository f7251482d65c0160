// Failures others met with losses, starting weights and snapshots, each named by its id.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "nn/nn.hpp"

using namespace wengert;

namespace {

double deviation(const Tensor<double>& t) {
  double sum = 0, squares = 0;
  for (const double x : t) sum += x;
  const double n = static_cast<double>(t.size()), mean = sum / n;
  for (const double x : t) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / n);
}

}  // namespace

TEST_CASE("B130: the squared losses refuse [3] against [3, 1]") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0, 3.0}), t = tape.leaf(Tensor<double>{{1}, {2}, {3}});
  CHECK_THROWS_WITH_AS(nn::mean_squared_error(a, t), doctest::Contains("differ in shape: [3] and [3, 1]"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::half_squares(a, t), doctest::Contains("differ in shape: [3] and [3, 1]"), ShapeError);
}

TEST_CASE("B131: the slope of the mean squared error has the factor 2/n") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0}), t = tape.leaf({0.0, 0.0});
  const auto loss = nn::mean_squared_error(a, t);
  CHECK(value(loss).item() == 2.5);
  CHECK(value(gradient(loss, a)) == Tensor<double>{1, 2});
}

TEST_CASE("the output of a network is its last activation, its logits what stands before it") {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {3, 4, 2}, {.output = nn::Activation::softmax, .seed = 4});
  Random random(6);
  const auto x = tape.leaf(normal<double>(Shape{5, 3}, 0, 1, random));
  const auto trace = mlp.trace(x);
  CHECK(value(mlp.logits(x)) == value(trace.z.back()));
  CHECK(value(mlp(x)) == value(softmax(mlp.logits(x))));
  const auto labels = tape.indices({0, 1, 0, 1, 1});
  const auto right = cross_entropy(mlp.logits(x), labels), by_hand = -mean(sum(one_hot(labels, 2) * log(mlp(x)), 1));
  CHECK(std::abs(value(right).item() - value(by_hand).item()) < 1e-14);
}

TEST_CASE("B136: He's normal weights have the deviation sqrt(2 / inputs)") {
  Random random(1);
  const auto W = nn::initial_weights<double>(784, 1000, nn::Init::he_normal, random);
  CHECK(W.shape() == Shape{784, 1000});
  // Five standard errors of a deviation out of 784,000 draws.
  CHECK(std::abs(deviation(W) / 0.050507627227610537 - 1) < 5 / std::sqrt(2 * 784000.0));
  const auto narrow = nn::initial_weights<double>(784, 10, nn::Init::he_normal, random);
  CHECK(std::abs(deviation(narrow) / 0.050507627227610537 - 1) < 5 / std::sqrt(2 * 7840.0));
}

TEST_CASE("B137: Glorot's weights know both fans") {
  Random random(2);
  const auto normal = nn::initial_weights<double>(100, 50, nn::Init::glorot_normal, random);
  CHECK(std::abs(deviation(normal) / 0.11547005383792515 - 1) < 5 / std::sqrt(2 * 5000.0));
  const auto uniform = nn::initial_weights<double>(100, 50, nn::Init::glorot_uniform, random);
  const auto [least, most] = std::minmax_element(uniform.begin(), uniform.end());
  CHECK(*least >= -0.2);
  CHECK(*most < 0.2);
  CHECK(*least < -0.199);  // of 5,000 draws one in 400 lies this close to an end
  CHECK(*most > 0.199);
}

TEST_CASE("B193: a copy of the best parameters does not move with the parameters") {
  Tape<double> tape;
  const auto w = tape.leaf(1.0);
  const Tensor<double> best = value(w);
  auto step = compile<double>({}, {assign(w, w - 0.1 * gradient(w + 0, w))});
  step.run();
  CHECK(value(w).item() == 0.9);
  tape.set(w, best);
  CHECK(value(w).item() == 1);
}
