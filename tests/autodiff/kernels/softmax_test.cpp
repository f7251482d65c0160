// The seven functions of a row of logits against their definitions in long double.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
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

using Labels = std::vector<std::int64_t>;

bool fills_block(Special what) { return what != Special::log_sum_exp && what != Special::cross_entropy; }

/// Results of one function: one per element; those of a second kind, one per row, of softmax_pair one per element; what
/// it does not have stays empty.
template <class T>
struct Results {
  std::vector<T> block, numbers;
};

/// Runs a function on the instruction set in use; `apart` puts gaps between the results, `in_place` writes over x.
template <class T>
Results<T> run(Special what, Matrix<T>& x, const Labels& labels, bool apart = false, bool in_place = false) {
  const Layout layout = apart ? Layout::wide_rows : Layout::rows;
  Matrix<T> y(x.rows, x.cols, layout), numbers(x.rows, what == Special::softmax_pair ? x.cols : 1, layout);
  Matrix<T>& block = in_place ? x : y;
  const Fenced<std::int64_t> label = Fenced<std::int64_t>::of(labels);
  Call<T> call{};
  call.rows = x.rows, call.cols = x.cols;
  call.x[0] = x.first, call.stride[0] = x.row;
  call.label = label.data();
  if (fills_block(what)) {
    call.y = block.first, call.y_stride = block.row;
    call.y2 = numbers.first, call.y2_stride = numbers.row;
  } else {
    call.y = numbers.first, call.y_stride = numbers.row;
  }
  tile<T>(instruction(what))(call);
  if (!block.intact() || !numbers.intact()) FAIL_CHECK("an element that is no result was written");
  Results<T> out;
  if (fills_block(what)) out.block = block.values();
  if (!fills_block(what) || what == Special::cross_entropy_pair || what == Special::softmax_pair) {
    out.numbers = numbers.values();
  }
  return out;
}

/// One row by definition. A row with NaN is NaN, one with +infinity too but for its log-sum-exp; one of -infinity has
/// no exponentials at all. The sum is 1 + rest, the rest without the maximum, so that digits far below 1 count.
struct Row {
  std::vector<long double> e;  ///< exponentials
  long double top = -kInfinity<long double>, sum = 0, rest = 0;
  bool nan = false;
  template <class T>
  explicit Row(const T* x, Size cols) {
    for (Size j = 0; j < cols; ++j) {
      nan |= std::isnan(x[j]);
      top = std::max(top, static_cast<long double>(x[j]));
    }
    for (Size j = 0; j < cols; ++j) e.push_back(std::isinf(top) ? 0 : std::exp(x[j] - top));
    for (const long double v : e) sum += v;
    if (sum != 0) rest = without(static_cast<std::size_t>(std::max_element(e.begin(), e.end()) - e.begin()));
  }
  bool spoiled() const { return nan || top == kInfinity<long double>; }
  long double without(std::size_t j) const {
    long double others = 0;
    for (std::size_t i = 0; i < e.size(); ++i) others += i == j ? 0 : e[i];
    return others;
  }
  long double softmax(Size j) const {
    return spoiled() ? kNan<long double> : sum == 0 ? 0 : e[static_cast<std::size_t>(j)] / sum;
  }
  long double slope_at_label(Size j) const {
    return spoiled() ? kNan<long double> : sum == 0 ? -1 : -without(static_cast<std::size_t>(j)) / sum;
  }
  long double log_softmax(long double x) const {
    return spoiled() ? kNan<long double> : sum == 0 ? -kInfinity<long double> : (x - top) - std::log1p(rest);
  }
  long double log_sum_exp() const { return nan ? kNan<long double> : sum == 0 ? top : top + std::log1p(rest); }
  long double cross_entropy(const long double* at_label) const {
    return at_label == nullptr || spoiled() ? kNan<long double> : -log_softmax(*at_label);
  }
};

/// Units in the last place that a softmax may be off if the differences of logits are exact numbers: 2.5 of its
/// exponential, as many of the exponentials in the sum, a division and a product; and the roundings of a sum in at
/// least four accumulators, a random walk.
double allowance(Size cols) { return 6 + std::sqrt(static_cast<double>(cols) / 2); }

/// |got - exact| <= units eps/2 scale; NaN and infinities as they are.
template <class T>
bool near(T got, long double exact, double units, long double scale) {
  if (std::isnan(exact) || std::isinf(exact)) return same_bits<std::vector<T>>({got}, {static_cast<T>(exact)});
  return std::abs(got - exact) <= units * (std::numeric_limits<T>::epsilon() / 2) * scale;
}

