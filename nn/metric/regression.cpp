#include "nn/metric/regression.hpp"

#include <fmt/format.h>

#include <cmath>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {

template <class T>
void RegressionScore::add(const Tensor<T>& prediction, const Tensor<T>& target, Source where) {
  if (prediction.shape() != target.shape() || prediction.rank() < 1 || prediction.rank() > 2) {
    throw ShapeError(locate("add",
                            fmt::format("prediction is {}, target {}: not [n] or [n, columns] both",
                                        to_string(prediction.shape()), to_string(target.shape())),
                            where));
  }
  const std::size_t columns = target.rank() == 1 ? 1 : static_cast<std::size_t>(target.shape()[1]);
  if (rows_ > 0 && columns != columns_.size()) {
    throw ShapeError(
        locate("add", fmt::format("rows of {} columns are needed, as before: these have {}", columns_.size(), columns),
               where));
  }
  columns_.resize(columns);
  const std::int64_t n = target.shape()[0];
  for (std::int64_t i = 0, at = 0; i < n; ++i) {
    ++rows_;
    for (Column& column : columns_) {
      const double t = static_cast<double>(target.data()[at]), error = static_cast<double>(prediction.data()[at]) - t;
      ++at;
      column.squares += error * error;
      column.absolute += std::abs(error);
      const double before = t - column.mean;
      column.mean += before / static_cast<double>(rows_);
      column.spread += before * (t - column.mean);
    }
  }
}

void RegressionScore::expect_elements(const char* operation, Source where) const {
  if (rows_ == 0 || columns_.empty()) throw UsageError(locate(operation, "there are no elements", where));
}

double RegressionScore::mean_squared_error(Source where) const {
  expect_elements("mean_squared_error", where);
  double sum = 0;
  for (const Column& column : columns_) sum += column.squares;
  return sum / (static_cast<double>(rows_) * static_cast<double>(columns_.size()));
}

double RegressionScore::mean_absolute_error(Source where) const {
  expect_elements("mean_absolute_error", where);
  double sum = 0;
  for (const Column& column : columns_) sum += column.absolute;
  return sum / (static_cast<double>(rows_) * static_cast<double>(columns_.size()));
}

double RegressionScore::r2(Source where) const {
  expect_elements("r2", where);
  double sum = 0;
  for (const Column& column : columns_) {
    sum += column.spread != 0 ? 1 - column.squares / column.spread : column.squares == 0 ? 1 : 0;
  }
  return sum / static_cast<double>(columns_.size());
}

template <class T>
double mean_squared_error(const Tensor<T>& prediction, const Tensor<T>& target, Source where) {
  if (prediction.shape() != target.shape()) {
    throw ShapeError(locate("mean_squared_error",
                            fmt::format("prediction and target differ in shape: {} and {}",
                                        to_string(prediction.shape()), to_string(target.shape())),
                            where));
  }
  const Shape all{target.size()};
  RegressionScore score;
  score.add(reshaped(prediction, all), reshaped(target, all), where);
  return score.mean_squared_error(where);
}

template <class T>
double r2(const Tensor<T>& prediction, const Tensor<T>& target, Source where) {
  if (prediction.shape() != target.shape()) {
    throw ShapeError(locate("r2",
                            fmt::format("prediction and target differ in shape: {} and {}",
                                        to_string(prediction.shape()), to_string(target.shape())),
                            where));
  }
  RegressionScore score;
  score.add(prediction, target, where);
  return score.r2(where);
}

#define INSTANTIATE(T)                                                            \
  template void RegressionScore::add(const Tensor<T>&, const Tensor<T>&, Source); \
  template double mean_squared_error(const Tensor<T>&, const Tensor<T>&, Source); \
  template double r2(const Tensor<T>&, const Tensor<T>&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
