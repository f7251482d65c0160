// NLopt on programs of ours.
#include "nn/solve/nlopt.hpp"

#include <doctest/doctest.h>

#include "tests/nn/solve/problems.hpp"

using namespace wengert;

TEST_CASE("NLopt's L-BFGS and SLSQP reach the minimum of Rosenbrock's function") {
  for (const char* algorithm : {"LD_LBFGS", "LD_SLSQP"}) {
    CAPTURE(algorithm);
    test::Rosenbrock<double> problem;
    const auto found = nn::minimize_nlopt(problem.loss, {problem.x}, {.algorithm = algorithm});
    CHECK(found.converged);
    CHECK(found.value < 1e-20);
    CHECK(found.value == value(problem.loss).item());
    CHECK(found.evaluations < 100);
    CHECK(test::largest_difference(value(problem.x), ones({2})) < 1e-9);
  }
}

TEST_CASE("NLopt minimises in float what it sees in double") {
  test::Rosenbrock<float> problem;
  CHECK(nn::minimize_nlopt(problem.loss, {problem.x}).value < 1e-6);
}

TEST_CASE("NLopt trains a network of several leaves down to its data") {
  test::SmallNetwork problem;
  const auto found = nn::minimize_nlopt(problem.loss, problem.mlp.parameters(), {.evaluations = 3000});
  CHECK(found.value < 1e-6);
  CHECK(found.value == value(problem.loss).item());
}

TEST_CASE("NLopt keeps the parameters within their bounds") {
  test::Rosenbrock<double> problem;
  nn::minimize_nlopt(problem.loss, {problem.x}, {.lower = {-2}, .upper = {0.5, 2}});
  CHECK(test::largest_difference(value(problem.x), Tensor<double>{0.5, 0.25}) < 1e-6);
}

TEST_CASE("NLopt's SLSQP keeps constraints: the nearest point of a circle, and of a disc") {
  Tape<double> tape;
  const auto x = tape.leaf({0.5, 0.5});
  const auto distance = sum(square(x - tape.leaf({3.0, 4.0}))), beyond = sum(square(x)) - 4.0;
  for (const bool inside : {false, true}) {
    nn::NloptOptions<double> options{.algorithm = "LD_SLSQP"};
    (inside ? options.at_most_zero : options.zero).push_back(beyond);
    tape.set(x, {0.5, 0.5});
    const auto found = nn::minimize_nlopt(distance, {x}, options);
    CHECK(found.converged);
    CHECK(std::abs(found.value - 9) < 1e-7);
    CHECK(test::largest_difference(value(x), Tensor<double>{1.2, 1.6}) < 1e-7);
  }
  CHECK_THROWS_WITH_AS(nn::minimize_nlopt(distance, {x}, {.zero = {beyond}}),
                       doctest::Contains("minimize_nlopt: NLopt's LD_LBFGS failed: "), ValueError);
}

TEST_CASE("what a loss throws comes through NLopt, and the parameters are as before") {
  test::OutOfRange problem;
  CHECK_THROWS_WITH_AS(nn::minimize_nlopt(problem.loss, {problem.w}), doctest::Contains("take: "), ValueError);
  CHECK(value(problem.w) == ones({3}));
}

TEST_CASE("NLopt that gives up says so in a sentence, the best point kept") {
  test::Rosenbrock<double> problem;
  const double before = value(problem.loss).item();
  const auto few = nn::minimize_nlopt(problem.loss, {problem.x}, {.evaluations = 5});
  CHECK_FALSE(few.converged);
  CHECK(few.reason == "all evaluations were used up");
  CHECK(few.value < before);

  Tape<double> tape;
  const auto x = tape.leaf(1.0);
  const auto lost = nn::minimize_nlopt(log(-1.0 - x * x), {x});  // NaN wherever it looks
  CHECK_FALSE(lost.converged);
  CHECK(lost.reason.starts_with("the loss is NaN where the solver stopped ("));

  const auto uphill = nn::minimize_nlopt(2.0 * stop_gradient(x * x) - x * x, {x});
  CHECK_FALSE(uphill.converged);
  CHECK(uphill.reason.starts_with("NLopt's LD_LBFGS failed: "));
}

TEST_CASE("NLopt's unknown algorithms and refused bounds are errors that name the line") {
  test::Rosenbrock<double> problem;
  CHECK_THROWS_WITH_AS(nn::minimize_nlopt(problem.loss, {problem.x}, {.algorithm = "LD_NONE"}),
                       doctest::Contains("minimize_nlopt: NLopt knows no algorithm \"LD_NONE\"   at nlopt_test.cpp:"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::minimize_nlopt(problem.loss, {problem.x}, {.lower = {0, 0, 0}}),
                       doctest::Contains("one bound for all elements or one each is needed (given: 3, elements: 2)"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::minimize_nlopt(problem.loss, {problem.x}, {.lower = {5}, .upper = {6}}),
                       doctest::Contains("NLopt's LD_LBFGS failed: bounds 0 fail 5 <= -1.2 <= 6"), ValueError);
}
