// The matrix product against sums of higher precision, for every way its operands may lie in memory.
#include "autodiff/kernels/gemm.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "autodiff/tensor/random.hpp"
#include "tests/autodiff/kernels/every_target.hpp"
#include "tests/autodiff/kernels/fenced.hpp"
#include "tests/autodiff/kernels/matrix.hpp"
#include "tests/autodiff/kernels/steps.hpp"
#include "tests/autodiff/kernels/ulp.hpp"

namespace wengert::kernels {
namespace {

struct Problem {
  Size m, n, k;
  Layout a = Layout::rows, b = Layout::rows, c = Layout::rows;
  bool accumulate = false, biased = false;
};

template <class T>
Gemm<T> product(Matrix<T>& a, Matrix<T>& b, Matrix<T>& c) {
  Gemm<T> g;
  g.m = a.rows, g.n = b.cols, g.k = a.cols;
  g.a = a.first, g.a_row = a.row, g.a_col = a.col;
  g.b = b.first, g.b_row = b.row, g.b_col = b.col;
  g.c = c.first, g.c_row = c.row;
  return g;
}

/// Every element within (k + 3) u sum |a||b|, the bound of k products, k - 1 sums, a bias and what stood in C, each
/// rounded once (Higham 2002, section 3.1), u = eps/2; twice with the same bits; nothing else written.
template <class T>
void check(const Problem& p, Random& random) {
  using Wide = std::conditional_t<sizeof(T) == 4, double, long double>;
  const auto draw = [&] { return static_cast<T>(random.uniform(-1, 1)); };
  Matrix<T> a(p.m, p.k, p.a), b(p.k, p.n, p.b), before(p.m, p.n, Layout::rows);
  Fenced<T> bias(static_cast<std::size_t>(p.n));
  a.fill(draw);
  b.fill(draw);
  before.fill(draw);
  std::generate(bias.begin(), bias.end(), draw);

  std::vector<Wide> exact(static_cast<std::size_t>(p.m * p.n)), size(exact.size());
  for (Size i = 0; i < p.m; ++i) {
    Wide* sum = exact.data() + i * p.n;
    Wide* magnitude = size.data() + i * p.n;
    for (Size j = 0; j < p.n; ++j) {
      const Wide old = p.accumulate ? before(i, j) : T(0), plus = p.biased ? bias[static_cast<std::size_t>(j)] : T(0);
      sum[j] = old + plus;
      magnitude[j] = std::abs(old) + std::abs(plus);
    }
    for (Size q = 0; q < p.k; ++q) {
      const Wide factor = a(i, q);
      for (Size j = 0; j < p.n; ++j) {
        const Wide term = factor * b(q, j);
        sum[j] += term;
        magnitude[j] += std::abs(term);
      }
    }
  }

  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    std::vector<T> results[2];
    for (std::vector<T>& result : results) {
      Matrix<T> c(p.m, p.n, p.c);
      if (p.accumulate) {
        for (Size i = 0; i < p.m; ++i) std::copy_n(&before(i, 0), p.n, &c(i, 0));
      }
      Gemm<T> g = product(a, b, c);
      g.accumulate = p.accumulate;
      if (p.biased) g.bias = bias.data();
      gemm(g);
      result = c.values();
      CHECK(c.intact());
    }
    const Wide unit = static_cast<Wide>(p.k + 3) * std::numeric_limits<T>::epsilon() / 2;
    bool near = true;
    for (std::size_t e = 0; e < exact.size(); ++e) {  // a NaN is not near
      near &= std::abs(static_cast<Wide>(results[0][e]) - exact[e]) <= unit * size[e];
    }
    CHECK(near);
    CHECK(same_bits(results[0], results[1]));
  }
}

template <class T>
void describe_and_check(const Problem& p, Random& random) {
  CAPTURE(p.m);
  CAPTURE(p.n);
  CAPTURE(p.k);
  CAPTURE(static_cast<int>(p.a));
  CAPTURE(static_cast<int>(p.b));
  CAPTURE(p.accumulate);
  CAPTURE(p.biased);
  check<T>(p, random);
}

}  // namespace

