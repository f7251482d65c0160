#include "autodiff/tensor/tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <numeric>

#include "autodiff/tensor/error.hpp"

namespace wengert {

namespace {

void expect_count(const Shape& shape, std::size_t values, Source where) {
  if (static_cast<std::size_t>(shape.size()) == values) return;
  throw ShapeError(
      locate("tensor",
             fmt::format("shape {} needs {} value{}, {} given", to_string(shape), shape.size(),
                         shape.size() == 1 ? "" : "s", values == 1 ? "1 was" : fmt::format("{} were", values)),
             where));
}

template <class T>
Shape shape_of(std::initializer_list<std::initializer_list<T>> rows, Source where) {
  const std::size_t cols = rows.size() == 0 ? 0 : rows.begin()->size();
  for (const auto& row : rows) {
    if (row.size() != cols) {
      throw ShapeError(
          locate("tensor", fmt::format("rows of {} and of {} elements in one list", cols, row.size()), where));
    }
  }
  return Shape{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(cols)};
}

}  // namespace

template <class T>
Buffer<T> elements_for(std::string_view operation, const Shape& shape, Source where) {
  try {
    return Buffer<T>(static_cast<std::size_t>(shape.size()));
  } catch (const std::bad_alloc&) {
    throw MemoryError(locate(operation,
                             fmt::format("there is no memory for a tensor of shape {}: {} elements of {} bytes",
                                         to_string(shape), shape.size(), sizeof(T)),
                             where));
  }
}

template <class T>
Tensor<T>::Tensor(std::initializer_list<std::initializer_list<T>> rows, Source where) : Tensor(shape_of(rows, where)) {
  T* out = data();
  for (const auto& row : rows) out = std::copy(row.begin(), row.end(), out);
}

template <class T>
Tensor<T>::Tensor(std::span<const T> values) : Tensor(Shape{static_cast<std::int64_t>(values.size())}) {
  std::copy(values.begin(), values.end(), data());
}

template <class T>
Tensor<T>::Tensor(const Shape& shape, std::span<const T> values, Source where) : Tensor(shape) {
  expect_count(shape, values.size(), where);
  std::copy(values.begin(), values.end(), data());
}

template <class T>
Tensor<T>::Tensor(const Shape& shape, Buffer<T>&& elements, Source where) : shape_(shape) {
  expect_count(shape, elements.size(), where);
  buffer_ = std::move(elements);
}

template <class T>
T Tensor<T>::item(Source where) const {
  if (size() == 1) return data()[0];
  throw ShapeError(locate("item", fmt::format("shape {} has {} elements, not one", to_string(shape_), size()), where));
}

template <class T>
bool Tensor<T>::operator==(const Tensor& other) const {
  return shape_ == other.shape_ && std::equal(begin(), end(), other.begin());
}

template <class T>
std::size_t Tensor<T>::offset(std::span<const std::int64_t> index, Source where) const {
  if (index.size() != static_cast<std::size_t>(rank())) {
    throw ShapeError(
        locate("at", fmt::format("{} indices for a tensor of shape {}", index.size(), to_string(shape_)), where));
  }
  std::int64_t flat = 0;
  for (int axis = 0; axis < rank(); ++axis) {
    const std::int64_t i = index[static_cast<std::size_t>(axis)], dim = shape_[axis];
    if (i < -dim || i >= dim) {
      throw ShapeError(locate(
          "at", fmt::format("index {} of axis {} is outside [{}, {}): shape {}", i, axis, -dim, dim, to_string(shape_)),
          where));
    }
    flat = flat * dim + (i < 0 ? i + dim : i);
  }
  return static_cast<std::size_t>(flat);
}

template <class T>
Tensor<T> full(const Shape& shape, T value, Source where) {
  Tensor<T> out(shape, where);
  std::fill(out.begin(), out.end(), value);
  return out;
}

namespace {
Shape line_of(const char* name, std::int64_t n, Source where) {
  if (n < 0) throw ShapeError(locate(name, fmt::format("{} elements", n), where));
  return Shape{n};
}
}  // namespace

template <class T>
Tensor<T> linspace(T first, T last, std::int64_t n, Source where) {
  Tensor<T> out(line_of("linspace", n, where));
  const T step = n > 1 ? (last - first) / static_cast<T>(n - 1) : T(0);
  for (std::int64_t i = 0; i < n; ++i) out.data()[i] = first + step * static_cast<T>(i);
  if (n > 1) out.data()[n - 1] = last;
  return out;
}

template <class T>
Tensor<T> arange(std::int64_t n, Source where) {
  Tensor<T> out(line_of("arange", n, where));
  std::iota(out.begin(), out.end(), T(0));
  return out;
}

template <class T>
Tensor<T> reshaped(Tensor<T> tensor, const Shape& shape, Source where) {
  if (tensor.size() != shape.size()) {
    throw ShapeError(locate("reshaped",
                            fmt::format("shape {} has {} elements but {} has {}", to_string(tensor.shape()),
                                        tensor.size(), to_string(shape), shape.size()),
                            where));
  }
  return Tensor<T>(shape, tensor.values());
}

template class Tensor<float>;
template class Tensor<double>;
template class Tensor<std::int64_t>;
#define INSTANTIATE(T)                                                     \
  template Buffer<T> elements_for(std::string_view, const Shape&, Source); \
  template Tensor<T> full(const Shape&, T, Source);                        \
  template Tensor<T> linspace(T, T, std::int64_t, Source);                 \
  template Tensor<T> arange(std::int64_t, Source);                         \
  template Tensor<T> reshaped(Tensor<T>, const Shape&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
INSTANTIATE(std::int64_t);
#undef INSTANTIATE

}  // namespace wengert
