// F1 to F13 off the tape: values, slopes and cotangents against loops written here. What the closed form of nn/delta
// says stands in closed_form_test.cpp, and that both agree on random networks in compare_test.cpp.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "nn/nn.hpp"

using namespace wengert;

namespace {

double logistic(double z) { return 1 / (1 + std::exp(-z)); }
double logistic_slope(double z) { return logistic(z) * logistic(-z); }
double tanh_slope_at(double z) { return 1 / (std::cosh(z) * std::cosh(z)); }

bool near(double a, double b, double relative = 1e-13) { return a == b || std::abs(a - b) <= relative * std::abs(b); }

/// Three layers 3 -> 4 -> 5 -> 2 of tanh, sigmoid, tanh on six samples, recorded once, with all parts at hand.
struct Network {
  static constexpr std::int64_t sizes[] = {3, 4, 5, 2}, batch = 6;
  static double activate(int l, double z) { return l == 1 ? logistic(z) : std::tanh(z); }
  static double slope(int l, double z) { return l == 1 ? logistic_slope(z) : tanh_slope_at(z); }

  Tape<double> tape;
  Var<double> x, t, cost;
  std::vector<Var<double>> W, b, z, a;  ///< of layers 1, 2, 3
  Tensor<double> input, target;
  std::vector<Tensor<double>> w, bias, Z, A, delta, S;  ///< their numbers; delta and S = σ'(z) by hand

  Network() {
    Random random(11);
    input = normal<double>(Shape{batch, sizes[0]}, 0, 1, random);
    target = normal<double>(Shape{batch, sizes[3]}, 0, 1, random);
    x = tape.leaf(input);
    t = tape.leaf(target);
    Var<double> before = x;
    for (int l = 0; l < 3; ++l) {
      const auto at = static_cast<std::size_t>(l);
      w.push_back(normal<double>(Shape{sizes[l], sizes[l + 1]}, 0, 0.8, random));
      bias.push_back(normal<double>(Shape{sizes[l + 1]}, 0, 0.5, random));
      W.push_back(tape.leaf(w[at]));
      b.push_back(tape.leaf(bias[at]));
      z.push_back(matmul(before, W[at]) + b[at]);
      a.push_back(l == 1 ? sigmoid(z[at]) : tanh(z[at]));
      before = a[at];
      Z.push_back(value(z[at]));
      A.push_back(value(a[at]));
      Tensor<double> s = Z[at];
      for (double& element : s) element = slope(l, element);
      S.push_back(s);
    }
    cost = nn::half_squares(a[2], t);
    backward();
  }

  const Tensor<double>& input_of(std::size_t l) const { return l == 0 ? input : A[l - 1]; }

 private:
  /// F8 and F13.
  void backward() {
    delta.resize(3);
    for (std::size_t l = 3; l-- > 0;) {
      delta[l] = zeros({batch, sizes[l + 1]});
      for (std::int64_t n = 0; n < batch; ++n) {
        for (std::int64_t j = 0; j < sizes[l + 1]; ++j) {
          double sum = 0;
          if (l == 2) {
            sum = A[2].at(n, j) - target.at(n, j);
          } else {
            for (std::int64_t k = 0; k < sizes[l + 2]; ++k) sum += delta[l + 1].at(n, k) * w[l + 1].at(j, k);
          }
          delta[l].at(n, j) = sum * S[l].at(n, j);
        }
      }
    }
  }
};

double worst(const Tensor<double>& a, const std::function<double(std::int64_t, std::int64_t)>& expected) {
  Tensor<double> b(a.shape());
  for (std::int64_t i = 0; i < a.shape()[0]; ++i) {
    for (std::int64_t j = 0; j < a.shape()[1]; ++j) b.at(i, j) = expected(i, j);
  }
  return nn::relative_difference(a, b);
}

/// d y / d x of elements that a Jacobian names by four indices.
double entry(const Tensor<double>& jacobian, std::int64_t n, std::int64_t j, std::int64_t m, std::int64_t i) {
  return jacobian.at(n, j, m, i);
}

}  // namespace

