// The methods of optimisation against steps computed elsewhere.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "nn/nn.hpp"
#include "tests/nn/optim/steps.hpp"
#include "tests/nn/oracle.hpp"

using namespace wengert;
using test::relative;
using test::steps;

namespace {

/// One step from w = 1 with the slope of a penalty lambda/2 w² alone.
double penalised(const nn::Method& method, double lambda) {
  Tape<double> tape;
  const auto w = tape.leaf(1.0);
  nn::Optimizer<double> optimizer({w}, method);
  auto program = compile<double>({}, optimizer.updates({gradient(0.5 * lambda * w * w, w)}));
  optimizer.prepare(1);
  program.run();
  return value(w).item();
}

}  // namespace

TEST_CASE("B092: Adam adds epsilon after the bias correction") {
  CHECK(relative(steps(nn::Adam{.rate = 1e-3}, 0.0, {1e-6}).w[0], -9.900990099009901e-4) < 1e-14);
}

TEST_CASE("B094: Adam keeps its moments uncorrected") {
  const auto out = steps(nn::Adam{.rate = 1e-3}, 0.0, {1.0, 2.0, 3.0});
  CHECK(relative(out.moments.at("m"), 0.561) < 1e-14);
  CHECK(relative(out.moments.at("v"), 0.013994001) < 1e-14);
}

TEST_CASE("B095: AMSGrad takes the maximum of the raw second moment and corrects afterwards") {
  const auto out = steps(nn::AmsGrad{.rate = 0.1}, 0.0, {1.0, 0.0});
  CHECK(relative(out.w[1], -0.16697231217413415) < 1e-14);
}

TEST_CASE("B097: weight decay acts without momentum and without a gradient") {
  CHECK(relative(penalised(nn::Sgd{.rate = 0.1}, 0.1), 0.99) < 1e-15);
  CHECK(relative(steps(nn::Sgd{.rate = 0.1, .decay = 0.1}, 1.0, {0.0}).w[0], 0.99) < 1e-15);
}

TEST_CASE("B098: Nesterov steps by g + mu v, the heavy ball by v") {
  const auto nesterov = steps(nn::Nesterov{.rate = 0.1, .momentum = 0.9}, 0.0, {1.0, 1.0}).w;
  CHECK(relative(nesterov[0], -0.19) < 1e-15);
  CHECK(relative(nesterov[1], -0.461) < 1e-15);
  const auto classic = steps(nn::Momentum{.rate = 0.1, .momentum = 0.9}, 0.0, {1.0, 1.0}).w;
  CHECK(relative(classic[0], -0.1) < 1e-15);
  CHECK(relative(classic[1], -0.29) < 1e-15);
}

TEST_CASE("B100: Adam with an L2 penalty is not AdamW: the penalty goes through the moments") {
  CHECK(relative(penalised(nn::Adam{.rate = 0.01}, 0.1), 0.9900000009999999) < 1e-15);
  CHECK(relative(steps(nn::AdamW{.rate = 0.01, .decay = 0.1}, 1.0, {0.0}).w[0], 0.999) < 1e-15);
}

TEST_CASE("B101: Adagrad descends, by less with every step") {
  const auto w = steps(nn::Adagrad{.rate = 0.1}, 0.0, {2.0, 2.0}).w;
  CHECK(std::abs(w[0] - -0.1) < 1e-10);
  CHECK(std::abs(w[1] - -0.1707106781) < 1e-10);
}

TEST_CASE("B103: RMSprop adds epsilon outside the root") {
  CHECK(relative(steps(nn::RmsProp{.rate = 0.01}, 0.0, {1e-3}).w[0], -0.0999900009999) < 1e-12);
}

TEST_CASE("B104: the variance of centred RMSprop never turns negative under a constant gradient") {
  const auto f32 = steps<float>(nn::RmsProp{.rate = 0.01, .centred = true}, 0.0f, std::vector<float>(2000, 50000.0f));
  CHECK(std::abs(f32.w[0] - -0.1005037815f) < 1e-7f);
  CHECK(f32.moments.at("s") >= 0);
  CHECK(std::isfinite(f32.w.back()));
  const auto f64 = steps(nn::RmsProp{.rate = 0.01, .centred = true}, 0.0, std::vector<double>(4000, 12345.678));
  CHECK(relative(f64.w[0], -0.1005037815) < 1e-9);
  CHECK(f64.moments.at("s") >= 0);
  CHECK(std::isfinite(f64.w.back()));
}

