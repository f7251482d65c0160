// What a trainer runs: programs by number of rows, and a step of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nn/data/rows.hpp"
#include "nn/loss/penalty.hpp"
#include "nn/optim/accumulate.hpp"
#include "nn/optim/clip.hpp"
#include "nn/train/trainer.hpp"

namespace wengert::nn {

namespace {

/// A set is evaluated in blocks of this many rows.
constexpr std::int64_t kEvaluated = 512;

template <class E>
void gather(const Tensor<E>& from, const std::int64_t* order, Tensor<E>& to) {
  const std::int64_t rows = to.shape()[0], width = rows == 0 ? 0 : to.size() / rows;
  for (std::int64_t i = 0; i < rows; ++i) std::copy_n(from.data() + order[i] * width, width, to.data() + i * width);
}

}  // namespace

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
        training ? "fit" : "loss",
        fmt::format("the objective must be one number, it is {}: take its mean", to_string(loss.shape())), where));
  }
  if (!training) {
    out.program = compile(loss, where);
    return out;
  }
  const auto add_to_loss = [&](Var<T> penalty) { loss = add(Located<T>(loss, where), Located<T>(penalty, where)); };
  if (options_.l1 != 0) add_to_loss(l1_penalty(parameters_, options_.l1, where));
  if (options_.l2 != 0) add_to_loss(l2_penalty(parameters_, options_.l2, where));
  const std::vector<Var<T>> gradients = gradient(loss, optimizer_.parameters(), where);
  std::vector<Var<T>> outputs{loss};
  auto assigns =
      micro_ ? micro_->sums.add(gradients, Located<T>(micro_->share, where)) : updates(gradients, outputs, where);
  out.program = compile<T>(outputs, joined(std::move(assigns), pass.updates), where);
  return out;
}

template <class T>
std::vector<Assign<T>> Trainer<T>::updates(std::vector<Var<T>> gradients, std::vector<Var<T>>& outputs, Source where) {
  if (norm_wanted_) outputs.push_back(global_norm(gradients, where));
  if (std::isfinite(options_.clip_value)) {
    for (Var<T>& g : gradients) g = clip_by_value(g, options_.clip_value, where);
  }
  if (std::isfinite(options_.clip_norm)) {
    gradients = clip_by_global_norm(gradients, options_.clip_norm, where).gradients;
  }
  return optimizer_.updates(gradients, where);
}

template <class T>
std::int64_t Trainer<T>::rows_at_once(std::int64_t rows) const {
  return micro_ ? std::min(micro_->rows, rows) : rows;
}

template <class T>
void Trainer<T>::record_epoch(const Samples<T>& samples, Source where) {
  const std::int64_t n = samples.size();
  for (const std::int64_t rows : {std::min(options_.batch, n), n % options_.batch}) {
    if (rows == 0) continue;
    const std::int64_t at_once = rows_at_once(rows);
    recording(samples, at_once, true, where);
    if (rows % at_once != 0) recording(samples, rows % at_once, true, where);
  }
  if (!micro_ || micro_->update) return;
  const auto scope = micro_->share.tape().scope(where);
  std::vector<Var<T>> outputs;
  auto assigns = updates(micro_->sums.gradients(), outputs, where);
  micro_->update = compile<T>(outputs, joined(std::move(assigns), micro_->sums.clear(where)), where);
}

template <class T>
typename Trainer<T>::Recording& Trainer<T>::recording(const Samples<T>& like, std::int64_t rows, bool training,
                                                      Source where) {
  auto& kept = training ? steps_ : losses_;
  const auto at = kept.find(rows);
  // A recording is gone with the scope it was made in.
  const bool fits = at != kept.end() && key_.tape().holds(at->second.batch.x) &&
                    at->second.x.shape() == with_rows(rows, like.x.shape()) &&
                    (like.has_labels() ? at->second.labels.size() != 0
                                       : at->second.targets.shape() == with_rows(rows, like.targets.shape()));
  if (fits) return at->second;
  return kept.insert_or_assign(rows, record(like, rows, training, where)).first->second;
}

