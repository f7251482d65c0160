// Losses, precision, sizes and element types.
#include <doctest/doctest.h>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

template <class A, class B>
concept Subtractable = requires(A a, B b) {
  a - b;
};

}  // namespace

TEST_CASE("B121: cross entropy of huge equal logits") {
  Tape<float> tape;
  const auto z = tape.leaf(Tensor<float>(Shape{1, 2}, {1e8f, 1e8f}));
  const auto loss = cross_entropy(z, tape.indices({1}));
  CHECK(std::abs(value(loss).item() - 0.69314718f) < 1e-7f);
  CHECK(value(gradient(loss, z)) == Tensor<float>{{0.5f, -0.5f}});
}

TEST_CASE("B122: the reduction of cross entropy scales its gradient") {
  Tape<double> tape;
  const auto z = tape.leaf(zeros({2, 2}));
  const auto labels = tape.indices({0, 1});
  const auto each = cross_entropy(z, labels, Reduction::none);
  CHECK(value(gradient(cross_entropy(z, labels), z)) == Tensor<double>{{-0.25, 0.25}, {0.25, -0.25}});
  CHECK(value(gradient(cross_entropy(z, labels, Reduction::sum), z)) == Tensor<double>{{-0.5, 0.5}, {0.5, -0.5}});
  CHECK(value(vjp(each, z, tape.leaf({1.0, 3.0}))) == Tensor<double>{{-0.5, 0.5}, {1.5, -1.5}});
}

TEST_CASE("B127: in the Kullback-Leibler divergence 0 against 0 is 0 and more against 0 is infinite") {
  const auto divergence = [](auto x) { return sum(chain(x[0], log(x[0]) - log(x[1]))); };
  for (const auto& a : every_way(divergence, {Tensor<double>{0.5, 0.5, 0}, Tensor<double>{0.5, 0.5, 0}})) {
    CAPTURE(a.way);
    CHECK(a.y.item() == 0);
  }
  for (const auto& a : every_way(divergence, {Tensor<double>{0.3, 0.3, 0.4}, Tensor<double>{0.5, 0.5, 0}})) {
    CAPTURE(a.way);
    CHECK(a.y.item() == kInf);
  }
}

TEST_CASE("B172: the mean of many floats along the slow axis") {
  Tape<float> tape;
  const auto x = broadcast_to(tape.leaf({1.0f, 1.0f}), Shape{20000000, 2});
  CHECK(value(mean(x, 0)) == Tensor<float>{1, 1});
}

TEST_CASE("B173: a variance is not the difference of two large numbers") {
  const auto variance = [](auto x) { return mean(square(x[0] - mean(x[0]))); };
  for (const auto& a : every_way(variance, {Tensor<double>{1e9, 1e9 + 1, 1e9 + 2}})) {
    CAPTURE(a.way);
    CHECK(near(a.y.item(), 2.0 / 3));
  }
  for (const auto& a : every_way<float>(variance, {Tensor<float>{10000, 10001, 10002}})) {
    CAPTURE(a.way);
    CHECK(near(a.y.item(), 2.0 / 3, 1e-6));
  }
}

TEST_CASE("products of rows of ten million floats keep the digits of a float") {
  constexpr std::int64_t n = 10000000;
  Tape<float> tape;
  Random random(3);
  const auto numbers = uniform<float>(Shape{n}, 0.0f, 1.0f, random);
  double exact = 0;
  for (const float v : numbers) exact += static_cast<double>(v) * static_cast<double>(v);
  const auto x = tape.leaf(numbers), row = reshape(x, {1, n}), column = reshape(x, {n, 1});
  for (const auto product :
       {dot(x, x), sum(matmul(row, column)), slice(reshape(matmul(broadcast_to(row, {3, n}), column), {3}), 0, 2, 3)}) {
    CHECK(std::abs(static_cast<double>(value(sum(product)).item()) - exact) < 1e-6 * exact);
  }
}

TEST_CASE("running results over a million floats keep the digits of a float") {
  constexpr std::int64_t n = 1000000;
  Tape<float> tape;
  Random random(3);
  const auto numbers = uniform<float>(Shape{n}, 0.0f, 1.0f, random);
  double sum_exact = 0, exponentials = 0, product = 1;
  for (const float v : numbers) {
    sum_exact += static_cast<double>(v);
    exponentials += std::exp(static_cast<double>(v));
    product *= static_cast<double>(1 + (v - 0.5f) / 1024);
  }
  const auto x = tape.leaf(numbers);
  const auto last = [](auto y) { return static_cast<double>(value(slice(y, 0, -1)).item()); };
  CHECK(std::abs(last(cumsum(x, 0)) - sum_exact) < 1e-7 * sum_exact);
  CHECK(std::abs(last(logcumsumexp(x, 0)) - std::log(exponentials)) < 1e-7 * std::log(exponentials));
  CHECK(std::abs(last(cumprod(1.0f + (x - 0.5f) / 1024.0f, 0)) - product) < 1e-7 * product);
  CHECK(std::abs(last(logcumsumexp(tape.leaf({0.0f, -30.0f}), 0)) - std::exp(-30.0)) < 1e-7 * std::exp(-30.0));
}

TEST_CASE("B175: more than 2^31 elements are counted and summed") {
  const Shape shape{3118080000};
  CHECK(shape.size() == 3118080000);
  Tape<double> tape;
  CHECK(value(sum(broadcast_to(tape.leaf(1.0), shape))).item() == 3118080000.0);
}

TEST_CASE("B196: float and double do not mix, so no leaf changes its type on the way") {
  static_assert(Subtractable<Var<double>, Var<double>> && Subtractable<Var<float>, Var<float>>);
  static_assert(!Subtractable<Var<float>, Var<double>> && !Subtractable<Var<double>, Var<float>>);
  static_assert(std::is_same_v<decltype(gradient(Var<float>(), Var<float>())), Var<float>>);
  Tape<float> tape;
  const auto x = tape.leaf(1.0f);
  CHECK(value(gradient(mean(square(x - 3.0)), x)).item() == -4);  // a plain number takes the type of the Var
}
