#include "nn/data/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {

namespace {

void expect_list(const char* operation, const char* name, const Tensor<std::int64_t>& list, Source where) {
  if (list.rank() == 1) return;
  throw ShapeError(locate(operation, fmt::format("{} are {}, not one list", name, to_string(list.shape())), where));
}

}  // namespace

template <class T>
Tensor<T> take_rows(const Tensor<T>& x, const Tensor<std::int64_t>& rows, Source where) {
  expect_list("take_rows", "rows", rows, where);
  if (x.rank() == 0) throw ShapeError(locate("take_rows", "a number has no rows", where));
  const std::int64_t n = x.shape()[0], width = n == 0 ? 0 : x.size() / n;
  for (const std::int64_t row : rows) {
    if (row < 0 || row >= n)
      throw ValueError(locate("take_rows", fmt::format("row {} is not in 0..{}", row, n - 1), where));
  }
  Tensor<T> out(with_rows(rows.size(), x.shape()));
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    std::copy_n(x.data() + rows.data()[i] * width, width, out.data() + i * width);
  }
  return out;
}

Shape with_rows(std::int64_t rows, const Shape& shape) {
  std::array<std::int64_t, kMaxRank> dims{};
  std::ranges::copy(shape, dims.begin());
  dims[0] = rows;
  return Shape(std::span<const std::int64_t>(dims.data(), static_cast<std::size_t>(shape.rank())));
}

template <class T>
Tensor<T> one_hot(const Tensor<std::int64_t>& labels, std::int64_t classes, Source where) {
  expect_list("one_hot", "labels", labels, where);
  Tensor<T> out(Shape{labels.size(), classes});
  for (std::int64_t i = 0; i < labels.size(); ++i) {
    const std::int64_t label = labels.data()[i];
    if (label < 0 || label >= classes) {
      throw ValueError(
          locate("one_hot", fmt::format("label {} of row {} is not in 0..{}", label, i, classes - 1), where));
    }
    out.data()[i * classes + label] = T(1);
  }
  return out;
}

template <class T>
Classified<T> classified(const Tensor<double>& table, Source where) {
  if (table.rank() != 2 || table.shape()[1] == 0) {
    throw ShapeError(
        locate("classified", fmt::format("a table of rows is needed, not {}", to_string(table.shape())), where));
  }
  const std::int64_t n = table.shape()[0], columns = table.shape()[1] - 1;
  Classified<T> out{Tensor<T>(Shape{n, columns}), Tensor<std::int64_t>(Shape{n})};
  const double* from = table.data();
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) out.x.data()[i * columns + j] = static_cast<T>(*from++);
    const double label = *from++;
    if (!(label >= 0 && label < 1e9 && label == std::floor(label))) {
      throw ValueError(locate("classified", fmt::format("the label of row {} is {}, not a class", i, label), where));
    }
    out.labels.data()[i] = static_cast<std::int64_t>(label);
  }
  return out;
}

template Tensor<float> take_rows(const Tensor<float>&, const Tensor<std::int64_t>&, Source);
template Tensor<double> take_rows(const Tensor<double>&, const Tensor<std::int64_t>&, Source);
template Tensor<std::int64_t> take_rows(const Tensor<std::int64_t>&, const Tensor<std::int64_t>&, Source);
template Tensor<float> one_hot(const Tensor<std::int64_t>&, std::int64_t, Source);
template Tensor<double> one_hot(const Tensor<std::int64_t>&, std::int64_t, Source);
template Classified<float> classified(const Tensor<double>&, Source);
template Classified<double> classified(const Tensor<double>&, Source);

}  // namespace wengert::nn
