// Ceres on programs of ours.
#include "nn/solve/ceres.hpp"

#include <doctest/doctest.h>

#include "tests/nn/solve/problems.hpp"

using namespace wengert;

TEST_CASE("each direction of Ceres goes down Rosenbrock's function, L-BFGS and BFGS to its minimum") {
  for (const char* direction : {"LBFGS", "BFGS", "NONLINEAR_CONJUGATE_GRADIENT", "STEEPEST_DESCENT"}) {
    CAPTURE(direction);
    test::Rosenbrock<double> problem;
    const auto found = nn::minimize_ceres(problem.loss, {problem.x}, {.direction = direction});
    CHECK(found.value == value(problem.loss).item());
    CHECK(found.value < 0.1);
    if (!std::string(direction).ends_with("BFGS")) continue;
    CHECK(found.converged);
    CHECK(found.evaluations < 100);
    CHECK(test::largest_difference(value(problem.x), ones({2})) < 1e-9);
  }
}

TEST_CASE("Ceres trains a network of several leaves down to its data") {
  test::SmallNetwork problem;
  const auto found = nn::minimize_ceres(problem.loss, problem.mlp.parameters(), {.iterations = 3000});
  CHECK(found.value < 1e-6);
  CHECK(found.value == value(problem.loss).item());
}

TEST_CASE("what a loss throws comes through Ceres, and the parameters are as before") {
  test::OutOfRange problem;
  CHECK_THROWS_WITH_AS(nn::minimize_ceres(problem.loss, {problem.w}), doctest::Contains("take: "), ValueError);
  CHECK(value(problem.w) == ones({3}));
}

TEST_CASE("Ceres that gives up says so in a sentence, the best point kept") {
  test::Rosenbrock<double> problem;
  const double before = value(problem.loss).item();
  const auto few = nn::minimize_ceres(problem.loss, {problem.x}, {.iterations = 3});
  CHECK_FALSE(few.converged);
  CHECK(few.reason.find("Maximum number of iterations") != std::string::npos);
  CHECK(few.value < before);

  Tape<double> tape;
  const auto x = tape.leaf(1.0);
  const auto lost = nn::minimize_ceres(log(-1.0 - x * x), {x});  // NaN wherever it looks
  CHECK_FALSE(lost.converged);
  CHECK(lost.reason.starts_with("the loss is NaN where the solver stopped ("));
}

TEST_CASE("Ceres' unknown directions and refused options are errors that name the line") {
  test::Rosenbrock<double> problem;
  CHECK_THROWS_WITH_AS(nn::minimize_ceres(problem.loss, {problem.x}, {.direction = "UP"}),
                       doctest::Contains("minimize_ceres: Ceres knows no direction \"UP\"   at ceres_test.cpp:"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::minimize_ceres(problem.loss, {problem.x}, {.iterations = -1}),
                       doctest::Contains("max_num_iterations"), ValueError);
}
