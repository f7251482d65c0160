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
/// 1. One program per size of batch, two at most: the batch, and what is left at the end of an epoch. With
///    micro-batches it is one per size of these, three at most, and one that updates.
/// 2. A step allocates nothing.
/// 3. The order of epoch e, from 0, is that of `Batches`: it depends on (seed, e) alone.
/// 4. A snapshot holds all that moves: a training that goes on from it ends in the bits of one that never stopped, also
///    from the middle of an epoch, whatever killed it.
///
///   nn::Trainer<double> trainer(mlp, {.epochs = 20, .snapshot = "run.safetensors"});  // saved after each epoch
///   trainer.resume();                                                                 // if the file is there
///   trainer.fit({x, labels});
#pragma once

#include <filesystem>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "nn/data/rows.hpp"
#include "nn/loss/loss.hpp"
#include "nn/model/module.hpp"
#include "nn/optim/accumulate.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/optim/schedule.hpp"
#include "nn/train/history.hpp"
#include "nn/train/samples.hpp"
#include "nn/train/state.hpp"

namespace wengert::nn {

/// What is minimised: one number, the mean over the batch's samples.
template <class T>
using Objective = std::function<Var<T>(const Inputs<T>& batch, Pass<T>& pass)>;

/// Cross entropy of a model's logits for labels, mean squared error of its output for targets; those of a single output
/// may be [n].
template <class T, class Model>
Objective<T> usual_objective(const Model& model) {
  return [model](const Inputs<T>& batch, Pass<T>& pass) {
    if (!batch.targets.empty()) {
      const Var<T> output = model.forward(batch.x, pass);
      const Shape &shape = output.shape(pass.where), &given = batch.targets.shape(pass.where);
      const bool column = given.rank() == 1 && shape.rank() == 2 && shape[1] == 1;  // [n] for a single output
      return mean_squared_error(output,
                                column ? reshape(batch.targets, with_rows(given[0], shape), pass.where) : batch.targets,
                                Reduction::mean, pass.where);
    }
    if constexpr (requires { model.logits(batch.x, pass.where); }) {
      return cross_entropy(model.logits(batch.x, pass.where), batch.labels, Reduction::mean, pass.where);
    } else {
      return cross_entropy(model.forward(batch.x, pass), batch.labels, Reduction::mean, pass.where);
    }
  };
}

/// Parameters that are treated otherwise than the rest: {.has = nn::is_bias, .decay = 0}.
struct ParameterGroup {
  std::function<bool(const std::string& name)> has;
  double rate_factor = 1;          ///< times the rate
  std::optional<double> decay{};   ///< in place of the method's
  std::optional<Method> method{};  ///< in place of the trainer's; its own rate is scaled as the trainer's rate is
};

struct TrainerOptions {
  Method method = Adam{};                ///< and its decay, decoupled from the gradient
  std::vector<ParameterGroup> groups{};  ///< a parameter belongs to the first that has it, or to none
  std::int64_t epochs = 10;              ///< counted from the first fit
  std::int64_t batch = 32;               ///< the last, smaller batch of an epoch is kept
  std::int64_t micro_batch = 0;  ///< rows computed at once, their gradients added up to the batch's; 0: the batch
  bool shuffle = true;
  std::uint64_t seed = 0;            ///< of the order of samples, and of what layers draw
  Schedule schedule{};               ///< of the step from 0; takes the place of the method's rate
  std::optional<Plateau> plateau{};  ///< cuts the rate by the validation loss, or the loss
  double l1 = 0, l2 = 0;             ///< penalties added to the loss, without biases
  double clip_value = std::numeric_limits<double>::infinity();  ///< of each element of a gradient, before the norm
  double clip_norm = std::numeric_limits<double>::infinity();   ///< of all gradients together

  // What ends a training before its last epoch.
  double cost_tolerance = 0;      ///< |loss - loss of the epoch before| no more than that; 0: never
  double gradient_tolerance = 0;  ///< largest gradient norm of an epoch no more than that; 0: never
  std::int64_t patience = 0;      ///< epochs without a better metric, validation loss or loss; 0: any number
  double seconds = std::numeric_limits<double>::infinity();  ///< of each fit
  bool interruptible = true;                                 ///< Ctrl-C finishes the step and ends the training
  bool restore_best = false;                                 ///< at the end the leaves are those of the best epoch

  std::filesystem::path snapshot{};  ///< written when a fit ends, unless by a loss that is not finite; empty: never
  std::int64_t snapshot_epochs = 1;  ///< and after so many epochs; 0: not
  std::int64_t snapshot_steps = 0;   ///< and after so many steps; 0: not