TEST_CASE("F1: z_j is the sum over i of w_ij a_i, plus b_j") {
  const Network net;
  for (std::size_t l = 0; l < 3; ++l) {
    CHECK(worst(net.Z[l], [&](std::int64_t n, std::int64_t j) {
            double sum = net.bias[l].at(j);
            for (std::int64_t i = 0; i < Network::sizes[l]; ++i) sum += net.w[l].at(i, j) * net.input_of(l).at(n, i);
            return sum;
          }) <= 1e-14);
  }
}

TEST_CASE("F2: a_j is the layer's own activation of z_j") {
  const Network net;
  for (int l = 0; l < 3; ++l) {
    const auto at = static_cast<std::size_t>(l);
    CHECK(worst(net.A[at], [&](std::int64_t n, std::int64_t j) { return Network::activate(l, net.Z[at].at(n, j)); }) <=
          1e-15);
  }
}

TEST_CASE("F3: the output is the nested composition of all layers") {
  const Network net;
  const std::function<double(int, std::int64_t, std::int64_t)> nested = [&](int l, std::int64_t n, std::int64_t j) {
    if (l < 0) return net.input.at(n, j);
    double z = net.bias[static_cast<std::size_t>(l)].at(j);
    for (std::int64_t i = 0; i < Network::sizes[l]; ++i) {
      z += net.w[static_cast<std::size_t>(l)].at(i, j) * nested(l - 1, n, i);
    }
    return Network::activate(l, z);
  };
  CHECK(worst(net.A[2], [&](std::int64_t n, std::int64_t j) { return nested(2, n, j); }) <= 1e-14);
}

TEST_CASE("F4: the cost is half the sum of the squared errors") {
  const Network net;
  double sum = 0;
  for (std::int64_t n = 0; n < Network::batch; ++n) {
    for (std::int64_t i = 0; i < 2; ++i) sum += std::pow(net.A[2].at(n, i) - net.target.at(n, i), 2) / 2;
  }
  CHECK(near(value(net.cost).item(), sum));
}

TEST_CASE("F5: dz_j/dw_ik is a_i where k is j, and 0 elsewhere") {
  const Network net;
  for (std::size_t l = 0; l < 3; ++l) {
    const Tensor<double> J = jacobian(net.z[l], net.W[l]);
    double difference = 0;
    for (std::int64_t n = 0; n < Network::batch; ++n) {
      for (std::int64_t j = 0; j < Network::sizes[l + 1]; ++j) {
        for (std::int64_t i = 0; i < Network::sizes[l]; ++i) {
          for (std::int64_t k = 0; k < Network::sizes[l + 1]; ++k) {
            const double expected = k == j ? net.input_of(l).at(n, i) : 0;
            difference = std::max(difference, std::abs(entry(J, n, j, i, k) - expected));
          }
        }
      }
    }
    CHECK(difference == 0);
  }
}

TEST_CASE("F6: dz_j/da_i is w_ij for the same sample, and 0 for another") {
  const Network net;
  for (std::size_t l = 0; l < 3; ++l) {
    const Tensor<double> J = jacobian(net.z[l], l == 0 ? net.x : net.a[l - 1]);
    double difference = 0;
    for (std::int64_t n = 0; n < Network::batch; ++n) {
      for (std::int64_t m = 0; m < Network::batch; ++m) {
        for (std::int64_t j = 0; j < Network::sizes[l + 1]; ++j) {
          for (std::int64_t i = 0; i < Network::sizes[l]; ++i) {
            const double expected = n == m ? net.w[l].at(i, j) : 0;
            difference = std::max(difference, std::abs(entry(J, n, j, m, i) - expected));
          }
        }
      }
    }
    CHECK(difference == 0);
  }
}

TEST_CASE("F7: da_j/dz_j is the activation's slope at z_j, for the sigmoid a_j (1 - a_j)") {
  const Network net;
  for (std::size_t l = 0; l < 3; ++l) {
    const Tensor<double> J = jacobian(net.a[l], net.z[l]);
    for (std::int64_t n = 0; n < Network::batch; ++n) {
      for (std::int64_t j = 0; j < Network::sizes[l + 1]; ++j) {
        CHECK(near(entry(J, n, j, n, j), net.S[l].at(n, j), 1e-14));
        const double a = net.A[l].at(n, j);
        if (l == 1) CHECK(near(entry(J, n, j, n, j), a * (1 - a), 1e-14));
        CHECK(entry(J, n, j, n, (j + 1) % Network::sizes[l + 1]) == 0);
      }
    }
  }
}

