// The tape against the hand-derived formulas F1..F17.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/nn.hpp"
#include "tests/nn/digits_golden.hpp"

using namespace wengert;
using nn::Activation;
using nn::Cost;

namespace {

constexpr Activation kAll[] = {Activation::identity, Activation::sigmoid,    Activation::tanh,
                               Activation::relu,     Activation::leaky_relu, Activation::elu};

constexpr std::int64_t kEvery = 1 << 20;  // entries of a parameter to check by differences

struct Case {
  std::vector<std::int64_t> sizes;
  nn::MlpOptions options;
  std::int64_t batch;
};

bool is_smooth(const Case& c) {
  return std::ranges::all_of(c.options.activations, [](Activation a) {
    return a != Activation::relu && a != Activation::leaky_relu && a != Activation::elu;
  });
}
std::int64_t entries(const Case& c) {
  std::int64_t count = 0;
  for (std::size_t l = 1; l < c.sizes.size(); ++l) count += (c.sizes[l - 1] + 1) * c.sizes[l];
  return count;
}

Case random_case(std::uint64_t seed, bool softmax) {
  Random random(seed, 77);
  Case c;
  const auto depth = static_cast<std::size_t>(1 + random.below(6));
  for (std::size_t l = 0; l <= depth; ++l) c.sizes.push_back(1 + random.below(17));
  for (std::size_t l = 0; l < depth; ++l) c.options.activations.push_back(kAll[random.below(6)]);
  if (softmax) c.options.activations.back() = Activation::softmax;
  c.options.init = nn::Init::glorot_normal;
  c.options.bias = 0.1;
  c.options.alpha = 0.3;
  c.options.seed = seed;
  c.batch = 1 + random.below(9);
  return c;
}

template <class T>
nn::DeltaReport compare(std::uint64_t seed, Cost cost, bool softmax, std::int64_t samples) {
  const Case c = random_case(seed, softmax);
  Random random(seed, 78);
  Tape<T> tape;
  const nn::Mlp<T> mlp(tape, c.sizes, c.options);
  const auto x = normal<T>(Shape{c.batch, c.sizes.front()}, T(0), T(1), random);
  if (cost == Cost::cross_entropy) {
    Tensor<std::int64_t> labels(Shape{c.batch});
    for (auto& label : labels) label = random.below(c.sizes.back());
    return nn::compare_deltas(mlp, x, labels, samples);
  }
  return nn::compare_deltas(mlp, x, normal<T>(Shape{c.batch, c.sizes.back()}, T(0), T(1), random), cost, samples);
}

}  // namespace

TEST_CASE("F8 to F13: the tape's deltas and gradients are the hand-derived ones and the differences, in double") {
  std::int64_t checked = 0, compared = 0, kinks = 0, unjudged = 0, in_smooth = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    CAPTURE(seed);
    const bool softmax = seed % 2 == 0;
    for (const nn::DeltaReport& report : {compare<double>(seed, Cost::half_squares, false, kEvery),
                                          compare<double>(seed, Cost::mean_squared_error, softmax, kEvery),
                                          compare<double>(seed, Cost::cross_entropy, true, kEvery)}) {
      CHECK(report.closed_form <= 1e-12);
      CHECK(report.differences <= 1e-7);
      for (const nn::LayerDifference& layer : report.layers) {
        kinks += layer.skipped;
        unjudged += layer.unjudged;
        compared += layer.compared;
        if (is_smooth(random_case(seed, false))) in_smooth += layer.skipped;
      }
      checked += entries(random_case(seed, softmax));
    }
  }
  CHECK(in_smooth == 0);
  CHECK(kinks > 0);
  CHECK(kinks < checked / 500);
  CHECK(compared + kinks + unjudged == checked);
  CHECK(compared > checked - checked / 50);  // what differences cannot judge must stay rare
  MESSAGE(compared << " of " << checked << " entries were compared, " << kinks << " lie across kinks, " << unjudged
                   << " are lost in rounding");
}

TEST_CASE("F8 to F13: the tape's deltas and gradients are the hand-derived ones, in float") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    CHECK(compare<float>(seed, Cost::half_squares, false, 0).closed_form <= 1e-5);
    CHECK(compare<float>(seed, Cost::mean_squared_error, seed % 2 == 0, 0).closed_form <= 1e-5);
    CHECK(compare<float>(seed, Cost::cross_entropy, true, 0).closed_form <= 1e-5);
  }
}

TEST_CASE("an entry whose differences reach across a kink is skipped and counted") {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {1, 1, 1}, {.hidden = Activation::relu, .seed = 3});
  tape.set(mlp.layer(0).b, Tensor<double>{-value(mlp.layer(0).W).item()});  // z = w x + b is 0 at x = 1
  const auto report = nn::compare_deltas(mlp, ones({1, 1}), full({1, 1}, 0.5), Cost::half_squares);
  CHECK(report.layers[0].skipped == 2);
  CHECK(report.layers[1].skipped == 0);
  CHECK(report.table().find("kinks") != std::string::npos);
}

