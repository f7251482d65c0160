// The pullbacks of softmax and log softmax against their definitions in long double.
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

enum class Over { nothing, p, g };  ///< what the result is written over

template <class T>
std::vector<T> run(Special what, const Matrix<T>& of_p, const Matrix<T>& of_g, Over over, Layout layout) {
  Matrix<T> p(of_p.rows, of_p.cols, layout), g(of_p.rows, of_p.cols, layout), apart(of_p.rows, of_p.cols, layout);
  for (Size i = 0; i < p.rows; ++i) {
    std::copy_n(of_p.first + i * of_p.row, p.cols, &p(i, 0));
    std::copy_n(of_g.first + i * of_g.row, p.cols, &g(i, 0));
  }
  Matrix<T>& y = over == Over::p ? p : over == Over::g ? g : apart;
  Call<T> call{};
  call.rows = p.rows, call.cols = p.cols;
  call.x[0] = p.first, call.stride[0] = p.row;
  call.x[1] = g.first, call.stride[1] = g.row;
  call.y = y.first, call.y_stride = y.row;
  tile<T>(instruction(what))(call);
  if (!y.intact()) FAIL_CHECK("an element that is no result was written");
  return y.values();
}

/// One row by definition, and to what the roundings of each result are relative: sums of magnitudes from which nearly
/// certain elements are absent.
struct Row {
  std::vector<long double> softmax, log_softmax, softmax_scale, log_softmax_scale;
  template <class T>
  Row(const T* p, const T* g, Size cols) {
    long double at_most = 0, mean = 0, spread = 0, sum = 0, magnitude = 0, others = 0, other_magnitudes = 0;
    for (Size j = 0; j < cols; ++j) at_most = p[j] > 0.5 ? g[j] : at_most;
    for (Size j = 0; j < cols; ++j) {
      mean += p[j] * (g[j] - at_most), spread += p[j] * std::abs(g[j] - at_most);
      sum += g[j], magnitude += std::abs(g[j]);
    }
    for (Size j = 0; j < cols; ++j) {
      softmax.push_back(p[j] * ((g[j] - at_most) - mean));
      softmax_scale.push_back(p[j] * (std::abs(g[j] - at_most) + spread));
      log_softmax.push_back(g[j] - p[j] * sum);
      log_softmax_scale.push_back(std::abs(g[j]) + p[j] * magnitude);
      if (p[j] <= 0.5) others += log_softmax.back(), other_magnitudes += log_softmax_scale.back();
    }
    for (Size j = 0; j < cols; ++j) {
      if (p[j] > 0.5)
        log_softmax[static_cast<std::size_t>(j)] = -others,
        log_softmax_scale[static_cast<std::size_t>(j)] = other_magnitudes;
    }
  }
};

template <class T>
void check(Matrix<T>& p, Matrix<T>& g) {
  const double units = 8 + std::sqrt(static_cast<double>(p.cols)) / 2;  // the sums: a random walk
  for (const Special what : {Special::softmax_pullback, Special::log_softmax_pullback}) {
    CAPTURE(static_cast<int>(what));
    const std::vector<T> y = run(what, p, g, Over::nothing, Layout::rows);
    for (Size i = 0; i < p.rows; ++i) {
      const Row row(&p(i, 0), &g(i, 0), p.cols);
      const bool plain = what == Special::softmax_pullback;
      bool right = true;
      for (std::size_t j = 0; j < static_cast<std::size_t>(p.cols); ++j) {
        const long double exact = plain ? row.softmax[j] : row.log_softmax[j];
        const long double scale = plain ? row.softmax_scale[j] : row.log_softmax_scale[j];
        const long double off = std::abs(y[static_cast<std::size_t>(i * p.cols) + j] - exact);
        right &= off <= units * (std::numeric_limits<T>::epsilon() / 2) * scale + std::numeric_limits<T>::denorm_min();
      }
      if (!right) FAIL_CHECK("row " << i << " of " << p.rows << " x " << p.cols);
    }
    for (const Over over : {Over::nothing, Over::p, Over::g}) {
      CHECK(same_bits(run(what, p, g, over, Layout::wide_rows), y));
      CHECK(same_bits(run(what, p, g, over, Layout::rows), y));
    }
  }
}