TEST_CASE_TEMPLATE("a product is right for all small sizes and layouts, and touches nothing beside its operands", T,
                   float, double) {
  Random random(21);
  const Size depths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 64};
  const auto any_layout = [&] { return static_cast<Layout>(random.below(static_cast<int>(Layout::count_))); };
  // Tiles have up to 4, 6 or 14 rows of two vectors of 1 to 16 elements, or 4, 8 or 20 of one.
  for (const Size m : {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 20, 29}) {
    for (const Size n : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 65}) {
      for (int round = 0; round < 4; ++round) {
        const Layout c = random.below(2) == 0 ? Layout::rows : Layout::wide_rows;
        const Size k = depths[random.below(std::size(depths))];
        const Layout a = round == 0 ? Layout::rows : any_layout(), b = round == 0 ? Layout::columns : any_layout();
        describe_and_check<T>({m, n, k, a, b, c, random.below(2) == 0, random.below(2) == 0}, random);
      }
    }
  }
}

TEST_CASE_TEMPLATE("a product is right where operands are packed, and cut into slices of depth and bands of rows", T,
                   float, double) {
  using L = Layout;
  constexpr Size wide = 2048 / sizeof(T), deep = 1536 / sizeof(T);
  Random random(22);
  for (const Problem& p : {
           Problem{113, wide + 5, 9, L::rows, L::rows},                                // packs A
           Problem{175, wide + 1, 7, L::wide_rows, L::wide_rows, L::wide_rows, true},  // packs A and B
           Problem{170, wide + 2, 10, L::columns, L::columns, L::rows, false, true},   //
           Problem{183, wide + 7, 75, L::columns, L::rows, L::rows, true},             // tiles copy A and B
           Problem{211, wide + 3, deep + 50, L::tall_columns, L::wide_rows, L::wide_rows, false, true},  //
           Problem{541, wide, 40, L::columns, L::wide_rows},                                             //
           Problem{6, 37, 2 * deep + 7, L::rows, L::rows, L::rows, false, true},                         // slices
           Problem{7, 33, deep, L::columns, L::rows},                                       // the deepest single one
           Problem{5, 3, deep + 1, L::gaps, L::columns, L::wide_rows, true, true},          // slices of packed A and B
           Problem{2, 9, 3 * deep + 1, L::rows, L::columns, L::rows, true, true},           // few rows
           Problem{700, 1, deep + 2, L::rows, L::rows},                                     // a column
           Problem{700, 1, 9, L::columns, L::gaps, L::rows, true},                          //
           Problem{701, 1, 31, L::rows, L::rows, L::rows, false, true},                     // with a bias
           Problem{131, 10, 37, L::columns, L::rows},                                       // narrow: as B' A'
           Problem{130, 4, deep + 1, L::columns, L::columns},                               //
           Problem{129, 9, 40, L::columns, L::rows, L::wide_rows, true, true},              // narrow, but not so simple
           Problem{1030, 19, 5, L::wide_rows, L::rows, L::wide_rows, false, true},          // bands
           Problem{515, 9, deep + 3, L::tall_gaps, L::tall_gaps, L::rows, true},            // bands and slices
           Problem{521, wide + 3, deep + 2, L::rows, L::columns, L::wide_rows, true, true}  // all of it
       }) {
    describe_and_check<T>(p, random);
  }
}