TEST_CASE_TEMPLATE("B176: a linear layer passes the differences in either type, by defaults", T, float, double) {
  Tape<T> tape;
  const nn::Mlp<T> mlp(tape, {2, 1}, {.seed = 3});
  const auto report = nn::compare_deltas(mlp, Tensor<T>{{T(0.5), T(-2)}}, full<T>({1, 1}, T(1)), Cost::half_squares);
  CHECK(report.differences <= std::cbrt(std::numeric_limits<T>::epsilon()));
  CHECK(report.layers[0].skipped == 0);
}

namespace {

/// Pairs x and -x with odd targets.
template <class T>
struct Mirrored {
  Tensor<T> x, t;
  explicit Mirrored(std::uint64_t seed) {
    Random random(seed, 79);
    const auto half = normal<T>(Shape{7, 3}, T(0), T(1), random), target = normal<T>(Shape{7, 2}, T(0), T(1), random);
    x = Tensor<T>(Shape{14, 3}), t = Tensor<T>(Shape{14, 2});
    for (std::int64_t i = 0; i < 21; ++i) x.data()[i] = half.data()[i], x.data()[21 + i] = -half.data()[i];
    for (std::int64_t i = 0; i < 14; ++i) t.data()[i] = target.data()[i], t.data()[14 + i] = -target.data()[i];
  }
};

}  // namespace

TEST_CASE_TEMPLATE("a gradient that cancels over a symmetric batch is confirmed, and judged by nothing", T, float,
                   double) {
  const double epsilon = std::numeric_limits<T>::epsilon();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const Mirrored<T> batch(seed);
    Tape<T> tape;
    const nn::Mlp<T> mlp(tape, {3, 5, 2}, {.hidden = Activation::tanh, .seed = seed});  // odd, so that ∂C/∂b = 0
    const auto report = nn::compare_deltas(mlp, batch.x, batch.t, Cost::half_squares, kEvery);
    CHECK(report.closed_form <= 16 * epsilon);
    CHECK(report.differences <= report.differences_bound);
    CHECK(report.layers[0].unjudged >= 5);  // at least its five biases
    CHECK(report.layers[0].skipped == 0);
    CHECK(report.confirmed());
  }
}

TEST_CASE("a saturated output and a network trained to 1e-10 are confirmed") {
  for (const double margin : {3.0, 8.0, 20.0, 100.0}) {
    CAPTURE(margin);
    for (const Cost cost : {Cost::cross_entropy, Cost::mean_squared_error}) {
      Tape<double> tape;
      const nn::Mlp<double> mlp(tape, {2, 2}, {.output = Activation::softmax, .seed = 1});
      tape.set(mlp.layer(0).W, Tensor<double>{{margin, -margin}, {-margin, margin}});
      const Tensor<double> x{{1, 0}, {0, 1}};
      CHECK(nn::compare_deltas(mlp, x, x, cost).closed_form <= 1e-12);
    }
  }
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {2, 16, 2}, {.hidden = Activation::tanh, .output = Activation::softmax});
  const Tensor<double> x{{0, 0}, {0, 1}, {1, 0}, {1, 1}};
  const Tensor<std::int64_t> y{0, 1, 1, 0};
  const auto loss = cross_entropy(mlp.logits(tape.leaf(x)), tape.indices(y));
  nn::minimize(loss, mlp.parameters(), {.method = nn::Adam{.rate = 0.05}, .steps = 6000});
  CHECK(value(loss).item() < 1e-6);
  const auto report = nn::compare_deltas(mlp, x, y, kEvery);
  CAPTURE(report.table());
  CHECK(report.confirmed());
  CHECK(report.layers[0].compared + report.layers[1].compared > 0);
}

TEST_CASE("the table ends with its verdict") {
  nn::DeltaReport report;
  CHECK(
      report.table().ends_with("\nthe tape and the hand-derived formulas agree: tape/closed form 0.0e+00 (at most "
                               "1e-12), differences could judge no entry\n"));
  report.layers.push_back({.compared = 3});
  CHECK(
      report.table().ends_with("\nthe tape and the hand-derived formulas agree: tape/closed form 0.0e+00 (at most "
                               "1e-12), tape/differences 0.0e+00 (at most 1e-07)\n"));
  report.differences = 1;
  CHECK(report.table().find("formulas DISAGREE: ") != std::string::npos);
}

namespace {

/// A network on the tape, its right closed form, and a comparison with any other.
struct Comparison {
  Tape<double> tape;
  nn::Mlp<double> mlp;
  std::vector<nn::HandLayer<double>> layers;
  nn::HandBackprop<double> right;

  Comparison(const std::vector<std::int64_t>& sizes, Activation hidden, Activation output)
      : mlp(tape, sizes, {.hidden = hidden, .output = output, .bias = 0.2, .seed = 9}) {
    Random random(5);
    const auto x = normal<double>(Shape{6, sizes.front()}, 0, 1, random),
               t = normal<double>(Shape{6, sizes.back()}, 0, 1, random);
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
      layers.push_back({value(mlp.layer(l).W), value(mlp.layer(l).b), mlp.activation(l)});
    }
    right = nn::closed_form(layers, x, t, Cost::half_squares);
    trace = mlp.trace(tape.leaf(x));
    cost = nn::half_squares(trace.a.back(), tape.leaf(t));
  }
  double difference(const nn::HandBackprop<double>& hand) const {
    return nn::compare_deltas(mlp, trace, cost, hand, 0).closed_form;
  }

