// Linear systems and factorisations against NumPy 2, and what happens where there is no answer.
#include <doctest/doctest.h>

#include <limits>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

namespace {
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
const Tensor<double> kPositive{{4.0, 1.0, -0.5}, {1.0, 3.0, 0.8}, {-0.5, 0.8, 2.5}};
const Tensor<double> kGeneral{{0.0, 2.0, 1.0}, {1.0, -1.0, 0.5}, {3.0, 0.25, -2.0}};  // needs a pivot
const Tensor<double> kRight{{1.0, -2.0}, {0.5, 3.0}, {2.0, 0.25}};
}  // namespace

TEST_CASE("the Cholesky factor is lower triangular") {
  Tape<double> tape;
  CHECK(near(value(cholesky(tape.leaf(kPositive))),
             {Shape{3, 3}, {2, 0, 0, 0.5, 1.6583123951777, 0, -0.25, 0.5577959874688627, 1.4582056221135744}}));
}
TEST_CASE("systems are solved, with a pivot where one is needed, for vectors and for batches that broadcast") {
  Tape<double> tape;
  const auto a = tape.leaf(kGeneral), b = tape.leaf(kRight);
  const Tensor<double> x{{0.7804878048780487, 0.9268292682926831},
                         {0.3902439024390244, -1.5365853658536586},
                         {0.21951219512195125, 1.0731707317073174}};
  CHECK(near(value(solve(a, b)), x, 1e-14));
  CHECK(near(value(solve(a, tape.leaf({1.0, 0.5, 2.0}))), {0.7804878048780487, 0.3902439024390244, 0.21951219512195125},
             1e-14));
  const auto both = value(solve(stack({a, a}), b));
  CHECK(both.shape() == Shape{2, 3, 2});
  CHECK(near(value(solve(transpose(transpose(a)), flip(b, 1))), value(flip(solve(a, b), 1))));
  CHECK(near(value(inverse(a)),
             {Shape{3, 3},
              {0.18292682926829268, 0.41463414634146345, 0.19512195121951217, 0.3414634146341463, -0.29268292682926833,
               0.0975609756097561, 0.3170731707317073, 0.5853658536585367, -0.1951219512195122}}));
}
TEST_CASE("triangular systems read their triangle alone") {
  Tape<double> tape;
  Tensor<double> a = kGeneral;
  for (int i = 0; i < 3; ++i) a.at(i, i) += 4;
  const auto b = tape.leaf(kRight);
  CHECK(near(
      value(triangular_solve(tape.leaf(a), b)),
      {Shape{3, 2}, {0.25, -0.5, 0.08333333333333333, 1.1666666666666667, 0.6145833333333333, 0.7291666666666666}}));
  CHECK(near(value(triangular_solve(tape.leaf(a), b, {.lower = false})),
             {Shape{3, 2}, {0, -1.0208333333333333, 0, 0.9791666666666666, 1, 0.125}}));
  CHECK(near(value(triangular_solve(tape.leaf(kGeneral), b, {.unit_diagonal = true})),
             {Shape{3, 2}, {1, -2, -0.5, 5, -0.875, 5}}));
}
TEST_CASE("determinants, their sign and their logarithm") {
  Tape<double> tape;
  const auto a = tape.leaf(kGeneral), p = tape.leaf(kPositive);
  CHECK(near(value(det(stack({a, p}))), {10.25, 23.39}));
  const auto [sign, log_abs] = slogdet(stack({a, p, flip(a, 0)}));
  CHECK(value(sign) == Tensor<double>{1, 1, -1});
  CHECK(near(value(log_abs), {2.327277705584417, 3.1523085805960878, 2.327277705584417}));
  CHECK(std::isnan(item(logdet(flip(a, 0)))));
  const auto tiny = tape.leaf(Tensor<double>{{1e-200, 0}, {0, -1e-200}});
  CHECK(item(slogdet(tiny).first) == -1);
  CHECK(near(value(slogdet(tiny).second), Tensor<double>(-921.03403719761827)));
}
TEST_CASE("the gradient of ln det is the inverse, its Hessian minus a product of two") {
  Tape<double> tape;
  const auto a = tape.leaf(kPositive);
  CHECK(near(value(gradient(logdet(a), a)), value(inverse(a)), 1e-14 * 4));
  CHECK(near(value(gradient(2.0 * sum(log(diagonal(cholesky(a)))), a)), value(inverse(a)), 1e-13));
  const auto H = hessian(logdet(a), a);
  const auto inv = value(inverse(a));
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) CHECK(H.at(i, j, 0, 1) == doctest::Approx(-inv.at(1, i) * inv.at(j, 0)).epsilon(1e-13));
  }
}
TEST_CASE("a matrix without an answer gives NaN as a whole, its neighbours in the batch do not suffer") {
  Tape<double> tape;
  const auto singular = tape.leaf(Tensor<double>{{1, 2}, {2, 4}}), identity = tape.leaf(Tensor<double>{{1, 0}, {0, 1}});
  const auto both = stack({singular, identity});
  const Tensor<double> expected(Shape{2, 2, 2}, {kNan, kNan, kNan, kNan, 1, 0, 0, 1});
  CHECK(near(value(inverse(both)), expected));
  const auto indefinite = tape.leaf(Tensor<double>{{1, 2}, {2, 1}});
  CHECK(near(value(cholesky(stack({indefinite, identity}))), expected));
  CHECK(near(value(cholesky(stack({tape.leaf(full(Shape{2, 2}, kNan)), identity}))), expected));
  const auto flat = tape.leaf(Tensor<double>{{1, 5}, {5, 0}});
  CHECK(near(value(triangular_solve(stack({flat, identity}), identity)), expected));
  CHECK(item(det(singular)) == 0);
  CHECK(item(slogdet(singular).first) == 0);
  CHECK(item(logdet(singular)) == -kInf);
}
TEST_CASE("empty matrices and empty batches") {
  Tape<double> tape;
  CHECK(item(det(tape.leaf(zeros({0, 0})))) == 1);
  CHECK(value(inverse(tape.leaf(zeros({0, 0})))) == zeros({0, 0}));
  CHECK(value(cholesky(tape.leaf(zeros({0, 2, 2})))) == zeros({0, 2, 2}));
  CHECK(value(solve(tape.leaf(kGeneral), tape.leaf(zeros({3, 0})))) == zeros({3, 0}));
}
TEST_CASE("what is not square or does not fit is named") {
  Tape<double> tape;
  const auto a = tape.leaf(kGeneral), wide = tape.leaf(zeros({2, 3}));
  CHECK_THROWS_WITH_AS(cholesky(wide), doctest::Contains("cholesky: square matrices are needed: x is [2, 3]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(det(wide), doctest::Contains("det: square matrices are needed: x is [2, 3]"), ShapeError);
  CHECK_THROWS_WITH_AS(inverse(wide), doctest::Contains("inverse: square matrices are needed: x is [2, 3]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(solve(a, wide),
                       doctest::Contains("solve: 3 unknowns but 2 right-hand rows: a is [3, 3], b is [2, 3]"),
                       ShapeError);
}
TEST_CASE("a program with systems gives the same bits again") {
  Tape<double> tape;
  Random random(3);
  const auto a = tape.leaf(uniform<double>(Shape{4, 20, 20}, -1, 1, random));
  auto program = compile(solve(a, a));
  program.run();
  const auto first = program.value();
  program.run();
  CHECK(program.value() == first);
}
