#include "autodiff/kernels/tile.hpp"

#include <algorithm>

namespace wengert::kernels {
namespace {

/// Element steps from plane 0 to the plane at `at`.
template <class T>
std::ptrdiff_t plane_offset(const Operand<T>& operand, const std::int64_t* at, std::size_t axes) {
  std::ptrdiff_t offset = 0;
  for (std::size_t axis = 0; axis < axes; ++axis) offset += at[axis] * operand.outer[axis];
  return offset;
}

}  // namespace

template <class T>
void TileProgram<T>::begin() const {
  for (const Start& start : init) std::fill_n(start.data, start.size, start.value);
}

template <class T>
void TileProgram<T>::end() const {
  for (const Start& start : init) {
    if (start.factor == 1) continue;
    for (std::size_t i = 0; i < start.size; ++i) {
      start.data[i] = static_cast<T>(static_cast<double>(start.data[i]) * start.factor);
    }
  }
}

template <class T>
Call<T> TileProgram<T>::bind(const Step<T>& step, std::ptrdiff_t i, std::ptrdiff_t m, std::ptrdiff_t j,
                             std::ptrdiff_t n, T* scratch, const std::int64_t* plane, bool as_one_row) const {
  struct Bound {
    T* at;
    std::ptrdiff_t stride;
    How how;
  };
  const auto place = [&](const Operand<T>& operand) -> Bound {
    const How how = operand.col == 1 ? How::advance : How::spread;
    switch (operand.place) {
      case Place::none: break;
      case Place::memory:
        return {operand.data + (plane_offset(operand, plane, outer.size()) + i * operand.row + j * operand.col),
                operand.row, how};
      case Place::constant: return {operand.data, 0, How::splat};
      case Place::scratch: return {scratch + operand.number * kScratch<T>, operand.col == 1 ? n : 1, how};
    }
    return {nullptr, 0, How::advance};
  };
  Call<T> call;
  call.rows = as_one_row ? 1 : m;
  call.cols = as_one_row ? m * n : n;
  const Bound y = place(step.y), y2 = place(step.y2);
  call.y = y.at;
  call.y_stride = y.stride;
  call.y2 = y2.at;
  call.y2_stride = y2.stride;
  for (std::size_t k = 0; k < 3; ++k) {
    const Bound x = place(step.x[k]);
    call.x[k] = x.at;
    call.stride[k] = x.stride;
    call.how[k] = x.how;
  }
  call.label = step.label != nullptr ? step.label + i : nullptr;
  call.factor = step.factor;
  return call;
}

template <class T>
void TileProgram<T>::block(std::ptrdiff_t i, std::ptrdiff_t m, std::ptrdiff_t j, std::ptrdiff_t n, T* scratch) const {
  const std::array<std::int64_t, 6> origin{};
  const bool as_one_row = flat && n == cols;
  for (const Step<T>& step : steps) step.run(bind(step, i, m, j, n, scratch, origin.data(), as_one_row));
}

template <class T>
void TileProgram<T>::plane(const std::int64_t* at, T* scratch) const {
  // A flat home is one long row, so that its blocks are full whatever its shape.
  const std::ptrdiff_t m = flat ? 1 : rows, n = flat ? rows * cols : cols;
  if (m == 0 || n == 0) return;
  const std::ptrdiff_t block_cols = whole_rows ? n : std::min(n, kTile<T>);
  const std::ptrdiff_t block_rows = std::max<std::ptrdiff_t>(1, kTile<T> / block_cols);
  for (std::ptrdiff_t i = 0; i < m; i += block_rows) {
    const std::ptrdiff_t height = std::min(block_rows, m - i);
    for (std::ptrdiff_t j = 0; j < n; j += block_cols) {
      const std::ptrdiff_t width = std::min(block_cols, n - j);
      for (const Step<T>& step : steps) step.run(bind(step, i, height, j, width, scratch, at, false));
    }
  }
}

template <class T>
void TileProgram<T>::all(T* scratch) const {
  begin();
  if (!baked_.empty()) {
    for (std::size_t s = 0; s < baked_.size(); ++s) steps[s].run(baked_[s]);
    end();
    return;
  }
  std::array<std::int64_t, 6> at{};
  for (const std::int64_t extent : outer) {
    if (extent == 0) return end();
  }
  for (;;) {
    plane(at.data(), scratch);
    std::size_t axis = outer.size();
    while (axis > 0 && ++at[axis - 1] == outer[axis - 1]) at[--axis] = 0;
    if (axis == 0) return end();
  }
}

template <class T>
void TileProgram<T>::bake(T* scratch) {
  baked_.clear();
  if (!outer.empty() || rows * cols == 0 || rows * cols > kTile<T>) return;
  const std::array<std::int64_t, 6> origin{};
  for (const Step<T>& step : steps) baked_.push_back(bind(step, 0, rows, 0, cols, scratch, origin.data(), flat));
}

template class TileProgram<float>;
template class TileProgram<double>;

}  // namespace wengert::kernels
