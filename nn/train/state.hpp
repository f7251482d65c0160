/// Where a training stands beside its leaves, and the notes of a snapshot that say so.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/data/file.hpp"
#include "nn/data/safetensors.hpp"
#include "nn/train/history.hpp"

namespace wengert::nn {

/// What has been seen of the epoch that is under way.
struct Seen {
  std::int64_t of = 0;       ///< samples of the epoch; 0 before its first step
  std::int64_t samples = 0;  ///< of them, in the order of the epoch
  std::int64_t steps = 0;
  double loss_sum = 0;  ///< over the samples
  double gradient_norm = Epoch::kNone;
  double step_seconds = 0, seconds = 0;
};

struct TrainingState {
  std::int64_t step = 0;        ///< updates of all epochs
  std::vector<Epoch> history;   ///< of whole epochs
  std::int64_t best_epoch = 0;  ///< by score, the first of equals; 0 if there is none
  Seen seen{};
};

/// All but the history.
Metadata to_notes(const TrainingState& state);
/// The same state, bit for bit. Throws FileError if a number is missing, outside its range, or does not fit the
/// history.
TrainingState from_notes(const Metadata& notes, std::vector<Epoch> history, const Origin& origin);

}  // namespace wengert::nn
