// Cross entropy with its choices, against NumPy 2 and the cases others met.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
const Tensor<double> kLogits{{0.2, -1.0, 0.5}, {1.5, 0.3, -0.7}};
}  // namespace

TEST_CASE("B122: the reductions of cross entropy scale the gradient") {
  Tape<double> tape;
  const auto z = tape.leaf(zeros({2, 2}));
  const auto labels = tape.indices({0, 1});
  for (const bool fused : {true, false}) {
    const auto loss = [&](Reduction how) {
      return fused ? cross_entropy(z, labels, how) : cross_entropy(z, labels, {.reduction = how, .ignore = true});
    };
    CHECK(value(gradient(loss(Reduction::mean), z)) == Tensor<double>{{-0.25, 0.25}, {0.25, -0.25}});
    CHECK(value(gradient(loss(Reduction::sum), z)) == Tensor<double>{{-0.5, 0.5}, {0.5, -0.5}});
    CHECK(value(vjp(loss(Reduction::none), z, tape.leaf({1.0, 3.0}))) == Tensor<double>{{-0.5, 0.5}, {1.5, -1.5}});
  }
}
TEST_CASE("smoothing and class weights") {
  Tape<double> tape;
  const auto z = tape.leaf(kLogits), weights = tape.leaf({1.0, 2.0, 0.5});
  const auto labels = tape.indices({2, 0});
  CHECK(near(value(cross_entropy(z, labels, {.reduction = Reduction::none, .ignore = true})),
             {0.6749569269138378, 0.34500527665751424}));
  CHECK(near(value(cross_entropy(z, labels, {.smoothing = 0.2})), Tensor<double>(0.6833144351190094)));
  CHECK(near(value(cross_entropy(z, labels, {.weights = weights})), Tensor<double>(0.45498916007628876)));
  CHECK(near(value(cross_entropy(z, labels, {.smoothing = 0.2, .weights = weights})),
             Tensor<double>(0.8248743375054636)));
}
TEST_CASE("soft labels, from logits and from probabilities") {
  Tape<double> tape;
  const auto z = tape.leaf(kLogits), targets = tape.leaf(Tensor<double>{{0.1, 0.6, 0.3}, {0.0, 0.5, 0.5}});
  CHECK(
      near(value(cross_entropy(z, targets, {.reduction = Reduction::none})), {1.6049569269138377, 2.0450052766575144}));
  CHECK(near(value(cross_entropy(softmax(z), targets, {.reduction = Reduction::none, .probabilities = true})),
             {1.6049569269138377, 2.0450052766575144}));
  const auto gap = value(gradient(cross_entropy(z, targets, {.reduction = Reduction::sum}), z));
  const auto p = value(softmax(z) - targets);
  for (std::int64_t i = 0; i < 6; ++i) CHECK(std::abs(gap.data()[i] - p.data()[i]) < 1e-15);
}
TEST_CASE("a target of 0 counts 0 where the probability is 0, any other counts infinity") {
  Tape<double> tape;
  const auto p = tape.leaf(Tensor<double>{{1.0, 0.0}, {0.0, 1.0}});
  const auto targets = tape.leaf(Tensor<double>{{1.0, 0.0}, {0.5, 0.5}});
  const auto each = cross_entropy(p, targets, {.reduction = Reduction::none, .probabilities = true});
  CHECK(value(each) == Tensor<double>{0, kInf});
  const auto z = tape.leaf(Tensor<double>{{0.0, -kInf}});
  const auto loss = cross_entropy(z, tape.leaf(Tensor<double>{{1.0, 0.0}}));
  CHECK(item(loss) == 0);
  CHECK(value(gradient(loss, z)) == zeros({1, 2}));
}
TEST_CASE("B125: smoothing leaves ignored rows out of both parts") {
  Tape<double> tape;
  const auto z = tape.leaf(zeros({2, 2}));
  const auto labels = tape.indices({0, 2});
  for (const Reduction how : {Reduction::mean, Reduction::sum}) {
    const auto loss = cross_entropy(z, labels, {.reduction = how, .smoothing = 0.2, .ignore = true});
    CHECK(near(value(loss), Tensor<double>(0.69314718055994531)));
    CHECK(value(slice(gradient(loss, z), 0, 1)) == zeros({1, 2}));
  }
}
TEST_CASE("B190: with all rows ignored, or none there, the gradient is exactly 0") {
  Tape<double> tape;
  const auto z = tape.leaf(zeros({2, 2}));
  const auto labels = tape.indices({2, 2});
  const auto mean_loss = cross_entropy(z, labels, {.ignore = true});
  CHECK(std::isnan(item(mean_loss)));
  CHECK(value(gradient(mean_loss, z)) == zeros({2, 2}));
  const auto sum_loss = cross_entropy(z, labels, {.reduction = Reduction::sum, .ignore = true});
  CHECK(item(sum_loss) == 0);
  CHECK(value(gradient(sum_loss, z)) == zeros({2, 2}));
  const auto none = tape.leaf(zeros({0, 2}));
  const auto no_labels = tape.indices(Tensor<std::int64_t>(Shape{0}));
  CHECK(std::isnan(item(cross_entropy(none, no_labels))));
  CHECK(item(cross_entropy(none, no_labels, Reduction::sum)) == 0);
  CHECK(value(gradient(cross_entropy(none, no_labels), none)) == zeros({0, 2}));
  CHECK(std::isnan(item(cross_entropy(none, no_labels, {.ignore = true}))));
}
TEST_CASE("B124: a label beyond the classes throws, also where the number of classes means ignored") {
  Tape<double> tape;
  const auto z = tape.leaf(zeros({2, 8}));
  CHECK_THROWS_WITH_AS(value(cross_entropy(z, tape.indices({0, 8}))), doctest::Contains("label 8 of row 1"),
                       ValueError);
  CHECK_THROWS_WITH_AS(value(cross_entropy(z, tape.indices({0, 9}), {.ignore = true})),
                       doctest::Contains("label 9 of row 1"), ValueError);
}
TEST_CASE("what does not fit the predictions is named") {
  Tape<double> tape;
  const auto z = tape.leaf(kLogits);
  const auto labels = tape.indices({2, 0});
  CHECK_THROWS_WITH_AS(
      cross_entropy(z, tape.indices({1})),
      doctest::Contains("one label per row of predictions is needed: predictions are [2, 3], labels [1]"), ShapeError);
  CHECK_THROWS_WITH_AS(cross_entropy(z, labels, {.weights = tape.leaf({1.0})}),
                       doctest::Contains("one weight per class is needed: predictions are [2, 3], weights [1]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(cross_entropy(z, labels, {.smoothing = 1.5}),
                       doctest::Contains("smoothing 1.5 is outside [0, 1]"), ValueError);
  CHECK_THROWS_WITH_AS(cross_entropy(z, tape.leaf(zeros({2, 2}))),
                       doctest::Contains("predictions and targets differ in shape: [2, 3] and [2, 2]"), ShapeError);
}

namespace {

/// Every element within 16 units in the last place, also of the smallest.
template <class T>
bool to_the_digit(const Tensor<T>& got, const std::vector<double>& exact) {
  if (got.size() != static_cast<std::int64_t>(exact.size())) return false;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double distance = std::abs(static_cast<double>(got.data()[i]) - exact[i]);
    if (!(distance <= 16 * static_cast<double>(std::numeric_limits<T>::epsilon()) * std::abs(exact[i]))) return false;
  }
  return true;
}

}  // namespace

