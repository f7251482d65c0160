// Programs of instructions over homes of every shape. Elements are small integers, so results are exact.
#include "autodiff/kernels/tile.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autodiff/tensor/random.hpp"
#include "tests/autodiff/kernels/every_target.hpp"
#include "tests/autodiff/kernels/matrix.hpp"
#include "tests/autodiff/kernels/steps.hpp"

namespace wengert::kernels {

TEST_CASE_TEMPLATE("a program does the same flat, by rows, with its arguments computed before, and by any blocks", T,
                   float, double) {
  Random random(63);
  const Size shapes[][2] = {{1, 1}, {3, 5}, {1, 2000}, {40, 70}, {2, 3000}, {1500, 3}, {1, 1024}, {32, 32}, {33, 31}};
  for (const auto& [rows, cols] : shapes) {
    CAPTURE(rows);
    CAPTURE(cols);
    const auto small_integer = [&] { return static_cast<T>(random.below(19) - 9); };
    Matrix<T> a(rows, cols, Layout::rows), b(rows, cols, Layout::rows);
    Fenced<T> three(static_cast<std::size_t>(kMaxLanes<T>)), scratch(static_cast<std::size_t>(2 * kScratch<T>));
    std::fill(three.begin(), three.end(), T(3));
    a.fill(small_integer);
    b.fill(small_integer);
    std::vector<T> exact;
    for (Size i = 0; i < rows; ++i) {
      for (Size j = 0; j < cols; ++j) exact.push_back((a(i, j) - b(i, j)) * a(i, j) + 3);
    }
    for (const std::string& target : EveryTarget()) {
      CAPTURE(target);
      enum class Way { by_rows, flat, baked, flat_baked, blocks, flat_blocks, count_ };
      for (int way = 0; way < static_cast<int>(Way::count_); ++way) {
        CAPTURE(way);
        Matrix<T> y(rows, cols, Layout::rows);
        const Operand<T> left = in_memory(a.first, a.row, 1), difference = in_scratch<T>(0), square = in_scratch<T>(1);
        TileProgram<T> program;
        program.rows = rows, program.cols = cols;
        program.flat = way % 2 == 1;
        program.steps = {
            step<T>(instruction_of<math::Subtract>(), difference, {left, in_memory(b.first, b.row, 1)}),
            step<T>(instruction_of<math::Multiply>(), square, {difference, left}),
            step<T>(instruction_of<math::Add>(), in_memory(y.first, y.row, 1), {square, constant(three.data())})};
        // More steps than have room beside each other, with the same result.
        const std::size_t more = way == static_cast<int>(Way::by_rows) ? 24 : 0;
        program.steps.insert(program.steps.end() - 1, more, step<T>(instruction_of<math::Negate>(), square, {square}));
        if (way < static_cast<int>(Way::blocks)) {
          if (way >= static_cast<int>(Way::baked)) program.bake(scratch.data());
          program.all(scratch.data());
        } else {
          for (Size i = 0, m; i < rows; i += m) {
            m = std::min<Size>(rows - i, 1 + random.below(5));
            for (Size j = 0, n; j < cols; j += n) {
              n = random.below(3) == 0 ? cols - j : 1 + random.below(100);
              n = std::min({n, cols - j, kTile<T> / m});
              program.block(i, m, j, n, scratch.data());
            }
          }
        }
        CHECK(y.values() == exact);
        CHECK(y.intact());
        CHECK(scratch.intact());
      }
    }
  }
}

TEST_CASE_TEMPLATE("a program walks outer axes of any strides, and its reductions reach over all blocks and planes", T,
                   float, double) {
  Random random(64);
  const auto small_integer = [&] { return static_cast<T>(random.below(19) - 9); };
  const Size shapes[][2] = {{7, 129}, {2, 1100}, {300, 4}, {1, 1}};
  for (const std::vector<std::int64_t>& outer : {std::vector<std::int64_t>{}, {3}, {2, 3}, {2, 1, 3}, {0, 2}}) {
    for (const auto& [rows, cols] : shapes) {
      CAPTURE(outer.size());
      CAPTURE(rows);
      CAPTURE(cols);
      Size planes = 1;
      for (const std::int64_t extent : outer) planes *= extent;
      // x is stored with its first outer axis fastest and a gap behind each row, y with the last one fastest.
      Matrix<T> x(planes * rows, cols, Layout::wide_rows), y(planes * rows, cols, Layout::rows),
          b(rows, 1, Layout::rows), w(1, cols, Layout::rows), total(1, 1, Layout::rows), top(1, 1, Layout::rows),
          by_column(1, cols, Layout::rows), by_row(planes * rows, 1, Layout::rows);
      for (Matrix<T>* m : {&x, &b, &w}) m->fill(small_integer);
      Operand<T> ox = in_memory(x.first, x.row, 1), oy = in_memory(y.first, y.row, 1),
                 per_row = in_memory(by_row.first, 1, 0);
      // Steps along the outer axes: none for b, w and what is reduced, then those of x, y and the sums of rows.
      const std::size_t axes = outer.size();
      std::vector<std::int64_t> outer_steps(4 * axes);
      ox.outer = static_cast<std::uint32_t>(axes), oy.outer = 2 * ox.outer, per_row.outer = 3 * ox.outer;
      Size reversed = 1, forward = 1;
      for (std::size_t axis = 0; axis < axes; ++axis) {
        outer_steps[ox.outer + axis] = reversed * rows * x.row;
        reversed *= outer[axis];
        const std::size_t last = axes - 1 - axis;
        outer_steps[oy.outer + last] = forward * rows * cols;
        outer_steps[per_row.outer + last] = forward * rows;
        forward *= outer[last];
      }
      std::vector<T> exact, exact_rows, exact_columns(static_cast<std::size_t>(cols));
      T exact_total = 0, exact_top = -std::numeric_limits<T>::infinity();
      for (Size plane = 0; plane < planes; ++plane) {
        Size mirrored = 0, rest = plane;  // the place of the plane in x
        for (std::size_t axis = outer.size(); axis-- > 0; rest /= outer[axis]) {
          mirrored += rest % outer[axis] * (outer_steps[ox.outer + axis] / (rows * x.row));
        }
        for (Size i = 0; i < rows; ++i) {
          exact_rows.push_back(0);
          for (Size j = 0; j < cols; ++j) {
            const T value = x(mirrored * rows + i, j) * b(i, 0) + w(0, j);
            exact.push_back(value);
            exact_rows.back() += value;
            exact_columns[static_cast<std::size_t>(j)] += value;
            exact_total += value;
            exact_top = std::max(exact_top, value);
          }
        }
      }
      for (const std::string& target : EveryTarget()) {
        CAPTURE(target);
        TileProgram<T> program;
        program.rows = rows, program.cols = cols;
        program.outer = outer;
        program.outer_steps = outer_steps;
        program.steps = {step<T>(instruction(Special::fused_multiply_add), oy,
                                 {ox, in_memory(b.first, 1, 0), in_memory(w.first, 0, 1)}),
                         step<T>(instruction(Special::sum_all), in_memory(total.first, 0, 0), {oy}),
                         step<T>(instruction(Special::max_all), in_memory(top.first, 0, 0), {oy}),
                         step<T>(instruction(Special::sum_columns), in_memory(by_column.first, 0, 1), {oy}),
                         step<T>(instruction(Special::sum_rows), per_row, {oy})};
        program.steps[1].factor = T(0.5);
        program.init = {{total.first, 1, T(0), 4.0},
                        {top.first, 1, -std::numeric_limits<T>::infinity()},
                        {by_column.first, static_cast<std::size_t>(cols), T(0)},
                        {by_row.first, static_cast<std::size_t>(planes * rows), T(0)}};
        program.all(nullptr);
        program.all(nullptr);  // starts over
        CHECK(y.values() == exact);
        CHECK(by_row.values() == exact_rows);
        CHECK(by_column.values() == exact_columns);
        CHECK(total(0, 0) == 2 * exact_total);
        CHECK(top(0, 0) == exact_top);
        for (const Matrix<T>* m : {&y, &total, &top, &by_column, &by_row}) CHECK(m->intact());
      }
    }
  }
}

TEST_CASE_TEMPLATE("whole rows: a value per row stays in scratch, and labels keep step with the blocks", T, float,
                   double) {
  Random random(65);
  for (const Size cols : {3, 33, 1500}) {
    CAPTURE(cols);
    const Size rows = 70;
    Matrix<T> x(rows, cols, Layout::wide_rows), y(rows, cols, Layout::rows), loss(rows, 1, Layout::rows);
    x.fill([&] { return static_cast<T>(random.uniform(-4, 4)); });
    std::vector<std::int64_t> labels(static_cast<std::size_t>(rows));
    for (std::int64_t& label : labels) label = random.below(cols);
    Fenced<T> scratch(static_cast<std::size_t>(kScratch<T>));
    for (const std::string& target : EveryTarget()) {
      CAPTURE(target);
      const Operand<T> logits = in_memory(x.first, x.row, 1), log_sum = in_scratch<T>(0, 0);
      TileProgram<T> program;
      program.rows = rows, program.cols = cols;
      program.whole_rows = true;
      program.steps = {step<T>(instruction(Special::log_sum_exp), log_sum, {logits}),
                       step<T>(instruction_of<math::Subtract>(), in_memory(y.first, y.row, 1), {logits, log_sum}),
                       step<T>(instruction(Special::cross_entropy), in_memory(loss.first, 1, 0), {logits})};
      program.steps.back().label = labels.data();
      program.all(scratch.data());
      bool right = true;
      for (Size i = 0; i < rows; ++i) {
        long double sum = 0;
        for (Size j = 0; j < cols; ++j) sum += std::exp(static_cast<long double>(x(i, j)));
        const auto close = [&](T got, long double exact) {
          return std::abs(got - exact) <= 16 * std::numeric_limits<T>::epsilon() * (1 + std::abs(exact));
        };
        for (Size j = 0; j < cols; ++j) right &= close(y(i, j), x(i, j) - std::log(sum));
        right &= close(loss(i, 0), std::log(sum) - x(i, labels[static_cast<std::size_t>(i)]));
      }
      CHECK(right);
      CHECK(y.intact());
      CHECK(loss.intact());
      CHECK(scratch.intact());
    }
  }
}

}  // namespace wengert::kernels
