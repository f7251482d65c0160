/// What a training leaves behind: one entry per epoch, and why it ended.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "autodiff/tensor/tensor.hpp"
#include "nn/data/file.hpp"

namespace wengert::nn {

/// NaN where nothing was measured.
struct Epoch {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  std::int64_t number = 0;       ///< from 1
  double loss = 0;               ///< mean over the samples, as seen during the epoch, with its penalties
  double validation = kNone;     ///< loss of the validation set, after the epoch
  double metric = kNone;         ///< set by after_epoch: larger is better
  double rate = kNone;           ///< η of the last step
  double gradient_norm = kNone;  ///< largest of the epoch's steps, before clipping
  double step_microseconds = kNone;
  double samples_per_second = kNone;
  bool stop = false;  ///< set by after_epoch: this was the last
};

/// One update of the parameters, as it is handed to after_step.
struct Step {
  std::int64_t number = 0;              ///< from 1, over all epochs
  double loss = 0;                      ///< mean over the batch, with its penalties, before the update
  double rate = 0;                      ///< η
  double gradient_norm = Epoch::kNone;  ///< before clipping; where clip_norm or gradient_tolerance asks for it
  bool stop = false;                    ///< set by after_step: this was the last
};

enum class Stop {
  epochs,       ///< all epochs are done
  cost,         ///< the loss changed by no more than cost_tolerance
  gradient,     ///< the gradient's norm was at most gradient_tolerance
  patience,     ///< nothing got better for `patience` epochs
  time,         ///< the time was up
  interrupted,  ///< Ctrl-C
  callback,     ///< after_step or after_epoch said so
  not_finite,   ///< the loss was infinite or NaN, or the norm of the gradient where it is computed
};
/// The reason as a sentence: "the loss changed by no more than cost_tolerance".
std::string to_string(Stop stop);

struct Training {
  std::vector<Epoch> history;  ///< from the first epoch on; an epoch that was broken off is its last
  Stop stop = Stop::epochs;
  std::int64_t best_epoch = 0;  ///< that with the best metric, or validation loss, or loss; 0 before the first
};

/// What epochs are compared by: -metric or, if there is none, validation loss, or loss. Smaller is better.
double score(const Epoch& epoch);

/// One row per epoch, of the numbers of the CSV, for snapshots.
Tensor<double> to_tensor(const std::vector<Epoch>& history);
/// The history again, bit for bit but for `stop`. Throws FileError unless `rows` is [epochs, columns].
std::vector<Epoch> from_tensor(const Tensor<double>& rows, const Origin& origin);

/// One line per epoch below a line of names; empty where nothing was measured. Numbers come back bit for bit.
std::string to_csv(const std::vector<Epoch>& history);
/// An array of objects, null where nothing was measured.
std::string to_json(const std::vector<Epoch>& history);

}  // namespace wengert::nn
