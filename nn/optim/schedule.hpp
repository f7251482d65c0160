/// Schedules of the learning rate: pure functions of the step, counted from 0. A training resumed at step k continues
/// as if it had never stopped, and one may jump to any step. Past its end a schedule keeps its last rate.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "autodiff/tensor/source.hpp"

namespace wengert::nn {

/// η of a step.
using Schedule = std::function<double(std::int64_t step)>;

/// η
Schedule constant(double rate);
/// η γ^⌊t/every⌋. Throws ValueError unless every > 0.
Schedule step_decay(double rate, std::int64_t every, double gamma = 0.1, Source where = Source::here());
/// η γ^(number of milestones <= t)
Schedule multi_step(double rate, const std::vector<std::int64_t>& milestones, double gamma = 0.1);
/// η γᵗ
Schedule exponential(double rate, double gamma);
/// η / (1 + decay t)
Schedule inverse_time(double rate, double decay);
/// t₀ / (t + t₁) (Bottou 2012)
Schedule inverse_time_shifted(double t0, double t1);
/// From η to `end` in `steps`: end + (η - end) (1 - t/steps)^power. Throws ValueError unless steps > 0.
Schedule polynomial(double rate, std::int64_t steps, double power = 1, double end = 0, Source where = Source::here());
/// From η to `end` in `steps` along half a cosine (Loshchilov and Hutter 2017, 5). Throws ValueError unless steps > 0.
Schedule cosine(double rate, std::int64_t steps, double end = 0, Source where = Source::here());
/// Cosines one after the other, each starting at η and `factor` times as long as the one before (ibid.; `factor`
/// whole). Throws ValueError unless steps > 0 and factor >= 1.
Schedule cosine_restarts(double rate, std::int64_t steps, std::int64_t factor = 1, double end = 0,
                         Source where = Source::here());
/// The first `steps` steps climb in a line to where `then` begins: then(0) (t + 1)/steps; afterwards then(t - steps).
Schedule warm_up(std::int64_t steps, Schedule then);
/// Half a cosine from largest/div up to `largest` in the first `share` of the steps, half a cosine down to
/// largest/div/final_div at the last (Smith and Topin 2019). Throws ValueError unless steps > 1.
Schedule one_cycle(double largest, std::int64_t steps, double share = 0.3, double div = 25, double final_div = 1e4,
                   Source where = Source::here());
/// A schedule that counts epochs, asked by the step. Throws ValueError unless steps_per_epoch > 0.
Schedule by_epoch(Schedule schedule, std::int64_t steps_per_epoch, Source where = Source::here());

/// Cuts the rate when a metric stops falling. The whole state is in its fields.
struct Plateau {
  double factor = 0.1;         ///< what the rate is multiplied by
  std::int64_t patience = 10;  ///< calls without improvement that are borne
  double threshold = 1e-4;     ///< an improvement is a metric below best - threshold |best|
  std::int64_t cooldown = 0;   ///< calls after a cut that are not counted
  double least = 0;            ///< the rate is never cut below it

  double best = std::numeric_limits<double>::infinity();
  std::int64_t waited = 0, cooling = 0;

  /// The rate after this metric.
  double operator()(double rate, double metric);
};

}  // namespace wengert::nn
