// Products of vectors, matrices and tensors against NumPy 2.
#include <doctest/doctest.h>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

namespace {
const Tensor<double> kA{{1.0, 2.0, -1.0}, {0.5, -0.25, 3.0}};
const Tensor<double> kB{{2.0, -1.0}, {0.5, 4.0}, {1.5, -2.0}};
}  // namespace

TEST_CASE("matmul takes vectors on both sides and names both operands when it refuses") {
  Tape<double> tape;
  const auto a = tape.leaf(kA), v = tape.leaf({1.0, 2.0, 3.0}), w = tape.leaf({1.0, -1.0});
  CHECK(value(matmul(a, v)) == Tensor<double>{2, 9});
  CHECK(value(matmul(w, a)) == Tensor<double>{0.5, 2.25, -4});
  CHECK(item(matmul(v, v)) == 14);
  const auto batch = tape.leaf(numbers());
  CHECK(value(matmul(v, batch)).shape() == Shape{2, 4});
  CHECK(near(value(matmul(v, batch)), {Shape{2, 4}, {5.2, 4.7, 0.5, -3.3, -4.5, 1.1, 4.7, 1.5}}, 1e-13));
  const NodeId before = tape.size();
  CHECK_THROWS_WITH_AS(
      matmul(v, a), doctest::Contains("matmul: inner dimensions differ (3 and 2): a is [3], b is [2, 3]"), ShapeError);
  CHECK(tape.size() == before);
}
TEST_CASE("outer, inner, vdot, kron, trace") {
  Tape<double> tape;
  const auto a = tape.leaf(kA), b = tape.leaf(kB), v = tape.leaf({1.0, -2.0});
  CHECK(value(outer(a, v)) == Tensor<double>{{1, -2}, {2, -4}, {-1, 2}, {0.5, -1}, {-0.25, 0.5}, {3, -6}});
  CHECK(value(inner(a, a)) == Tensor<double>{{6, -3}, {-3, 9.3125}});
  CHECK(item(inner(v, v)) == 5);
  CHECK(item(vdot(a, b)) == 2 - 2 - 0.5 + 2 - 0.375 - 6);
  CHECK(value(kron(v, a)) == Tensor<double>{{1, 2, -1, -2, -4, 2}, {0.5, -0.25, 3, -1, 0.5, -6}});
  const auto k = value(kron(a, b));
  CHECK(k.shape() == Shape{6, 6});
  CHECK(k.at(4, 5) == 12);
  CHECK(k.at(5, 4) == 4.5);
  CHECK(item(trace(matmul(a, b))) == 1.5 - 7.5);
  CHECK(value(trace(tape.leaf(ones({4, 3, 3})), 1)) == Tensor<double>{2, 2, 2, 2});
  CHECK_THROWS_WITH_AS(vdot(a, v), doctest::Contains("vdot: 6 and 2 elements: a is [2, 3], b is [2]"), ShapeError);
}
TEST_CASE("tensordot contracts pairs of axes") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers()), a = tape.leaf(kA), b = tape.leaf(kB);
  CHECK(near(value(tensordot(x, transpose(x, {1, 2, 0}), {1, 2}, {0, 1})),
             Tensor<double>{{16.79, -8.32}, {-8.32, 19.35}}));
  CHECK(value(tensordot(a, b, 1)) == Tensor<double>{{1.5, 9}, {5.375, -7.5}});
  CHECK(value(tensordot(a, a)).item() == 15.3125);
  CHECK(tensordot(a, b, 0).shape() == Shape{2, 3, 3, 2});
  CHECK_THROWS_WITH_AS(tensordot(a, b, {0}, {0}),
                       doctest::Contains("tensordot: axis 0 of a is 2 but axis 0 of b is 3: a is [2, 3], b is [3, 2]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(tensordot(a, b, {0, 1}, {0}), doctest::Contains("2 axes of a against 1 of b"), ShapeError);
}
TEST_CASE("a product of many matrices takes the cheapest order") {
  Tape<double> tape;
  const auto a = tape.leaf(kA), b = tape.leaf(kB);
  CHECK(near(value(multi_dot({a, b, a, b})), Tensor<double>{{50.625, -54}, {-32.25, 104.625}}));
  // Cormen et al., exercise 15.2-1 in small: a column on the right makes every product one with a vector.
  const auto big = tape.leaf(ones({20, 20}));
  const auto column = tape.leaf(ones({20}));
  const NodeId before = tape.size();
  const auto y = multi_dot({big, big, big, column});
  CHECK(y.shape() == Shape{20});
  CHECK(value(y).at(0) == 8000);
  for (NodeId id = before; id < tape.size(); ++id) CHECK(tape.shape(id).size() <= 20);
  CHECK_THROWS_WITH_AS(multi_dot({a, a}), doctest::Contains("inner dimensions of factors 0 and 1 differ (3 and 2)"),
                       ShapeError);
}
TEST_CASE("einsum computes what NumPy computes") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers()), a = tape.leaf(kA), b = tape.leaf(kB);
  const auto m = tape.leaf(Tensor<double>{{4.0, 1.0, -0.5}, {1.0, 3.0, 0.8}, {-0.5, 0.8, 2.5}});
  CHECK(item(einsum("ii", {m})) == 9.5);
  CHECK(value(einsum("ii->i", {m})) == Tensor<double>{4, 3, 2.5});
  CHECK(value(einsum("ba", {a})) == value(transpose(a)));
  CHECK(near(value(einsum("bij,bkj->bik", {x, x})), {Shape{2, 3, 3},
                                                     {6.02, -2.96, -1.83, -2.96, 7.02, 1.27, -1.83, 1.27, 3.75, 7.69,
                                                      -4.94, 2.82, -4.94, 6.15, -2.77, 2.82, -2.77, 5.51}}));
  CHECK(near(value(einsum("bij,j->i", {x, tape.leaf({1.0, 2.0, 3.0, 4.0})})), {6.2, 0.2, 4.7}, 1e-14 * 64));
  CHECK(near(value(einsum("ij, jk, k -> i", {a, b, tape.leaf({1.0, -1.0})})), {-7.5, 12.875}));
  CHECK(
      near(value(einsum("...j,...j", {x, slice(x, 0, 0, 1)})), {Shape{2, 3}, {6.02, 7.02, 3.75, -2.86, -3.58, -1.88}}));
  CHECK(item(einsum("ij,ij->", {a, a})) == 15.3125);
  CHECK(value(einsum("i,j->ji", {tape.leaf({1.0, 2.0}), tape.leaf({3.0, 4.0, 5.0})})) ==
        Tensor<double>{{3, 6}, {4, 8}, {5, 10}});
  CHECK(value(einsum("iji->j", {tape.leaf(reshaped(arange(18), Shape{3, 2, 3}))})) == Tensor<double>{21, 30});
  CHECK(item(einsum(",->", {tape.leaf(3.0), tape.leaf(4.0)})) == 12);
}
TEST_CASE("a contraction by einsum is one matrix product") {
  Tape<double> tape;
  const auto x = tape.leaf(ones({2, 3, 4})), y = tape.leaf(ones({4, 2, 5}));
  int products = 0;
  for (const UnitInfo& unit : compile(einsum("abc,cad->bd", {x, y})).units()) products += unit.product ? 1 : 0;
  CHECK(products == 1);
  CHECK(value(einsum("abc,cad->bd", {x, y})) == full(Shape{3, 5}, 8.0));
}
TEST_CASE("einsum names the letter and its sizes, and leaves the tape as it was") {
  Tape<double> tape;
  const auto a = tape.leaf(kA), b = tape.leaf(kB);
  const NodeId before = tape.size();
  const auto refused = [&](const char* text, const char* words) {
    CHECK_THROWS_WITH_AS(einsum(text, {a, b}), doctest::Contains(words), ShapeError);
    CHECK(tape.size() == before);
  };
  refused("ij,ik->jk", "einsum: 'i' is 2 and 3: \"ij,ik->jk\" of [2, 3], [3, 2]   at contract_test.cpp");
  refused("ij,jk->im", "'m' of the result is in no operand");
  refused("ij,jk->ii", "'i' is twice in the result");
  refused("ij->ij", "the text names 1 operands, 2 were given");
  refused("ijk,jk->i", "\"ijk\" names 3 axes but operand 0 is [2, 3]");
  refused("i1,jk->i", "'1' in \"i1\" is no letter");
  refused("i...,...", "do not broadcast (3 and 2)");
}
