// Elementwise instructions with operands of every kind. Elements are small integers, so results are exact.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autodiff/kernels/tile.hpp"
#include "autodiff/tensor/random.hpp"
#include "tests/autodiff/kernels/every_target.hpp"
#include "tests/autodiff/kernels/matrix.hpp"
#include "tests/autodiff/kernels/ulp.hpp"

namespace wengert::kernels {
namespace {

/// Kinds of operands: rows without and with gaps, one row for all; an element per row without and with gaps, one
/// element for all; full vectors of one number.
enum class Kind { rows, wide_rows, same_row, column, wide_column, one, splat, count_ };

template <class T>
struct Input {
  How how;
  Matrix<T> memory;
  Size stride;

  Input(Kind kind, Size rows, Size cols, Random& random)
      : how(kind == Kind::splat   ? How::splat
            : kind < Kind::column ? How::advance
                                  : How::spread),
        memory(kind == Kind::rows || kind == Kind::wide_rows || kind == Kind::column || kind == Kind::wide_column ? rows
                                                                                                                  : 1,
               kind == Kind::splat   ? kMaxLanes<T>
               : how == How::advance ? cols
                                     : 1,
               kind == Kind::wide_rows || kind == Kind::wide_column ? Layout::wide_rows : Layout::rows),
        stride(memory.rows == 1 ? 0 : memory.row) {
    memory.fill([&] { return static_cast<T>(random.below(19) - 9); });
    if (kind == Kind::splat) std::fill_n(memory.first, kMaxLanes<T>, memory(0, 0));
  }
  T at(Size i, Size j) const { return memory.first[i * stride + (how == How::advance ? j : 0)]; }
};

template <class T>
struct Function {
  Instruction instruction;
  std::size_t inputs;
  T (*exact)(T, T, T, T);
};
template <class T>
const Function<T> kFunctionsOfEachArity[] = {
    {instruction_of<math::Square>(), 1, [](T a, T, T, T) { return a * a; }},
    {instruction_of<math::Subtract>(), 2, [](T a, T b, T, T) { return a - b; }},
    {instruction_of<math::Maximum>(), 2, [](T a, T b, T, T) { return std::max(a, b); }},
    {instruction_of<math::Where>(), 3, [](T a, T b, T c, T) { return a != 0 ? b : c; }},
    {instruction(Special::fused_multiply_add), 3, [](T a, T b, T c, T) { return a * b + c; }},
    {instruction(Special::fused_negative_multiply_add), 3, [](T a, T b, T c, T) { return c - a * b; }},
    {instruction(Special::fused_multiply_subtract), 3, [](T a, T b, T c, T) { return a * b - c; }},
    {instruction(Special::chain_add), 3, [](T a, T b, T c, T) { return a * b + c; }},
    {instruction(Special::sum_of_products), 4, [](T a, T b, T c, T d) { return a * b + c * d; }},
};

// One row and several; a tail, one vector, the two vectors of a block of a matrix product, more.
constexpr Size kRows[] = {1, 2, 3, 8};
constexpr Size kCols[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100};

template <class T>
Call<T> call_on(const std::vector<Input<T>>& inputs, Size rows, Size cols) {
  Call<T> call{};
  call.rows = rows, call.cols = cols;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    call.x[k] = inputs[k].memory.first;
    call.stride[k] = inputs[k].stride;
    call.how[k] = inputs[k].how;
  }
  return call;
}

}  // namespace

