/// The training loop, for any model and any loss.
///
///   nn::Trainer<double> trainer(mlp, {.method = nn::Adam{.rate = 0.01}, .epochs = 20});
///   const nn::Training run = trainer.fit({x, labels});       // cross entropy of the logits
///   trainer.fit({x, targets});                               // mean squared error of the output
///
/// Anything else is an objective of your own: what is minimised, recorded from a batch.
///
///   nn::Trainer<double> trainer(model.named_parameters(), [&](const auto& batch, auto& pass) {
///     return nn::huber(model.forward(batch.x, pass), batch.targets);
///   });
///
/// 1. One program per size of batch, two at most: the batch, and what is left at the end of an epoch.
/// 2. A step allocates nothing.
/// 3. The order of epoch e, from 0, is that of `Batches`: it depends on (seed, e) alone. All that moves is the leaves,
///    the rate if a plateau cuts it, step() and epoch(): with these a training resumes as if it had never stopped.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "nn/loss/loss.hpp"
#include "nn/model/module.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/optim/schedule.hpp"
#include "nn/train/history.hpp"

namespace wengert::nn {

/// Rows of x and what belongs to each: class labels [n], or targets [n] or [n, outputs].
template <class T>
struct Samples {
  Tensor<T> x, targets{};
  Tensor<std::int64_t> labels{};

  Samples() = default;
  /// Throws ShapeError if there is not one label, or target, per row of x.
  Samples(Tensor<T> rows, Tensor<std::int64_t> classes, Source where = Source::here());
  Samples(Tensor<T> rows, Tensor<T> values, Source where = Source::here());
  std::int64_t size() const { return x.shape()[0]; }
  bool has_labels() const { return labels.size() != 0; }
};

/// Samples on the tape; `labels` or `targets` is set, as in the samples.
template <class T>
struct Inputs {
  Var<T> x, targets{};
  Index<T> labels{};
};

/// What is minimised: one number, the mean over the batch's samples.
template <class T>
using Objective = std::function<Var<T>(const Inputs<T>& batch, Pass<T>& pass)>;

/// Cross entropy of a model's logits for labels, mean squared error of its output for targets.
template <class T, class Model>
Objective<T> usual_objective(const Model& model) {
  return [model](const Inputs<T>& batch, Pass<T>& pass) {
    if (!batch.targets.empty())
      return mean_squared_error(model.forward(batch.x, pass), batch.targets, Reduction::mean, pass.where);
    if constexpr (requires { model.logits(batch.x, pass.where); }) {
      return cross_entropy(model.logits(batch.x, pass.where), batch.labels, Reduction::mean, pass.where);
    } else {
      return cross_entropy(model.forward(batch.x, pass), batch.labels, Reduction::mean, pass.where);
    }
  };
}

struct TrainerOptions {
  Method method = Adam{};
  std::int64_t epochs = 10;  ///< counted from the first fit
  std::int64_t batch = 32;   ///< the last, smaller batch of an epoch is kept
  bool shuffle = true;
  std::uint64_t seed = 0;            ///< of the order of samples, and of what layers draw
  Schedule schedule{};               ///< of the step from 0; takes the place of the method's rate
  std::optional<Plateau> plateau{};  ///< cuts the rate by the validation loss, or the loss
  double l1 = 0, l2 = 0;             ///< penalties added to the loss, without biases
  double clip_norm = std::numeric_limits<double>::infinity();  ///< of all gradients together

  // What ends a training before its last epoch.
  double cost_tolerance = 0;      ///< |loss - loss of the epoch before| no more than that; 0: never
  double gradient_tolerance = 0;  ///< largest gradient norm of an epoch no more than that; 0: never
  std::int64_t patience = 0;      ///< epochs without a better metric, validation loss or loss; 0: any number
  double seconds = std::numeric_limits<double>::infinity();
  bool interruptible = true;  ///< Ctrl-C finishes the step and ends the training
  bool restore_best = false;  ///< at the end the leaves are those of the best epoch

  bool progress = true;                       ///< a bar on a terminal, lines elsewhere
  std::int64_t log_every = 1;                 ///< epochs per line; the last has one too
  std::string metric = "metric";              ///< the name after_epoch's metric is printed under
  std::function<void(Epoch&)> after_epoch{};  ///< may set metric and stop
};

/// What is looked at between steps: clock, Ctrl-C, progress.
struct Watch;

template <class T>
class Trainer {
 public:
  /// Throws UsageError if no parameter is trained.
  Trainer(std::vector<Parameter<T>> parameters, Objective<T> objective, TrainerOptions options = {},
          Source where = Source::here());
  /// A model with named_parameters() and forward(x, pass), and logits(x) if its output is behind an activation.
  template <class Model>
  requires requires(const Model& model) { model.named_parameters(); }
  explicit Trainer(const Model& model, TrainerOptions options = {}, Source where = Source::here())
      : Trainer(model.named_parameters(), usual_objective<T>(model), std::move(options), where) {}

  /// Trains until something says stop. Validation samples are looked at after each epoch. Throws ShapeError if there
  /// are no samples, or what the objective throws; then nothing was trained.
  Training fit(const Samples<T>& samples, const Samples<T>& validation = {}, Source where = Source::here());

  /// Mean of the objective over samples, as when predicting.
  double loss(const Samples<T>& samples, Source where = Source::here());

  Optimizer<T>& optimizer() { return optimizer_; }
  TrainerOptions& options() { return options_; }
  /// All that a snapshot needs beside step() and epoch(): the parameters, then the moments as "layers.0.weight.m".
  std::vector<Parameter<T>> leaves() const;
  /// Steps and epochs done; set them when a snapshot is resumed.
  std::int64_t step() const { return step_; }
  std::int64_t epoch() const { return epoch_; }
  void resume(std::int64_t step, std::int64_t epoch) { step_ = step, epoch_ = epoch; }
  /// Programs compiled for training.
  std::size_t programs() const { return steps_.size(); }

 private:
  /// A recording for batches of one size.
  struct Recording {
    Inputs<T> batch;
    Tensor<T> x, targets;
    Tensor<std::int64_t> labels;
    Program<T> program;
  };
  Recording record(const Samples<T>& like, std::int64_t rows, bool training, Source where);
  Recording& recording(const Samples<T>& like, std::int64_t rows, bool training, Source where);
  void fill(Recording& to, const Samples<T>& from, const std::int64_t* order);
  /// Steps through all samples once; what ended it early, if anything.
  std::optional<Stop> run_epoch(const Samples<T>& samples, Epoch& epoch, Watch& watch, Source where);
  /// What ends the training after this epoch, if anything.
  std::optional<Stop> reason_to_stop(const Training& so_far) const;

  std::vector<Parameter<T>> parameters_;
  Objective<T> objective_;
  TrainerOptions options_;
  Optimizer<T> optimizer_;
  bool norm_wanted_;
  std::map<std::int64_t, Recording> steps_, losses_;  ///< by number of rows
  std::int64_t step_ = 0, epoch_ = 0;
  Tensor<std::int64_t> seed_and_step_;
  Index<T> key_;  ///< of what layers draw: a pure function of seed and step
};

extern template struct Samples<float>;
extern template struct Samples<double>;
extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace wengert::nn
