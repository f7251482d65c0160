// Copies between strided windows against the definition, index by index.
#include "autodiff/kernels/move.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "autodiff/tensor/random.hpp"
#include "tests/autodiff/kernels/fenced.hpp"

namespace wengert::kernels {
namespace {

/// A window and the memory it looks at, which ends with its last element.
template <class T>
struct Windowed {
  Fenced<T> memory;
  View<T> view;

  Windowed(const Shape& shape, const Strides& strides) : memory(span(shape, strides)) {
    T* first = memory.data();
    for (int axis = 0; axis < shape.rank() && shape.size() != 0; ++axis) {
      first += std::max<std::int64_t>(0, (1 - shape[axis]) * strides[static_cast<std::size_t>(axis)]);
    }
    view = View<T>(first, shape, strides);
  }

 private:
  static std::size_t span(const Shape& shape, const Strides& strides) {
    if (shape.size() == 0) return 0;
    std::int64_t last = 0;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      last += (shape[axis] - 1) * std::abs(strides[static_cast<std::size_t>(axis)]);
    }
    return static_cast<std::size_t>(last + 1);
  }
};

/// Where the element with row-major number i of a view stands.
template <class T>
T* at(const View<T>& view, std::int64_t i) {
  std::int64_t offset = 0;
  for (int axis = view.shape.rank(); axis-- > 0; i /= view.shape[axis]) {
    offset += i % view.shape[axis] * view.strides[static_cast<std::size_t>(axis)];
  }
  return view.data + offset;
}

/// Strides that put the axes into memory in any order, with gaps and backwards; if `broadcast`, some axes do not move.
Strides any_strides(const Shape& shape, bool broadcast, Random& random) {
  const Tensor<std::int64_t> order = random.permutation(shape.rank());
  const bool in_order = random.below(3) == 0, dense = random.below(2) == 0, forward = random.below(2) == 0;
  Strides strides{};
  std::int64_t step = dense ? 1 : 1 + random.below(3);
  for (int i = shape.rank(); i-- > 0;) {
    const int axis = in_order ? i : static_cast<int>(order.at(i));
    std::int64_t& stride = strides[static_cast<std::size_t>(axis)];
    if (broadcast && random.below(4) == 0) continue;
    stride = forward || random.below(2) == 0 ? step : -step;
    step = step * std::max<std::int64_t>(shape[axis], 1) + (dense ? 0 : random.below(3));
  }
  return strides;
}

/// Copies random elements, then fills; checks all elements and that nothing else has been written.
template <class T>
void check(const Shape& shape, const Strides& from_strides, const Strides& to_strides, Random& random) {
  Windowed<T> from(shape, from_strides), to(shape, to_strides);
  std::generate(from.memory.begin(), from.memory.end(), [&] { return static_cast<T>(random.below(1000000)); });
  copy<T>(from.view, to.view);
  bool right = true;
  for (std::int64_t i = 0; i < shape.size(); ++i) right &= *at(from.view, i) == *at(to.view, i);
  const auto written = [&] {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < to.memory.size(); ++i) count += to.memory.untouched(i) ? 0 : 1;
    return count;
  };
  CAPTURE(to_string(shape));
  CHECK(right);
  CHECK(written() == shape.size());
  CHECK(to.memory.intact());

  fill(to.view, T(7));
  right = true;
  for (std::int64_t i = 0; i < shape.size(); ++i) right &= *at(to.view, i) == T(7);
  CHECK(right);
  CHECK(written() == shape.size());
  CHECK(to.memory.intact());
}

}  // namespace

TEST_CASE_TEMPLATE("copies and fills write every element of a window of any strides, and nothing else", T, float,
                   double, std::int64_t) {
  Random random(51);
  for (int rank = 0; rank <= kMaxRank; ++rank) {
    for (int round = 0; round < 60; ++round) {
      std::vector<std::int64_t> dims(static_cast<std::size_t>(rank));
      // Up to 50 elements an axis in a matrix, so that transpositions take several squares of 16.
      const std::int64_t most = rank <= 2 ? 50 : rank <= 4 ? 7 : 3;
      for (std::int64_t& dim : dims) dim = random.below(12) == 0 ? random.below(2) : 1 + random.below(most);
      const Shape shape(dims);
      check<T>(shape, any_strides(shape, true, random), any_strides(shape, false, random), random);
    }
  }
}

TEST_CASE("a transposition is exact at the edges of its squares of 16, also with gaps and backwards") {
  Random random(52);
  for (const std::int64_t rows : {2, 15, 16, 17, 33}) {
    for (const std::int64_t cols : {2, 15, 16, 17, 48}) {
      check<float>(Shape{rows, cols}, {1, rows}, {cols, 1}, random);
      check<double>(Shape{rows, cols}, {1, -rows - 3}, {cols + 5, 1}, random);
      check<float>(Shape{3, rows, cols}, {rows * cols, 1, rows}, {rows * cols, cols, 1}, random);
      check<double>(Shape{rows, 3, cols}, {1, rows * cols, rows}, {-3 * cols, cols, 1}, random);
    }
  }
}

TEST_CASE("a window that flips the axis of three numbers copies them backwards") {
  const std::array<double, 3> from = {1, 2, 3};
  std::array<double, 3> to{};
  copy<double>(View<const double>(from.data() + 2, Shape{3}, {-1}), View<double>(to.data(), Shape{3}));
  CHECK(to == std::array<double, 3>{3, 2, 1});
}

}  // namespace wengert::kernels
