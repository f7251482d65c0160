#include "nn/delta/scalar_chain.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/random.hpp"
#include "nn/delta/closed_form.hpp"

namespace wengert::nn {
namespace {

using enum Activation;

/// ∂f/∂w₁ out of the matrix formulas: layers of one number, and a target one below f, so that δᴸ = σ'(zᴸ).
HandBackprop<double> as_matrices(const std::vector<ScalarLayer>& chain, double x) {
  std::vector<HandLayer<double>> layers;
  for (const auto& [w, b, activation, alpha] : chain) {
    layers.push_back({Tensor<double>(Shape{1, 1}, {w}), Tensor<double>(Shape{1}, {b}), activation, alpha});
  }
  const Tensor<double> input(Shape{1, 1}, {x});
  const double f = closed_form(layers, input, zeros(Shape{1, 1}), Cost::half_squares).a.back().item();
  return closed_form(layers, input, Tensor<double>(Shape{1, 1}, {f - 1}), Cost::half_squares);
}

/// |a - b| / |b|. doctest::Approx adds an absolute epsilon, which any two tiny numbers pass.
double relative(double a, double b) { return a == b ? 0 : std::abs(a - b) / std::abs(b); }

std::vector<ScalarLayer> random_chain(Random& random, int depth, Activation activation) {
  std::vector<ScalarLayer> chain;
  for (int l = 0; l < depth; ++l) chain.push_back({random.normal(0, 2), random.normal(), activation});
  return chain;
}

}  // namespace

TEST_CASE("F15: two sigmoids worked out on paper") {
  // x = 0 and b₁ = 0 give a₁ = 1/2; with w₂ = 1 and b₂ = 0, z₂ = 1/2 and σ'(1/2) = 0.2350037122015945
  const ScalarChain chain = scalar_chain({.w = 1}, {.w = 1}, 0);
  CHECK(relative(chain.f, 0.6224593312018546) < 1e-15);
  CHECK(chain.dw1 == 0);
  CHECK(relative(chain.db1, 0.2350037122015945 / 4) < 1e-15);
  CHECK(relative(chain.dw2, 0.2350037122015945 / 2) < 1e-15);
  CHECK(relative(chain.db2, 0.2350037122015945) < 1e-15);
}

TEST_CASE("F15: all four slopes agree with differences, so w₂ stands in ∂f/∂w₁ and not a₁") {
  const ScalarLayer first{.w = 0.7, .b = -0.2, .activation = tanh}, second{.w = -1.9, .b = 0.4};
  const double x = 1.3, h = 1e-5;
  const auto f = [&](double dw1, double db1, double dw2, double db2) {
    return scalar_chain({first.w + dw1, first.b + db1, tanh}, {second.w + dw2, second.b + db2, sigmoid}, x).f;
  };
  const ScalarChain chain = scalar_chain(first, second, x);
  CHECK(relative(chain.dw1, (f(h, 0, 0, 0) - f(-h, 0, 0, 0)) / (2 * h)) < 1e-9);
  CHECK(relative(chain.db1, (f(0, h, 0, 0) - f(0, -h, 0, 0)) / (2 * h)) < 1e-9);
  CHECK(relative(chain.dw2, (f(0, 0, h, 0) - f(0, 0, -h, 0)) / (2 * h)) < 1e-9);
  CHECK(relative(chain.db2, (f(0, 0, 0, h) - f(0, 0, 0, -h)) / (2 * h)) < 1e-9);
}

TEST_CASE("F16: the product of slopes and weights is what F1 to F13 give for layers of one number") {
  Random random(5);
  for (const Activation activation : {identity, sigmoid, tanh, relu, leaky_relu, elu}) {
    for (int depth = 1; depth <= 6; ++depth) {
      const auto chain = random_chain(random, depth, activation);
      const double x = random.normal();
      CHECK(relative(scalar_chain_slope(chain, x), as_matrices(chain, x).dW[0].item()) < 1e-12);
    }
  }
}

TEST_CASE("F16 with two layers is F15") {
  const ScalarLayer first{.w = 0.7, .b = -0.2}, second{.w = -1.9, .b = 0.4, .activation = tanh};
  const std::vector<ScalarLayer> both{first, second};
  CHECK(relative(scalar_chain_slope(both, 1.3), scalar_chain(first, second, 1.3).dw1) < 1e-15);
  CHECK(scalar_chain_slope({}, 1.3) == 0);
}

TEST_CASE("F17: sigmoids never exceed the bound, and reach it where every z is 0") {
  Random random(6);
  for (int depth = 1; depth <= 20; ++depth) {
    auto chain = random_chain(random, depth, sigmoid);
    CHECK(std::abs(scalar_chain_slope(chain, -1.5)) <= vanishing_bound(chain, -1.5));
    for (std::size_t l = 0; l < chain.size(); ++l) chain[l].b = -chain[l].w * (l == 0 ? -1.5 : 0.5);
    CHECK(relative(std::abs(scalar_chain_slope(chain, -1.5)), vanishing_bound(chain, -1.5)) < 1e-14);
  }
}

TEST_CASE("F17: the gradient vanishes with |z|, and with depth while the weights stay below 4") {
  CHECK(std::abs(scalar_chain_slope(std::vector<ScalarLayer>{{.w = 1, .b = 50}, {.w = 1}}, 1)) < 1e-21);
  CHECK(std::abs(scalar_chain_slope(std::vector<ScalarLayer>{{.w = 1, .b = -50}, {.w = 1}}, 1)) < 1e-21);
  const std::vector<ScalarLayer> deep(20, ScalarLayer{.w = 1});
  CHECK(vanishing_bound(deep, 1) == std::pow(0.25, 20));
  CHECK(scalar_chain_slope(deep, 1) < 1e-12);
  CHECK_THROWS_WITH_AS(vanishing_bound(std::vector<ScalarLayer>{{}, {.activation = tanh}}, 1),
                       doctest::Contains("vanishing_bound: layer 2 is tanh"), UsageError);
}

}  // namespace wengert::nn