TEST_CASE_TEMPLATE("an instruction takes every mix of operands, also when it writes over one of them", T, float,
                   double) {
  Random random(61);
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const Size rows : kRows) {
      for (const Size cols : kCols) {
        for (const Function<T>& f : kFunctionsOfEachArity<T>) {
          for (int round = 0; round < 6; ++round) {
            std::vector<Input<T>> inputs;
            for (std::size_t k = 0; k < f.inputs; ++k) {
              inputs.emplace_back(static_cast<Kind>(random.below(static_cast<int>(Kind::count_))), rows, cols, random);
            }
            std::vector<T> exact;
            for (Size i = 0; i < rows; ++i) {
              for (Size j = 0; j < cols; ++j) {
                T x[kOperands] = {};
                for (std::size_t k = 0; k < f.inputs; ++k) x[k] = inputs[k].at(i, j);
                exact.push_back(f.exact(x[0], x[1], x[2], x[3]));
              }
            }
            Matrix<T> apart(rows, cols, round % 2 == 0 ? Layout::rows : Layout::wide_rows), *y = &apart;
            for (Input<T>& input : inputs) {  // over an operand that has an element for each result
              if (round >= 3 && input.how == How::advance && input.memory.rows == rows) y = &input.memory;
            }
            Call<T> call = call_on(inputs, rows, cols);
            call.y = y->first, call.y_stride = y->row;
            tile<T>(f.instruction)(call);
            const bool right = y->values() == exact && y->intact();
            if (!right) FAIL_CHECK("instruction " << static_cast<int>(f.instruction) << ", " << rows << " x " << cols);
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("an adaptive step takes every mix of five operands", T, float, double) {
  Random random(63);
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const Size rows : kRows) {
      for (const Size cols : kCols) {
        std::vector<Input<T>> inputs;
        for (std::size_t k = 0; k < kOperands; ++k) {
          inputs.emplace_back(static_cast<Kind>(random.below(static_cast<int>(Kind::count_))), rows, cols, random);
        }
        Matrix<T> y(rows, cols, Layout::wide_rows);
        Call<T> call = call_on(inputs, rows, cols);
        call.y = y.first, call.y_stride = y.row;
        tile<T>(instruction(Special::adaptive_step))(call);
        CHECK(y.intact());
        for (Size i = 0; i < rows; ++i) {
          for (Size j = 0; j < cols; ++j) {
            const auto x = [&](std::size_t k) { return static_cast<long double>(inputs[k].at(i, j)); };
            const long double root = std::sqrt(x(3)), below = root + x(4), step = x(1) * x(2) / below;
            const long double exact = x(0) - step;
            const T got = y(i, j);
            if (!std::isfinite(exact)) {  // of a negative number, or divided by 0
              CHECK(!std::isfinite(got));
              continue;
            }
            // A root and an addend of other sign cancel: what the root rounds away grows by root / below.
            const long double bound = std::abs(x(0)) + std::abs(step) * (1 + root / std::abs(below));
            CHECK(std::abs(static_cast<long double>(got) - exact) <= 4 * std::numeric_limits<T>::epsilon() * bound);
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("the root of an adaptive step has the bits of sqrt", T, float, double) {
  constexpr std::size_t kSize = 64;
  constexpr int kLowest = std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits;
  constexpr int kHighest = std::numeric_limits<T>::max_exponent - 1;
  const T special[] = {0,       std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::min(), kInfinity<T>,
                       kNan<T>, std::numeric_limits<T>::max()};
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    Random random(64);
    for (int round = 0; round < 2000; ++round) {
      // Exponents of one round lie close together, at the ends of the range as often as anywhere.
      const int around = kLowest + static_cast<int>(random.below(kHighest - kLowest + 1));
      std::vector<T> w(kSize, 0), rate(kSize, -1), m(kSize, 1), v, minus_root, y(kSize);
      for (std::size_t i = 0; i < kSize; ++i) {
        const int exponent = std::clamp(around + static_cast<int>(random.below(5)) - 2, kLowest, kHighest);
        v.push_back(std::ldexp(static_cast<T>(random.uniform(1, 2)), exponent));
        if (round % 8 == 0 && i % 9 == 0) v.back() = special[i / 9 % std::size(special)];
        minus_root.push_back(-std::sqrt(v.back()));
      }
      Call<T> call{};
      call.rows = 1, call.cols = kSize;
      call.x = {w.data(), rate.data(), m.data(), v.data(), minus_root.data()};
      call.how.fill(How::advance);
      call.y = y.data();
      tile<T>(instruction(Special::adaptive_step))(call);
      for (std::size_t i = 0; i < kSize; ++i) {  // 1 / (root - sqrt v)
        const bool right = std::isfinite(v[i]) ? y[i] == kInfinity<T> : std::isnan(y[i]);
        if (!right) FAIL_CHECK(v[i] << " at " << i << " gives " << y[i]);
      }
    }
  }
}

TEST_CASE_TEMPLATE("a pair writes both results from operands of every kind", T, float, double) {
  Random random(62);
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const Size rows : kRows) {
      for (const Size cols : kCols) {
        for (int kind = 0; kind < static_cast<int>(Kind::count_); ++kind) {
          CAPTURE(rows);
          CAPTURE(cols);
          CAPTURE(kind);
          std::vector<Input<T>> inputs;
          inputs.emplace_back(static_cast<Kind>(kind), rows, cols, random);
          const bool gaps = random.below(2) == 0, gaps2 = random.below(2) == 0;
          Matrix<T> y(rows, cols, gaps ? Layout::wide_rows : Layout::rows),
              y2(rows, cols, gaps2 ? Layout::wide_rows : Layout::rows);
          Call<T> call = call_on(inputs, rows, cols);
          call.y = y.first, call.y_stride = y.row;
          call.y2 = y2.first, call.y2_stride = y2.row;
          tile<T>(pair_instruction<math::SinCos>())(call);
          bool right = y.intact() && y2.intact();
          for (Size i = 0; i < rows; ++i) {
            for (Size j = 0; j < cols; ++j) {
              const long double x = inputs[0].at(i, j);
              right &= ulps(y(i, j), std::sin(x)) <= 2.5 && ulps(y2(i, j), std::cos(x)) <= 2.5;
            }
          }
          CHECK(right);
        }
      }
    }
  }
}

}  // namespace wengert::kernels
