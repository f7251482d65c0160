// A loss as one function of one row of numbers.
#include "nn/solve/value_and_gradient.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace wengert;

TEST_CASE("value and gradient go through one row, parameter after parameter") {
  Tape<double> tape;
  const auto a = tape.leaf({{1, 2}, {3, 4}}), b = tape.leaf(5.0);
  const auto loss = sum(a * a) * b;
  const NodeId size = tape.size();
  nn::ValueAndGradient<double> f(loss, {b, a});
  CHECK(tape.size() == size);  // the gradient does not stay on the tape
  CHECK(f.x() == std::vector<double>{5, 1, 2, 3, 4});
  std::vector<double> g(5);
  CHECK(f(std::vector<double>{2, 1, 1, 1, 3}, g) == 24);
  CHECK(g == std::vector<double>{12, 4, 4, 4, 12});
  CHECK(value(a) == Tensor<double>{{1, 1}, {1, 3}});
  CHECK(f(std::vector<double>{0, 1, 1, 1, 1}, {}) == 0);
}

TEST_CASE("value and gradient in float round x and nothing else") {
  Tape<float> tape;
  const auto x = tape.leaf(0.0f);
  nn::ValueAndGradient<float> f(x * x, {x});
  double g = 0;
  CHECK(f(std::vector<double>{0.1}, {&g, 1}) == 0.1f * 0.1f);
  CHECK(g == 0.2f);
}

TEST_CASE("what is no loss, no leaf or no row of that length is an error that names the line") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0});
  const auto make = [](Var<double> loss, std::vector<Var<double>> wrt) {
    return nn::ValueAndGradient<double>(loss, std::move(wrt));
  };
  CHECK_THROWS_WITH_AS(make(x * x, {x}), doctest::Contains("[2]"), ShapeError);
  CHECK_THROWS_WITH_AS(make(sum(x), {}), doctest::Contains("no parameters were given   at value_and_gradient_test"),
                       UsageError);
  CHECK_THROWS_AS(make(sum(x * x), {x * x}), UsageError);
  CHECK_THROWS_WITH_AS(make(sum(x), {x, x}), doctest::Contains("a parameter is given twice"), UsageError);
  auto f = make(sum(x), {x});
  CHECK_THROWS_WITH_AS(f(std::vector<double>{1}, {}),
                       doctest::Contains("one number per element of the parameters is needed (given: 1, elements: 2)"),
                       ShapeError);
}
