/// The published starting point of a network on the digits, and the numbers it must give.
///
/// 64-50-10, sigmoid and softmax, biases 0.01, pixels 0..16 as they are, weights and split from NumPy's legacy
/// generator with seed 0. WENGERT_DATA_DIR is the folder of digits.csv.gz.
#pragma once

#include <cstdint>
#include <filesystem>

#include "autodiff/tensor/tensor.hpp"
#include "nn/data/csv.hpp"
#include "tests/nn/legacy_random.hpp"

namespace wengert::test {

struct DigitsGolden {
  Tensor<double> W1, b1;                   ///< [64, 50], [50]
  Tensor<double> W2, b2;                   ///< [50, 10], [10]
  Tensor<double> x, x_test;                ///< [1437, 64], [360, 64]
  Tensor<std::int64_t> label, label_test;  ///< [1437], [360]

  /// Over the training set, before the first step. Cost and gradients belong to the SUM over its samples.
  static constexpr double accuracy = 0.1440501043841336;
  static constexpr double cross_entropy_sum = 10103.250616693766;
  static constexpr double norm_dW2 = 3788.575860095227;
  static constexpr double norm_dW1 = 2716.3323133886865;
  /// Of the first training sample, published with nine digits.
  static constexpr double first_probability = 5.41511965e-04;
  static constexpr double last_probability = 3.11507992e-04;
};

inline DigitsGolden digits_golden() {
  constexpr std::int64_t kSamples = 1797, kPixels = 64, kTest = 360;
  const Tensor<double> table = nn::read_csv(std::filesystem::path(WENGERT_DATA_DIR) / "digits.csv.gz");

  LegacyRandom random(0);
  for (int i = 0; i < 5; ++i) random.up_to(kSamples - 1);  // chose five pictures to show
  const Tensor<std::int64_t> order = random.permutation(kSamples);

  DigitsGolden golden;
  golden.x_test = Tensor<double>(Shape{kTest, kPixels});
  golden.label_test = Tensor<std::int64_t>(Shape{kTest});
  golden.x = Tensor<double>(Shape{kSamples - kTest, kPixels});
  golden.label = Tensor<std::int64_t>(Shape{kSamples - kTest});
  for (std::int64_t n = 0; n < kSamples; ++n) {
    const bool is_test = n < kTest;
    const std::int64_t to = is_test ? n : n - kTest;
    const double* row = table.data() + order.data()[n] * (kPixels + 1);
    Tensor<double>& x = is_test ? golden.x_test : golden.x;
    for (std::int64_t i = 0; i < kPixels; ++i) x.at(to, i) = row[i];
    (is_test ? golden.label_test : golden.label).at(to) = static_cast<std::int64_t>(row[kPixels]);
  }

  golden.W1 = random.randn(Shape{64, 50});
  golden.W2 = random.randn(Shape{50, 10});
  golden.b1 = full(Shape{50}, 0.01);
  golden.b2 = full(Shape{10}, 0.01);
  return golden;
}

}  // namespace wengert::test
