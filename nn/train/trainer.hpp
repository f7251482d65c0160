/// The training loop: shuffled mini-batches, one compiled program per batch size, progress for people.
#pragma once

#include <functional>
#include <vector>

#include "nn/model/mlp.hpp"
#include "nn/optim/optimizer.hpp"

namespace wengert::nn {

struct TrainerOptions {
  std::int64_t epochs = 10;
  std::int64_t batch = 32;  ///< the last, smaller batch of an epoch is kept
  std::uint64_t seed = 0;   ///< of the shuffle
  bool progress = true;     ///< a bar on a terminal, one line per epoch elsewhere
};

struct Epoch {
  std::int64_t number = 0;  ///< from 1
  double loss = 0;          ///< mean over the samples, as seen during the epoch
  double step_microseconds = 0;
};

/// Trains with cross entropy of the logits: x [n, inputs], labels [n].
/// Calls `after` (if given) after each epoch; its text is printed behind the loss.
template <class T>
std::vector<Epoch> train(Mlp<T>& mlp, const Tensor<T>& x, const Tensor<std::int64_t>& labels,
                         const OptimizerOptions& optimizer, const TrainerOptions& options,
                         const std::function<std::string(const Epoch&)>& after = {}, Source where = Source::here());

}  // namespace wengert::nn
