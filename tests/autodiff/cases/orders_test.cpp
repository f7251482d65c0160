// Higher orders and forward mode.
#include <doctest/doctest.h>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

TEST_CASE("B079: both modes agree where an inner slope is infinite") {
  for (const auto& a : every_way([](auto x) { return sqrt(maximum(x[0], 0)); }, {number(-10.0)})) {
    CAPTURE(a.way);
    CHECK(a.y.item() == 0);
    CHECK(a.g[0].item() == 0);
  }
}

TEST_CASE("B080: the Hessian of the distance from 0 keeps its mixed terms") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 1.0});
  const auto h = hessian(sqrt(sum(square(x))), x);
  const double c = 0.35355339059327376;
  CHECK(near(h.at(0, 0), c));
  CHECK(near(h.at(0, 1), -c));
  CHECK(near(h.at(1, 0), -c));
  CHECK(near(h.at(1, 1), c));
}

TEST_CASE("B080: and so does hypot itself, in every way") {
  for (const auto& a :
       every_way([](auto x) { return gradient(hypot(x[0], x[1]), x[0]); }, {number(1.0), number(1.0)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), 0.35355339059327376));
    CHECK(near(a.g[1].item(), -0.35355339059327376));
  }
}

TEST_CASE("B082: a Hessian through tensor operations is not 0") {
  Tape<double> tape;
  const auto v = tape.leaf({1.0, 2.0});
  CHECK(hessian(sum(v * v), v) == Tensor<double>{{2, 0}, {0, 2}});
}

TEST_CASE("B083: stop_gradient is also constant at second order") {
  const auto q = [](auto x) { return tanh(x[0]) + stop_gradient(round(x[0]) - tanh(x[0])); };
  for (const auto& a : every_way(q, {number(0.6)})) {
    CAPTURE(a.way);
    CHECK(near(a.y.item(), 1));
    CHECK(near(a.g[0].item(), 0.71157776258722281));
  }
  for (const auto& a : every_way([&](auto x) { return gradient(q(x), x[0]); }, {number(0.6)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), -0.76430505856579752));
  }
}

TEST_CASE("B188: a Hessian goes through fused operations") {
  Tape<double> tape;
  const auto z = tape.leaf({0.0, 0.0});
  const auto h = hessian(cross_entropy(z, tape.indices(Tensor<std::int64_t>(1))), z);
  CHECK(h == Tensor<double>{{0.25, -0.25}, {-0.25, 0.25}});
}