TEST_CASE_TEMPLATE(
    "a product is right where few columns are left behind the last full vector, and touches nothing else", T, float,
    double) {
  using L = Layout;
  Random random(25);
  const auto coin = [&] { return random.below(2) == 0; };
  constexpr Size deepest = 1536 / sizeof(T);
  for (const Size n : {1, 2, 3, 4, 5, 9, 10, 16, 17, 18, 19, 20, 33, 34, 36, 49, 50, 65}) {
    for (const L a : {L::rows, L::wide_rows, L::columns, L::tall_columns, L::gaps, L::same_row}) {
      for (const auto& [m, k] :
           {std::pair{Size(37), Size(64)}, {64, 41}, {5, deepest}, {131, deepest - 1}, {90, deepest + 1}}) {
        const L b = coin() ? L::rows : static_cast<L>(random.below(static_cast<int>(L::count_)));
        describe_and_check<T>({m, n, k, a, b, coin() ? L::rows : L::wide_rows, coin(), coin()}, random);
      }
    }
  }
}

TEST_CASE_TEMPLATE("a dot product has the same bits whatever columns stand beside it", T, float, double) {
  Random random(24);
  for (const std::string& target : EveryTarget()) {
    CAPTURE(target);
    for (const Size k : {1, 2, 5, 8, 16, 17, 33, 64, 100, 5000}) {
      CAPTURE(k);
      Matrix<T> a(2, k, Layout::rows), b(k, 21, Layout::columns), c(2, 21, Layout::rows);
      a.fill([&] { return static_cast<T>(random.uniform(-1, 1)); });
      b.fill([&] { return static_cast<T>(random.uniform(-1, 1)); });
      gemm(product(a, b, c));
      bool same = true;
      for (Size j = 0; j < 21; ++j) {
        Matrix<T> alone(2, 1, Layout::rows);
        Gemm<T> g = product(a, b, alone);
        g.n = 1, g.b += j * b.col;
        gemm(g);
        same &= alone(0, 0) == c(0, j) && alone(1, 0) == c(1, j);
      }
      CHECK(same);
    }
  }
}

TEST_CASE_TEMPLATE("NaN in a row of A and a column of B spoils these alone, whatever was multiplied before", T, float,
                   double) {
  Random random(23);
  const Problem problems[] = {{5, 7, 3},
                              {17, 35, 9, Layout::gaps, Layout::tall_gaps},
                              {30, 33, 12, Layout::columns, Layout::columns},
                              {3, 11, 21, Layout::rows, Layout::columns},
                              {70, 34, 61},                  // NaN in the two columns behind full vectors:
                              {70, 2, 61},                   // along the depth
                              {70, 3, 61, Layout::columns},  // and down the rows
                              {180, 600, 4}};
  for (const Problem& p : problems) {
    Matrix<T> a(p.m, p.k, p.a), b(p.k, p.n, p.b);
    const auto small_integer = [&] { return static_cast<T>(random.below(17) - 8); };  // so that every sum is exact
    a.fill(small_integer);
    b.fill(small_integer);
    const Size bad_row = p.m - 1, bad_col = p.n / 2;
    a(bad_row, p.k / 2) = kNan<T>;
    b(p.k - 1, bad_col) = kNan<T>;
    std::vector<T> exact;
    for (Size i = 0; i < p.m; ++i) {
      for (Size j = 0; j < p.n; ++j) {
        T sum = 0;
        for (Size q = 0; q < p.k; ++q) sum += a(i, q) * b(q, j);
        exact.push_back(sum);
      }
    }
    Matrix<T> all_nan_a(601, 50, Layout::gaps), all_nan_b(50, 601, Layout::columns), all_nan_c(601, 601, Layout::rows);
    for (const std::string& target : EveryTarget()) {
      CAPTURE(target);
      gemm(product(all_nan_a, all_nan_b, all_nan_c));  // leaves NaN in the packed panels
      Matrix<T> c(p.m, p.n, Layout::wide_rows);
      gemm(product(a, b, c));
      CHECK(same_bits(c.values(), exact));
      CHECK(c.intact());
    }
  }
}