TEST_CASE("Lion steps by the sign of the interpolated gradient, then keeps a slower mean") {
  const auto out = steps(nn::Lion{.rate = 0.1, .decay = 0.5}, 1.0, {2.0, -0.1});
  CHECK(relative(out.w[0], 1 - 0.1 * (1 + 0.5 * 1)) < 1e-15);        // c = 0.2
  CHECK(relative(out.w[1], 0.85 - 0.1 * (1 + 0.5 * 0.85)) < 1e-15);  // c = 0.9 0.02 - 0.1 0.1 > 0
  CHECK(relative(out.moments.at("m"), 0.99 * 0.02 - 0.01 * 0.1) < 1e-14);
}

TEST_CASE("NAdam follows Dozat's formula") {
  const std::vector<double> gradients{1.0, 2.0, -0.5, 3.0, 0.1};
  const auto w = steps(nn::NAdam{.rate = 0.01}, 0.0, gradients).w;
  long double x = 0, m = 0, n = 0, product = 1;
  for (int t = 1; t <= 5; ++t) {
    const long double g = gradients[static_cast<std::size_t>(t - 1)];
    const auto mu = [](int i) { return 0.9L * (1 - 0.5L * std::pow(0.96L, 0.004L * i)); };
    product *= mu(t);
    m = 0.9L * m + 0.1L * g;
    n = 0.999L * n + 0.001L * g * g;
    const long double g_hat = g / (1 - product), m_hat = m / (1 - product * mu(t + 1));
    const long double m_bar = (1 - mu(t)) * g_hat + mu(t + 1) * m_hat;
    x -= 0.01L * m_bar / (std::sqrt(n / (1 - std::pow(0.999L, t))) + 1e-8L);
    CHECK(relative(w[static_cast<std::size_t>(t - 1)], static_cast<double>(x)) < 1e-13);
  }
}

TEST_CASE("Adagrad and RMSprop with momentum gather their steps in a velocity") {
  const auto w = steps(nn::Adagrad{.rate = 0.1, .momentum = 0.5}, 0.0, {2.0, 2.0}).w;
  CHECK(relative(w[0], -0.1) < 1e-10);
  CHECK(relative(w[1], -0.1 - 0.1 * (0.5 + 2 / std::sqrt(8.0))) < 1e-10);
}

TEST_CASE("a group has its own rate and decay") {
  Tape<double> tape;
  const auto a = tape.leaf(1.0), b = tape.leaf(1.0), g = tape.leaf(1.0);
  nn::Optimizer<double> optimizer(
      std::vector<nn::Group<double>>{{.parameters = {a}}, {.parameters = {b}, .rate_factor = 0.5, .decay = 0.2}},
      nn::Sgd{.rate = 0.1});
  auto program = compile<double>({}, optimizer.updates({g, g}));
  optimizer.prepare(1);
  program.run();
  CHECK(relative(value(a).item(), 0.9) < 1e-15);
  CHECK(relative(value(b).item(), 1 - 0.05 * 0.2 - 0.05) < 1e-15);
}

namespace {
struct SignDescent {
  static constexpr std::string_view name = "sign";
  double rate = 0.1, decay = 0;
  void operator()(auto& at, auto& w, auto g) const { w -= at.rate() * sign(g); }
};
}  // namespace

TEST_CASE("a method of one's own is a struct with a formula") {
  CHECK(steps(SignDescent{.rate = 0.25}, 1.0, {5.0, -3.0}).w == std::vector<double>{0.75, 1.0});
}

TEST_CASE("gradients that do not match the parameters are counted in the error") {
  Tape<double> tape;
  const auto w = tape.leaf(1.0);
  const nn::Optimizer<double> optimizer({w});
  CHECK_THROWS_WITH_AS(optimizer.updates({w, w}), doctest::Contains("(given: 2, parameters: 1)"), UsageError);
  CHECK_THROWS_WITH_AS(nn::Optimizer<double>(std::vector<Var<double>>{}), doctest::Contains("no parameters"),
                       UsageError);
}

