/// Dimensions of a tensor: at most eight, row-major, NumPy's broadcasting.
///
/// 1. A rank-0 shape [] has one element. A dimension may be 0; the size is then 0.
/// 2. The product of the dimensions never overflows: the constructor throws.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "autodiff/tensor/source.hpp"

namespace wengert {

inline constexpr int kMaxRank = 8;

class Shape {
 public:
  constexpr Shape() = default;
  /// Throws ShapeError for more than eight dimensions, a negative one, or a product beyond 2^63 - 1.
  Shape(std::initializer_list<std::int64_t> dims, Source where = Source::here());
  explicit Shape(std::span<const std::int64_t> dims, Source where = {});

  int rank() const { return rank_; }
  /// Number of elements; 1 for rank 0.
  std::int64_t size() const { return size_; }
  /// Dimension of `axis`; negative axes count from the end. The axis must be in [-rank, rank).
  std::int64_t operator[](int axis) const { return dims_[static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis)]; }
  std::span<const std::int64_t> dims() const { return {dims_.data(), static_cast<std::size_t>(rank_)}; }
  const std::int64_t* begin() const { return dims_.data(); }
  const std::int64_t* end() const { return dims_.data() + rank_; }

  /// Dimension by dimension: a comparison of all eight would be a call of memcmp, the most frequent one of recording.
  bool operator==(const Shape& other) const {
    if (rank_ != other.rank_ || size_ != other.size_) return false;
    for (std::size_t i = 0; i < static_cast<std::size_t>(rank_); ++i) {
      if (dims_[i] != other.dims_[i]) return false;
    }
    return true;
  }

 private:
  std::array<std::int64_t, kMaxRank> dims_{};
  std::int64_t size_ = 1;
  int rank_ = 0;
};

/// Element steps of the axes of a strided window.
using Strides = std::array<std::int64_t, kMaxRank>;

/// Strides of contiguous row-major data.
Strides row_major(const Shape& shape);

/// `axis` counted from the front. Throws ShapeError "axis 3 is outside [-2, 2)" unless -rank <= axis < rank.
int normalize_axis(int axis, int rank);

/// True if `from` can be stretched to `to` by NumPy's rules without changing `to`.
bool broadcasts_to(const Shape& from, const Shape& to);

/// The common shape of two operands by NumPy's rules: aligned at the last axis, 1 stretches.
/// Throws ShapeError "[32, 10] and [12] do not broadcast: axis -1 is 10 and 12".
Shape broadcast(const Shape& a, const Shape& b);

/// "[32, 10]"; "[]" for rank 0.
std::string to_string(const Shape& shape);

}  // namespace wengert
