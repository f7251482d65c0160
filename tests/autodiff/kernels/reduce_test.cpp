// Sums, maxima and minima in their three layouts, against the definition.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/kernels/tile.hpp"
#include "autodiff/tensor/random.hpp"
#include "tests/autodiff/kernels/every_target.hpp"
#include "tests/autodiff/kernels/matrix.hpp"
#include "tests/autodiff/kernels/ulp.hpp"

namespace wengert::kernels {
namespace {

enum class What { sum, max, min };
enum class Over { all, columns, rows };  // columns: one result per column

Instruction instruction_of(What what, Over over) {
  return Instruction{static_cast<std::uint16_t>(static_cast<int>(instruction(Special::sum_all)) +
                                                3 * static_cast<int>(what) + static_cast<int>(over))};
}

/// A block, given by what its element (i, j) is in memory.
template <class T>
struct Block {
  Size rows, cols;
  const T* x;
  Size stride;
  How how = How::advance;

  T at(Size i, Size j) const { return x[how == How::splat ? 0 : i * stride + (how == How::advance ? j : 0)]; }
};

template <class T>
struct Reduction {
  What what;
  Over over;
  T start = 0, factor = 1;
};

/// The results on the instruction set in use, which start from `start`. `gap` elements stand between two results of
/// rows.
template <class T>
std::vector<T> reduce(const Block<T>& block, const Reduction<T>& r, Size gap = 0) {
  const Size count = r.over == Over::all ? 1 : r.over == Over::rows ? block.rows : block.cols;
  const Layout layout = gap == 0 ? Layout::rows : Layout::wide_rows;
  Matrix<T> y(r.over == Over::rows ? count : 1, r.over == Over::rows ? 1 : count, layout);
  y.fill([&] { return r.start; });
  Call<T> call{};
  call.rows = block.rows, call.cols = block.cols;
  call.x[0] = block.x, call.stride[0] = block.stride, call.how[0] = block.how;
  call.y = y.first, call.y_stride = y.row;
  call.factor = r.factor;
  tile<T>(instruction_of(r.what, r.over))(call);
  if (!y.intact()) FAIL_CHECK("an element that is no result was written");
  return y.values();
}

/// The same by definition.
template <class T>
std::vector<T> expected(const Block<T>& block, const Reduction<T>& r) {
  const Size count = r.over == Over::all ? 1 : r.over == Over::rows ? block.rows : block.cols;
  const long double neutral = r.what == What::sum ? 0 : r.what == What::max ? -kInfinity<T> : kInfinity<T>;
  std::vector<long double> y(static_cast<std::size_t>(count), neutral);
  const auto combine = [&](long double a, long double b) {
    if (r.what == What::sum) return a + b;
    if (std::isnan(a) || std::isnan(b)) return static_cast<long double>(kNan<T>);
    return r.what == What::max ? std::max(a, b) : std::min(a, b);
  };
  for (Size i = 0; i < block.rows; ++i) {
    for (Size j = 0; j < block.cols; ++j) {
      long double& to = y[static_cast<std::size_t>(r.over == Over::all ? 0 : r.over == Over::rows ? i : j)];
      to = combine(to, block.at(i, j));
    }
  }
  std::vector<T> out;
  for (const long double x : y) out.push_back(static_cast<T>(combine(r.start, r.what == What::sum ? r.factor * x : x)));
  return out;
}

constexpr What kWhat[] = {What::sum, What::max, What::min};
constexpr Over kOver[] = {Over::all, Over::columns, Over::rows};
// A tail, one to four vectors of 1 to 16 elements, several turns of four.
constexpr Size kCols[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 47, 63, 64, 65, 131, 200};

}  // namespace

TEST_CASE_TEMPLATE("reductions of small integers are exact for every shape and kind of operand", T, float, double) {
  Random random(31);
  const auto small_integer = [&] { return static_cast<T>(random.below(201) - 100); };
  for (const Size rows : {1, 2, 3, 4, 5, 9}) {
    for (const Size cols : kCols) {
      CAPTURE(rows);
      CAPTURE(cols);
      Matrix<T> dense(rows, cols, Layout::rows), wide(rows, cols, Layout::wide_rows), column(rows, 1, Layout::rows),
          scattered(rows, 1, Layout::wide_rows);
      for (Matrix<T>* m : {&dense, &wide, &column, &scattered}) m->fill(small_integer);
      const Fenced<T> splat = Fenced<T>::of(std::vector<T>(static_cast<std::size_t>(kMaxLanes<T>), T(3)));
      const Block<T> blocks[] = {
          {rows, cols, dense.first, cols},
          {rows, cols, wide.first, wide.row},
          {rows, cols, dense.first, 0},                // the first row again and again
          {rows, cols, column.first, 1, How::spread},  // one element per row
          {rows, cols, scattered.first, scattered.row, How::spread},
          {rows, cols, column.first, 0, How::spread},  // one element
          {rows, cols, splat.data(), 0, How::splat},
      };
      for (const std::string& target : EveryTarget()) {
        CAPTURE(target);
        for (const What what : kWhat) {
          for (const Over over : kOver) {
            for (const Block<T>& block : blocks) {
              const Reduction<T> r{what, over, T(-30), T(0.5)};
              const std::vector<T> exact = expected(block, r);
              if (reduce(block, r) == exact && reduce(block, r, 3) == exact) continue;
              FAIL_CHECK("reduction " << static_cast<int>(instruction_of(what, over)) << " of operand "
                                      << &block - blocks);
            }
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("one NaN makes the maximum and minimum NaN, in whatever place it stands", T, float, double) {
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const Size cols : {1, 2, 7, 16, 19, 67, 131}) {
      const Size rows = 5;
      Matrix<T> x(rows, cols, Layout::rows);
      const Block<T> block{rows, cols, x.first, cols};
      for (Size i = 0; i < rows; ++i) {
        for (Size j = 0; j < cols; ++j) {
          // The neighbours are infinite, which is where a maximum that forgets NaN would end.
          for (const What what : {What::max, What::min}) {
            x.fill([&] { return what == What::max ? kInfinity<T> : -kInfinity<T>; });
            x(i, j) = kNan<T>;
            for (const Over over : kOver) {
              const Reduction<T> r{what, over, T(0)};
              if (!same_bits(reduce(block, r), expected(block, r))) FAIL_CHECK(i << ", " << j << " of " << cols);
            }
          }
        }
      }
    }
    const Fenced<T> one = Fenced<T>::of(std::vector<T>{T(1)});
    for (const What what : {What::max, What::min}) {  // a NaN that was there before stays
      for (const Over over : kOver) CHECK(std::isnan(reduce(Block<T>{1, 1, one.data(), 1}, {what, over, kNan<T>})[0]));
    }
  }
}

TEST_CASE_TEMPLATE("infinities are the largest and the smallest numbers, and of both signs they sum to NaN", T, float,
                   double) {
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const Size cols : kCols) {
      const Size rows = 3;
      Matrix<T> x(rows, cols, Layout::wide_rows);
      x.fill([] { return -kInfinity<T>; });
      x(1, cols - 1) = T(-5);
      x(2, 0) = kInfinity<T>;
      const Block<T> block{rows, cols, x.first, x.row};
      for (const What what : kWhat) {
        for (const Over over : kOver) {
          const Reduction<T> r{what, over, what == What::max ? -kInfinity<T> : what == What::min ? kInfinity<T> : T(0)};
          CHECK(same_bits(reduce(block, r), expected(block, r)));
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("without rows or columns a result stays what it was", T, float, double) {
  const Fenced<T> x(7);
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const What what : kWhat) {
      for (const Over over : kOver) {
        for (const auto& [rows, cols] : {std::pair<Size, Size>{0, 7}, {7, 0}, {0, 0}}) {
          const std::vector<T> y = reduce(Block<T>{rows, cols, x.data(), cols}, {what, over, T(4)});
          CHECK(std::all_of(y.begin(), y.end(), [](T number) { return number == T(4); }));
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("a million numbers of mixed sign are summed as well as random roundings allow, and ones exactly", T,
                   float, double) {
  Random random(32);
  const Size n = 1000003;  // a prime, so that there is a tail
  std::vector<T> x(static_cast<std::size_t>(n));
  std::generate(x.begin(), x.end(), [&] { return static_cast<T>(random.uniform(-1, 1)); });
  long double exact = 0, size = 0;
  for (const T number : x) exact += number, size += std::abs(number);
  const std::vector<T> ones(x.size(), T(1));
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    const T sum = reduce(Block<T>{1, n, x.data(), n}, {What::sum, Over::all})[0];
    // A partial sum is a random walk, below sqrt(sum |x|); n roundings of it, each u, make a random walk again.
    const long double u = std::numeric_limits<T>::epsilon() / 2.0L;
    CHECK(std::abs(sum - exact) <= u * std::sqrt(static_cast<long double>(n) * size));
    CHECK(reduce(Block<T>{1, n, ones.data(), n}, {What::sum, Over::all})[0] == static_cast<T>(n));
  }
}

TEST_CASE_TEMPLATE("sums have the same bits wherever in memory the elements lie", T, float, double) {
  Random random(33);
  const Size rows = 6, cols = 91;
  std::vector<T> values(static_cast<std::size_t>(rows * cols));
  std::generate(values.begin(), values.end(), [&] { return static_cast<T>(random.uniform(-1, 1)); });
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const Over over : kOver) {
      const std::vector<T> first = reduce(Block<T>{rows, cols, values.data(), cols}, {What::sum, over});
      for (std::size_t shift = 1; shift <= static_cast<std::size_t>(kMaxLanes<T>); ++shift) {
        std::vector<T> moved(shift + values.size());
        std::copy(values.begin(), values.end(), moved.data() + shift);
        CHECK(same_bits(first, reduce(Block<T>{rows, cols, moved.data() + shift, cols}, {What::sum, over})));
      }
    }
  }
}

}  // namespace wengert::kernels
