#include "nn/data/bytes.hpp"

#include <fmt/format.h>

namespace wengert::nn {

void Bytes::seek(std::uint64_t at, std::string_view what) {
  if (at > bytes_.size()) throw error(fmt::format("{} begins at byte {}, the file has {}", what, at, bytes_.size()));
  at_ = static_cast<std::size_t>(at);
}

std::string_view Bytes::take(std::uint64_t count, std::string_view what) {
  if (count > left()) throw error(fmt::format("{} takes {} bytes, the file has {} more", what, count, left()));
  const std::string_view out = bytes_.substr(at_, static_cast<std::size_t>(count));
  at_ += out.size();
  return out;
}

Shape Bytes::shape(std::span<const std::int64_t> dims) const {
  try {
    return Shape(dims);
  } catch (const ShapeError& fact) {
    throw error(fact.what());
  }
}

Array Bytes::rest(DType type, const Shape& shape, std::endian order) {
  const std::size_t each = size_of(type);
  if (left() / each != static_cast<std::uint64_t>(shape.size()) || left() % each != 0) {
    throw error(fmt::format("{} of {} takes {} times {} bytes, the file has {} more", to_string(shape), name_of(type),
                            shape.size(), each, left()));
  }
  std::string elements(take(left(), ""));
  if (order != std::endian::native) {
    for (std::size_t first = 0; first < elements.size(); first += each) {
      std::reverse(elements.data() + first, elements.data() + first + each);
    }
  }
  return Array(type, shape, std::move(elements));
}

FileError Bytes::error(const std::string& fact) const { return origin_.error(fmt::format("byte {}", at_), fact); }

}  // namespace wengert::nn
