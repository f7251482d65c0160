/// Bytes of a file, read from front to back; knows where it stands when something is wrong.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "nn/data/array.hpp"
#include "nn/data/file.hpp"

namespace wengert::nn {

class Bytes {
 public:
  /// Both must outlive it.
  Bytes(std::string_view bytes, const Origin& origin) : bytes_(bytes), origin_(origin) {}

  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }

  /// Goes to a byte of the whole. Throws FileError if it is beyond the end.
  void seek(std::uint64_t at, std::string_view what);
  /// The next `count` bytes. Throws FileError `byte 8: the header takes 4294967296 bytes, the file has 1203 more`.
  std::string_view take(std::uint64_t count, std::string_view what);

  template <std::unsigned_integral U, std::endian order = std::endian::little>
  U number(std::string_view what) {
    std::array<char, sizeof(U)> raw;
    std::ranges::copy(take(sizeof(U), what), raw.begin());
    if constexpr (order != std::endian::native) std::ranges::reverse(raw);
    return std::bit_cast<U>(raw);
  }

  /// These dimensions as a shape. Throws FileError for more than eight, or a product beyond 2^63 - 1.
  Shape shape(std::span<const std::int64_t> dims) const;
  /// Everything that is left, as an array. Throws FileError unless that is exactly what the shape needs; nothing is
  /// allocated before.
  Array rest(DType type, const Shape& shape, std::endian order);

  FileError error(const std::string& fact) const;

 private:
  std::string_view bytes_;
  const Origin& origin_;
  std::size_t at_ = 0;
};

}  // namespace wengert::nn
