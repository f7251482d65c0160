/// A training with everything a snapshot must hold: shuffled batches with a rest, dropout, running statistics,
/// validation, a plateau, the best leaves.
#pragma once

#include <filesystem>
#include <string>

#include "nn/nn.hpp"

namespace wengert::test {

template <class T>
nn::Samples<T> noisy_plane(std::int64_t n, std::uint64_t seed) {
  Random random(seed);
  auto x = normal<T>(Shape{n, 2}, 0, 1, random);
  auto y = normal<T>(Shape{n, 1}, 0, T(0.5), random);
  for (std::int64_t i = 0; i < n; ++i) y.at(i, 0) += 2 * x.at(i, 0) - x.at(i, 1) + 1;
  return {std::move(x), std::move(y)};
}

/// The bytes of all values, but for what a clock measured.
inline std::string bits(const std::vector<nn::Epoch>& history) {
  std::vector<nn::Epoch> timeless = history;
  for (nn::Epoch& epoch : timeless) epoch.step_microseconds = epoch.samples_per_second = 0;
  return nn::Array(nn::to_tensor(timeless)).bytes();
}
template <class T>
std::string bits(const std::vector<nn::Parameter<T>>& leaves) {
  std::string out;
  for (const auto& leaf : leaves) out += nn::Array(value(leaf.var)).bytes();
  return out;
}

/// Objects of their own, always with the same start.
template <class T = double>
class Resumable {
 public:
  explicit Resumable(nn::TrainerOptions options = {}) : random_(8), trainer(net(), with_all(std::move(options))) {}

  nn::Training fit() { return trainer.fit(noisy_plane<T>(20, 1), noisy_plane<T>(30, 2)); }
  /// Everything there is, after a fit that returned `training`.
  std::string state(const nn::Training& training) const {
    return bits(trainer.leaves()) + bits(training.history) + std::to_string(training.best_epoch) + " " +
           std::to_string(trainer.step());
  }

 private:
  nn::Sequential<T> net() {
    return {nn::linear(tape_, 2, 4, random_), nn::batch_norm(tape_, 4), nn::Activation::tanh, nn::Dropout<T>{0.25},
            nn::linear(tape_, 4, 1, random_)};
  }
  /// Three steps an epoch: 8, 8 and 4 samples.
  static nn::TrainerOptions with_all(nn::TrainerOptions options) {
    options.batch = 8;
    options.seed = options.seed == 0 ? 2 : options.seed;
    options.clip_norm = 5;
    options.progress = false;
    return options;
  }

  Tape<T> tape_;
  Random random_;

 public:
  nn::Trainer<T> trainer;
};

}  // namespace wengert::test
