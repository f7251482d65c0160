// Narrow rows, as many at a time as a vector has lanes: each row is a lane, so that what a row is reduced to needs no
// shuffles, and no lane is idle but those behind the last row.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_COLUMNS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_COLUMNS_INL_H_
#undef WENGERT_KERNELS_COLUMNS_INL_H_
#else
#define WENGERT_KERNELS_COLUMNS_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "autodiff/kernels/map-inl.h"
#include "autodiff/kernels/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// Whether rows are better taken by lanes: a pack of a column costs a third of what a row alone spends on shuffles and
/// on waiting for them. So rows have at most three packs, and few rows are taken one by one.
template <class T>
HWY_INLINE bool is_narrow(const Call<T>& call) {
  return (call.rows + kLanes<T> - 1) / kLanes<T> * call.cols < 3 * call.rows;
}

/// Rows of a block, by columns: pack (r, c) holds element c of rows r .. r + kLanes. Uninitialised.
template <class T>
class Columns {
 public:
  static constexpr std::ptrdiff_t N = kLanes<T>, kRoom = 2 * kTile<T>;
  /// Most rows of so many elements.
  static std::ptrdiff_t most_rows(std::ptrdiff_t cols) { return std::max(N, kRoom / cols / N * N); }

  /// Copies rows [first, first + rows) of operand i. Lanes behind the last row hold zeros.
  HWY_INLINE void read(const Call<T>& call, std::size_t i, std::ptrdiff_t first, std::ptrdiff_t rows) {
    width_ = (rows + N - 1) / N * N;
    const T* x = call.x[i] + first * call.stride[i];
    if (call.how[i] == How::advance) {
      transpose(x, call.stride[i], rows, call.cols, at_, width_);
    } else {
      for (std::ptrdiff_t c = 0; c < call.cols; ++c) {
        for (std::ptrdiff_t r = 0; r < rows; ++r) at_[c * width_ + r] = x[r * call.stride[i]];
      }
    }
    for (std::ptrdiff_t c = 0; c < call.cols; ++c) std::fill(at_ + c * width_ + rows, at_ + (c + 1) * width_, T(0));
  }
  /// Copies them to rows at y.
  HWY_INLINE void write(std::ptrdiff_t rows, std::ptrdiff_t cols, T* y, std::ptrdiff_t stride) const {
    transpose(at_, width_, cols, rows, y, stride);
  }
  std::ptrdiff_t width() const { return width_; }
  HWY_INLINE Pack<T> operator()(std::ptrdiff_t r, std::ptrdiff_t c) const { return load(at_ + c * width_ + r); }
  HWY_INLINE void set(std::ptrdiff_t r, std::ptrdiff_t c, Pack<T> x) { store(x, at_ + c * width_ + r); }

 private:
  std::ptrdiff_t width_ = 0;  ///< rows, up to whole packs
  HWY_ALIGN T at_[kRoom];
};

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
