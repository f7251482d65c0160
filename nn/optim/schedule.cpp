#include "nn/optim/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {

namespace {

double real(std::int64_t n) { return static_cast<double>(n); }

/// From `first` to `last` as `part` goes from 0 to 1, along half a cosine; exact at both ends.
double half_cosine(double first, double last, double part) {
  if (part >= 1) return last;
  return last + (first - last) * (1 + std::cos(std::numbers::pi * part)) / 2;
}

void expect_positive(const char* name, const char* what, std::int64_t value, Source where) {
  if (value < 1) throw ValueError(locate(name, fmt::format("{} is {}, it must be positive", what, value), where));
}

}  // namespace

Schedule constant(double rate) {
  return [=](std::int64_t) { return rate; };
}

Schedule step_decay(double rate, std::int64_t every, double gamma, Source where) {
  expect_positive("step_decay", "every", every, where);
  return [=](std::int64_t t) { return rate * std::pow(gamma, real(t / every)); };
}

Schedule multi_step(double rate, const std::vector<std::int64_t>& milestones, double gamma) {
  return [=](std::int64_t t) {
    const auto passed = std::ranges::count_if(milestones, [t](std::int64_t milestone) { return milestone <= t; });
    return rate * std::pow(gamma, real(passed));
  };
}

Schedule exponential(double rate, double gamma) {
  return [=](std::int64_t t) { return rate * std::pow(gamma, real(t)); };
}

Schedule inverse_time(double rate, double decay) {
  return [=](std::int64_t t) { return rate / (1 + decay * real(t)); };
}

Schedule inverse_time_shifted(double t0, double t1) {
  return [=](std::int64_t t) { return t0 / (real(t) + t1); };
}

Schedule polynomial(double rate, std::int64_t steps, double power, double end, Source where) {
  expect_positive("polynomial", "steps", steps, where);
  return [=](std::int64_t t) { return end + (rate - end) * std::pow(std::max(0.0, 1 - real(t) / real(steps)), power); };
}

Schedule cosine(double rate, std::int64_t steps, double end, Source where) {
  expect_positive("cosine", "steps", steps, where);
  return [=](std::int64_t t) { return half_cosine(rate, end, real(t) / real(steps)); };
}

Schedule cosine_restarts(double rate, std::int64_t steps, std::int64_t factor, double end, Source where) {
  expect_positive("cosine_restarts", "steps", steps, where);
  expect_positive("cosine_restarts", "factor", factor, where);
  return [=](std::int64_t t) {
    std::int64_t length = steps, since = factor == 1 ? t % steps : t;
    for (; since >= length; length *= factor) since -= length;
    return half_cosine(rate, end, real(since) / real(length));
  };
}

Schedule warm_up(std::int64_t steps, Schedule then) {
  return [=, then = std::move(then)](std::int64_t t) {
    return t < steps ? then(0) * real(t + 1) / real(steps) : then(t - steps);
  };
}

Schedule one_cycle(double largest, std::int64_t steps, double share, double div, double final_div, Source where) {
  if (steps < 2) throw ValueError(locate("one_cycle", fmt::format("steps is {}, it must be 2 or more", steps), where));
  const double first = largest / div, last = first / final_div;
  const double top = std::clamp(share * real(steps) - 1, 0.0, real(steps - 1)), fall = real(steps - 1) - top;
  return [=](std::int64_t t) {
    if (real(t) < top) return half_cosine(first, largest, real(t) / top);
    return fall == 0 ? last : half_cosine(largest, last, (real(t) - top) / fall);
  };
}

Schedule by_epoch(Schedule schedule, std::int64_t steps_per_epoch, Source where) {
  expect_positive("by_epoch", "steps_per_epoch", steps_per_epoch, where);
  return [=, schedule = std::move(schedule)](std::int64_t t) { return schedule(t / steps_per_epoch); };
}

double Plateau::operator()(double rate, double metric) {
  const double better = std::isinf(best) ? best : best - threshold * std::abs(best);
  if (metric < better) {
    best = metric;
    waited = 0;
  } else {
    ++waited;
  }
  if (cooling > 0) {
    --cooling;
    waited = 0;
  }
  if (waited <= patience) return rate;
  cooling = cooldown;
  waited = 0;
  return std::max(least, rate * factor);
}

}  // namespace wengert::nn
