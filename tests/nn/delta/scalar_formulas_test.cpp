// F14 to F17 off the tape, with numbers for layers: training steps, and the chain rule without indices.
#include <doctest/doctest.h>

#include <cmath>

#include "nn/nn.hpp"

using namespace wengert;

namespace {

double logistic(double z) { return 1 / (1 + std::exp(-z)); }
double logistic_slope(double z) { return logistic(z) * logistic(-z); }
double tanh_slope_at(double z) { return 1 / (std::cosh(z) * std::cosh(z)); }

bool near(double a, double b, double relative = 1e-13) { return a == b || std::abs(a - b) <= relative * std::abs(b); }

}  // namespace

TEST_CASE("F14: steps of w - eta dC/dw on the tape are the steps taken by hand, until the cost has converged") {
  // One linear node: C = ½ Σ (w x + b - t)², t on the line 2 x - 1.
  const double x[] = {-1, -0.5, 0.25, 1}, eta = 0.2;
  Tape<double> tape;
  const auto w = tape.leaf(0.0), b = tape.leaf(0.0);
  const auto X = tape.leaf({-1.0, -0.5, 0.25, 1.0}), t = tape.leaf({-3.0, -2.0, -0.5, 1.0});
  const auto cost = nn::half_squares(w * X + b, t);
  const auto [dw, db] = gradient(cost, {w, b});
  auto step = compile<double>({cost}, {assign(w, w - eta * dw), assign(b, b - eta * db)});
  double hand_w = 0, hand_b = 0;
  for (int i = 0; i < 200; ++i) {
    double sum_w = 0, sum_b = 0;
    for (const double at : x) {
      const double delta = hand_w * at + hand_b - (2 * at - 1);
      sum_w += delta * at;
      sum_b += delta;
    }
    hand_w -= eta * sum_w;
    hand_b -= eta * sum_b;
    step.run();
    if (i < 10) CHECK(near(value(w).item(), hand_w));
    if (i < 10) CHECK(near(value(b).item(), hand_b));
  }
  CHECK(near(value(w).item(), 2));
  CHECK(near(value(b).item(), -1));
  CHECK(step.value().item() < 1e-24);
}

TEST_CASE("F15: the scalar chain of two layers, with w2 in the slope of w1") {
  Tape<double> tape;
  const auto x = tape.leaf(0.7), w1 = tape.leaf(0.4), b1 = tape.leaf(-0.2), w2 = tape.leaf(1.3), b2 = tape.leaf(0.1);
  const auto f = sigmoid(w2 * tanh(w1 * x + b1) + b2);
  const auto [g1, gb1, g2, gb2] = gradient(f, {w1, b1, w2, b2});
  const double z1 = 0.4 * 0.7 - 0.2, a1 = std::tanh(z1), z2 = 1.3 * a1 + 0.1;
  CHECK(near(value(g1).item(), logistic_slope(z2) * 1.3 * tanh_slope_at(z1) * 0.7));
  CHECK(near(value(gb1).item(), logistic_slope(z2) * 1.3 * tanh_slope_at(z1)));
  CHECK(near(value(g2).item(), logistic_slope(z2) * a1));
  CHECK(near(value(gb2).item(), logistic_slope(z2)));
}

TEST_CASE("F16: the slope of w1 through any number of scalar layers is x times the weights times the slopes") {
  Random random(4);
  for (int depth = 1; depth <= 8; ++depth) {
    Tape<double> tape;
    const double at = random.normal();
    Var<double> a = tape.leaf(at), w1;
    double hand = at, product = at;
    for (int l = 0; l < depth; ++l) {
      const double w = random.normal(), b = random.normal(), z = w * hand + b;
      const Var<double> weight = tape.leaf(w);
      if (l == 0) w1 = weight;
      if (l != 0) product *= w;
      a = l % 2 == 0 ? sigmoid(weight * a + b) : tanh(weight * a + b);
      product *= l % 2 == 0 ? logistic_slope(z) : tanh_slope_at(z);
      hand = l % 2 == 0 ? logistic(z) : std::tanh(z);
    }
    CAPTURE(depth);
    CHECK(near(value(gradient(a, w1)).item(), product));
  }
}

TEST_CASE("F17: the slope of w1 through sigmoids vanishes with |z| and stays below x times the weights over 4^L") {
  const auto slope = [](int depth, double weight, double bias) {
    Tape<double> tape;
    const auto w1 = tape.leaf(weight);
    Var<double> a = sigmoid(w1 * 1.5 + bias);
    for (int l = 1; l < depth; ++l) a = sigmoid(weight * a + bias);
    return value(gradient(a, w1)).item();
  };
  for (int depth = 1; depth <= 20; ++depth) {
    for (const double weight : {0.5, 1.0, 3.0, -2.0}) {
      const double bound = 1.5 * std::pow(std::abs(weight), depth - 1) / std::pow(4, depth);
      CHECK(std::abs(slope(depth, weight, 0.3)) <= bound);
    }
  }
  CHECK(near(slope(1, 1, -1.5), 1.5 / 4));  // z = 0, where the bound is reached
  CHECK(near(slope(2, 1, 50), 1.5 * logistic_slope(51.5) * logistic_slope(51)));
  CHECK(slope(2, 1, 50) < 1e-42);
  CHECK(slope(2, 1, -50) < 1e-41);
  CHECK(slope(20, 1, 0) < 1e-12);
}
