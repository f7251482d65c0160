#include "nn/train/trainer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "nn/loss/penalty.hpp"
#include "nn/optim/accumulate.hpp"
#include "nn/optim/clip.hpp"
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

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// A set is evaluated in blocks of this many rows.
constexpr std::int64_t kEvaluated = 512;

Shape with_rows(std::int64_t rows, const Shape& shape) {
  std::vector<std::int64_t> dims(shape.begin(), shape.end());
  dims[0] = rows;
  return Shape(dims);
}

template <class E>
void gather(const Tensor<E>& from, const std::int64_t* order, Tensor<E>& to) {
  const std::int64_t rows = to.shape()[0], width = rows == 0 ? 0 : to.size() / rows;
  for (std::int64_t i = 0; i < rows; ++i) std::copy_n(from.data() + order[i] * width, width, to.data() + i * width);
}

template <class T>
void expect_rows(const Tensor<T>& x, const Shape& other, const char* what, Source where) {
  if (x.rank() != 0 && other.rank() != 0 && x.shape()[0] == other[0]) return;
  throw ShapeError(locate("samples",
                          fmt::format("one {} per row of x is needed: x is {}, {}s are {}", what, to_string(x.shape()),
                                      what, to_string(other)),
                          where));
}

/// What the best epoch is the best by; smaller is better.
double score(const Epoch& epoch) {
  if (!std::isnan(epoch.metric)) return -epoch.metric;
  return std::isnan(epoch.validation) ? epoch.loss : epoch.validation;
}

}  // namespace

template <class T>
Samples<T>::Samples(Tensor<T> rows, Tensor<std::int64_t> classes, Source where)
    : x(std::move(rows)), labels(std::move(classes)) {
  expect_rows(x, labels.rank() == 1 ? labels.shape() : Shape{}, "label", where);
}
template <class T>
Samples<T>::Samples(Tensor<T> rows, Tensor<T> values, Source where) : x(std::move(rows)), targets(std::move(values)) {
  expect_rows(x, targets.shape(), "target", where);
}

template <class T>
Trainer<T>::Trainer(std::vector<Parameter<T>> parameters, Objective<T> objective, TrainerOptions options, Source where)
    : parameters_(std::move(parameters)),
      objective_(std::move(objective)),
      options_(std::move(options)),
      optimizer_(trained(parameters_), options_.method, where),
      norm_wanted_(std::isfinite(options_.clip_norm) || options_.gradient_tolerance > 0),
      seed_and_step_{static_cast<std::int64_t>(options_.seed), 0},
      key_(parameters_[0].var.tape().indices(seed_and_step_, where)) {
  if (options_.schedule && options_.plateau) {
    throw UsageError(locate("trainer", "schedule and plateau both set the rate: one of them is needed", where));
  }
}

template <class T>
typename Trainer<T>::Recording Trainer<T>::record(const Samples<T>& like, std::int64_t rows, bool training,
                                                  Source where) {
  Tape<T>& tape = parameters_[0].var.tape();
  Recording out;
  out.x = Tensor<T>(with_rows(rows, like.x.shape()));
  out.batch.x = tape.leaf(out.x, where);
  if (like.has_labels()) {
    out.labels = Tensor<std::int64_t>(Shape{rows});
    out.batch.labels = tape.indices(out.labels, where);
  } else {
    out.targets = Tensor<T>(with_rows(rows, like.targets.shape()));
    out.batch.targets = tape.leaf(out.targets, where);
  }
  const auto scope = tape.scope(where);
  Pass<T> pass{.training = training, .where = where, .key = key_};
  Var<T> loss = objective_(out.batch, pass);
  if (loss.shape(where).rank() != 0) {
    throw ShapeError(locate(
        "trainer", fmt::format("the objective must be one number, it is {}: take its mean", to_string(loss.shape())),
        where));
  }
  if (!training) {
    out.program = compile(loss, where);
    return out;
  }
  if (options_.l1 != 0) loss += l1_penalty(parameters_, options_.l1, where);
  if (options_.l2 != 0) loss += l2_penalty(parameters_, options_.l2, where);
  std::vector<Var<T>> outputs{loss}, gradients = gradient(loss, optimizer_.parameters(), where);
  if (norm_wanted_) {
    Clipped<T> clipped = clip_by_global_norm(gradients, options_.clip_norm, where);
    outputs.push_back(clipped.norm);
    if (std::isfinite(options_.clip_norm)) gradients = std::move(clipped.gradients);
  }
  out.program = compile<T>(outputs, joined(optimizer_.updates(gradients, where), pass.updates), where);
  return out;
}

