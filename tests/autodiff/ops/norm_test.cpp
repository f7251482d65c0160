// Spread and norms against NumPy 2, and where they have kinks.
#include <doctest/doctest.h>

#include <limits>

#include "tests/autodiff/ops/near.hpp"

using namespace wengert;

namespace {
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("variance and deviation divide by N or by N - 1") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers());
  CHECK(near(value(var(x, {0, 2}, 1)), {1.8641071428571425, 1.8298214285714285, 1.2878571428571426}));
  CHECK(near(value(stddev(x)), Tensor<double>(1.206320162035491)));
  CHECK(value(var(x, {0, 2}, 1, true)).shape() == Shape{1, 3, 1});
}
TEST_CASE("B028: the deviation of a constant vector has slope 0") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 1.0});
  CHECK(item(var(x)) == 0);
  CHECK(value(gradient(var(x), x)) == Tensor<double>{0, 0});
  CHECK(item(stddev(x)) == 0);
  CHECK(value(gradient(stddev(x), x)) == Tensor<double>{0, 0});
}
TEST_CASE("B029: the variance of one element keeps the gradient's shape") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>(Shape{1, 1}, {1}));
  CHECK(item(var(x)) == 0);
  CHECK(value(gradient(var(x), x)) == zeros({1, 1}));
  CHECK(std::isnan(item(var(x, Axes::all(), 1))));
  CHECK(value(gradient(var(x, Axes::all(), 1), x)) == zeros({1, 1}));
}
TEST_CASE("B173: variance does not cancel") {
  Tape<double> tape;
  CHECK(near(value(var(tape.leaf({1e9, 1e9 + 1, 1e9 + 2}))), Tensor<double>(0.66666666666666663)));
  Tape<float> single;
  CHECK(std::abs(value(var(single.leaf({10000.0f, 10001.0f, 10002.0f}))).item() - 0.66666667f) < 1e-7f);
}
TEST_CASE("norms of order 1, 2, 3 and infinity, over any axes") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers());
  CHECK(near(value(norm(x, 1, 2)), {Shape{2, 3}, {4.2, 4.4, 2.9, 4.9, 4.5, 3.5}}));
  CHECK(near(value(norm(x, 2, {1, 2})), {4.097560249709575, 4.398863489584555}));
  CHECK(near(value(norm(x, 3, 2)), {Shape{2, 3},
                                    {2.1614496441643563, 2.3973350048085567, 1.781182566442759, 2.411805262291717,
                                     2.126423498345554, 2.174992293098159}}));
  CHECK(value(norm(x, kInf, 2)) == Tensor<double>(Shape{2, 3}, {2.0, 2.3, 1.7, 2.2, 1.9, 2.1}));
  CHECK_THROWS_WITH_AS(norm(x, 0), doctest::Contains("norm: p is 0, not above 0"), ValueError);
}
TEST_CASE("B005: norms at the zero vector have slope 0") {
  Tape<double> tape;
  const auto x = tape.leaf({0.0, 0.0, 0.0});
  for (const double p : {1.0, 1.5, 2.0, 3.0, kInf}) {
    CHECK(item(norm(x, p)) == 0);
    CHECK(value(gradient(norm(x, p), x)) == Tensor<double>{0, 0, 0});
  }
}
TEST_CASE("norms neither overflow nor vanish, and know infinity and NaN") {
  Tape<double> tape;
  const auto big = tape.leaf({3e200, 4e200}), small = tape.leaf({3e-200, 4e-200});
  CHECK(near(value(norm(big)), Tensor<double>(5e200)));
  CHECK(near(value(norm(small)), Tensor<double>(5e-200)));
  CHECK(near(value(norm(big, 3)), Tensor<double>(4.4979414452754145e200)));
  CHECK(near(value(gradient(norm(big), big)), {0.6, 0.8}));
  CHECK(near(value(gradient(norm(small), small)), {0.6, 0.8}));
  CHECK(item(norm(tape.leaf({1.0, -kInf}))) == kInf);
  CHECK(std::isnan(item(norm(tape.leaf({1.0, kNan})))));
}
TEST_CASE("a normalised layer has mean 0 and its second derivative is symmetric") {
  Tape<double> tape;
  const auto x = tape.leaf(numbers());
  CHECK(near(value(slice(layer_norm(x), 1, 0, 1)),
             {Shape{2, 1, 4},
              {-0.1314318817654913, -1.4457506994204041, 1.3581294449100767, 0.21905313627581877, -0.6698529610522044,
               1.502643128846837, 0.2715620112373801, -1.1043521790320125}},
             1e-13));
  const auto z = tape.leaf({0.3, -1.2, 2.0});
  const auto weights = tape.leaf({1.0, 2.0, -0.5});
  const auto H = hessian(sum(weights * layer_norm(z)), z);
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < i; ++j) CHECK(std::abs(H.at(i, j) - H.at(j, i)) <= 1e-14);
  }
}
