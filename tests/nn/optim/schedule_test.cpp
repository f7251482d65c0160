// Schedules: pure functions of the step.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autodiff/tensor/error.hpp"
#include "nn/optim/schedule.hpp"
#include "tests/nn/oracle.hpp"

using namespace wengert;
using test::relative;

TEST_CASE("B109: a cosine resumed from the middle continues") {
  const auto rate = nn::cosine(1e-3, 100);
  double fresh = 0;
  for (int t = 0; t <= 45; ++t) fresh = rate(t);
  CHECK(relative(fresh, 5.782172325201155e-4) < 1e-15);
  CHECK(nn::cosine(1e-3, 100)(45) == fresh);
}

TEST_CASE("B110: jumping to an epoch and back gives the rate of that epoch") {
  const auto rate = nn::multi_step(1e-3, {10, 20, 30}, 0.1);
  CHECK(rate(1) == 1e-3);
  CHECK(relative(rate(25), 1e-5) < 1e-15);
  CHECK(rate(1) == 1e-3);
}

TEST_CASE("B112: a plateau without cooldown cuts the rate only when its patience has run out") {
  nn::Plateau plateau{.factor = 0.5, .patience = 4, .cooldown = 0};
  double rate = 1;
  std::vector<int> cuts;
  for (int call = 1; call <= 12; ++call) {
    const double next = plateau(rate, 3.0);
    if (next != rate) cuts.push_back(call);
    rate = next;
  }
  CHECK(cuts == std::vector<int>{6, 11});
  CHECK(rate == 0.25);
}

TEST_CASE("a plateau waits out its cooldown and stops at the least rate") {
  nn::Plateau plateau{.factor = 0.25, .patience = 0, .cooldown = 2, .least = 0.1};
  CHECK(plateau(1.0, 5.0) == 1.0);
  CHECK(plateau(1.0, 5.0) == 0.25);  // cut, then two calls that are not counted
  CHECK(plateau(0.25, 5.0) == 0.25);
  CHECK(plateau(0.25, 5.0) == 0.25);
  CHECK(plateau(0.25, 5.0) == 0.1);
  CHECK(plateau(0.1, 4.0) == 0.1);  // better
  for (int i = 0; i < 5; ++i) CHECK(plateau(0.1, 4.0) == 0.1);
}

TEST_CASE("a plateau counts NaN as no improvement, and a number after it as one") {
  nn::Plateau plateau{.factor = 0.5, .patience = 1};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(plateau(1.0, 2.0) == 1.0);
  CHECK(plateau(1.0, nan) == 1.0);
  CHECK(plateau(1.0, nan) == 0.5);
  nn::Plateau from_nan{.factor = 0.5, .patience = 1};
  CHECK(from_nan(1.0, nan) == 1.0);
  CHECK(from_nan(1.0, 2.0) == 1.0);
  CHECK(from_nan.best == 2.0);
}

TEST_CASE("B113: one cycle ends at its smallest rate on the last step and never rises again") {
  const auto rate = nn::one_cycle(0.01, 50);
  CHECK(relative(rate(0), 4e-4) < 1e-14);
  CHECK(relative(rate(49), 4e-8) < 1e-14);
  CHECK(rate(14) == 0.01);  // 0.3 of the steps, the last of the climb
  for (int t = 14; t < 80; ++t) CHECK(rate(t + 1) <= rate(t));
}

TEST_CASE("B115: a cosine stays at its end past the end") {
  const auto rate = nn::cosine(1, 10);
  for (const int t : {10, 15, 20}) CHECK(rate(t) == 0);
}

TEST_CASE("each schedule is its closed form") {
  CHECK(nn::constant(0.3)(1000) == 0.3);
  CHECK(relative(nn::step_decay(1, 10, 0.5)(29), 0.25) < 1e-15);
  CHECK(relative(nn::exponential(2, 0.9)(3), 1.458) < 1e-15);
  CHECK(relative(nn::inverse_time(1, 0.5)(4), 1.0 / 3) < 1e-15);
  CHECK(relative(nn::inverse_time_shifted(5, 50)(50), 0.05) < 1e-15);
  CHECK(relative(nn::polynomial(1, 10, 2, 0.1)(5), 0.325) < 1e-15);
  CHECK(nn::polynomial(1, 10, 2, 0.1)(50) == 0.1);
  CHECK(relative(nn::cosine_restarts(1, 10)(25), 0.5) < 1e-14);
  CHECK(nn::cosine_restarts(1, 10, 2)(10) == 1);                    // the second is 20 long
  CHECK(relative(nn::cosine_restarts(1, 10, 2)(20), 0.5) < 1e-14);  // its middle
  CHECK(nn::cosine_restarts(1, 10, 2)(30) == 1);
  const auto warm = nn::warm_up(4, nn::exponential(1, 0.5));
  CHECK(warm(0) == 0.25);
  CHECK(warm(3) == 1);
  CHECK(warm(4) == 1);
  CHECK(warm(6) == 0.25);
  CHECK(nn::by_epoch(nn::exponential(1, 0.5), 8)(23) == 0.25);
}

TEST_CASE("a schedule of no steps is refused") {
  CHECK_THROWS_WITH_AS(nn::cosine(1, 0), doctest::Contains("cosine: steps is 0, it must be positive"), ValueError);
  CHECK_THROWS_AS(nn::one_cycle(1, 1), ValueError);
  CHECK_THROWS_AS(nn::cosine_restarts(1, 10, 0), ValueError);
}
