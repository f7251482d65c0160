#include "nn/data/batches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/random.hpp"
#include "nn/data/rows.hpp"

namespace wengert::nn {

namespace {

void expect_epoch(const char* operation, std::int64_t epoch, Source where) {
  if (epoch < 0) throw ValueError(locate(operation, fmt::format("epoch {} is before the first", epoch), where));
}

}  // namespace

template <class T, class Y>
Batches<T, Y>::Batches(Tensor<T> x, Tensor<Y> y, const BatchOptions& options, Source where)
    : x_(std::move(x)), y_(std::move(y)), options_(options) {
  if (x_.rank() == 0 || y_.rank() == 0 || x_.shape()[0] != y_.shape()[0] || x_.shape()[0] == 0) {
    throw ShapeError(locate(
        "batches",
        fmt::format("x is {} and y {}: not as many rows each, or none", to_string(x_.shape()), to_string(y_.shape())),
        where));
  }
  if (options_.size < 1)
    throw ValueError(locate("batches", fmt::format("size is {}, it must be positive", options_.size), where));
  options_.size = std::min(options_.size, rows());
  order_ = order(0, where);
}

template <class T, class Y>
Tensor<std::int64_t> Batches<T, Y>::order(std::int64_t epoch, Source where) const {
  expect_epoch("order", epoch, where);
  if (!options_.shuffle) return arange<std::int64_t>(rows());
  return Random(options_.seed, static_cast<std::uint64_t>(epoch)).permutation(rows());
}

template <class T, class Y>
MiniBatch<T, Y> Batches<T, Y>::next() {
  if (batch_ == per_epoch()) seek(epoch_ + 1);
  const std::int64_t first = batch_ * options_.size, count = std::min(options_.size, rows() - first);
  const Tensor<std::int64_t> picked(Shape{count}, order_.data() + first);
  MiniBatch<T, Y> out{take_rows(x_, picked), take_rows(y_, picked), epoch_, batch_, first + count == rows()};
  ++batch_;
  return out;
}

template <class T, class Y>
void Batches<T, Y>::seek(std::int64_t epoch, std::int64_t batch, Source where) {
  expect_epoch("seek", epoch, where);
  if (batch < 0 || batch > per_epoch()) {
    throw ValueError(locate("seek", fmt::format("batch {} is not in 0..{}", batch, per_epoch()), where));
  }
  if (epoch != epoch_) order_ = order(epoch, where);
  epoch_ = epoch;
  batch_ = batch;
}

template class Batches<float, float>;
template class Batches<double, double>;
template class Batches<float, std::int64_t>;
template class Batches<double, std::int64_t>;

}  // namespace wengert::nn
