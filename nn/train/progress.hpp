/// Progress for people: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "nn/train/history.hpp"

namespace wengert::nn {

/// Writes to `out` unless it is null. The bar is drawn at most ten times a second.
class Progress {
 public:
  Progress(std::FILE* out, bool bar, std::int64_t epochs, std::int64_t samples, std::string metric);

  /// `done` samples of epoch `epoch` with the mean loss so far.
  void step(std::int64_t epoch, std::int64_t done, double loss);
  /// The line of an epoch.
  void epoch(const Epoch& epoch);
  /// A last line.
  void end(const std::string& text);

  /// The text of a bar and of a line, for tests.
  std::string bar(std::int64_t epoch, std::int64_t done, double loss, double seconds) const;
  std::string line(const Epoch& epoch) const;

 private:
  using Clock = std::chrono::steady_clock;
  std::FILE* out_;
  bool bar_;
  std::int64_t epochs_, samples_, first_ = 0;  ///< first_: the epoch this began with
  std::string metric_;
  double last_metric_ = Epoch::kNone;
  Clock::time_point start_ = Clock::now(), drawn_{};
};

}  // namespace wengert::nn