 private:
  nn::Mlp<double>::Trace trace;
  Var<double> cost;
};

}  // namespace

TEST_CASE("the comparison catches a delta without the slope of its activation") {
  const Comparison net({3, 4, 4}, Activation::tanh, Activation::sigmoid);
  CHECK(net.difference(net.right) <= 1e-12);
  nn::HandBackprop<double> wrong = net.right;
  for (std::int64_t i = 0; i < wrong.delta[0].size(); ++i) {
    const double a = net.right.a[0].data()[i];
    wrong.delta[0].data()[i] /= 1 - a * a;
  }
  CHECK(net.difference(wrong) > 1e-3);
}

TEST_CASE("a delta that is wrong by a part of itself is caught however small it is") {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {2, 2}, {.output = Activation::softmax, .seed = 1});
  tape.set(mlp.layer(0).W, Tensor<double>{{20, -20}, {-20, 20}});
  const Tensor<double> x{{1, 0}, {0, 1}};
  auto hand = nn::closed_form<double>({{value(mlp.layer(0).W), value(mlp.layer(0).b), Activation::softmax}}, x, x,
                                      Cost::cross_entropy);
  const auto trace = mlp.trace(tape.leaf(x));
  const auto cost = cross_entropy(trace.z.back(), tape.leaf(x));
  CHECK(nn::compare_deltas(mlp, trace, cost, hand, 0).confirmed());
  CHECK(std::abs(hand.delta[0].at(0, 0)) < 1e-17);
  hand.delta[0].at(0, 0) *= 1 + 1e-6;
  CHECK(nn::compare_deltas(mlp, trace, cost, hand, 0).closed_form > 1e-7);
}

TEST_CASE("the comparison catches w_kj in place of w_jk") {
  const Comparison net({3, 4, 4}, Activation::tanh, Activation::sigmoid);
  nn::HandBackprop<double> wrong = net.right;
  for (std::int64_t i = 0; i < 6; ++i) {
    for (std::int64_t j = 0; j < 4; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < 4; ++k) sum += net.right.delta[1].at(i, k) * net.layers[1].W.at(k, j);
      const double a = net.right.a[0].at(i, j);
      wrong.delta[0].at(i, j) = sum * (1 - a * a);
    }
  }
  CHECK(net.difference(wrong) > 1e-3);
}

TEST_CASE("the comparison catches a1 in place of w2 in the slopes of w1 and b1") {
  const Comparison net({1, 1, 1}, Activation::sigmoid, Activation::sigmoid);
  CHECK(net.difference(net.right) <= 1e-12);
  nn::HandBackprop<double> wrong = net.right;
  const double w2 = net.layers[1].W.item();
  for (std::int64_t i = 0; i < 6; ++i) wrong.delta[0].at(i, 0) *= net.right.a[0].at(i, 0) / w2;
  CHECK(net.difference(wrong) > 1e-3);
}

TEST_CASE("the comparison catches t - a in place of a - t, and a gradient that is not summed over the batch") {
  const Comparison net({3, 4, 2}, Activation::tanh, Activation::sigmoid);
  nn::HandBackprop<double> wrong = net.right;
  for (double& d : wrong.delta[1]) d = -d;
  CHECK(net.difference(wrong) > 1e-3);
  wrong = net.right;
  for (std::int64_t j = 0; j < 4; ++j) wrong.db[0].at(j) = net.right.delta[0].at(0, j);
  CHECK(net.difference(wrong) > 1e-3);
  wrong = net.right;
  wrong.dW[0].at(2, 3) = std::nan("");
  CHECK(net.difference(wrong) > 1e-3);
}

TEST_CASE("golden: the tape gives the published first step on the digits") {
  const auto golden = test::digits_golden();
  Tape<double> tape;
  const auto W1 = tape.leaf(golden.W1), b1 = tape.leaf(golden.b1), W2 = tape.leaf(golden.W2), b2 = tape.leaf(golden.b2);
  const auto logits = matmul(sigmoid(matmul(tape.leaf(golden.x), W1) + b1), W2) + b2;
  const auto loss = cross_entropy(logits, tape.indices(golden.label), Reduction::sum);
  const auto [dW1, dW2] = gradient(loss, {W1, W2});
  const auto norm = [](const Tensor<double>& t) {
    double sum = 0;
    for (const double v : t) sum += v * v;
    return std::sqrt(sum);
  };
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-10 * std::abs(b); };
  CHECK(near(value(loss).item(), test::DigitsGolden::cross_entropy_sum));
  CHECK(near(norm(value(dW2)), test::DigitsGolden::norm_dW2));
  CHECK(near(norm(value(dW1)), test::DigitsGolden::norm_dW1));
  CHECK(near(nn::accuracy(value(logits), golden.label), test::DigitsGolden::accuracy));
}
