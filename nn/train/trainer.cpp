#include "nn/train/trainer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "nn/data/file.hpp"
#include "nn/train/interrupt.hpp"
#include "nn/train/progress.hpp"

namespace wengert::nn {

using Clock = std::chrono::steady_clock;

struct Watch {
  Progress progress;
  Clock::time_point start = Clock::now();
  std::optional<Interrupt> interrupt{};
};

namespace {

/// The trained parameters of no group, of the first, of the second, …
template <class T>
std::vector<std::vector<Parameter<T>>> grouped(const std::vector<Parameter<T>>& parameters,
                                               const std::vector<ParameterGroup>& groups, Source where) {
  std::vector<std::vector<Parameter<T>>> out(groups.size() + 1);
  for (const Parameter<T>& p : parameters) {
    if (!p.trained) continue;
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.has(p.name); });
    out[group == groups.end() ? 0 : static_cast<std::size_t>(group - groups.begin()) + 1].push_back(p);
  }
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (out[i].empty()) throw UsageError(locate("trainer", fmt::format("group {} has no parameter", i - 1), where));
  }
  return out;
}

template <class T>
std::vector<Group<T>> treated(const std::vector<std::vector<Parameter<T>>>& parameters,
                              const std::vector<ParameterGroup>& groups) {
  std::vector<Group<T>> out{{trained(parameters[0])}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    out.push_back({trained(parameters[i + 1]), groups[i].rate_factor, groups[i].decay, groups[i].method});
  }
  return out;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

template <class T>
Trainer<T>::Trainer(std::vector<Parameter<T>> parameters, Objective<T> objective, TrainerOptions options, Source where)
    : parameters_(std::move(parameters)),
      options_(std::move(options)),
      groups_(grouped(parameters_, options_.groups, where)),
      objective_(std::move(objective)),
      optimizer_(treated(groups_, options_.groups), options_.method, where),
      norm_wanted_(std::isfinite(options_.clip_norm) || options_.gradient_tolerance > 0),
      seed_and_step_{static_cast<std::int64_t>(options_.seed), 0},
      key_(parameters_[0].var.tape().indices(seed_and_step_, where)) {
  if (options_.micro_batch < 0) {
    throw ValueError(
        locate("trainer", fmt::format("micro_batch is {}, it must not be negative", options_.micro_batch), where));
  }
  if (options_.micro_batch > 0) {
    micro_.emplace(Micro{options_.micro_batch, Accumulator<T>(optimizer_.parameters(), where),
                         parameters_[0].var.tape().leaf(0, where)});
  }
  if (options_.schedule && options_.plateau) {
    throw UsageError(locate("trainer", "schedule and plateau both set the rate: one of them is needed", where));
  }
}

template <class T>
bool Trainer<T>::snapshot_due(std::int64_t count, std::int64_t every) const {
  return !options_.snapshot.empty() && every > 0 && count % every == 0;
}

template <class T>
std::optional<Stop> Trainer<T>::run_epoch(const Samples<T>& samples, Watch& watch, Source where) {
  const std::int64_t n = samples.size();
  record_epoch(samples, where);
  Random random(options_.seed, static_cast<std::uint64_t>(epoch()));
  const Tensor<std::int64_t> order = options_.shuffle ? random.permutation(n) : arange<std::int64_t>(n);

  Seen& seen = state_.seen;
  seen.of = n;
  const Clock::time_point start = Clock::now();
  const double seconds_before = seen.seconds;
  while (seen.samples < n) {
    const Clock::time_point step_start = Clock::now();
    Step step = take_step(samples, order.data() + seen.samples, std::min(options_.batch, n - seen.samples), where);
    seen.step_seconds += seconds_since(step_start);
    seen.seconds = seconds_before + seconds_since(start);
    watch.progress.step(epoch() + 1, seen.samples, seen.loss_sum / static_cast<double>(seen.samples));
    if (options_.after_step) options_.after_step(step);
    if (!std::isfinite(step.loss) || (norm_wanted_ && !std::isfinite(step.gradient_norm))) return Stop::not_finite;
    if (step.stop) return Stop::callback;
    if (watch.interrupt && watch.interrupt->requested()) return Stop::interrupted;
    if (seconds_since(watch.start) > options_.seconds) return Stop::time;
    if (snapshot_due(state_.step, options_.snapshot_steps)) save(options_.snapshot, where);
  }
  return {};
}

template <class T>
Epoch Trainer<T>::epoch_so_far() const {
  const Seen& seen = state_.seen;
  Epoch epoch;
  epoch.number = this->epoch() + 1;
  epoch.loss = seen.loss_sum / static_cast<double>(seen.samples);
  epoch.rate = optimizer_.rate();
  epoch.gradient_norm = seen.gradient_norm;
  epoch.step_microseconds = 1e6 * seen.step_seconds / static_cast<double>(seen.steps);
  epoch.samples_per_second = static_cast<double>(seen.samples) / seen.seconds;
  return epoch;
}

template <class T>
void Trainer<T>::finish(Epoch& epoch, const Samples<T>& validation, Source where) {
  if (validation.size() != 0) epoch.validation = loss(validation, where);
  if (options_.after_epoch) options_.after_epoch(epoch);
  const auto& history = state_.history;
  const double best = state_.best_epoch == 0 ? std::numeric_limits<double>::infinity()
                                             : score(history[static_cast<std::size_t>(state_.best_epoch - 1)]);
  if (score(epoch) < best) {
    state_.best_epoch = epoch.number;
    best_.clear();
    for (const Parameter<T>& p : parameters_) {
      if (options_.restore_best) best_.push_back(value(p.var, where));
    }
  }
  if (options_.plateau) {
    const double metric = std::isnan(epoch.validation) ? epoch.loss : epoch.validation;
    optimizer_.set_rate((*options_.plateau)(optimizer_.rate(), metric));
  }
  state_.history.push_back(epoch);
  state_.seen = {};
}

template <class T>
std::optional<Stop> Trainer<T>::reason_to_stop() const {
  const auto& history = state_.history;
  if (!history.empty()) {
    const Epoch& last = history.back();
    if (options_.gradient_tolerance > 0 && last.gradient_norm <= options_.gradient_tolerance) return Stop::gradient;
    if (options_.cost_tolerance > 0 && history.size() > 1 &&
        std::abs(last.loss - history[history.size() - 2].loss) <= options_.cost_tolerance) {
      return Stop::cost;
    }
    if (options_.patience > 0 && last.number - state_.best_epoch >= options_.patience) return Stop::patience;
  }
  if (epoch() >= options_.epochs) return Stop::epochs;
  return {};
}

template <class T>
Training Trainer<T>::fit(const Samples<T>& samples, const Samples<T>& validation, Source where) {
  const Seen& seen = state_.seen;
  if (samples.size() == 0) throw ShapeError(locate("fit", "there are no samples", where));
  if (seen.samples != 0 && seen.of != samples.size()) {
    throw ShapeError(locate("fit",
                            fmt::format("epoch {} was broken off after {} of {} samples, there are {} now", epoch() + 1,
                                        seen.samples, seen.of, samples.size()),
                            where));
  }
  if (options_.batch < 1) {
    throw ValueError(locate("fit", fmt::format("batch is {}, it must be positive", options_.batch), where));
  }
  if (!options_.snapshot.empty()) expect_writable({"fit: snapshot", options_.snapshot.string(), where});
  std::FILE* const out = options_.progress ? stdout : nullptr;
  Watch watch{.progress = Progress(out, out != nullptr && isatty(STDOUT_FILENO) != 0, options_.epochs, samples.size(),
                                   options_.metric)};
  if (options_.interruptible) watch.interrupt.emplace();
  const std::int64_t every = std::max<std::int64_t>(1, options_.log_every);
  std::vector<Epoch> broken_off;
  std::optional<Stop> stop = reason_to_stop();
  while (!stop) {
    stop = run_epoch(samples, watch, where);
    Epoch epoch = epoch_so_far();
    if (stop) {
      broken_off.push_back(epoch);
    } else {
      finish(epoch, validation, where);
      stop = epoch.stop ? Stop::callback : reason_to_stop();
    }
    if (stop || epoch.number % every == 0) watch.progress.epoch(epoch);
    if (!stop && snapshot_due(epoch.number, options_.snapshot_epochs)) save(options_.snapshot, where);
  }
  const bool saved = !options_.snapshot.empty() && *stop != Stop::not_finite;
  if (saved) save(options_.snapshot, where);
  if (*stop != Stop::epochs || saved) {
    watch.progress.end(fmt::format("stopped in epoch {} after step {}: {}{}", epoch() + std::ssize(broken_off), step(),
                                   to_string(*stop),
                                   saved ? fmt::format("; saved to \"{}\"", options_.snapshot.string()) : ""));
  }
  for (std::size_t i = 0; i < best_.size(); ++i) parameters_[i].var.tape().set(parameters_[i].var, best_[i], where);
  Training training{.history = state_.history, .stop = *stop, .best_epoch = state_.best_epoch};
  training.history.insert(training.history.end(), broken_off.begin(), broken_off.end());
  return training;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace wengert::nn