/// All functions on x against their definitions; then apart and in place with the same bits.
template <class T>
void check(Matrix<T>& x, const Labels& labels) {
  const auto softmax = run(Special::softmax, x, labels).block, log_softmax = run(Special::log_softmax, x, labels).block,
             slope = run(Special::cross_entropy_slope, x, labels).block;
  const auto log_sum_exp = run(Special::log_sum_exp, x, labels).numbers,
             cross_entropy = run(Special::cross_entropy, x, labels).numbers;
  const double units = allowance(x.cols);
  for (Size i = 0; i < x.rows; ++i) {
    const Row row(&x(i, 0), x.cols);
    const std::int64_t label = labels[static_cast<std::size_t>(i)];
    const bool inside = 0 <= label && label < x.cols;
    const long double at_label = inside ? x(i, label) : T(0);
    const long double loss = row.cross_entropy(inside ? &at_label : nullptr);
    const auto r = static_cast<std::size_t>(i);
    bool right = near(log_sum_exp[r], row.log_sum_exp(), units, std::abs(row.top) + std::log1p(row.rest)) &&
                 near(cross_entropy[r], loss, units, std::abs(loss));
    for (Size j = 0; j < x.cols; ++j) {
      const auto e = static_cast<std::size_t>(i * x.cols + j);
      const long double p = row.softmax(j), log_p = row.log_softmax(x(i, j));
      right &= ulps(softmax[e], p) <= units && near(log_softmax[e], log_p, units, std::abs(log_p));
      right &= ulps(slope[e], inside && j == label ? row.slope_at_label(j) : p) <= units;
    }
    if (!right) FAIL_CHECK("row " << i << " of " << x.rows << " x " << x.cols << ", label " << label);
  }

  for (const Special what : {Special::softmax, Special::log_softmax, Special::log_sum_exp, Special::cross_entropy,
                             Special::cross_entropy_slope, Special::cross_entropy_pair, Special::softmax_pair}) {
    CAPTURE(static_cast<int>(what));
    const Results<T> apart = run(what, x, labels, true);
    if (fills_block(what)) {
      CHECK(same_bits(apart.block, what == Special::softmax       ? softmax
                                   : what == Special::log_softmax ? log_softmax
                                                                  : slope));
    }
    if (!apart.numbers.empty()) {
      CHECK(same_bits(apart.numbers, what == Special::log_sum_exp    ? log_sum_exp
                                     : what == Special::softmax_pair ? softmax
                                                                     : cross_entropy));
    }
    if (fills_block(what)) {
      Matrix<T> over(x.rows, x.cols, x.row == x.cols ? Layout::rows : Layout::wide_rows);
      for (Size i = 0; i < x.rows; ++i) std::copy_n(&x(i, 0), x.cols, &over(i, 0));
      const Results<T> in_place = run(what, over, labels, false, true);
      CHECK(same_bits(in_place.block, apart.block));
      CHECK(same_bits(in_place.numbers, apart.numbers));
    }
  }
}

// One to three vectors of 1 to 16 elements and their neighbours, then long rows.
constexpr Size kCols[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 16, 17, 24, 25, 31, 32, 33, 47, 48, 49, 64, 100, 1000};

}  // namespace

TEST_CASE_TEMPLATE("rows of every width are within a few units of the exact results, in place and apart alike", T,
                   float, double) {
  Random random(41);
  for (const Size cols : kCols) {
    for (Size rows = 1; rows <= 9; ++rows) {
      CAPTURE(rows);
      CAPTURE(cols);
      Matrix<T> x(rows, cols, rows % 2 == 0 ? Layout::wide_rows : Layout::rows);
      Labels labels;
      for (Size i = 0; i < rows; ++i) {
        // Multiples of 1/64, on top of 4,096 in some rows: their differences are exact in f32.
        const double base = i % 3 == 2 ? 4096 : 0;
        for (Size j = 0; j < cols; ++j)
          x(i, j) = static_cast<T>(base + static_cast<double>(random.below(1025) - 512) / 64);
        labels.push_back(i % 3 == 0 ? 0 : i % 3 == 1 ? cols - 1 : random.below(cols));
      }
      for (const std::string& target : EveryTarget()) {
        CAPTURE(target);
        check(x, labels);
      }
    }
  }
}

