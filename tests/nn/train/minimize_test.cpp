// Full-batch training of any loss.
#include "nn/train/minimize.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace wengert;

TEST_CASE("plain descent of x^2/2 shrinks x by 1 - rate a step, and reports the loss before each") {
  Tape<double> tape;
  const auto x = tape.leaf(8.0);
  const auto loss = 0.5 * square(x);
  const NodeId size = tape.size();
  const auto losses = nn::minimize(loss, {x}, {.method = nn::Sgd{.rate = 0.5}, .steps = 4});
  CHECK(losses == std::vector<double>{32, 8, 2, 0.5});
  CHECK(value(x).item() == 0.5);
  CHECK(tape.size() == size);
}

TEST_CASE("a schedule of the step takes the place of the rate, and Adam counts its steps from 1") {
  Tape<double> tape;
  const auto x = tape.leaf(8.0);
  nn::minimize(0.5 * square(x), {x},
               {.method = nn::Sgd{}, .steps = 2, .schedule = [](auto t) { return 1.0 / (2 << t); }});
  CHECK(value(x).item() == 8 * 0.5 * 0.75);
  const auto y = tape.leaf(0.0);
  nn::minimize(1e-6 * y, {y}, {.steps = 1});  // B092
  CHECK(std::abs(value(y).item() / -9.900990099009901e-4 - 1) < 1e-14);
}

TEST_CASE("what cannot be minimised is an error that names the line, and leaves the tape as before") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0});
  const auto squares = x * x;
  const NodeId size = tape.size();
  CHECK_THROWS_WITH_AS(nn::minimize(squares, {x}), doctest::Contains("minimize_test.cpp:"), ShapeError);
  CHECK_THROWS_AS(nn::minimize(squares, {}), UsageError);
  CHECK_THROWS_AS(nn::minimize(Var<double>(), {x}), UsageError);
  CHECK(tape.size() == size);
}