/// Softmax of logits below 4, or with one `depth` above the others.
template <class T, class Logit>
void fill(Matrix<T>& p, Logit logit) {
  for (Size i = 0; i < p.rows; ++i) {
    long double sum = 0;
    std::vector<long double> e;
    for (Size j = 0; j < p.cols; ++j) sum += e.emplace_back(std::exp(static_cast<long double>(logit(i, j))));
    for (Size j = 0; j < p.cols; ++j) p(i, j) = static_cast<T>(e[static_cast<std::size_t>(j)] / sum);
  }
}

constexpr Size kCols[] = {1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 23, 24, 25, 33, 47, 48, 49, 64, 100, 1000};

}  // namespace

TEST_CASE_TEMPLATE("pullbacks of rows of every width and number are exact to a few roundings, in place and apart alike",
                   T, float, double) {
  Random random(51);
  for (const Size cols : kCols) {
    for (const Size rows : {1, 2, 3, 4, 7, 9, 40, 300}) {
      if (rows * cols > 10000) continue;
      CAPTURE(rows);
      CAPTURE(cols);
      Matrix<T> p(rows, cols, Layout::rows), g(rows, cols, Layout::rows);
      fill(p, [&](Size, Size) { return static_cast<double>(random.below(400)) / 100; });
      g.fill([&] { return static_cast<T>(random.below(2001) - 1000) / 100; });
      for (const std::string& target : EveryTarget()) {
        CAPTURE(target);
        check(p, g);
      }
    }
  }
}

TEST_CASE_TEMPLATE("where one probability is nearly 1 the digits of a pullback are those of the others", T, float,
                   double) {
  const double deepest = sizeof(T) == 4 ? 80 : 700;
  Random random(53);
  for (const Size cols : kCols) {
    if (cols == 1) continue;
    for (const double depth : {1.0, 10.0, 17.0, 40.0, deepest}) {
      CAPTURE(cols);
      CAPTURE(depth);
      Matrix<T> p(9, cols, Layout::rows), g(9, cols, Layout::rows);
      fill(p, [&](Size i, Size j) {
        return j == i * (cols - 1) / 8 ? 0.0 : -depth - static_cast<double>(random.below(64)) / 64;
      });
      g.fill([&] { return static_cast<T>(random.below(2001) - 1000) / 100; });
      for (const std::string& target : EveryTarget()) {
        CAPTURE(target);
        check(p, g);
      }
    }
  }
}

TEST_CASE_TEMPLATE("NaN and infinity in a row of a pullback spoil that row and spare the others", T, float, double) {
  for (const Size cols : {3, 10, 30, 70}) {
    CAPTURE(cols);
    Matrix<T> p(9, cols, Layout::rows), g(9, cols, Layout::rows);
    fill(p, [&](Size, Size j) { return static_cast<double>(j % 5); });
    g.fill([] { return T(1); });
    p(2, 1) = kNan<T>;
    g(4, cols - 1) = kNan<T>;
    g(6, 0) = kInfinity<T>;
    for (const std::string& target : EveryTarget()) {
      CAPTURE(target);
      for (const Special what : {Special::softmax_pullback, Special::log_softmax_pullback}) {
        const std::vector<T> y = run(what, p, g, Over::nothing, Layout::rows);
        for (Size i = 0; i < 9; ++i) {
          const bool spoiled = i == 2 || i == 4 || i == 6;
          const auto first = y.begin() + i * cols;
          CHECK(std::all_of(first, first + cols, [](T v) { return std::isfinite(v); }) == !spoiled);
        }
      }
    }
  }
}

}  // namespace wengert::kernels
