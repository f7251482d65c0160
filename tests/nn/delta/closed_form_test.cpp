#include "nn/delta/closed_form.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/random.hpp"
#include "tests/nn/delta/random_net.hpp"

namespace wengert::nn {
namespace {

using enum Activation;
using doctest::Contains;
using test::Net;
using test::random_net;

HandBackprop<double> run(const Net& net) { return closed_form(net.layers, net.x, net.target, net.cost); }

bool has_kink(Activation activation) { return activation == relu || activation == leaky_relu || activation == elu; }

/// True if some activation sits on another side of its kink.
bool crossed(const Net& net, const HandBackprop<double>& p, const HandBackprop<double>& q) {
  for (std::size_t l = 0; l < net.layers.size(); ++l) {
    if (!has_kink(net.layers[l].activation)) continue;
    for (std::int64_t i = 0; i < p.z[l].size(); ++i) {
      if ((p.z[l].data()[i] < 0) != (q.z[l].data()[i] < 0)) return true;
    }
  }
  return false;
}

/// ∂cost/∂entry from the cost alone, by Ridders' method: central differences at halved steps, extrapolated to 0, and of
/// all extrapolations the one that its neighbours confirm best. No value if a kink is closer than 1e-5.
std::optional<double> difference(const Net& net, double& entry) {
  const double middle = entry;
  const auto at = [&](double x) {
    entry = x;
    auto out = run(net);
    entry = middle;
    return out;
  };
  double h = 0.03;
  while (crossed(net, at(middle - h), at(middle + h))) {
    if ((h /= 2) < 1e-5) return std::nullopt;
  }
  double best = 0, doubt = std::numeric_limits<double>::infinity();
  std::vector<double> before;
  for (int step = 0; step < 7; ++step, h /= 2) {
    std::vector<double> row{(at(middle + h).cost - at(middle - h).cost) / (2 * h)};
    double power = 1;
    for (std::size_t j = 0; j < before.size(); ++j) {
      power *= 4;
      row.push_back((power * row[j] - before[j]) / (power - 1));
      const double change = std::max(std::abs(row[j + 1] - row[j]), std::abs(row[j + 1] - before[j]));
      if (change < doubt) {
        doubt = change;
        best = row[j + 1];
      }
    }
    before = std::move(row);
  }
  return best;
}

struct Agreement {
  double worst = 0;  // max |closed form - difference| / max |closed form|, over the tensors
  int compared = 0, skipped = 0;
};

/// Up to `entries` of every dW and db against differences of the cost alone.
Agreement compare(Net net, Random& random, std::int64_t entries) {
  const HandBackprop<double> out = run(net);
  Agreement agreement;
  const auto check = [&](Tensor<double>& parameter, const Tensor<double>& slope) {
    double scale = 0, worst = 0;
    for (const double s : slope) scale = std::max(scale, std::abs(s));
    const auto order = random.permutation(parameter.size());
    for (std::int64_t k = 0; k < std::min(entries, parameter.size()); ++k) {
      const std::int64_t i = order.at(k);
      const auto d = difference(net, parameter.data()[i]);
      ++(d ? agreement.compared : agreement.skipped);
      if (d) worst = std::max(worst, std::abs(*d - slope.data()[i]));
    }
    if (worst != 0) agreement.worst = std::max(agreement.worst, worst / scale);
  };
  for (std::size_t l = 0; l < net.layers.size(); ++l) {
    check(net.layers[l].W, out.dW[l]);
    check(net.layers[l].b, out.db[l]);
  }
  return agreement;
}

/// |a - b| / |b|. doctest::Approx adds an absolute epsilon, which any two tiny numbers pass.
double relative(double a, double b) { return a == b ? 0 : std::abs(a - b) / std::abs(b); }

HandBackprop<double> one_number(Activation activation, double z, double target, double alpha = 1) {
  const std::vector<HandLayer<double>> layer{{ones(Shape{1, 1}), zeros(Shape{1}), activation, alpha}};
  return closed_form(layer, Tensor<double>(Shape{1, 1}, {z}), Tensor<double>(Shape{1, 1}, {target}),
                     Cost::half_squares);
}

}  // namespace

TEST_CASE("dW and db agree with differences of the cost, for every activation, cost and depth") {
  const Activation all[] = {identity, sigmoid, tanh, relu, leaky_relu, elu, softmax};
  const Cost costs[] = {Cost::half_squares, Cost::mean_squared_error, Cost::cross_entropy};
  Random random(1);
  Agreement total;
  for (const Activation hidden : all) {
    for (const Activation output : all) {
      for (const Cost cost : costs) {
        if (cost == Cost::cross_entropy && output != softmax) continue;
        for (int depth = 1; depth <= 6; ++depth) {
          CAPTURE(name_of(hidden));
          CAPTURE(name_of(output));
          CAPTURE(static_cast<int>(cost));
          CAPTURE(depth);
          const Agreement agreement = compare(random_net(random, depth, hidden, output, cost), random, 6);
          CHECK(agreement.worst <= 1e-7);
          total.worst = std::max(total.worst, agreement.worst);
          total.compared += agreement.compared;
          total.skipped += agreement.skipped;
        }
      }
    }
  }
  CHECK(total.skipped * 50 < total.compared);
  MESSAGE("largest relative difference ", total.worst, "; ", total.compared, " entries, ", total.skipped,
          " skipped at a kink");
}

TEST_CASE("F9, F11: a row of delta is the bias gradient of that sample alone") {
  Random random(2);
  const Net net = random_net(random, 4, tanh, sigmoid, Cost::half_squares);
  const auto all = run(net);
  const std::int64_t in = net.x.shape()[1], out = net.target.shape()[1];
  for (std::int64_t n = 0; n < net.x.shape()[0]; ++n) {
    const Net sample{net.layers, Tensor<double>(Shape{1, in}, net.x.data() + n * in),
                     Tensor<double>(Shape{1, out}, net.target.data() + n * out), net.cost};
    const auto alone = run(sample);
    for (std::size_t l = 0; l < net.layers.size(); ++l) {
      for (std::int64_t j = 0; j < alone.db[l].size(); ++j) CHECK(all.delta[l].at(n, j) == alone.db[l].at(j));
    }
  }
}

TEST_CASE("F1 to F4, F8, F10, F11: one linear layer worked out on paper") {
  const std::vector<HandLayer<double>> layers{{{{1, -1}, {0.5, 2}}, {0.0, 1.0}, identity}};
  const Tensor<double> x{{1, 2}}, t{{1, 1}};
  const auto half = closed_form(layers, x, t, Cost::half_squares);
  CHECK(half.z[0] == Tensor<double>{{2, 4}});
  CHECK(half.a[0] == Tensor<double>{{2, 4}});
  CHECK(half.cost == 5);
  CHECK(half.delta[0] == Tensor<double>{{1, 3}});
  CHECK(half.dW[0] == Tensor<double>{{1, 3}, {2, 6}});
  CHECK(half.db[0] == Tensor<double>{1, 3});
  const auto mean =
      closed_form(layers, Tensor<double>{{1, 2}, {1, 2}}, Tensor<double>{{1, 1}, {1, 1}}, Cost::mean_squared_error);
  CHECK(mean.cost == 5);
  CHECK(mean.delta[0] == Tensor<double>{{0.5, 1.5}, {0.5, 1.5}});
  CHECK(mean.dW[0] == Tensor<double>{{1, 3}, {2, 6}});
}

TEST_CASE("F7, F13: a hidden delta is the next one through W, times the slope, worked out on paper") {
  const std::vector<HandLayer<double>> layers{{{{1, 1, -1}}, {0.0, 1.0, 0.0}, relu},
                                              {{{1, 2}, {3, 4}, {5, 6}}, {0.0, 0.0}, identity}};
  const auto out = closed_form(layers, full(Shape{1, 1}, 2.0), Tensor<double>{{10, 17}}, Cost::half_squares);
  CHECK(out.a[0] == Tensor<double>{{2, 3, 0}});
  CHECK(out.a[1] == Tensor<double>{{11, 16}});
  CHECK(out.delta[1] == Tensor<double>{{1, -1}});
  CHECK(out.delta[0] == Tensor<double>{{-1, -1, 0}});  // 1·1 - 1·2, 1·3 - 1·4, and nothing where z < 0
  CHECK(out.dW[1] == Tensor<double>{{2, -2}, {3, -3}, {0, 0}});
  CHECK(out.dW[0] == Tensor<double>{{-2, -2, 0}});
}

TEST_CASE("F5, F6, F12: z changes by a with w, by w with a, by w σ' with the z before") {
  Random random(3);
  Net net = random_net(random, 2, sigmoid, identity, Cost::half_squares);
  const auto base = run(net);
  const double h = 1e-5;
  const auto change = [&](double& entry) {  // of z² [0, 0]
    const double middle = std::exchange(entry, entry + h);
    const double up = run(net).z[1].at(0, 0);
    entry = middle - h;
    const double down = run(net).z[1].at(0, 0);
    entry = middle;
    return (up - down) / (2 * h);
  };
  const double a = base.a[0].at(0, 0), w = net.layers[1].W.at(0, 0);
  CHECK(relative(change(net.layers[1].W.at(0, 0)), a) < 1e-9);
  CHECK(relative(change(net.layers[0].b.at(0)), w * a * (1 - a)) < 1e-9);
  net.layers.erase(net.layers.begin());
  net.x = base.a[0];
  const double up = (net.x.at(0, 0) += 1, run(net).z[0].at(0, 0)), down = base.z[1].at(0, 0);
  CHECK(relative(up - down, w) < 1e-12);
}

TEST_CASE("softmax with cross entropy: delta is (p - t)/batch, with labels as with one-hot rows") {
  const std::vector<HandLayer<double>> layer{{{{1, 0}, {0, 1}}, {0.0, 0.0}, softmax}};
  const Tensor<double> zeros_in{{0, 0}, {0, 0}};
  const auto out = closed_form(layer, zeros_in, Tensor<std::int64_t>{0, 1}, Cost::cross_entropy);
  CHECK(relative(out.cost, std::numbers::ln2) < 1e-15);
  CHECK(out.delta[0] == Tensor<double>{{-0.25, 0.25}, {0.25, -0.25}});
  const auto same = closed_form(layer, zeros_in, Tensor<double>{{1, 0}, {0, 1}}, Cost::cross_entropy);
  CHECK(same.delta[0] == out.delta[0]);
  CHECK(same.cost == out.cost);
  // far beyond what log(p) could say, where p underflows to 0
  const auto mistake = closed_form(layer, Tensor<double>{{-800, 0}}, Tensor<std::int64_t>{0}, Cost::cross_entropy);
  CHECK(mistake.cost == 800);
  CHECK(mistake.delta[0] == Tensor<double>{{-1, 1}});
}

TEST_CASE("softmax with squares goes through the full Jacobian, and keeps its digits where p is close to 1") {
  const std::vector<HandLayer<double>> layer{{{{1, 0}, {0, 1}}, {0.0, 0.0}, softmax}};
  const auto even = closed_form(layer, Tensor<double>{{0, 0}}, Tensor<double>{{1, 0}}, Cost::half_squares);
  CHECK(even.delta[0] == Tensor<double>{{-0.25, 0.25}});
  const auto sure = closed_form(layer, Tensor<double>{{40, 0}}, Tensor<double>{{0, 0}}, Cost::half_squares);
  CHECK(relative(sure.delta[0].at(0, 0), 4.248354255291589e-18) < 1e-12);
}

TEST_CASE("F7: slopes keep their digits in the tails and have the stated value at the kinks") {
  CHECK(relative(one_number(tanh, 20, 0).delta[0].item(), 1.6993417021166355e-17) < 1e-12);
  CHECK(relative(one_number(sigmoid, -40, -1).delta[0].item(), 4.248354255291589e-18) < 1e-12);
  CHECK(relative(one_number(sigmoid, 40, 0).delta[0].item(), 4.248354255291589e-18) < 1e-12);
  CHECK(relative(one_number(elu, -40, 0).delta[0].item(), -4.248354255291589e-18) < 1e-12);
  CHECK(one_number(sigmoid, -1000, -1).delta[0].item() == 0);
  CHECK(one_number(tanh, -1000, 0).delta[0].item() == 0);
  CHECK(one_number(relu, 0, -1).delta[0].item() == 0);
  CHECK(one_number(leaky_relu, 0, -1, 0.1).delta[0].item() == 1);
  CHECK(one_number(elu, 0, -1, 0.1).delta[0].item() == 1);
}

TEST_CASE("float agrees with double to its precision") {
  Random random(4);
  const Net net = random_net(random, 3, tanh, softmax, Cost::cross_entropy);
  const auto narrow = [](const Tensor<double>& from) {
    Tensor<float> to(from.shape());
    std::transform(from.begin(), from.end(), to.begin(), [](double v) { return static_cast<float>(v); });
    return to;
  };
  std::vector<HandLayer<float>> layers;
  for (const auto& layer : net.layers) layers.push_back({narrow(layer.W), narrow(layer.b), layer.activation, 0.1f});
  const auto wide = run(net);
  const auto out = closed_form(layers, narrow(net.x), narrow(net.target), net.cost);
  CHECK(relative(static_cast<double>(out.cost), wide.cost) < 1e-5);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    for (std::int64_t i = 0; i < out.dW[l].size(); ++i) {
      CHECK(std::abs(static_cast<double>(out.dW[l].data()[i]) - wide.dW[l].data()[i]) < 1e-5);
    }
  }
}

