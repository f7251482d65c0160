#include "nn/data/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/random.hpp"

namespace wengert::nn {

namespace {

using Rows = std::vector<std::int64_t>;

/// All rows in random order, class after class if there are labels. Taking every k-th of them is a random part with a
/// fair share of each class.
Rows order_of(std::int64_t n, const Tensor<std::int64_t>* labels, std::uint64_t seed) {
  const Tensor<std::int64_t> random = Random(seed).permutation(n);
  std::vector<std::pair<std::int64_t, std::int64_t>> keyed;  // label, place in the random order
  for (std::int64_t i = 0; i < n; ++i) keyed.emplace_back(labels == nullptr ? 0 : labels->data()[random.data()[i]], i);
  std::ranges::sort(keyed);
  Rows rows;
  for (const auto& [label, place] : keyed) rows.push_back(random.data()[place]);
  return rows;
}

/// Moves `count` of the rows, evenly spaced, into a part of their own.
Rows pick(Rows& rows, std::int64_t count) {
  Rows picked, rest;
  std::int64_t sum = 0;  // Bresenham's line from 0 to count
  const auto n = static_cast<std::int64_t>(rows.size());
  for (const std::int64_t row : rows) {
    sum += count;
    (sum >= n ? picked : rest).push_back(row);
    if (sum >= n) sum -= n;
  }
  rows = std::move(rest);
  return picked;
}

Tensor<std::int64_t> ascending(Rows rows) {
  std::ranges::sort(rows);
  return Tensor<std::int64_t>(rows);
}

Split split(std::int64_t n, const Tensor<std::int64_t>* labels, const SplitOptions& options, Source where) {
  const double a = options.validation, b = options.test;
  if (n < 0 || !(a >= 0 && b >= 0 && a + b <= 1)) {
    throw ValueError(locate(
        "split_rows",
        fmt::format(
            "n must be 0 or more and the fractions in [0, 1], together at most 1: n is {}, validation {}, test {}", n,
            a, b),
        where));
  }
  Rows rows = order_of(n, labels, options.seed);
  const auto share = [n](double fraction) {
    return static_cast<std::int64_t>(std::llround(fraction * static_cast<double>(n)));
  };
  const std::int64_t test = share(b);
  Split out;
  out.test = ascending(pick(rows, test));
  out.validation = ascending(pick(rows, std::min(n - test, share(a))));
  out.train = ascending(std::move(rows));
  return out;
}

std::vector<Fold> folds(std::int64_t n, const Tensor<std::int64_t>* labels, std::int64_t k, std::uint64_t seed,
                        Source where) {
  if (k < 2 || k > n)
    throw ValueError(locate(
        "k_fold", fmt::format("k must be at least 2 and at most the number of rows: k is {}, there are {} rows", k, n),
        where));
  const Rows rows = order_of(n, labels, seed);
  std::vector<Fold> out;
  for (std::int64_t fold = 0; fold < k; ++fold) {
    Rows train, test;
    for (std::int64_t i = 0; i < n; ++i) {
      (i % k == fold ? test : train).push_back(rows[static_cast<std::size_t>(i)]);
    }
    out.push_back({ascending(std::move(train)), ascending(std::move(test))});
  }
  return out;
}

const Tensor<std::int64_t>* list(const char* operation, const Tensor<std::int64_t>& labels, Source where) {
  if (labels.rank() == 1) return &labels;
  throw ShapeError(locate(operation, fmt::format("labels are {}, not one list", to_string(labels.shape())), where));
}

}  // namespace

Split split_rows(std::int64_t n, const SplitOptions& options, Source where) {
  return split(n, nullptr, options, where);
}
Split split_rows(const Tensor<std::int64_t>& labels, const SplitOptions& options, Source where) {
  return split(labels.size(), list("split_rows", labels, where), options, where);
}

std::vector<Fold> k_fold(std::int64_t n, std::int64_t k, std::uint64_t seed, Source where) {
  return folds(n, nullptr, k, seed, where);
}
std::vector<Fold> k_fold(const Tensor<std::int64_t>& labels, std::int64_t k, std::uint64_t seed, Source where) {
  return folds(labels.size(), list("k_fold", labels, where), k, seed, where);
}

}  // namespace wengert::nn
