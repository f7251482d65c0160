// Random numbers on the tape: pure functions of key, stream and position.
#include <doctest/doctest.h>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

TEST_CASE("element i is draw i of the key's seed, in a stream above 2^63") {
  Tape<double> tape;
  const auto key = tape.indices({7, 3});
  const auto first = uniform(key, Shape{5}, -1, 1), second = normal(key, Shape{2, 3}, 1, 2);
  Random r(7, std::uint64_t{1} << 63 | std::uint64_t{3} << 24), s(7, r.stream_id() | 1);
  for (std::int64_t i = 0; i < 5; ++i) CHECK(value(first).at(i) == r.uniform(-1, 1));
  const auto got = value(second);
  for (std::int64_t i = 0; i < 6; ++i) CHECK(got.data()[i] == s.normal(1, 2));
}
TEST_CASE("two calls differ, one key gives the same numbers in every program, a new step gives others") {
  Tape<double> tape;
  const auto key = tape.indices({1, 0});
  const auto a = uniform(key, Shape{100}), b = uniform(key, Shape{100});
  CHECK(value(a) != value(b));
  auto program = compile({a + 0.0, b + 0.0});
  program.run();
  CHECK(program.value(0) == value(a));
  const auto before = value(a);
  tape.set(key, Tensor<std::int64_t>{1, 1});
  CHECK(value(a) != before);
  tape.set(key, Tensor<std::int64_t>{1, 0});
  CHECK(value(a) == before);
}
TEST_CASE("recording again in a scope draws the same numbers") {
  Tape<double> tape;
  const auto key = tape.indices({1, 0});
  const auto outside = uniform(key, Shape{4});
  Tensor<double> first;
  for (int round = 0; round < 3; ++round) {
    const auto scope = tape.scope();
    const auto y = uniform(key, Shape{4});
    CHECK(value(y) != value(outside));
    if (round == 0) first = value(y);
    CHECK(value(y) == first);
  }
  CHECK(value(uniform(key, Shape{4})) == first);
}
TEST_CASE("B187: forward and backward drop the same elements") {
  Tape<double> tape;
  const auto key = tape.indices({42, 0});
  const auto w = tape.leaf(ones({1000}));
  const auto y = dropout(w, key, 0.25);
  const auto kept = value(y);
  // The gradient's program draws anew.
  CHECK(value(gradient(sum(y), w)) == kept);
  int zeros = 0;
  for (const double v : kept) {
    CHECK((v == 0 || v == 1 / 0.75));
    zeros += v == 0 ? 1 : 0;
  }
  CHECK(std::abs(zeros - 250) < 5 * 14);  // five deviations of the binomial distribution
}
TEST_CASE("probabilities 0 and 1 are certain, and dropping all gives zeros without NaN") {
  Tape<double> tape;
  const auto key = tape.indices({5, 0});
  CHECK(value(bernoulli(key, Shape{50}, 0)) == zeros({50}));
  CHECK(value(bernoulli(key, Shape{50}, 1)) == ones({50}));
  const auto x = tape.leaf(ones({50}));
  CHECK(value(dropout(x, key, 1)) == zeros({50}));
  CHECK(value(gradient(sum(dropout(x, key, 1)), x)) == zeros({50}));
  CHECK(value(dropout(x, key, 0)) == ones({50}));
}
TEST_CASE("a key of another shape, an empty interval, and a probability beyond 1 are refused") {
  Tape<double> tape;
  const auto key = tape.indices({5, 0});
  CHECK_THROWS_WITH_AS(uniform(tape.indices({5}), Shape{2}),
                       doctest::Contains("uniform: a key is two integers, seed and step: this is [1]"), ShapeError);
  CHECK_THROWS_WITH_AS(uniform(key, Shape{2}, 1, 1), doctest::Contains("[1, 1) is empty or not finite"), ValueError);
  CHECK_THROWS_WITH_AS(normal(key, Shape{2}, 0, -1), doctest::Contains("normal: mean 0 and deviation -1"), ValueError);
  CHECK_THROWS_WITH_AS(dropout(tape.leaf({1.0}), key, 1.5), doctest::Contains("dropout: probability 1.5 is outside"),
                       ValueError);
}