template <class T>
typename Trainer<T>::Recording& Trainer<T>::recording(const Samples<T>& like, std::int64_t rows, bool training,
                                                      Source where) {
  auto& kept = training ? steps_ : losses_;
  const auto at = kept.find(rows);
  const bool fits = at != kept.end() && at->second.x.shape() == with_rows(rows, like.x.shape()) &&
                    (like.has_labels() ? at->second.labels.size() != 0
                                       : at->second.targets.shape() == with_rows(rows, like.targets.shape()));
  if (fits) return at->second;
  return kept.insert_or_assign(rows, record(like, rows, training, where)).first->second;
}

template <class T>
void Trainer<T>::fill(Recording& to, const Samples<T>& from, const std::int64_t* order) {
  Tape<T>& tape = to.batch.x.tape();
  gather(from.x, order, to.x);
  tape.set(to.batch.x, to.x);
  if (from.has_labels()) {
    gather(from.labels, order, to.labels);
    tape.set(to.batch.labels, to.labels);
  } else {
    gather(from.targets, order, to.targets);
    tape.set(to.batch.targets, to.targets);
  }
}

template <class T>
std::optional<Stop> Trainer<T>::run_epoch(const Samples<T>& samples, Epoch& epoch, Watch& watch, Source where) {
  const std::int64_t n = samples.size(), batch = std::min(options_.batch, n);
  Recording& full = recording(samples, batch, true, where);
  Recording& rest = n % batch == 0 ? full : recording(samples, n % batch, true, where);
  Random random(options_.seed, static_cast<std::uint64_t>(epoch.number - 1));
  const Tensor<std::int64_t> order = options_.shuffle ? random.permutation(n) : arange<std::int64_t>(n);

  const Clock::time_point start = Clock::now();
  double in_steps = 0, sum = 0;
  std::int64_t done = 0, steps = 0;
  std::optional<Stop> stop;
  while (done < n && !stop) {
    Recording& part = n - done < batch ? rest : full;
    fill(part, samples, order.data() + done);
    if (options_.schedule) optimizer_.set_rate(options_.schedule(step_));
    optimizer_.prepare(step_ + 1);
    seed_and_step_.at(1) = step_;
    key_.tape().set(key_, seed_and_step_);
    const Clock::time_point before = Clock::now();
    part.program.run(where);
    in_steps += seconds_since(before);
    ++step_;
    const double loss = static_cast<double>(*part.program.output(0).data);
    sum += loss * static_cast<double>(part.x.shape()[0]);
    done += part.x.shape()[0];
    ++steps;
    const double norm = norm_wanted_ ? static_cast<double>(*part.program.output(1).data) : 0;
    if (norm_wanted_) epoch.gradient_norm = std::fmax(epoch.gradient_norm, norm);
    watch.progress.step(epoch.number, done, sum / static_cast<double>(done));
    if (!std::isfinite(loss) || !std::isfinite(norm))
      stop = Stop::not_finite;
    else if (watch.interrupt && watch.interrupt->requested())
      stop = Stop::interrupted;
    else if (seconds_since(watch.start) > options_.seconds)
      stop = Stop::time;
  }
  epoch.loss = sum / static_cast<double>(done);
  epoch.rate = optimizer_.rate();
  epoch.step_microseconds = 1e6 * in_steps / static_cast<double>(steps);
  epoch.samples_per_second = static_cast<double>(done) / seconds_since(start);
  return stop;
}