TEST_CASE_TEMPLATE("softmax and its kin keep their digits where one class is almost certain, in every order and mode",
                   T, float, double) {
  const double deepest = sizeof(T) == 4 ? 40 : 300;
  for (const double depth : {1.0, 10.0, 15.0, 17.0, deepest}) {
    CAPTURE(depth);
    Tape<T> tape;
    const auto x = tape.leaf(Tensor<T>{static_cast<T>(depth), T(0)});
    const double q = std::exp(-depth) / (1 + std::exp(-depth)), p = 1 / (1 + std::exp(-depth)),
                 rest = std::log1p(std::exp(-depth));
    const std::vector<double> curved{p * q, -p * q, -p * q, p * q};

    CHECK(to_the_digit(value(log_softmax(x)), {-rest, -depth - rest}));
    for (const Mode mode : {Mode::reverse, Mode::forward}) {
      CHECK(to_the_digit(jacobian(softmax(x), x, mode), curved));
      CHECK(to_the_digit(jacobian(log_softmax(x), x, mode), {q, -q, -p, p}));
    }
    const auto total = log_sum_exp(x);
    CHECK(to_the_digit(hessian(total, x), curved));
    const auto first = softmax(x) * tape.leaf(Tensor<T>{T(1), T(0)});
    const double third = p * q * (q - p);  // the second derivative of p by either logit
    CHECK(to_the_digit(hessian(sum(first), x), {third, -third, -third, third}));

    const auto rows = reshape(x, {1, 2});
    const auto hot = tape.leaf(Tensor<T>{{T(1), T(0)}});
    for (const auto loss : {cross_entropy(rows, tape.indices({0})), cross_entropy(rows, hot),
                            cross_entropy(rows, tape.indices({0}), {.ignore = true})}) {
      CHECK(to_the_digit(value(loss), {rest}));
      CHECK(to_the_digit(value(gradient(loss, x)), {-q, q}));
      CHECK(to_the_digit(hessian(loss, x), curved));
    }
    const auto other = cross_entropy(rows, tape.indices({1}));
    CHECK(to_the_digit(value(gradient(other, x)), {p, -p}));
    CHECK(to_the_digit(hessian(other, x), curved));
  }
}

