// Losses and penalties: values, slopes, reductions, tails.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "nn/nn.hpp"
#include "tests/nn/oracle.hpp"

using namespace wengert;
using test::relative;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
}

TEST_CASE("B122: the reductions of cross entropy scale the gradient") {
  Tape<double> tape;
  const auto z = tape.leaf(zeros({2, 2}));
  const auto labels = tape.indices({0, 1});
  CHECK(value(gradient(nn::cross_entropy(z, labels), z)) == Tensor<double>{{-0.25, 0.25}, {0.25, -0.25}});
  CHECK(value(gradient(nn::cross_entropy(z, labels, Reduction::sum), z)) == Tensor<double>{{-0.5, 0.5}, {0.5, -0.5}});
  const auto each = vjp(nn::cross_entropy(z, labels, Reduction::none), z, tape.leaf({1.0, 3.0}));
  CHECK(value(each) == Tensor<double>{{-0.5, 0.5}, {1.5, -1.5}});
}

TEST_CASE("B122: one-hot targets give what labels give, value and gradient") {
  Tape<double> tape;
  const auto z = tape.leaf({{0.5, -1.0, 2.0}, {3.0, 0.0, -2.0}});
  const auto labels = tape.indices({2, 1});
  const auto hot = one_hot(labels, 3);
  for (const auto reduction : {Reduction::mean, Reduction::sum}) {
    const auto by_label = nn::cross_entropy(z, labels, reduction), by_row = nn::cross_entropy(z, hot, reduction);
    CHECK(relative(value(by_row).item(), value(by_label).item()) < 1e-15);
    CHECK(nn::relative_difference(value(gradient(by_row, z)), value(gradient(by_label, z))) < 1e-15);
  }
  CHECK(value(nn::cross_entropy(z, hot, Reduction::none)).shape() == Shape{2});
}

TEST_CASE("B190: a step on rows that are all ignored, or on none, leaves no NaN in parameters and moments") {
  for (const std::int64_t n : {2, 0}) {
    for (const auto reduction : {Reduction::mean, Reduction::sum}) {
      Tape<double> tape;
      const auto w = tape.leaf({{1.0, -2.0}});
      const auto labels = tape.indices(full(Shape{n}, std::int64_t{2}));
      const auto z = matmul(tape.leaf(ones({n, 1})), w);
      const auto loss = cross_entropy(z, labels, {.reduction = reduction, .ignore = true});
      nn::Optimizer<double> adam({w});
      auto step = compile<double>({loss}, adam.updates({gradient(loss, w)}));
      adam.prepare(1);
      step.run();
      CHECK(value(w) == Tensor<double>{{1, -2}});
      for (const auto& moment : adam.moments()) CHECK(value(moment.leaf) == zeros({1, 2}));
    }
  }
}

TEST_CASE("cross entropy of soft targets is -sum t ln p, and a class of probability 0 costs nothing") {
  Tape<double> tape;
  const auto z = tape.leaf({{std::log(0.2), std::log(0.3), std::log(0.5)}});
  const auto loss = nn::cross_entropy(z, tape.leaf({{0.1, 0.6, 0.3}}));
  CHECK(relative(value(loss).item(), -0.1 * std::log(0.2) - 0.6 * std::log(0.3) - 0.3 * std::log(0.5)) < 1e-15);
  const auto impossible = tape.leaf({{-kInf, 0.0}});
  const auto sure = nn::cross_entropy(impossible, tape.leaf({{0.0, 1.0}}));
  CHECK(value(sure).item() == 0);
  CHECK(value(gradient(sure, impossible)) == Tensor<double>{{0, 0}});
}

TEST_CASE("B130: no loss broadcasts [3] against [3, 1]") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0, 3.0}), t = tape.leaf(ones({3, 1}));
  CHECK_THROWS_WITH_AS(nn::mean_squared_error(a, t), doctest::Contains("differ in shape: [3] and [3, 1]"), ShapeError);
  CHECK_THROWS_AS(nn::half_squares(a, t), ShapeError);
  CHECK_THROWS_AS(nn::mean_absolute_error(a, t), ShapeError);
  CHECK_THROWS_AS(nn::huber(a, t), ShapeError);
  CHECK_THROWS_AS(nn::binary_cross_entropy(a, t), ShapeError);
  CHECK_THROWS_AS(nn::cross_entropy(a, t), ShapeError);
}

TEST_CASE("B131: the mean of squares has the factor 2/n in its slope") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0}), t = tape.leaf({0.0, 0.0});
  const auto loss = nn::mean_squared_error(a, t);
  CHECK(value(loss).item() == 2.5);
  CHECK(value(gradient(loss, a)) == Tensor<double>{1, 2});
}

