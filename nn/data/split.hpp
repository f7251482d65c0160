/// Which rows train, which validate, which test. Rows are numbers; `take_rows` picks them.
///
/// 1. Every row is in exactly one part; the parts list their rows in ascending order.
/// 2. The parts depend on seed, sizes and labels alone, and are the same on every machine.
/// 3. Given labels [n], each class is spread over the parts as evenly as whole rows allow (stratified): its share of a
///    part differs from the part's fraction by less than two rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

struct SplitOptions {
  double validation = 0;  ///< fraction of all rows; the number of rows is rounded to the nearest
  double test = 0.2;
  std::uint64_t seed = 0;
};

struct Split {
  Tensor<std::int64_t> train, validation, test;
};

/// n rows in three parts. Throws ValueError for n < 0, or fractions that are not in [0, 1] or sum to more than 1.
Split split_rows(std::int64_t n, const SplitOptions& options = {}, Source where = Source::here());
/// The same, stratified.
Split split_rows(const Tensor<std::int64_t>& labels, const SplitOptions& options = {}, Source where = Source::here());

struct Fold {
  Tensor<std::int64_t> train, test;
};

/// k pairs of parts: each row is in the test part of one fold and in the training part of the others; test parts differ
/// by one row at most. Throws ValueError unless 2 <= k <= n.
std::vector<Fold> k_fold(std::int64_t n, std::int64_t k, std::uint64_t seed = 0, Source where = Source::here());
/// The same, stratified.
std::vector<Fold> k_fold(const Tensor<std::int64_t>& labels, std::int64_t k, std::uint64_t seed = 0,
                         Source where = Source::here());

}  // namespace wengert::nn
