// Edge values of activations.
#include <doctest/doctest.h>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

/// ln(1 + e^x) out of pieces with kinks at 0 that cancel.
template <class T>
Var<T> softplus_of_pieces(Var<T> x) {
  return 0.5 * (x + abs(x)) + log1p(exp(-abs(x)));
}

}  // namespace

TEST_CASE("B031: relu at 0 and next to it, and its equivalent spellings") {
  const auto relu_itself = [](auto x) { return relu(x[0]); };
  const auto as_maximum = [](auto x) { return maximum(x[0], 0); };
  const auto as_where = [](auto x) { return where(x[0] > 0, x[0], 0); };
  const auto check = [](auto f) {
    for (const auto& a : every_way<float>(f, {Tensor<float>{0.0f, 1.4e-45f, -1.4e-45f}})) {
      CAPTURE(a.way);
      CHECK(a.y == Tensor<float>{0, 1.4e-45f, 0});
      CHECK(a.g[0] == Tensor<float>{0, 1, 0});
    }
  };
  check(relu_itself);
  check(as_maximum);
  check(as_where);
}

TEST_CASE("B032: sigmoid at large arguments") {
  const auto f = [](auto x) { return sigmoid(x[0]); };
  for (const auto& a : every_way(f, {Tensor<double>{-1000, 1000}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{0, 1});
    CHECK(a.g[0] == Tensor<double>{0, 0});
  }
  for (const auto& a : every_way<float>(f, {number(-548.3162f)})) {
    CAPTURE(a.way);
    CHECK(a.y.item() == 0);
    CHECK(a.g[0].item() == 0);
  }
}

TEST_CASE("B034: the slope of tanh keeps its digits where y is 1") {
  for (const auto& a : every_way([](auto x) { return tanh(x[0]); }, {number(20.0)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), 1.6993417021166355e-17, 1e-12));
  }
}

TEST_CASE("B035: the curvature of log-sigmoid is even") {
  const auto slope = [](auto x) { return gradient(-softplus_of_pieces(-x[0]), x[0]); };
  for (const auto& a : every_way(slope, {Tensor<double>(40)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), -4.248354255291589e-18));
  }
  for (const auto& a : every_way(slope, {Tensor<double>(-40)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), -4.248354255291589e-18));
  }
}

TEST_CASE("B037: softplus built from pieces with kinks has slope 1/2 at 0") {
  for (const auto& a : every_way([](auto x) { return softplus_of_pieces(x[0]); }, {number(0.0)})) {
    CAPTURE(a.way);
    CHECK(near(a.y.item(), 0.69314718055994531));
    CHECK(a.g[0].item() == 0.5);
  }
  const auto log_add_exp = [](auto x) { return maximum(x[0], x[1]) + log1p(exp(-abs(x[0] - x[1]))); };
  for (const auto& a : every_way(log_add_exp, {number(0.0), number(0.0)})) {
    CAPTURE(a.way);
    CHECK(near(a.y.item(), 0.69314718055994531));
    CHECK(a.g[0].item() == 0.5);
    CHECK(a.g[1].item() == 0.5);
  }
}

TEST_CASE("B038: the curvature of softplus in the far tail") {
  const auto slope = [](auto x) { return gradient(softplus_of_pieces(x[0]), x[0]); };
  for (const auto& a : every_way(slope, {number(37.42994775023705)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), 5.551115123125775e-17));
  }
}

TEST_CASE("B040: the slope of elu in the negative tail does not come from y + alpha") {
  for (const auto& a : every_way([](auto x) { return elu(x[0]); }, {number(-40.0)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), 4.248354255291589e-18));
  }
}

TEST_CASE("B041: elu with negative alpha keys on x") {
  for (const auto& a : every_way([](auto x) { return elu(x[0], -2); }, {Tensor<double>{-1, 1}})) {
    CAPTURE(a.way);
    CHECK(near(a.y.at(0), 1.2642411176571153));
    CHECK(a.y.at(1) == 1);
    CHECK(near(a.g[0].at(0), -0.73575888234288464));
    CHECK(a.g[0].at(1) == 1);
  }
}

TEST_CASE("B046: softmax with -inf entries, and a row of nothing else") {
  const auto f = [](auto x) { return softmax(x[0]) * x[1]; };
  for (const auto& a : every_way(f, {Tensor<double>{-kInf, 0, 0}, Tensor<double>{1, 2, 4}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{0, 1, 2});
    CHECK(a.g[0] == Tensor<double>{0, -0.5, 0.5});
  }
  for (const auto& a : every_way(f, {Tensor<double>{-kInf, -kInf}, Tensor<double>{1, 2}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{0, 0});
    CHECK(a.g[0] == Tensor<double>{0, 0});
  }
}

TEST_CASE("B047: log-softmax backward keeps the upstream cotangent") {
  for (const auto& a : every_way([](auto x) { return log_softmax(x[0]); }, {Tensor<double>{0.1, 0.9}})) {
    CAPTURE(a.way);
    CHECK(near(a.y.at(0), -1.1711006659477777));
    CHECK(near(a.y.at(1), -0.37110066594777773));
    CHECK(near(a.g[0].at(0), 0.37994896225522489));
    CHECK(near(a.g[0].at(1), -0.37994896225522489));
  }
}
