/// Mini-batches: each epoch all rows once, in an order that depends on seed and epoch alone.
///
/// 1. Order of epoch e (from 0) = Random(seed, stream e).permutation(n), so any epoch can be repeated or resumed
///    without the ones before it. Nothing of the standard library has a say in it.
/// 2. The last batch of an epoch holds what is left and may be smaller; no row is dropped or repeated.
/// 3. Where it stands is two numbers, `epoch()` and `batch()`; `seek` goes there.
#pragma once

#include <cstdint>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

struct BatchOptions {
  std::int64_t size = 32;  ///< rows of a batch
  std::uint64_t seed = 0;
  bool shuffle = true;  ///< otherwise rows come in their own order
};

template <class T, class Y>
struct MiniBatch {
  Tensor<T> x;              ///< [rows, …]
  Tensor<Y> y;              ///< [rows, …]
  std::int64_t epoch = 0;   ///< it belongs to, from 0
  std::int64_t number = 0;  ///< within the epoch, from 0
  bool last = false;        ///< of its epoch
};

/// Y is T for targets, std::int64_t for labels.
template <class T, class Y>
class Batches {
 public:
  /// x [n, …] and y [n, …]: row i of both belongs together. Throws ShapeError if n differs or is 0, ValueError for a
  /// size below 1.
  Batches(Tensor<T> x, Tensor<Y> y, const BatchOptions& options = {}, Source where = Source::here());

  std::int64_t rows() const { return x_.shape()[0]; }
  std::int64_t per_epoch() const { return (rows() + options_.size - 1) / options_.size; }
  /// The row numbers [n] of an epoch, in their order. Throws ValueError for epoch < 0.
  Tensor<std::int64_t> order(std::int64_t epoch, Source where = Source::here()) const;

  /// The next batch. Behind the last of an epoch comes the first of the next one, without end.
  MiniBatch<T, Y> next();

  /// Where the next batch stands.
  std::int64_t epoch() const { return epoch_; }
  std::int64_t batch() const { return batch_; }
  /// Goes there. Throws ValueError unless epoch >= 0 and 0 <= batch <= per_epoch().
  void seek(std::int64_t epoch, std::int64_t batch = 0, Source where = Source::here());

 private:
  Tensor<T> x_;
  Tensor<Y> y_;
  BatchOptions options_;
  std::int64_t epoch_ = 0, batch_ = 0;
  Tensor<std::int64_t> order_;
};

}  // namespace wengert::nn
