#include "nn/data/array.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {

namespace {

static_assert(std::endian::native == std::endian::little, "the elements of an Array are those of the machine");

/// Calls f(U{}) with U the C++ type of `type`.
template <class F>
auto with_type(DType type, F f) {
  switch (type) {
    case DType::boolean:
    case DType::u8: return f(std::uint8_t{});
    case DType::i8: return f(std::int8_t{});
    case DType::u16: return f(std::uint16_t{});
    case DType::i16: return f(std::int16_t{});
    case DType::u32: return f(std::uint32_t{});
    case DType::i32: return f(std::int32_t{});
    case DType::u64: return f(std::uint64_t{});
    case DType::i64: return f(std::int64_t{});
    case DType::f32: return f(float{});
    case DType::f64: break;
  }
  return f(double{});
}

template <class T>
constexpr DType dtype_of = std::is_same_v<T, float>    ? DType::f32
                           : std::is_same_v<T, double> ? DType::f64
                                                       : DType::i64;

/// True if `x` is a T: no bit is lost.
template <class T, class U>
bool is_exact(U x) {
  if constexpr (std::is_floating_point_v<U>) {
    if (std::isnan(x)) return std::is_floating_point_v<T>;
    if constexpr (std::is_integral_v<T>) return x >= U(-0x1p63) && x < U(0x1p63) && std::trunc(x) == x;
    // The largest double between f32's maximum and infinity converts to infinity, and is no f32.
    return static_cast<U>(static_cast<T>(x)) == x;
  } else if constexpr (std::is_integral_v<T>) {
    return std::in_range<T>(x);
  } else {
    // Back in the integer's type: 2^63 and 2^64, what the largest ones round up to, do not fit there.
    const T y = static_cast<T>(x);
    const T end = std::ldexp(T(1), std::numeric_limits<U>::digits);
    return y < end && static_cast<U>(y) == x;
  }
}

template <class U>
U element(const std::string& bytes, std::int64_t i) {
  U x;
  std::memcpy(&x, bytes.data() + static_cast<std::size_t>(i) * sizeof(U), sizeof(U));
  return x;
}

}  // namespace

std::size_t size_of(DType type) {
  return with_type(type, [](auto x) { return sizeof(x); });
}

std::string_view name_of(DType type) {
  switch (type) {
    case DType::boolean: return "bool";
    case DType::u8: return "u8";
    case DType::i8: return "i8";
    case DType::u16: return "u16";
    case DType::i16: return "i16";
    case DType::u32: return "u32";
    case DType::i32: return "i32";
    case DType::u64: return "u64";
    case DType::i64: return "i64";
    case DType::f32: return "f32";
    case DType::f64: return "f64";
  }
  return "unknown";
}

Array::Array(DType type, const Shape& shape, std::string bytes, Source where)
    : type_(type), shape_(shape), bytes_(std::move(bytes)) {
  const std::size_t each = size_of(type), count = static_cast<std::size_t>(shape.size());
  if (bytes_.size() / each != count || bytes_.size() % each != 0) {
    throw ShapeError(locate("array",
                            fmt::format("{} of {} need {} times {} bytes, there are {}", to_string(shape),
                                        name_of(type), count, each, bytes_.size()),
                            where));
  }
}

template <class T>
Array::Array(const Tensor<T>& tensor)
    : type_(dtype_of<T>), shape_(tensor.shape()), bytes_(static_cast<std::size_t>(tensor.size()) * sizeof(T), '\0') {
  if (tensor.size() != 0) std::memcpy(bytes_.data(), tensor.data(), bytes_.size());
}

template <class T>
std::string Array::obstacle(Convert convert) const {
  const DType wanted = dtype_of<T>;
  if (type_ == wanted || (convert == Convert::rounded && std::is_floating_point_v<T>)) return "";
  if (convert == Convert::never) return fmt::format("the type is {}, {} is wanted", name_of(type_), name_of(wanted));
  return with_type(type_, [&](auto zero) -> std::string {
    for (std::int64_t i = 0; i < shape_.size(); ++i) {
      const auto x = element<decltype(zero)>(bytes_, i);
      if (!is_exact<T>(x)) return fmt::format("{} value {} is no {}", name_of(type_), x, name_of(wanted));
    }
    return "";
  });
}

template <class T>
Tensor<T> Array::to(Convert convert, Source where) const {
  if (const std::string fact = obstacle<T>(convert); !fact.empty()) throw ValueError(locate("to", fact, where));
  Tensor<T> out(shape_);
  with_type(type_, [&](auto zero) {
    for (std::int64_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<T>(element<decltype(zero)>(bytes_, i));
  });
  return out;
}

#define INSTANTIATE(T)                                    \
  template Array::Array(const Tensor<T>&);                \
  template std::string Array::obstacle<T>(Convert) const; \
  template Tensor<T> Array::to(Convert, Source) const
INSTANTIATE(float);
INSTANTIATE(double);
INSTANTIATE(std::int64_t);
#undef INSTANTIATE

}  // namespace wengert::nn