TEST_CASE("softmax and the slope of cross entropy are computed together, and the loss beside them changes nothing") {
  Tape<double> tape;
  Random random(3);
  const auto x = tape.leaf(uniform<double>({40, 6}, -3, 3, random)),
             v = tape.leaf(uniform<double>({40, 6}, -1, 1, random));
  Tensor<std::int64_t> labels(Shape{40});
  for (auto& label : labels) label = random.below(6);
  const auto loss = cross_entropy(x, tape.indices(labels), Reduction::sum);
  const auto slope = gradient(loss, x), curved = hvp(loss, x, v);
  auto program = compile({slope, curved}), with_loss = compile({loss, slope, curved});
  CHECK(program.units().size() == 1);
  program.run();
  with_loss.run();
  for (std::int64_t i = 0; i < 40; ++i) {
    double p[6], sum = 0, mean = 0;
    for (int j = 0; j < 6; ++j) sum += p[j] = std::exp(value(x).data()[6 * i + j]);
    for (int j = 0; j < 6; ++j) mean += (p[j] /= sum) * value(v).data()[6 * i + j];
    for (int j = 0; j < 6; ++j) {
      const std::int64_t at = 6 * i + j;
      const double hot = labels.data()[i] == j ? 1 : 0, product = p[j] * (value(v).data()[at] - mean);
      CHECK(std::abs(program.output(0).data[at] - (p[j] - hot)) < 1e-14);
      CHECK(std::abs(program.output(1).data[at] - product) < 1e-14);
      CHECK(std::abs(with_loss.output(1).data[at] - (p[j] - hot)) < 1e-14);
      CHECK(std::abs(with_loss.output(2).data[at] - product) < 1e-14);
    }
  }
}

TEST_CASE("the log-sum-exp of an infinite logit is infinite; softmax and the slopes are NaN there") {
  Tape<double> tape;
  const auto x = tape.leaf({kInf, 0.0});
  CHECK(item(log_sum_exp(x)) == kInf);
  CHECK(std::isnan(item(log_sum_exp(tape.leaf({kInf, std::nan("")})))));
  for (const auto y : {softmax(x), log_softmax(x), gradient(log_sum_exp(x), x)}) {
    for (const double v : value(y)) CHECK(std::isnan(v));
  }
}