TEST_CASE("F8: the last delta is (a_j - t_j) times the slope at z_j") {
  const Network net;
  CHECK(worst(value(gradient(net.cost, net.z[2])), [&](std::int64_t n, std::int64_t j) {
          return (net.A[2].at(n, j) - net.target.at(n, j)) * tanh_slope_at(net.Z[2].at(n, j));
        }) <= 1e-14);
}

TEST_CASE("F9: delta_j is the tape's own cotangent of z_j, in every layer, by differences of the cost") {
  Network net;
  const std::vector<Var<double>> deltas = gradient(net.cost, net.z);
  for (std::size_t l = 0; l < 3; ++l) {
    // z as a leaf, and the layers behind it again.
    const Var<double> z = net.tape.leaf(net.Z[l]);
    Var<double> a = l == 1 ? sigmoid(z) : tanh(z);
    for (std::size_t k = l + 1; k < 3; ++k) {
      const Var<double> next = matmul(a, net.W[k]) + net.b[k];
      a = k == 1 ? sigmoid(next) : tanh(next);
    }
    Program<double> cost = compile(nn::half_squares(a, net.t));
    const auto at = [&](std::int64_t n, std::int64_t j, double h) {
      Tensor<double> moved = net.Z[l];
      moved.at(n, j) += h;
      net.tape.set(z, moved);
      cost.run();
      return cost.value().item();
    };
    CHECK(worst(value(deltas[l]), [&](std::int64_t n, std::int64_t j) {
            const auto central = [&](double h) { return (at(n, j, h) - at(n, j, -h)) / (2 * h); };
            return (4 * central(1e-3) - central(2e-3)) / 3;
          }) <= 1e-9);
  }
}

TEST_CASE("F10: dC/dw_ij is a_i delta_j, summed over the samples") {
  const Network net;
  const std::vector<Var<double>> g = gradient(net.cost, net.W);
  for (std::size_t l = 0; l < 3; ++l) {
    CHECK(worst(value(g[l]), [&](std::int64_t i, std::int64_t j) {
            double sum = 0;
            for (std::int64_t n = 0; n < Network::batch; ++n) sum += net.input_of(l).at(n, i) * net.delta[l].at(n, j);
            return sum;
          }) <= 1e-13);
  }
}

TEST_CASE("F11: dC/db_j is delta_j, summed over the samples") {
  const Network net;
  const std::vector<Var<double>> g = gradient(net.cost, net.b);
  for (std::size_t l = 0; l < 3; ++l) {
    const Tensor<double> db = value(g[l]);
    for (std::int64_t j = 0; j < Network::sizes[l + 1]; ++j) {
      double sum = 0;
      for (std::int64_t n = 0; n < Network::batch; ++n) sum += net.delta[l].at(n, j);
      CHECK(near(db.at(j), sum));
    }
  }
}

TEST_CASE("F12: dz_k/dz_j of the layer before is w_jk times the slope at z_j") {
  const Network net;
  for (std::size_t l = 0; l < 2; ++l) {
    const Tensor<double> J = jacobian(net.z[l + 1], net.z[l]);
    for (std::int64_t n = 0; n < Network::batch; ++n) {
      for (std::int64_t k = 0; k < Network::sizes[l + 2]; ++k) {
        for (std::int64_t j = 0; j < Network::sizes[l + 1]; ++j) {
          CHECK(near(entry(J, n, k, n, j), net.w[l + 1].at(j, k) * net.S[l].at(n, j), 1e-14));
        }
      }
    }
  }
}

TEST_CASE("F13: delta_j is the sum over k of the next delta_k w_jk, times the slope at z_j") {
  const Network net;
  const std::vector<Var<double>> g = gradient(net.cost, net.z);
  for (std::size_t l = 0; l < 2; ++l) {
    const Tensor<double> next = value(g[l + 1]);
    CHECK(worst(value(g[l]), [&](std::int64_t n, std::int64_t j) {
            double sum = 0;
            for (std::int64_t k = 0; k < Network::sizes[l + 2]; ++k) sum += next.at(n, k) * net.w[l + 1].at(j, k);
            return sum * net.S[l].at(n, j);
          }) <= 1e-13);
  }
}