TEST_CASE_TEMPLATE("an epilogue over blocks or over all of C gives the bits of the same program run afterwards", T,
                   float, double) {
  const struct {
    Size m, n, k;
    bool by_block;  // C has more than half a MiB, and more than 3 rows and 1 column
  } shapes[] = {{30, 40, 7, false},   {3, 50, 4, false},    {50, 1, 9, false},   {0, 5, 3, false},
                {100, 50, 64, false}, {6, 0, 3, false},     {9, 33, 0, false},   {4100, 32, 3, true},
                {4100, 37, 2, true},  {150, 1001, 5, true}, {4, 33000, 2, true}, {190, 701, 70, true}};
  Random random(24);
  const auto draw = [&] { return static_cast<T>(random.uniform(-1, 1)); };
  for (const auto& shape : shapes) {
    CAPTURE(shape.m);
    CAPTURE(shape.n);
    const std::size_t n = static_cast<std::size_t>(shape.n);
    Matrix<T> a(shape.m, shape.k, Layout::rows), b(shape.k, shape.n, Layout::rows), w(shape.m, 1, Layout::rows);
    Matrix<T> v(shape.m, shape.n, Layout::wide_rows);  // a tensor over C
    Fenced<T> bias(n), two(static_cast<std::size_t>(kMaxLanes<T>)), scratch(static_cast<std::size_t>(kScratch<T>));
    a.fill(draw);
    b.fill(draw);
    w.fill(draw);
    v.fill(draw);
    std::generate(bias.begin(), bias.end(), draw);
    std::fill(two.begin(), two.end(), T(2));
    for (const std::string& target : EveryTarget()) {
      CAPTURE(target);
      // C = relu(a b + bias), and half the column sums of 2 tanh(C) w v; flat: C = 2 (a b + bias).
      for (const bool flat : {false, true}) {
        std::vector<T> results[2], sums[2];
        for (const bool fused : {false, true}) {
          Matrix<T> c(shape.m, shape.n, flat ? Layout::rows : Layout::wide_rows);
          Fenced<T> sum(n);
          const Operand<T> home = in_memory(c.first, c.row, 1), temporary = in_scratch<T>(0);
          TileProgram<T> program;
          program.rows = shape.m, program.cols = shape.n;
          program.flat = flat;
          program.streams = 1;
          if (flat) {
            program.steps = {step<T>(instruction_of<math::Multiply>(), home, {home, constant(two.data())})};
          } else {
            program.steps = {
                step<T>(instruction_of<math::Relu>(), home, {home}),
                step<T>(instruction_of<math::Tanh>(), temporary, {home}),
                step<T>(instruction_of<math::Multiply>(), temporary, {temporary, in_memory(w.first, 1, 0)}),
                step<T>(instruction_of<math::Multiply>(), temporary, {temporary, in_memory(v.first, v.row, 1)}),
                step<T>(instruction(Special::sum_columns), in_memory(sum.data(), 0, 1), {temporary})};
            program.steps.back().factor = 2;
            program.init = {{sum.data(), n, T(0), 0.5}};
          }
          Gemm<T> g = product(a, b, c);
          g.bias = bias.data();
          if (fused) {
            g.epilogue = &program;
            g.scratch = scratch.data();
          }
          gemm(g);
          if (!fused) program.all(scratch.data());
          results[fused] = c.values();
          sums[fused].assign(sum.begin(), sum.end());
          CHECK(c.intact());
          CHECK(sum.intact());
        }
        CHECK(same_bits(results[0], results[1]));
        if (!shape.by_block) CHECK(same_bits(sums[0], sums[1]));
        if (flat || !shape.by_block) continue;
        for (std::size_t j = 0; j < n; ++j) {  // blocks add up in another order: m roundings of at most sum |w v|
          const T bound = static_cast<T>(shape.m) * static_cast<T>(shape.m) * std::numeric_limits<T>::epsilon();
          if (!(std::abs(sums[0][j] - sums[1][j]) <= bound)) FAIL_CHECK("column " << j);
        }
      }
    }
  }
}

}  // namespace wengert::kernels