template <class T>
void Trainer<T>::fill(Recording& to, const Samples<T>& from, const std::int64_t* order, Source where) {
  Tape<T>& tape = to.batch.x.tape();
  gather(from.x, order, to.x);
  tape.set(to.batch.x, to.x, where);
  if (from.has_labels()) {
    gather(from.labels, order, to.labels);
    tape.set(to.batch.labels, to.labels, where);
  } else {
    gather(from.targets, order, to.targets);
    tape.set(to.batch.targets, to.targets, where);
  }
}

template <class T>
Step Trainer<T>::take_step(const Samples<T>& samples, const std::int64_t* order, std::int64_t rows, Source where) {
  Tape<T>& tape = key_.tape();
  if (options_.schedule) optimizer_.set_rate(options_.schedule(state_.step));
  optimizer_.prepare(state_.step + 1, where);
  const std::int64_t at_once = rows_at_once(rows), whole = rows_at_once(options_.batch);
  std::int64_t draw = state_.step * ((options_.batch + whole - 1) / whole);  // each part draws its own
  double loss = 0, norm = Epoch::kNone;
  try {
    for (std::int64_t done = 0; done < rows; done += at_once) {
      const std::int64_t size = std::min(at_once, rows - done);
      Recording& part = steps_.at(size);
      fill(part, samples, order + done, where);
      seed_and_step_.at(1) = draw++;
      tape.set(key_, seed_and_step_, where);
      if (micro_) tape.set(micro_->share, static_cast<double>(size) / static_cast<double>(rows), where);
      part.program.run(where);
      loss += static_cast<double>(*part.program.output(0).data) * static_cast<double>(size);
      if (!micro_ && norm_wanted_) norm = static_cast<double>(*part.program.output(1).data);
    }
  } catch (...) {
    if (micro_) micro_->sums.reset(where);
    throw;
  }
  if (micro_) {
    Program<T>& update = *micro_->update;  // NOLINT(bugprone-unchecked-optional-access): recorded with the epoch
    update.run(where);
    if (norm_wanted_) norm = static_cast<double>(*update.output(0).data);
  }
  ++state_.step;
  Seen& seen = state_.seen;
  ++seen.steps;
  seen.samples += rows;
  seen.loss_sum += loss;
  seen.gradient_norm = std::fmax(seen.gradient_norm, norm);
  return {.number = state_.step,
          .loss = loss / static_cast<double>(rows),
          .rate = optimizer_.rate(),
          .gradient_norm = norm};
}

template <class T>
double Trainer<T>::loss(const Samples<T>& samples, Source where) {
  const std::int64_t n = samples.size();
  const Tensor<std::int64_t> order = arange<std::int64_t>(n);
  double sum = 0;
  for (std::int64_t done = 0; done < n;) {
    const std::int64_t rows = std::min(kEvaluated, n - done);
    Recording& part = recording(samples, rows, false, where);
    fill(part, samples, order.data() + done, where);
    part.program.run(where);
    sum += static_cast<double>(*part.program.output().data) * static_cast<double>(rows);
    done += rows;
  }
  return sum / static_cast<double>(n);
}

#define INSTANTIATE(T)                                                                                    \
  template Trainer<T>::Recording Trainer<T>::record(const Samples<T>&, std::int64_t, bool, Source);       \
  template Trainer<T>::Recording& Trainer<T>::recording(const Samples<T>&, std::int64_t, bool, Source);   \
  template std::vector<Assign<T>> Trainer<T>::updates(std::vector<Var<T>>, std::vector<Var<T>>&, Source); \
  template std::int64_t Trainer<T>::rows_at_once(std::int64_t) const;                                     \
  template void Trainer<T>::record_epoch(const Samples<T>&, Source);                                      \
  template void Trainer<T>::fill(Recording&, const Samples<T>&, const std::int64_t*, Source);             \
  template Step Trainer<T>::take_step(const Samples<T>&, const std::int64_t*, std::int64_t, Source);      \
  template double Trainer<T>::loss(const Samples<T>&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
