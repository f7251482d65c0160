#include "nn/data/split.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;
using Indices = Tensor<std::int64_t>;

std::multiset<std::int64_t> all_of(std::initializer_list<Indices> parts) {
  std::multiset<std::int64_t> out;
  for (const Indices& part : parts) out.insert(part.begin(), part.end());
  return out;
}

std::multiset<std::int64_t> numbers(std::int64_t n) { return all_of({arange<std::int64_t>(n)}); }

/// 70 of class 0, 25 of class 1, 5 of class 2, mixed.
Indices labels_100() {
  Indices labels(Shape{100});
  for (std::int64_t i = 0; i < 100; ++i) labels.at(i) = i % 20 == 7 ? 2 : i % 4 == 1 ? 1 : 0;
  return labels;
}

std::int64_t count(const Indices& rows, const Indices& labels, std::int64_t label) {
  std::int64_t sum = 0;
  for (const std::int64_t row : rows) sum += labels.at(row) == label;
  return sum;
}

}  // namespace

TEST_CASE("every row is in exactly one part, and the parts have the sizes asked for") {
  for (const std::int64_t n : {0, 1, 2, 7, 100, 1797}) {
    const Split split = split_rows(n, {.validation = 0.15, .test = 0.25, .seed = 3});
    CHECK(all_of({split.train, split.validation, split.test}) == numbers(n));
    CHECK(split.test.size() == std::llround(0.25 * static_cast<double>(n)));
    CHECK(split.validation.size() == std::llround(0.15 * static_cast<double>(n)));
  }
  CHECK(split_rows(3, {.validation = 0.5, .test = 0.5}).train.size() == 0);  // both round up
  CHECK(split_rows(10, {.test = 0}).train == arange<std::int64_t>(10));
}

TEST_CASE("a split depends on its seed alone") {
  const Split a = split_rows(50, {.seed = 1}), b = split_rows(50, {.seed = 1}), c = split_rows(50, {.seed = 2});
  CHECK(a.test == b.test);
  CHECK_FALSE(a.test == c.test);
}

TEST_CASE("a stratified split gives each class its share") {
  const Indices labels = labels_100();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Split split = split_rows(labels, {.validation = 0.2, .test = 0.2, .seed = seed});
    CHECK(all_of({split.train, split.validation, split.test}) == numbers(100));
    for (const Indices* part : {&split.validation, &split.test}) {
      CHECK(part->size() == 20);
      for (std::int64_t c = 0; c < 3; ++c) {
        const double share = 0.2 * static_cast<double>(count(arange<std::int64_t>(100), labels, c));
        CHECK(std::abs(static_cast<double>(count(*part, labels, c)) - share) < 2);
      }
      CHECK(count(*part, labels, 2) >= 1);
    }
  }
}

TEST_CASE("each row tests once in k folds and trains in the others") {
  for (const std::int64_t k : {2, 3, 10, 11}) {
    std::multiset<std::int64_t> tested;
    for (const Fold& fold : k_fold(11, k, 5)) {
      CHECK(all_of({fold.train, fold.test}) == numbers(11));
      CHECK(std::abs(fold.test.size() * k - 11) < k);
      tested.insert(fold.test.begin(), fold.test.end());
    }
    CHECK(tested == numbers(11));
  }
}

TEST_CASE("stratified folds differ by one row of each class at most") {
  const Indices labels = labels_100();
  for (const Fold& fold : k_fold(labels, 5, 1)) {
    CHECK(count(fold.test, labels, 0) == 14);
    CHECK(count(fold.test, labels, 1) == 5);
    CHECK(count(fold.test, labels, 2) == 1);
  }
  for (const Fold& fold : k_fold(labels, 7, 1)) {
    CHECK(std::abs(7 * count(fold.test, labels, 1) - 25) < 7);
  }
}

TEST_CASE("a row is as likely to test as any other") {
  std::vector<int> hits(10, 0);
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    for (const std::int64_t row : split_rows(10, {.test = 0.3, .seed = seed}).test) {
      ++hits[static_cast<std::size_t>(row)];
    }
  }
  double chi = 0;  // 9 degrees of freedom, a little less spread than independent draws: 27.9 is passed once in 1000
  for (const int hit : hits) chi += (hit - 1200.0) * (hit - 1200.0) / 1200.0;
  CHECK(chi < 27.9);
}

TEST_CASE("parts that cannot be are refused") {
  CHECK_THROWS_WITH_AS(split_rows(10, {.validation = 0.6, .test = 0.5}), Contains("n is 10, validation 0.6, test 0.5"),
                       ValueError);
  CHECK_THROWS_AS(split_rows(10, {.test = -0.1}), ValueError);
  CHECK_THROWS_AS(split_rows(10, {.test = std::nan("")}), ValueError);
  CHECK_THROWS_AS(split_rows(-1), ValueError);
  CHECK_THROWS_WITH_AS(k_fold(3, 4), Contains("k is 4, there are 3 rows"), ValueError);
  CHECK_THROWS_AS(k_fold(3, 1), ValueError);
  CHECK_THROWS_AS(k_fold(Indices{{1, 2}, {3, 4}}, 2), ShapeError);
}

}  // namespace wengert::nn