TEST_CASE("what does not fit together is refused with both shapes") {
  const std::vector<HandLayer<double>> layers{{zeros(Shape{4, 3}), zeros(Shape{3}), tanh},
                                              {zeros(Shape{3, 2}), zeros(Shape{2}), sigmoid}};
  const auto message = [](const auto& net, const Shape& x, const Shape& t, Cost cost = Cost::half_squares) {
    try {
      closed_form(net, zeros(x), zeros(t), cost);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(message(layers, {5, 4}, {5, 2}) == "no error");
  CHECK(message(std::vector<HandLayer<double>>{}, {5, 4}, {5, 2}).starts_with("closed_form: there is no layer   at "));
  CHECK(message(layers, {4}, {5, 2}).starts_with("closed_form: x is [4], not a [batch, in] with elements   at "));
  CHECK(message(layers, {0, 4}, {0, 2}).starts_with("closed_form: x is [0, 4], not"));
  CHECK(message(layers, {5, 6}, {5, 2})
            .starts_with("closed_form: inner dimensions of layer 1 differ (6 and 4): W is [4, 3] and x is 6 wide"));
  CHECK(message(layers, {5, 4}, {5, 3}).starts_with("closed_form: target is [5, 3] but the output is [5, 2]"));
  CHECK(message(layers, {5, 4}, {5, 2}, Cost::cross_entropy)
            .starts_with("closed_form: cross entropy takes the output of a softmax, but the last layer is sigmoid"));
  auto broken = layers;
  broken[1].b = zeros(Shape{3});
  CHECK(message(broken, {5, 4}, {5, 2}).starts_with("closed_form: b of layer 2 is [3] but W is [3, 2]"));
  broken[1].W = zeros(Shape{4, 3});
  CHECK(
      message(broken, {5, 4}, {5, 3})
          .starts_with("closed_form: inner dimensions of layer 2 differ (3 and 4): W is [4, 3] and the layer before"));
  CHECK_THROWS_WITH_AS(closed_form(layers, zeros(Shape{2, 4}), Tensor<std::int64_t>{0, 2}, Cost::half_squares),
                       Contains("class 2 of row 1 is outside [0, 2)"), ValueError);
}

}  // namespace wengert::nn
