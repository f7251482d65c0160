/// Numbers as a file holds them: a type, a shape and bytes, until the caller says which Tensor they shall become.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

enum class DType { boolean, u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 };

/// Bytes of one element.
std::size_t size_of(DType type);
/// "f32"; "bool" for boolean.
std::string_view name_of(DType type);

/// What may happen to a number on its way into a Tensor<T>.
enum class Convert {
  never,    ///< the types are the same
  exactly,  ///< any type, as long as every value is a T; NaN stays NaN
  rounded,  ///< to the nearest T, ties to even; a Tensor of integers still takes integers only
};

/// A value, like Tensor. The elements are row-major and little-endian whatever the file has.
class Array {
 public:
  /// An empty array of shape [0].
  Array() = default;
  /// Throws ShapeError unless `bytes` has size_of(type) bytes per element.
  Array(DType type, const Shape& shape, std::string bytes, Source where = Source::here());
  template <class T>
  Array(const Tensor<T>& tensor);  // NOLINT: a tensor is written wherever an array is

  DType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  const std::string& bytes() const { return bytes_; }

  /// T is float, double or std::int64_t. Throws ValueError "to: f64 value 0.1 is no f32" if `convert` forbids it.
  template <class T>
  Tensor<T> to(Convert convert = Convert::exactly, Source where = Source::here()) const;
  /// Why `to` would throw; empty if it would not.
  template <class T>
  std::string obstacle(Convert convert) const;

  bool operator==(const Array&) const = default;

 private:
  DType type_ = DType::f64;
  Shape shape_{0};
  std::string bytes_;
};

/// Arrays by name.
using Arrays = std::map<std::string, Array>;

}  // namespace wengert::nn
