#include "autodiff/tensor/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "autodiff/tensor/error.hpp"

#if __has_include(<Random123/philox.h>)
#include <Random123/philox.h>
#endif

namespace wengert {
namespace {

/// Largest distance between the distribution of the draws and `cdf`, times sqrt(n): above 1.95 once in a thousand.
template <class T, class Cdf>
double kolmogorov_smirnov(Tensor<T> draws, Cdf cdf) {
  std::sort(draws.begin(), draws.end());
  const auto n = static_cast<double>(draws.size());
  double worst = 0;
  for (std::int64_t i = 0; i < draws.size(); ++i) {
    const double p = cdf(static_cast<double>(draws.at(i))), below = static_cast<double>(i) / n;
    worst = std::max({worst, p - below, below + 1 / n - p});
  }
  return worst * std::sqrt(n);
}

template <class T>
double moment(const Tensor<T>& draws, int power) {
  double sum = 0;
  for (const T x : draws) sum += std::pow(static_cast<double>(x), power);
  return sum / static_cast<double>(draws.size());
}

}  // namespace

TEST_CASE("philox gives the known answers of its authors") {
  using W = PhiloxCounter;
  static_assert(philox({0, 0}, {0, 0, 0, 0}) == W{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t f = 0xffffffff;
  CHECK(philox({f, f}, {f, f, f, f}) == W{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0xa4093822, 0x299f31d0}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}) ==
        W{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

#if __has_include(<Random123/philox.h>)
TEST_CASE("philox agrees with Random123 on 10,000 keys and counters") {
  PhiloxCounter state{1, 2, 3, 4};
  bool equal = true;
  for (std::uint32_t i = 0; i < 10000; ++i) {
    const PhiloxCounter key = philox({i, 7}, state);
    const r123::Philox4x32::ctr_type counter = {{state[0], state[1], state[2], state[3]}};
    const r123::Philox4x32::key_type theirs_key = {{key[0], key[1]}};
    const auto theirs = r123::Philox4x32()(counter, theirs_key);
    state = philox({key[0], key[1]}, state);
    equal &= std::equal(state.begin(), state.end(), theirs.begin());
  }
  CHECK(equal);
}
#endif

TEST_CASE("a fill equals single draws, also from an odd position") {
  for (const std::uint64_t start : {0u, 1u, 6u}) {
    Random filled(3, 5, start), single(3, 5, start);
    const auto u = uniform<double>(Shape{3, 7}, -2, 5, filled), z = normal<double>(Shape{4, 4}, 1, 2, filled);
    for (const double x : u) CHECK(x == single.uniform(-2, 5));
    for (const double x : z) CHECK(x == single.normal(1, 2));
    CHECK(filled.position() == single.position());
    CHECK(filled.position() == start + 37);
  }
}

TEST_CASE("draw i depends on seed, stream and i only, whatever was drawn before") {
  Random straight(42), mixed(42);
  std::vector<double> expected;
  for (int i = 0; i < 100; ++i) expected.push_back(straight.uniform());
  for (std::size_t i = 0; i < 100; i += 4) {
    mixed.normal();
    mixed.below((std::int64_t{1} << 62) + 1);  // rejects often, and still takes one position
    CHECK(mixed.uniform() == expected[i + 2]);
    CHECK(Random(42, 0, i + 3).uniform() == expected[i + 3]);
    mixed.skip(1);
  }
}

TEST_CASE("other streams and other seeds give other numbers, the same ones the same") {
  const Random root(1);
  Random a = root.stream(8), b = root.stream(9), c = Random(2).stream(8), again = Random(1, 77).stream(8);
  const auto x = uniform<double>(Shape{20000}, -1, 1, a), y = uniform<double>(Shape{20000}, -1, 1, b),
             z = uniform<double>(Shape{20000}, -1, 1, c);
  CHECK(x == uniform<double>(Shape{20000}, -1, 1, again));
  double xy = 0, xz = 0, lag = 0;
  for (int i = 0; i < 20000; ++i) {
    xy += x.at(i) * y.at(i);
    xz += x.at(i) * z.at(i);
    if (i > 0) lag += x.at(i) * x.at(i - 1);
  }
  const double five_sigma = 5 * std::sqrt(20000.0) / 3;
  CHECK(std::abs(xy) < five_sigma);
  CHECK(std::abs(xz) < five_sigma);
  CHECK(std::abs(lag) < five_sigma);
}

TEST_CASE_TEMPLATE("uniform draws have the moments and the distribution of [-1, 3)", T, float, double) {
  Random random(11);
  const auto draws = uniform<T>(Shape{1000000}, T(-1), T(3), random);
  CHECK(kolmogorov_smirnov(draws, [](double x) { return (x + 1) / 4; }) < 1.95);
  CHECK(moment(draws, 1) == doctest::Approx(1).epsilon(0.006));
  CHECK(moment(draws, 2) - 1 == doctest::Approx(4.0 / 3).epsilon(0.006));
  CHECK(*std::min_element(draws.begin(), draws.end()) >= T(-1));
  CHECK(*std::max_element(draws.begin(), draws.end()) < T(3));
}

TEST_CASE_TEMPLATE("normal draws have the first four moments and the distribution of N(0, 1)", T, float, double) {
  Random random(12);
  const auto draws = normal<T>(Shape{1000000}, T(0), T(1), random);
  CHECK(kolmogorov_smirnov(draws, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }) < 1.95);
  CHECK(std::abs(moment(draws, 1)) < 0.005);
  CHECK(std::abs(moment(draws, 2) - 1) < 0.0075);
  CHECK(std::abs(moment(draws, 3)) < 0.02);
  CHECK(std::abs(moment(draws, 4) - 3) < 0.05);
}

TEST_CASE_TEMPLATE("uniform never returns its upper end, however narrow the interval", T, float, double) {
  Random random(13);
  const T lo = 1, hi = std::nextafter(std::nextafter(lo, T(2)), T(2));
  const auto draws = uniform<T>(Shape{1000}, lo, hi, random);
  CHECK(std::count(draws.begin(), draws.end(), hi) == 0);
  CHECK(std::count(draws.begin(), draws.end(), lo) > 0);
}

TEST_CASE("a float fill is the double fill cut to 24 bits") {
  Random narrow(18), wide(18);
  const auto x = uniform<float>(Shape{1000}, 0, 1, narrow);
  const auto y = uniform<double>(Shape{1000}, 0, 1, wide);
  for (int i = 0; i < 1000; ++i) CHECK(static_cast<double>(x.at(i)) == std::floor(y.at(i) * 0x1p24) * 0x1p-24);
}

TEST_CASE("below gives every integer its share: chi-squared of 1,000 cells") {
  Random random(14);
  std::vector<int> count(1000);
  for (int i = 0; i < 1000000; ++i) ++count[static_cast<std::size_t>(random.below(1000))];
  double chi2 = 0;
  for (const int c : count) chi2 += (c - 1000.0) * (c - 1000.0) / 1000;
  CHECK(std::abs(chi2 - 999) < 4 * std::sqrt(2 * 999.0));
}

TEST_CASE("below does not prefer small numbers where 2^64 is far from a multiple of n") {
  Random random(15);
  const std::int64_t n = std::int64_t{3} << 61;  // without rejection every third number would come twice as often
  std::int64_t thirds[3] = {};
  for (int i = 0; i < 300000; ++i) ++thirds[random.below(n) % 3];
  for (const std::int64_t third : thirds) CHECK(std::abs(static_cast<double>(third) - 100000) < 5 * 258);
}

TEST_CASE("a permutation holds every index once and each order of three comes equally often") {
  Random random(16);
  auto order = random.permutation(1000);
  std::sort(order.begin(), order.end());
  CHECK(order == arange<std::int64_t>(1000));
  int count[27] = {};
  for (int i = 0; i < 60000; ++i) {
    const auto p = random.permutation(3);
    ++count[p.at(0) * 9 + p.at(1) * 3 + p.at(2)];
  }
  for (const int i : {5, 7, 11, 15, 19, 21}) CHECK(std::abs(count[i] - 10000) < 5 * 92);
  CHECK(random.permutation(0).size() == 0);
}

TEST_CASE("seed 42 always draws the same numbers and the same order of ten elements (B140)") {
  // recomputed from the paper's definition in another language
  CHECK(Random(42).permutation(10) == Tensor<std::int64_t>{0, 9, 1, 7, 5, 6, 8, 2, 3, 4});
  CHECK(Random(42).uniform() == 0x1.dfd524ee73abcp-2);
  CHECK(Random(42, 0, 1).uniform() == 0x1.5d0acf5c4afd4p-2);
}

TEST_CASE("ranges that hold nothing are refused") {
  Random random(17);
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(random.uniform(1, 1), doctest::Contains("uniform: [1, 1) is empty or not finite"), ValueError);
  CHECK_THROWS_AS(random.uniform(nan, 1), ValueError);
  CHECK_THROWS_AS(random.uniform(-1e308, 1e308), ValueError);
  CHECK_THROWS_AS(uniform<float>(Shape{2}, 0, -1, random), ValueError);
  CHECK_THROWS_AS(random.normal(0, -1), ValueError);
  CHECK_THROWS_AS(random.normal(inf, 1), ValueError);
  CHECK_THROWS_WITH_AS(random.below(0), doctest::Contains("below: [0, 0) holds no integer"), ValueError);
  CHECK_THROWS_AS(random.permutation(-1), ValueError);
  CHECK_THROWS_AS(Random(1, 0, std::uint64_t{1} << 48), ValueError);
  CHECK(random.position() == 0);
}

}  // namespace wengert
