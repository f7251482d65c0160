/// Reductions along axes.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <vector>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// The axes a reduction runs over: all, one, or some. Negative axes count from the end.
class Axes {
 public:
  static Axes all() { return Axes(); }
  Axes(int axis) : Axes(std::span<const int>(&axis, 1)) {}  // NOLINT: an axis is a set of one
  Axes(std::initializer_list<int> axes) : Axes(std::span<const int>(axes.begin(), axes.size())) {}
  explicit Axes(const std::vector<int>& axes) : Axes(std::span<const int>(axes)) {}
  explicit Axes(std::span<const int> axes) : count_(std::min(axes.size(), axes_.size())), all_(false) {
    std::copy_n(axes.begin(), count_, axes_.begin());
  }

  /// Bit i stands for axis i. Throws ShapeError for an axis outside [-rank, rank) or named twice.
  std::uint32_t mask(int rank) const;

 private:
  Axes() = default;
  std::array<int, kMaxRank + 1> axes_{};  ///< of more than eight, one of the first nine is outside or named twice
  std::size_t count_ = 0;
  bool all_ = true;
};

/// Sum of the elements along `axes`; with `keepdims` these stay as 1. The sum of nothing is 0.
template <class T>
Var<T> sum(Var<T> x, Source where = Source::here());
template <class T>
Var<T> sum(Var<T> x, const Axes& axes, bool keepdims = false, Source where = Source::here());

/// Sum divided by the number of elements summed. The mean of nothing is NaN.
template <class T>
Var<T> mean(Var<T> x, Source where = Source::here());
template <class T>
Var<T> mean(Var<T> x, const Axes& axes, bool keepdims = false, Source where = Source::here());

/// Largest and smallest element; NaN if there is one. A tie shares the gradient equally. Throws ShapeError if there is
/// nothing to choose from.
template <class T>
Var<T> max(Var<T> x, Source where = Source::here());
template <class T>
Var<T> max(Var<T> x, const Axes& axes, bool keepdims = false, Source where = Source::here());
template <class T>
Var<T> min(Var<T> x, Source where = Source::here());
template <class T>
Var<T> min(Var<T> x, const Axes& axes, bool keepdims = false, Source where = Source::here());

/// Position of the largest (smallest) element along `axis`, the first of equal ones; of NaN if there is one. It is a
/// number of type T, not an Index: integers are data, never computed. No gradient. Throws ShapeError for an axis of
/// length 0.
template <class T>
Var<T> argmax(Var<T> x, int axis = -1, bool keepdims = false, Source where = Source::here());
template <class T>
Var<T> argmin(Var<T> x, int axis = -1, bool keepdims = false, Source where = Source::here());

/// 1 where every element (all) or at least one (any) is not 0, else 0; NaN is not 0. Of nothing: 1 and 0. No gradient.
template <class T>
Var<T> all(Var<T> x, const Axes& axes = Axes::all(), bool keepdims = false, Source where = Source::here());
template <class T>
Var<T> any(Var<T> x, const Axes& axes = Axes::all(), bool keepdims = false, Source where = Source::here());
/// How many elements are not 0, as a number of type T: exact up to 2^24 (float) or 2^53. No gradient.
template <class T>
Var<T> count_nonzero(Var<T> x, const Axes& axes = Axes::all(), bool keepdims = false, Source where = Source::here());

}  // namespace wengert