  bool progress = true;                       ///< a bar on a terminal, lines elsewhere
  std::int64_t log_every = 1;                 ///< epochs per line; the last has one too
  std::string metric = "metric";              ///< the name after_epoch's metric is printed under
  std::function<void(Epoch&)> after_epoch{};  ///< may set metric and stop
  std::function<void(Step&)> after_step{};    ///< may set stop; sees also a step whose loss is not finite
};

/// What is looked at between steps: clock, Ctrl-C, progress.
struct Watch;

template <class T>
class Trainer {
 public:
  /// Throws UsageError if no parameter is trained, or a group has none; ValueError as Optimizer.
  Trainer(std::vector<Parameter<T>> parameters, Objective<T> objective, TrainerOptions options = {},
          Source where = Source::here());
  /// A model with named_parameters() and forward(x, pass), and logits(x) if its output is behind an activation.
  template <class Model>
  requires requires(const Model& model) { model.named_parameters(); }
  explicit Trainer(const Model& model, TrainerOptions options = {}, Source where = Source::here())
      : Trainer(model.named_parameters(), usual_objective<T>(model), std::move(options), where) {}

  /// Trains until something says stop: from where the last fit, or a snapshot, left off, also in the middle of an
  /// epoch. Validation samples are looked at after each epoch. Throws ShapeError if there are no samples, or another
  /// number than there was in the epoch that is gone on with, FileError if the snapshot has no folder that takes it, or
  /// what the objective throws: then nothing was trained. Throws FileError if a snapshot cannot be written later.
  Training fit(const Samples<T>& samples, const Samples<T>& validation = {}, Source where = Source::here());

  /// Mean of the objective over samples, as when predicting.
  double loss(const Samples<T>& samples, Source where = Source::here());

  Optimizer<T>& optimizer() { return optimizer_; }
  TrainerOptions& options() { return options_; }
  /// The parameters, then the moments, as "layers.0.weight.m".
  std::vector<Parameter<T>> leaves() const;
  /// Steps and whole epochs done.
  std::int64_t step() const { return state_.step; }
  std::int64_t epoch() const { return std::ssize(state_.history); }

  /// Writes everything that moves: leaves(), step, epoch and place in it, history, rate, plateau, and with restore_best
  /// the best leaves, as "trainer.best.layers.0.weight". Options are not saved, but for names that must agree. The file
  /// is replaced whole. Throws FileError if it cannot be written, UsageError if a parameter is called "trainer.…".
  void save(const std::filesystem::path& path, Source where = Source::here()) const;
  /// The state that was saved or, if it throws, as before. The trainer's options are to be those of the one that saved;
  /// what ends a training, and the batch, may differ. Throws FileError if the file does not hold exactly the leaves of
  /// this model and method, of this type and these shapes, or its method, seed or shuffle are others:
  /// `load: "run.safetensors" method: it is "sgd" in the file, "adam" is wanted`.
  void load(const std::filesystem::path& path, Source where = Source::here());
  /// load(options().snapshot) if there is such a file; whether there was.
  bool resume(Source where = Source::here());

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
  /// The assigns of a step along these gradients; their norm joins the outputs if it is wanted.
  std::vector<Assign<T>> updates(std::vector<Var<T>> gradients, std::vector<Var<T>>& outputs, Source where);
  std::int64_t rows_at_once(std::int64_t rows) const;
  /// All programs that an epoch needs.
  void record_epoch(const Samples<T>& samples, Source where);
  void fill(Recording& to, const Samples<T>& from, const std::int64_t* order, Source where);
  /// Steps through what is left of the epoch; what ended it early, if anything.
  std::optional<Stop> run_epoch(const Samples<T>& samples, Watch& watch, Source where);
  /// One update by `rows` samples from `order` on; adds what it saw to the state.
  Step take_step(const Samples<T>& samples, const std::int64_t* order, std::int64_t rows, Source where);
  /// The epoch that is under way, as far as it was seen.
  Epoch epoch_so_far() const;
  /// Validates and keeps an epoch that is through.
  void finish(Epoch& epoch, const Samples<T>& validation, Source where);
  /// What ends the training here, if anything.
  std::optional<Stop> reason_to_stop() const;
  /// Whether the option asks for a snapshot after this many epochs or steps.
  bool snapshot_due(std::int64_t count, std::int64_t every) const;

  std::vector<Parameter<T>> parameters_;
  TrainerOptions options_;
  std::vector<std::vector<Parameter<T>>> groups_;  ///< those that are trained: of no group, of the first, …
  Objective<T> objective_;
  Optimizer<T> optimizer_;
  /// Micro-batches add to the sums by their share of the batch, `update` takes the step.
  struct Micro {
    std::int64_t rows;
    Accumulator<T> sums;
    Var<T> share;
    std::optional<Program<T>> update{};
  };
  std::optional<Micro> micro_;
  bool norm_wanted_;
  std::map<std::int64_t, Recording> steps_, losses_;  ///< by number of rows
  TrainingState state_;
  std::vector<Tensor<T>> best_;  ///< with restore_best: the parameters of the best epoch
  Tensor<std::int64_t> seed_and_step_;
  Index<T> key_;  ///< of what layers draw: a pure function of seed and step
};

/// nn::Trainer trainer(mlp, {…}): T is that of the parameters.
template <class Model>
requires requires(const Model& model) { model.named_parameters(); }
explicit Trainer(const Model&, TrainerOptions = {}, Source = Source::here())
    ->Trainer<typename decltype(std::declval<const Model&>().named_parameters())::value_type::Number>;
template <class T, class F>
Trainer(std::vector<Parameter<T>>, F, TrainerOptions = {}, Source = Source::here()) -> Trainer<T>;

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace wengert::nn
