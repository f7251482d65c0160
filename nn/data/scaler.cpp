#include "nn/data/scaler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {

namespace {

/// y of the shape of x, y = f(x, shift, scale) of the column.
template <class T, class F>
Tensor<T> by_column(const char* operation, const Tensor<T>& x, const Scaler<T>& scaler, Source where, F f) {
  const std::int64_t columns = scaler.shift.size();
  if (x.rank() != 2 || x.shape()[1] != columns) {
    throw ShapeError(locate(
        operation, fmt::format("x is {}, the scaler was fitted on {} columns", to_string(x.shape()), columns), where));
  }
  Tensor<T> out(x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    out.data()[i] = f(x.data()[i], scaler.shift.data()[i % columns], scaler.scale.data()[i % columns]);
  }
  return out;
}

/// What a column is fitted by: computed in double.
struct Column {
  double least, most, mean, deviation;
};

/// f(column) -> {shift, scale}, for every column.
template <class T, class F>
Scaler<T> fit(const char* operation, const Tensor<T>& x, Source where, F f) {
  if (x.rank() != 2 || x.shape()[0] == 0) {
    throw ShapeError(locate(operation, fmt::format("x is {}, not rows to fit on", to_string(x.shape())), where));
  }
  const std::int64_t rows = x.shape()[0], columns = x.shape()[1];
  const double n = static_cast<double>(rows);
  Scaler<T> out{Tensor<T>(Shape{columns}), Tensor<T>(Shape{columns})};
  for (std::int64_t j = 0; j < columns; ++j) {
    const auto at = [&](std::int64_t i) { return static_cast<double>(x.data()[i * columns + j]); };
    Column column{at(0), at(0), 0, 0};
    // Differences from the first row: a column of one value has exactly that mean and no deviation, however many rows.
    double sum = 0, squares = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
      if (!std::isfinite(at(i))) {
        throw ValueError(locate(operation, fmt::format("x[{}, {}] is {}", i, j, at(i)), where));
      }
      column.least = std::min(column.least, at(i));
      column.most = std::max(column.most, at(i));
      sum += (at(i) - at(0)) / n;
    }
    for (std::int64_t i = 0; i < rows; ++i) squares += (at(i) - at(0) - sum) * (at(i) - at(0) - sum) / n;
    column.mean = at(0) + sum;
    column.deviation = std::sqrt(squares);
    const auto [shift, scale] = f(column);
    out.shift.data()[j] = static_cast<T>(shift);
    out.scale.data()[j] = scale > 0 ? static_cast<T>(scale) : T(1);
  }
  return out;
}

}  // namespace

template <class T>
Tensor<T> Scaler<T>::transform(const Tensor<T>& x, Source where) const {
  return by_column("transform", x, *this, where, [](T value, T a, T b) { return (value - a) / b; });
}

template <class T>
Tensor<T> Scaler<T>::inverse(const Tensor<T>& x, Source where) const {
  return by_column("inverse", x, *this, where, [](T value, T a, T b) { return value * b + a; });
}

template <class T>
Scaler<T> standard_scaler(const Tensor<T>& x, Source where) {
  return fit("standard_scaler", x, where, [](const Column& c) { return std::pair(c.mean, c.deviation); });
}

template <class T>
Scaler<T> min_max_scaler(const Tensor<T>& x, Source where) {
  return fit("min_max_scaler", x, where, [](const Column& c) { return std::pair(c.least, c.most - c.least); });
}

#define INSTANTIATE(T)                                          \
  template struct Scaler<T>;                                    \
  template Scaler<T> standard_scaler(const Tensor<T>&, Source); \
  template Scaler<T> min_max_scaler(const Tensor<T>&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
