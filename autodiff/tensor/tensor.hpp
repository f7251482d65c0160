/// Tensor<T>: a shape and its elements, contiguous, row-major, 64-byte aligned. A value, like a standard container:
/// a copy copies, a move moves and leaves an empty tensor of shape [0].
///
/// T is float or double for numbers and std::int64_t for data such as class labels; mixing them does not compile.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "autodiff/tensor/buffer.hpp"
#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/view.hpp"

namespace wengert {

/// The first index of `at`, which takes note of the user's line: behind a pack no argument can have a default.
struct FirstIndex {
  template <class Integer>
  requires std::is_integral_v<Integer> FirstIndex(Integer index, Source at = Source::here())
      : value(static_cast<std::int64_t>(index)), where(at) {}
  std::int64_t value;
  Source where;
};

/// Zeros for a tensor of this shape. Throws MemoryError, in the name of `operation`, if there is no such memory.
template <class T>
Buffer<T> elements_for(std::string_view operation, const Shape& shape, Source where);

template <class T>
class Tensor {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>,
                "a Tensor holds float, double or std::int64_t");

 public:
  using value_type = T;

  /// An empty tensor of shape [0].
  Tensor() = default;
  /// Zeros of the given shape. Throws MemoryError if there is no memory for them, as all that make elements.
  explicit Tensor(const Shape& shape, Source where = Source::here())
      : shape_(shape), buffer_(elements_for<T>("tensor", shape, where)) {}
  /// A number: rank 0. Only explicit, so that a number is never taken for a tensor by accident.
  template <class Number>
  requires std::is_arithmetic_v<Number>
  explicit Tensor(Number value) : Tensor(Shape{}) { data()[0] = static_cast<T>(value); }
  /// Rank 1: {1, 2, 3}. A template only so that {{1}, {2}} is a column: between two equal fits, a template loses.
  template <class Number = T>
  Tensor(std::initializer_list<std::type_identity_t<Number>> values)
      : Tensor(std::span<const T>(values.begin(), values.size())) {}
  /// Rank 2: {{1, 2}, {3, 4}}. Throws ShapeError if the rows differ in length.
  Tensor(std::initializer_list<std::initializer_list<T>> rows, Source where = Source::here());
  /// Rank 1, copied.
  explicit Tensor(std::span<const T> values);
  /// Copied: a vector's memory has neither our alignment nor our padding, so it cannot be taken over; a Buffer's can.
  explicit Tensor(const std::vector<T>& values) : Tensor(std::span<const T>(values)) {}
  /// `shape.size()` values in row-major order, copied. Throws ShapeError if the counts differ.
  Tensor(const Shape& shape, std::span<const T> values, Source where = Source::here());
  Tensor(const Shape& shape, const std::vector<T>& values, Source where = Source::here())
      : Tensor(shape, std::span<const T>(values), where) {}
  Tensor(const Shape& shape, std::initializer_list<T> values, Source where = Source::here())
      : Tensor(shape, std::span<const T>(values.begin(), values.size()), where) {}
  /// `shape.size()` values copied from memory the caller owns.
  Tensor(const Shape& shape, const T* values) : Tensor(shape, std::span<const T>(values, to_size(shape))) {}
  /// Takes the buffer over without a copy. Throws ShapeError if it holds another number of elements.
  Tensor(const Shape& shape, Buffer<T>&& elements, Source where = Source::here());

  Tensor(const Tensor&) = default;
  Tensor& operator=(const Tensor&) = default;
  Tensor(Tensor&& other) noexcept
      : shape_(std::exchange(other.shape_, empty_shape())), buffer_(std::move(other.buffer_)) {}
  Tensor& operator=(Tensor&& other) noexcept {
    if (this != &other) {
      shape_ = std::exchange(other.shape_, empty_shape());
      buffer_ = std::move(other.buffer_);
    }
    return *this;
  }

  /// Gives the elements away without a copy, and is empty.
  Buffer<T> release() && {
    shape_ = empty_shape();
    return std::move(buffer_);
  }

  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  std::int64_t size() const { return shape_.size(); }

  T* data() { return buffer_.data(); }
  const T* data() const { return buffer_.data(); }
  T* begin() { return data(); }
  T* end() { return data() + size(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  std::span<T> values() { return {data(), to_size(shape_)}; }
  std::span<const T> values() const { return {data(), to_size(shape_)}; }
  View<T> view() { return {data(), shape_}; }
  View<const T> view() const { return {data(), shape_}; }

  /// Element at one index per axis; negative indices count from the end. Throws ShapeError for the wrong number of
  /// indices or one outside its axis.
  template <class... Index>
  requires(std::is_integral_v<Index>&&...) T& at(FirstIndex first, Index... index) {
    return data()[offset(std::array{first.value, static_cast<std::int64_t>(index)...}, first.where)];
  }
  template <class... Index>
  requires(std::is_integral_v<Index>&&...) const T& at(FirstIndex first, Index... index) const {
    return data()[offset(std::array{first.value, static_cast<std::int64_t>(index)...}, first.where)];
  }
  T& at(Source where = Source::here()) { return data()[offset({}, where)]; }
  const T& at(Source where = Source::here()) const { return data()[offset({}, where)]; }
  /// The one element of a tensor of size 1. Throws ShapeError for any other size.
  T item(Source where = Source::here()) const;

  /// Same shape and same elements. NaN differs from everything, as in C++.
  bool operator==(const Tensor& other) const;

 private:
  static Shape empty_shape() { return Shape{0}; }
  static std::size_t to_size(const Shape& shape) { return static_cast<std::size_t>(shape.size()); }
  std::size_t offset(std::span<const std::int64_t> index, Source where) const;

  Shape shape_{0};
  Buffer<T> buffer_;
};

/// Zeros, ones, or one value everywhere.
template <class T = double>
Tensor<T> zeros(const Shape& shape, Source where = Source::here()) {
  return Tensor<T>(shape, where);
}
template <class T>
Tensor<T> full(const Shape& shape, T value, Source where = Source::here());
template <class T = double>
Tensor<T> ones(const Shape& shape, Source where = Source::here()) {
  return full<T>(shape, T(1), where);
}
/// n numbers from `first` to `last`, both included; n = 1 gives `first`. Throws ShapeError for n < 0.
template <class T = double>
Tensor<T> linspace(T first, T last, std::int64_t n, Source where = Source::here());
/// 0, 1, …, n-1. Throws ShapeError for n < 0.
template <class T = double>
Tensor<T> arange(std::int64_t n, Source where = Source::here());
/// The same elements under another shape. Throws ShapeError if the sizes differ.
template <class T>
Tensor<T> reshaped(Tensor<T> tensor, const Shape& shape, Source where = Source::here());

extern template class Tensor<float>;
extern template class Tensor<double>;
extern template class Tensor<std::int64_t>;

}  // namespace wengert
