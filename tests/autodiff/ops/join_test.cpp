// Joining, taking apart and repeating against NumPy's rules.
#include <doctest/doctest.h>

#include <limits>

#include "autodiff/ops/registry.hpp"
#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

TEST_CASE("parts are joined along an axis that is there, or along a new one") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0}), b = tape.leaf({3.0, 4.0});
  CHECK(value(concatenate({a, b, a})) == Tensor<double>{1, 2, 3, 4, 1, 2});
  CHECK(value(stack({a, b})) == Tensor<double>{{1, 2}, {3, 4}});
  CHECK(value(stack({a, b}, -1)) == Tensor<double>{{1, 3}, {2, 4}});
  CHECK(value(gradient(sum(stack({a, b, a}) * 2.0), a)) == Tensor<double>{4, 4});
  const auto m = tape.leaf(zeros({2, 3}));
  CHECK_THROWS_WITH_AS(concatenate({m, tape.leaf(zeros({1, 4}))}),
                       doctest::Contains("concatenate: axis 1 is 3 and 4, only axis 0 may differ"), ShapeError);
  CHECK_THROWS_WITH_AS(stack({a, m}), doctest::Contains("stack: the parts differ in shape: [2] and [2, 3]"),
                       ShapeError);
}
TEST_CASE("the rule of many parts is asked once, and records one node for each of those that want a gradient") {
  static OpTable<double> concatenation;
  static int asked;
  for (const Entry<double>& entry : join_entries<double>()) {
    if (entry.table->name == "concatenate") concatenation = *entry.table;
  }
  OpTable<double> counted = concatenation;
  REQUIRE(concatenation.inputs == kAnyNumber);
  counted.vjp_all = [](const void* at, Var<double> g, std::span<const Var<double>> x, Var<double> y,
                       const std::vector<bool>& wanted) {
    ++asked;
    return concatenation.vjp_all(at, g, x, y, wanted);
  };
  asked = 0;
  constexpr std::int64_t n = 1000, axis = 0;
  Tape<double> tape;
  std::vector<Var<double>> parts;
  for (std::int64_t i = 0; i < n; ++i) parts.push_back(tape.leaf(Tensor<double>{1.0 * static_cast<double>(i), 1.0}));
  const auto y = tape.append(counted, &axis, std::span<const Var<double>>(parts), Shape{2 * n}, Source::here());
  const auto seed = tape.leaf(arange(2 * n));
  NodeId before = tape.size();
  const auto all = vjp(y, parts, seed);
  CHECK(asked == 1);
  CHECK(tape.size() - before == n);
  CHECK(value(all[n - 1]) == Tensor<double>{2 * n - 2, 2 * n - 1});
  before = tape.size();
  const auto one = vjp(y, parts[7], seed);
  CHECK(asked == 2);
  CHECK(tape.size() - before == 1);
  CHECK(value(one) == Tensor<double>{14, 15});
}
TEST_CASE("a tensor is split into equal parts, at positions, or along an axis that goes") {
  Tape<double> tape;
  const auto x = tape.leaf(arange(6));
  CHECK(value(split(x, 3)[1]) == Tensor<double>{2, 3});
  const auto parts = split(x, std::vector<std::int64_t>{1, 1, 4});
  REQUIRE(parts.size() == 4);
  CHECK(parts[1].shape() == Shape{0});
  CHECK(value(parts[2]) == Tensor<double>{1, 2, 3});
  const auto rows = unbind(reshape(x, {2, 3}), 1);
  REQUIRE(rows.size() == 3);
  CHECK(value(rows[2]) == Tensor<double>{2, 5});
  CHECK_THROWS_WITH_AS(split(x, 4), doctest::Contains("axis 0 has 6 elements, no multiple of 4 parts"), ShapeError);
  const NodeId before = tape.size();
  CHECK_THROWS_WITH_AS(split(x, std::vector<std::int64_t>{4, 2}),
                       doctest::Contains("split: positions [4, 2] do not ascend within axis 0, which has 6"),
                       ShapeError);
  CHECK(tape.size() == before);
}
TEST_CASE("roll takes any shift") {
  Tape<double> tape;
  const auto x = tape.leaf(arange(5));
  CHECK(value(roll(x, 2, 0)) == Tensor<double>{3, 4, 0, 1, 2});
  CHECK(value(roll(x, -1, 0)) == Tensor<double>{1, 2, 3, 4, 0});
  CHECK(value(roll(x, 12, 0)) == value(roll(x, 2, 0)));
  CHECK(value(roll(x, 0, 0)) == arange(5));
  CHECK(roll(tape.leaf(zeros({0})), 3, 0).shape() == Shape{0});
}
TEST_CASE("pad surrounds with a constant, also an infinite one, that takes no gradient") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>{{1, 2}});
  CHECK(value(pad(x, {{1, 0}, {0, 2}})) == Tensor<double>{{0, 0, 0, 0}, {1, 2, 0, 0}});
  constexpr double inf = std::numeric_limits<double>::infinity();
  CHECK(value(pad(x, {{0, 0}, {1, 0}}, -inf)) == Tensor<double>{{-inf, 1, 2}});
  CHECK(value(gradient(max(pad(x, {{1, 1}, {1, 1}}, -inf)), x)) == Tensor<double>{{0, 1}});
  CHECK_THROWS_WITH_AS(pad(x, {{1, 0}}),
                       doctest::Contains("pad: one padding per axis is needed (given: 1, axes: 2): x is [1, 2]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(pad(x, {{1, 0}, {-1, 0}}),
                       doctest::Contains("pad: -1 and 0 elements cannot be put around axis 1: x is [1, 2]"),
                       ShapeError);
}
TEST_CASE("repeat doubles elements, tile doubles the whole") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>{{1, 2}, {3, 4}});
  CHECK(value(repeat(x, 2, 1)) == Tensor<double>{{1, 1, 2, 2}, {3, 3, 4, 4}});
  CHECK(value(repeat(x, 2, 0)) == Tensor<double>{{1, 2}, {1, 2}, {3, 4}, {3, 4}});
  CHECK(repeat(x, 0, 0).shape() == Shape{0, 2});
  CHECK(value(tile(x, {2})) == Tensor<double>{{1, 2, 1, 2}, {3, 4, 3, 4}});
  CHECK(value(tile(x, {2, 1})) == Tensor<double>{{1, 2}, {3, 4}, {1, 2}, {3, 4}});
  CHECK(tile(x, {3, 1, 1}).shape() == Shape{3, 2, 2});
  CHECK(value(gradient(sum(tile(x, {3, 2})), x)) == Tensor<double>{{6, 6}, {6, 6}});
  CHECK_THROWS_WITH_AS(repeat(x, -1, 0), doctest::Contains("repeat: -1 times"), ShapeError);
}
