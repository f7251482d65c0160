/// A window on somebody else's elements: pointer, shape, strides. Stride 0 broadcasts, a negative stride flips.
///
/// Owns nothing and is valid as long as the memory it looks at.
#pragma once

#include <span>
#include <type_traits>

#include "autodiff/tensor/shape.hpp"

namespace wengert {

/// A window without its memory: where its first element lies, counted in elements from some base.
struct Window {
  std::int64_t offset = 0;
  Shape shape;
  Strides strides{};

  Window() = default;
  /// The whole of contiguous elements.
  explicit Window(const Shape& extent) : shape(extent), strides(row_major(extent)) {}
  Window(std::int64_t first, const Shape& extent, const Strides& steps)
      : offset(first), shape(extent), strides(steps) {}

  /// True if the elements lie in row-major order without gaps.
  bool is_contiguous() const {
    std::int64_t step = 1;
    for (int axis = shape.rank(); axis-- > 0;) {
      if (shape[axis] != 1 && strides[static_cast<std::size_t>(axis)] != step) return shape.size() == 0;
      step *= shape[axis];
    }
    return true;
  }
};

/// The same elements stretched to `shape` by NumPy's rules (stride 0). `from.shape` must broadcast to `shape`.
inline Window stretched(const Window& from, const Shape& shape) {
  Window out(from.offset, shape, {});
  for (int axis = -from.shape.rank(); axis < 0; ++axis) {
    const auto to = static_cast<std::size_t>(axis + shape.rank());
    const auto at = static_cast<std::size_t>(axis + from.shape.rank());
    out.strides[to] = from.shape[axis] == 1 ? 0 : from.strides[at];
  }
  return out;
}

template <class T>
struct View {
  T* data = nullptr;
  Shape shape;
  Strides strides{};

  View() = default;
  View(T* first, const Shape& extent) : data(first), shape(extent), strides(row_major(extent)) {}
  View(T* first, const Shape& extent, const Strides& steps) : data(first), shape(extent), strides(steps) {}
  /// `window` on the elements from `base` on.
  View(T* base, const Window& window) : data(base + window.offset), shape(window.shape), strides(window.strides) {}
  bool is_contiguous() const { return Window(0, shape, strides).is_contiguous(); }
  /// All elements in row-major order, if they are contiguous.
  std::span<T> elements() const { return {data, static_cast<std::size_t>(shape.size())}; }
  /// A window that may write is also one that may only read.
  operator View<const T>() const requires(!std::is_const_v<T>) { return {data, shape, strides}; }
};

}  // namespace wengert