TEST_CASE_TEMPLATE("where one logit is far above the others the digits are those of the others", T, float, double) {
  const double deepest = sizeof(T) == 4 ? 80 : 700;
  Random random(43);
  for (const Size cols : kCols) {
    if (cols == 1) continue;
    CAPTURE(cols);
    for (const double depth : {10.0, 17.0, 40.0, deepest}) {
      CAPTURE(depth);
      Matrix<T> x(9, cols, Layout::rows);
      Labels labels;
      for (Size i = 0; i < 9; ++i) {
        const Size top = i * (cols - 1) / 8;
        for (Size j = 0; j < cols; ++j)
          x(i, j) = static_cast<T>(j == top ? 0 : -depth - static_cast<double>(random.below(64)) / 64);
        labels.push_back(i % 3 == 2 ? (top + 1) % cols : top);
      }
      for (const std::string& target : EveryTarget()) {
        CAPTURE(target);
        check(x, labels);
      }
    }
  }
}

TEST_CASE_TEMPLATE("infinities and NaN follow the rules in their own row and spare the others", T, float, double) {
  for (const Size cols : kCols) {
    CAPTURE(cols);
    const Size rows = 11;
    Matrix<T> x(rows, cols, Layout::rows);
    for (const Size at : {Size{0}, cols / 2, cols - 1}) {
      CAPTURE(at);
      Size sixteenths = 0;
      x.fill([&] { return static_cast<T>(++sixteenths % 23) / 16; });
      for (Size j = 0; j < cols; ++j) {
        x(1, j) = -kInfinity<T>;
        x(3, j) = std::numeric_limits<T>::max();
        x(4, j) = -std::numeric_limits<T>::max();
        x(8, j) = -kInfinity<T>;
        x(9, j) = -kInfinity<T>;
      }
      x(2, at) = -kInfinity<T>;
      x(5, at) = kInfinity<T>;
      x(6, at) = kNan<T>;
      x(8, at) = T(3);
      x(9, at) = kNan<T>;
      Labels labels(static_cast<std::size_t>(rows), at);
      for (const std::string& target : EveryTarget()) {
        CAPTURE(target);
        check(x, labels);
      }
    }
  }
}

TEST_CASE_TEMPLATE("a label outside the row makes its cross entropy NaN and leaves the softmax as it is", T, float,
                   double) {
  for (const Size cols : {1, 5, 16, 40, 100}) {
    Matrix<T> x(6, cols, Layout::rows);  // one behind a row stands a number, behind the last one nothing
    Size sixteenths = 0;
    x.fill([&] { return static_cast<T>(++sixteenths % 19) / 16; });
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (const std::string& target : EveryTarget()) {
      CAPTURE(target);
      check(x, {-1, cols, most, -most, cols - 1, cols});
    }
  }
}

TEST_CASE_TEMPLATE("a logit spread over its row gives 1 / cols and log cols", T, float, double) {
  const Fenced<T> logits = Fenced<T>::of(std::vector<T>{T(3), T(-70), T(1e30), T(0), T(5)});
  for (const Size cols : kCols) {
    CAPTURE(cols);
    const auto n = static_cast<long double>(cols);
    for (const std::string& target : EveryTarget()) {
      CAPTURE(target);
      for (const How how : {How::spread, How::splat}) {
        const Fenced<T> copies = Fenced<T>::of(std::vector<T>(static_cast<std::size_t>(kMaxLanes<T>), T(-2)));
        Matrix<T> y(5, cols, Layout::wide_rows), numbers(5, 1, Layout::rows);
        Call<T> call{};
        call.rows = 5, call.cols = cols;
        call.x[0] = how == How::spread ? logits.data() : copies.data();
        call.stride[0] = how == How::spread ? 1 : 0;
        call.how[0] = how;
        const Labels labels(5, cols - 1);
        call.label = labels.data();
        call.y = y.first, call.y_stride = y.row;
        tile<T>(instruction(Special::softmax))(call);
        for (const T p : y.values()) CHECK(ulps(p, 1 / n) <= 1);
        tile<T>(instruction(Special::log_softmax))(call);
        for (const T log_p : y.values()) CHECK(near(log_p, -std::log(n), 4, 1 + std::log(n)));
        CHECK(y.intact());
        call.y = numbers.first, call.y_stride = 1;
        tile<T>(instruction(Special::cross_entropy))(call);
        for (const T loss : numbers.values()) CHECK(near(loss, std::log(n), 4, 1 + std::log(n)));
      }
    }
  }
}

}  // namespace wengert::kernels