namespace {
template <class M>
int passes() {
  Tape<double> tape;
  const auto w = tape.leaf(zeros({100, 50})), g = tape.leaf(zeros({100, 50}));
  const nn::Optimizer<double> optimizer({w}, M{});
  return static_cast<int>(compile<double>({}, optimizer.updates({g})).units().size());
}
}  // namespace

TEST_CASE_TEMPLATE_DEFINE("the update of a parameter is one fused pass, of Lion two", M, one_pass) {
  CHECK(passes<M>() == (std::is_same_v<M, nn::Lion> ? 2 : 1));  // Lion's step and its mean both read the old mean
}
TEST_CASE_TEMPLATE_APPLY(one_pass, nn::Methods);

TEST_CASE_TEMPLATE_DEFINE("a method descends a bowl, in float as in double", M, descends) {
  const auto bowl = [](auto start) {
    using T = decltype(start);
    Tape<T> tape;
    const auto w = tape.leaf(Tensor<T>{start, -start});
    const auto cost = sum(square(w));
    nn::Optimizer<T> optimizer({w}, M{});
    auto program = compile<T>({cost}, optimizer.updates({gradient(cost, w)}));
    for (int t = 1; t <= 50; ++t) optimizer.prepare(t), program.run();
    return static_cast<double>(value(cost).item());
  };
  const double reached = bowl(1.0);
  CHECK(reached < 2.0);
  CHECK(relative(bowl(1.0f), reached) < 1e-4);
}
TEST_CASE_TEMPLATE_APPLY(descends, nn::Methods);

TEST_CASE_TEMPLATE_DEFINE("moments of a parameter without a gradient do not stop among the subnormals", M, decays) {
  std::vector<float> gradients(3000, 0.0f);  // 0.9^900 of the first is below them
  gradients[0] = 1e-3f;
  for (const auto& [name, moment] : steps<float>(M{}, 1.0f, gradients).moments) {
    CAPTURE(name);
    CHECK((moment == 0 || std::abs(moment) >= std::numeric_limits<float>::min()));
  }
}
TEST_CASE_TEMPLATE_APPLY(decays, nn::Methods);

TEST_CASE_TEMPLATE_DEFINE("options outside their range are refused by every method that has them", M, refuses) {
  Tape<double> tape;
  const auto w = tape.leaf(1.0);
  const std::string name(M::name);
  const auto refused = [&](auto member, double value, const std::string& words) {
    M method;
    method.*member = value;
    CHECK_THROWS_WITH_AS(nn::Optimizer<double>({w}, method), doctest::Contains((name + ": " + words).c_str()),
                         ValueError);
  };
  for (const double wrong : {-1.0, double(NAN), double(INFINITY)}) {
    refused(&M::rate, wrong, "rate is");
    refused(&M::decay, wrong, "decay is");
    if constexpr (requires { &M::epsilon; }) refused(&M::epsilon, wrong, "epsilon is");
    if constexpr (requires { &M::momentum; }) refused(&M::momentum, wrong, "momentum is");
  }
  for (const double wrong : {-0.1, 1.0, double(NAN)}) {
    if constexpr (requires { &M::beta1; }) refused(&M::beta1, wrong, "beta1 is");
    if constexpr (requires { &M::beta2; }) refused(&M::beta2, wrong, "beta2 is");
    if constexpr (requires { &M::rho; }) refused(&M::rho, wrong, "rho is");
  }
}
TEST_CASE_TEMPLATE_APPLY(refuses, nn::Methods);

TEST_CASE("what is wrong with a method or a group is a sentence with the user's line") {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {1, 1});
  CHECK_THROWS_WITH_AS(nn::Trainer<double>(mlp, {.method = nn::Adam{.rate = -1}}),
                       doctest::Contains("adam: rate is -1, it must be finite and not negative   at methods_test.cpp:"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::Trainer<double>(mlp, {.method = nn::Adam{.beta2 = 1}}),
                       doctest::Contains("adam: beta2 is 1, it must be in [0, 1)   at methods_test.cpp:"), ValueError);
  CHECK_THROWS_WITH_AS(
      nn::Optimizer<double>(std::vector<nn::Group<double>>{{.parameters = mlp.parameters(), .rate_factor = -2}}),
      doctest::Contains("optimizer: rate_factor is -2"), ValueError);
}
