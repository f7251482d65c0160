// Failures others met, each a requirement of its own, named by its id.
#include <doctest/doctest.h>
#include <pthread.h>

#include <cmath>
#include <limits>
#include <thread>

#include "autodiff/autodiff.hpp"

using namespace wengert;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool near(double a, double b, double relative = 1e-14) { return std::abs(a - b) <= relative * std::abs(b); }
double item(Var<double> x) { return value(x).item(); }
}  // namespace

TEST_CASE("B001: a zero cotangent that reaches a singular operation yields 0") {
  Tape<double> tape;
  const auto x = tape.leaf(0.0), y = tape.leaf(0.0);
  const auto f = maximum(sqrt(x * x + y * y), 1e-10);
  CHECK(item(f) == 1e-10);
  CHECK(item(gradient(f, x)) == 0);
  CHECK(item(gradient(f, y)) == 0);
}
TEST_CASE("B002: the branch not selected adds nothing, even where its slope is NaN") {
  Tape<double> tape;
  const auto x = tape.leaf({0.0, kInf});
  const auto y = where(x < 1, cos(x), 0);
  CHECK(value(y) == Tensor<double>{1, 0});
  CHECK(value(gradient(sum(y), x)) == Tensor<double>{0, 0});
}
TEST_CASE("B004: a NaN that was masked out does not poison the shared factor") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0, kNan}), b = tape.leaf(1.0);
  const auto s = sum(where(isnan(a), 0, a * b));
  CHECK(item(s) == 3);
  CHECK(item(gradient(s, b)) == 3);
}
TEST_CASE("B007: the distance of a point to itself has slope 0") {
  Tape<double> tape;
  const auto x = tape.leaf(-0.338093);
  const auto f = sqrt(square(x - x));
  CHECK(item(f) == 0);
  CHECK(item(gradient(f, x)) == 0);
}
TEST_CASE("B008: x^0 is constant") {
  Tape<double> tape;
  const auto x = tape.leaf({0.0, 1.0});
  const auto f = sum(pow(x, 0));
  CHECK(item(f) == 2);
  CHECK(value(gradient(f, x)) == Tensor<double>{0, 0});
}
TEST_CASE("B010: the slope of x^p at 0 follows p") {
  const double p[] = {3, 1.875, 1, 0.5, 0, -1}, slope[] = {0, 0, 1, kInf, 0, -kInf};
  for (int i = 0; i < 6; ++i) {
    Tape<double> tape;
    const auto x = tape.leaf(0.0);
    CHECK(item(gradient(pow(x, p[i]), x)) == slope[i]);
  }
}
TEST_CASE("B013, B014: integer powers keep all their derivatives") {
  Tape<double> tape;
  const auto x = tape.leaf(0.0);
  auto f = exp(-pow(x, 2));
  for (const double expected : {0.0, -2.0, 0.0, 12.0}) CHECK(item(f = gradient(f, x)) == expected);
  auto y = x + pow(x, 2) + pow(x, 3) + pow(x, 4);
  for (const double expected : {1.0, 2.0, 6.0, 24.0, 0.0}) CHECK(item(y = gradient(y, x)) == expected);
}
TEST_CASE("B016: log-sum-exp of equal huge arguments keeps a total slope of 1") {
  for (const double big : {1e10, 1e50}) {
    Tape<double> tape;
    const auto x = tape.leaf(Tensor<double>(Shape{1}, {big}));
    CHECK(near(value(gradient(log_sum_exp(concatenate({x, x})), x)).at(0), 1, 1e-15));
  }
}
TEST_CASE("B017: log1p and expm1 keep their digits near 0") {
  Tape<double> tape;
  const auto x = tape.leaf(-1e-10);
  const auto f = log(-expm1(x));
  CHECK(near(item(f), -23.025850929990457));
  CHECK(near(item(gradient(f, x)), -9999999999.5));
}
TEST_CASE("B023: a tie of max shares the gradient without inflating it") {
  Tape<double> tape;
  const auto x = tape.leaf({0.6, 0.6, 0.3});
  CHECK(value(gradient(max(x), x)) == Tensor<double>{0.5, 0.5, 0});
}
TEST_CASE("B026: abs at 0 agrees in forward and reverse mode") {
  Tape<double> tape;
  const auto x = tape.leaf(0.0);
  CHECK(item(gradient(abs(x), x)) == 0);
  CHECK(item(jvp(abs(x), x, tape.leaf(1.0))) == 0);
}
TEST_CASE("B031: relu at 0 and next to it, and its equivalent spellings") {
  Tape<float> tape;
  const auto x = tape.leaf({0.0f, 1.4e-45f, -1.4e-45f});
  for (const auto y : {relu(x), maximum(x, 0), where(x > 0, x, 0)}) {
    CHECK(value(gradient(sum(y), x)) == Tensor<float>{0, 1, 0});
  }
}
TEST_CASE("B032: sigmoid at large arguments") {
  Tape<double> tape;
  const auto x = tape.leaf({-1000.0, 1000.0});
  CHECK(value(sigmoid(x)) == Tensor<double>{0, 1});
  CHECK(value(gradient(sum(sigmoid(x)), x)) == Tensor<double>{0, 0});
}
TEST_CASE("B034, B040: slopes in the tails keep their digits") {
  Tape<double> tape;
  const auto x = tape.leaf(20.0), z = tape.leaf(-40.0);
  CHECK(near(item(gradient(tanh(x), x)), 1.6993417021166355e-17, 1e-12));
  CHECK(near(item(gradient(elu(z), z)), 4.248354255291589e-18, 1e-12));
}
TEST_CASE("B041: elu with negative alpha keys on x") {
  Tape<double> tape;
  const auto x = tape.leaf({-1.0, 1.0});
  const auto y = elu(x, -2);
  CHECK(near(value(y).at(0), 1.2642411176571153));
  CHECK(near(value(gradient(sum(y), x)).at(0), -0.73575888234288464));
  CHECK(value(gradient(sum(y), x)).at(1) == 1);
}
TEST_CASE("B046: softmax with -inf entries, and a row of nothing else") {
  Tape<double> tape;
  const auto x = tape.leaf({-kInf, 0.0, 0.0});
  CHECK(value(softmax(x)) == Tensor<double>{0, 0.5, 0.5});
  const auto none = tape.leaf({-kInf, -kInf});
  CHECK(value(softmax(none)) == Tensor<double>{0, 0});
}
TEST_CASE("B047: log-softmax backward keeps the upstream cotangent") {
  Tape<double> tape;
  const auto x = tape.leaf({0.1, 0.9});
  CHECK(near(value(log_softmax(x)).at(0), -1.1711006659477777));
  CHECK(near(value(vjp(log_softmax(x), x, tape.leaf({1.0, 1.0}))).at(0), 0.37994896225522489));
}
TEST_CASE("B049, B050, B052: broadcasts are undone in every combination") {
  Tape<double> tape;
  const auto c = tape.leaf({1.0, 1.0}), v = tape.leaf(1.0);
  CHECK(value(gradient(sum(c * v), v)) == Tensor<double>(2));
  const auto a = tape.leaf(zeros({2, 1})), b = tape.leaf(zeros({1, 3}));
  CHECK(value(gradient(sum(a + b), a)) == Tensor<double>(Shape{2, 1}, {3, 3}));
  CHECK(value(gradient(sum(a + b), b)) == Tensor<double>(Shape{1, 3}, {2, 2, 2}));
  const auto p = tape.leaf(zeros({3, 1})), q = tape.leaf(zeros({2, 3, 4}));
  CHECK(value(gradient(sum(p + q), p)) == Tensor<double>(Shape{3, 1}, {8, 8, 8}));
}
TEST_CASE("B053: a shared operand of a batched product sums over the batch") {
  Tape<double> tape;
  const auto A = tape.leaf(Tensor<double>(Shape{2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}));
  const auto B = tape.leaf(Tensor<double>{{9, 10}, {11, 12}});
  const auto [gA, gB] = gradient(sum(matmul(A, B)), {A, B});
  CHECK(value(gB) == Tensor<double>{{16, 16}, {20, 20}});
  CHECK(value(gA) == Tensor<double>(Shape{2, 2, 2}, {19, 23, 19, 23, 19, 23, 19, 23}));
}
TEST_CASE("B055: a bias gradient is summed over the batch axis only") {
  Tape<double> tape;
  const auto X = tape.leaf(ones({2, 4})), W = tape.leaf(ones({4, 3})), b = tape.leaf(zeros({3}));
  const auto delta = tape.leaf(Tensor<double>{{1, 2, 3}, {4, 5, 6}});
  CHECK(value(vjp(matmul(X, W) + b, b, delta)) == Tensor<double>{5, 7, 9});
}
TEST_CASE("B056: a strided slice deposits only where it read") {
  Tape<double> tape;
  const auto z = tape.leaf(zeros({2, 3}));
  const auto f = sum(slice(z, 0, 0, kEnd, 2) * tape.leaf({1.0, 2.0, 3.0})) +
                 sum(slice(z, 0, 1, kEnd, -2) * tape.leaf({100.0, 101.0, 102.0}));
  CHECK(value(gradient(f, z)) == Tensor<double>{{1, 2, 3}, {100, 101, 102}});
}
TEST_CASE("B058, B059: a seed must have y's shape, and is needed unless y is one number") {
  Tape<double> tape;
  const auto x = tape.leaf(ones({2, 2}));
  const auto y = x * x;
  CHECK_THROWS_WITH_AS(vjp(y, x, tape.leaf({1.0})), doctest::Contains("y has shape [2, 2] but its seed [1]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(gradient(y, x), doctest::Contains("needs one number"), ShapeError);
}
TEST_CASE("B064, B065: one tensor in both places, a node after all of its users") {
  Tape<double> tape;
  const auto X = tape.leaf(Tensor<double>(Shape{2, 1}, {1, 2}));
  CHECK(value(gradient(sum(matmul(X, transpose(X))), X)) == Tensor<double>(Shape{2, 1}, {6, 6}));
  const auto a = tape.leaf(1.0);
  const auto b = a + a, c = b + b;
  CHECK(item(gradient(c, a)) == 4);
  const auto x = tape.leaf(1.0);
  CHECK(item(gradient(x * (x * a) + x * (x * a) + (x * x) * a, x)) == 6);
}
TEST_CASE("B071: a chain of a million nodes lives and dies on a stack of 512 kB") {
  const auto chain = [](void* slope) -> void* {
    Tape<double> tape;
    const auto x = tape.leaf(1.0);
    auto y = x;
    for (int i = 0; i < 1000000; ++i) y = y + 1e-6 * y;
    *static_cast<double*>(slope) = item(gradient(y, x));
    return nullptr;
  };
  double slope = 0;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, 512 * 1024) == 0);
  pthread_t thread{};
  REQUIRE(pthread_create(&thread, &attributes, chain, &slope) == 0);
  pthread_join(thread, nullptr);
  CHECK(near(slope, 2.7182804693193769, 1e-11));
}
TEST_CASE("B082, B188: Hessians go through tensor and fused operations") {
  Tape<double> tape;
  const auto v = tape.leaf({1.0, 2.0});
  CHECK(hessian(sum(v * v), v) == Tensor<double>{{2, 0}, {0, 2}});
  const auto z = tape.leaf({0.0, 0.0});
  const auto h = hessian(cross_entropy(z, tape.indices(Tensor<std::int64_t>(1))), z);
  CHECK(h == Tensor<double>{{0.25, -0.25}, {-0.25, 0.25}});
}
TEST_CASE("B083: stop_gradient is also constant at second order") {
  Tape<double> tape;
  const auto x = tape.leaf(0.6);
  const auto q = tanh(x) + stop_gradient(1.0 - tanh(x));
  const auto first = gradient(q, x);
  CHECK(near(item(q), 1));
  CHECK(near(item(first), 0.71157776258722281));
  CHECK(near(item(gradient(first, x)), -0.76430505856579752));
}
TEST_CASE("B121: cross entropy of huge equal logits") {
  Tape<float> tape;
  const auto z = tape.leaf(Tensor<float>(Shape{1, 2}, {1e8f, 1e8f}));
  CHECK(std::abs(value(cross_entropy(z, tape.indices({1}))).item() - 0.69314718f) < 1e-7f);
}
TEST_CASE("B172: the mean of many floats along the slow axis") {
  Tape<float> tape;
  const auto x = broadcast_to(tape.leaf({1.0f, 1.0f}), Shape{20000000, 2});
  CHECK(value(mean(x, 0)) == Tensor<float>{1, 1});
}
TEST_CASE("B181: a moved-from tensor is empty and safe") {
  Tensor<double> a{1, 2, 3};
  Tensor<double> b = std::move(a);
  CHECK(b.size() == 3);
  CHECK(a.size() == 0);
  CHECK_THROWS_AS(a.at(0), ShapeError);
  a = b;
  CHECK(a == b);
}
TEST_CASE("B178: one tape per thread") {
  std::vector<double> got(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 8; ++i) {
    threads.emplace_back([i, &got] {
      for (int round = 0; round < 100; ++round) {
        Tape<double> tape;
        const auto x = tape.leaf(static_cast<double>(i));
        got[i] = item(gradient(x * sin(x), x));
      }
    });
  }
  for (auto& t : threads) t.join();
  for (std::size_t i = 0; i < 8; ++i) {
    const double x = static_cast<double>(i);
    CHECK(std::abs(got[i] - (std::sin(x) + x * std::cos(x))) < 1e-13);
  }
}