TEST_CASE("F4: half squares are summed, and their slope is a - t") {
  Tape<double> tape;
  const auto a = tape.leaf({{1.0, 2.0}, {0.5, 0.0}}), t = tape.leaf({{0.0, 0.0}, {1.0, 3.0}});
  const auto loss = nn::half_squares(a, t);
  CHECK(value(loss).item() == 0.5 * (1 + 4 + 0.25 + 9));
  CHECK(value(gradient(loss, a)) == Tensor<double>{{1, 2}, {-0.5, -3}});
  CHECK(value(nn::half_squares(a, t, Reduction::mean)).item() == 0.125 * (1 + 4 + 0.25 + 9));
  CHECK(value(nn::half_squares(a, t, Reduction::none)) == Tensor<double>{{0.5, 2}, {0.125, 4.5}});
}

TEST_CASE("the absolute error has slope 0 where prediction and target meet") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0, -4.0, 0.0}), t = tape.leaf({1.0, 0.0, 0.0, 0.0});
  const auto loss = nn::mean_absolute_error(a, t);
  CHECK(value(loss).item() == 1.5);
  CHECK(value(gradient(loss, a)) == Tensor<double>{0, 0.25, -0.25, 0});
}

TEST_CASE("Huber's loss is half a square inside delta and a line of slope delta beyond") {
  Tape<double> tape;
  const auto a = tape.leaf({0.5, 2.0, -7.0}), t = tape.leaf(zeros({3}));
  const auto loss = nn::huber(a, t, 2, Reduction::none);
  CHECK(value(loss) == Tensor<double>{0.125, 2, 12});
  CHECK(value(gradient(sum(loss), a)) == Tensor<double>{0.5, 2, -2});
}

TEST_CASE("B116: binary cross entropy of infinite logits is 0 where right and infinite where wrong") {
  Tape<double> tape;
  const auto z = tape.leaf({-kInf, kInf, -kInf, kInf}), t = tape.leaf({0.0, 0.0, 1.0, 1.0});
  CHECK(value(nn::binary_cross_entropy(z, t, Reduction::none)) == Tensor<double>{0, kInf, kInf, 0});
  CHECK(value(gradient(nn::binary_cross_entropy(z, t, Reduction::sum), z)) == Tensor<double>{0, 1, -1, 0});
}

TEST_CASE("binary cross entropy is ln(1 + e^-z) for t = 1, its slope sigmoid(z) - t, also far out") {
  Tape<double> tape;
  const auto z = tape.leaf({-50.0, -1.0, 0.0, 1.0, 40.0, 700.0}), one = tape.leaf(ones({6})),
             none = tape.leaf(zeros({6}));
  const auto right = value(nn::binary_cross_entropy(z, one, Reduction::none));
  const auto slope = value(gradient(nn::binary_cross_entropy(z, one, Reduction::sum), z));
  const auto slope0 = value(gradient(nn::binary_cross_entropy(z, none, Reduction::sum), z));
  for (int i = 0; i < 6; ++i) {
    const long double x = value(z).at(i);
    CHECK(relative(right.at(i), static_cast<double>(std::log1p(std::exp(-x)))) < 1e-15);
    CHECK(relative(slope.at(i), static_cast<double>(-1 / (1 + std::exp(x)))) < 1e-15);
    CHECK(relative(slope0.at(i), static_cast<double>(1 / (1 + std::exp(-x)))) < 1e-15);
  }
}

TEST_CASE("the negative log likelihood picks one log-probability per row") {
  Tape<double> tape;
  const auto p = tape.leaf({{-1.0, -2.0, -kInf}, {-0.5, -3.0, -4.0}});
  const auto loss = nn::negative_log_likelihood(p, tape.indices({1, 0}), Reduction::none);
  CHECK(value(loss) == Tensor<double>{2, 0.5});
  CHECK(value(gradient(sum(loss), p)) == Tensor<double>{{0, -1, 0}, {-1, 0, 0}});
  CHECK_THROWS_AS(nn::negative_log_likelihood(p, tape.indices({1, 0, 2})), ShapeError);
  CHECK_THROWS_AS(value(nn::negative_log_likelihood(p, tape.indices({1, 3}))), ValueError);
}

TEST_CASE("penalties leave out biases and what is not trained") {
  Tape<double> tape;
  const auto w = tape.leaf({1.0, -2.0, 0.0}), b = tape.leaf({5.0}), mean = tape.leaf({7.0});
  const std::vector<nn::Parameter<double>> all{
      {"layers.0.weight", w}, {"layers.0.bias", b}, {"layers.1.running_mean", mean, false}};
  const auto l1 = nn::l1_penalty(all, 0.5), l2 = nn::l2_penalty(all, 0.5);
  CHECK(value(l1).item() == 1.5);
  CHECK(value(l2).item() == 1.25);
  CHECK(value(gradient(l1, w)) == Tensor<double>{0.5, -0.5, 0});
  CHECK(value(gradient(l2, w)) == Tensor<double>{0.5, -1, 0});
  CHECK(value(gradient(l1 + l2, b)) == Tensor<double>{0});
  CHECK_THROWS_AS(nn::l2_penalty<double>({{"bias", b}}, 1), UsageError);
}