template <class T>
std::optional<Stop> Trainer<T>::reason_to_stop(const Training& so_far) const {
  const Epoch& epoch = so_far.history.back();
  if (epoch.stop) return Stop::callback;
  if (options_.gradient_tolerance > 0 && epoch.gradient_norm <= options_.gradient_tolerance) return Stop::gradient;
  if (options_.cost_tolerance > 0 && so_far.history.size() > 1) {
    const double before = so_far.history[so_far.history.size() - 2].loss;
    if (std::abs(epoch.loss - before) <= options_.cost_tolerance) return Stop::cost;
  }
  if (options_.patience > 0 && epoch.number - so_far.best_epoch >= options_.patience) return Stop::patience;
  return {};
}

template <class T>
Training Trainer<T>::fit(const Samples<T>& samples, const Samples<T>& validation, Source where) {
  if (samples.size() == 0) throw ShapeError(locate("trainer", "there are no samples", where));
  if (options_.batch < 1) {
    throw ValueError(locate("trainer", fmt::format("batch is {}, it must be positive", options_.batch), where));
  }
  std::FILE* const out = options_.progress ? stdout : nullptr;
  Watch watch{.progress = Progress(out, out != nullptr && isatty(STDOUT_FILENO) != 0, options_.epochs, samples.size(),
                                   options_.metric)};
  if (options_.interruptible) watch.interrupt.emplace();
  Training training;
  training.best_epoch = epoch_;
  double best = std::numeric_limits<double>::infinity();
  std::vector<Tensor<T>> best_values;
  const std::int64_t every = std::max<std::int64_t>(1, options_.log_every);
  std::optional<Stop> stop;
  while (epoch_ < options_.epochs && !stop) {
    Epoch epoch;
    epoch.number = epoch_ + 1;
    stop = run_epoch(samples, epoch, watch, where);
    if (!stop) {  // an epoch that was broken off is begun again by the next fit
      ++epoch_;
      if (validation.size() != 0) epoch.validation = loss(validation, where);
      if (options_.after_epoch) options_.after_epoch(epoch);
    }
    if (!stop && score(epoch) < best) {
      best = score(epoch);
      training.best_epoch = epoch.number;
      best_values.clear();
      for (const Parameter<T>& p : parameters_) {
        if (options_.restore_best) best_values.push_back(value(p.var, where));
      }
    }
    if (options_.plateau) {
      optimizer_.set_rate(
          (*options_.plateau)(optimizer_.rate(), std::isnan(epoch.validation) ? epoch.loss : epoch.validation));
    }
    training.history.push_back(epoch);
    if (!stop) stop = reason_to_stop(training);
    if (stop || epoch_ == options_.epochs || epoch_ % every == 0) watch.progress.epoch(epoch);
  }
  for (std::size_t i = 0; i < best_values.size(); ++i)
    parameters_[i].var.tape().set(parameters_[i].var, best_values[i]);
  training.stop = stop.value_or(Stop::epochs);
  if (stop) {
    watch.progress.end(
        fmt::format("stopped in epoch {} after step {}: {}", training.history.back().number, step_, to_string(*stop)));
  }
  return training;
}

template <class T>
double Trainer<T>::loss(const Samples<T>& samples, Source where) {
  const std::int64_t n = samples.size();
  const Tensor<std::int64_t> order = arange<std::int64_t>(n);
  double sum = 0;
  for (std::int64_t done = 0; done < n;) {
    const std::int64_t rows = std::min(kEvaluated, n - done);
    Recording& part = recording(samples, rows, false, where);
    fill(part, samples, order.data() + done);
    part.program.run(where);
    sum += static_cast<double>(*part.program.output().data) * static_cast<double>(rows);
    done += rows;
  }
  return sum / static_cast<double>(n);
}

template <class T>
std::vector<Parameter<T>> Trainer<T>::leaves() const {
  std::vector<Parameter<T>> out = parameters_;
  std::vector<std::string> names;
  for (const Parameter<T>& p : parameters_) {
    if (p.trained) names.push_back(p.name);
  }
  for (const auto& moment : optimizer_.moments()) {
    out.push_back({names[moment.parameter] + "." + moment.name, moment.leaf, false});
  }
  return out;
}

template struct Samples<float>;
template struct Samples<double>;
template class Trainer<float>;
template class Trainer<double>;

}  // namespace wengert::nn
