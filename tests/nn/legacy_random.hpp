/// NumPy's legacy generator (numpy.random.seed, randn, randint, permutation), bit for bit, to meet published numbers.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <utility>

#include "autodiff/tensor/tensor.hpp"

namespace wengert::test {

class LegacyRandom {
 public:
  explicit LegacyRandom(std::uint32_t seed) : engine_(seed) {}

  /// In [0, 1) with 53 bits, from the upper 27 and 26 bits of two words.
  double uniform() {
    const std::uint32_t a = word() >> 5, b = word() >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }

  /// Marsaglia's polar method; the second of each pair is kept for the next call.
  double gauss() {
    if (std::exchange(has_next_, false)) return next_;
    double x = 0, y = 0, r2 = 0;
    do {
      x = 2 * uniform() - 1;
      y = 2 * uniform() - 1;
      r2 = x * x + y * y;
    } while (r2 >= 1 || r2 == 0);
    const double f = std::sqrt(-2 * std::log(r2) / r2);
    next_ = f * x;
    has_next_ = true;
    return f * y;
  }

  Tensor<double> randn(const Shape& shape) {
    Tensor<double> out(shape);
    for (double& x : out) x = gauss();
    return out;
  }

  /// In [0, max]: words masked to the bits of max until one fits.
  std::uint32_t up_to(std::uint32_t max) {
    std::uint32_t mask = max;
    for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    if (max == 0) return 0;
    for (;;) {
      if (const std::uint32_t value = word() & mask; value <= max) return value;
    }
  }

  /// Fisher-Yates from the end.
  Tensor<std::int64_t> permutation(std::int64_t n) {
    auto order = arange<std::int64_t>(n);
    for (std::int64_t i = n - 1; i > 0; --i) {
      std::swap(order.data()[i], order.data()[up_to(static_cast<std::uint32_t>(i))]);
    }
    return order;
  }

 private:
  std::uint32_t word() { return static_cast<std::uint32_t>(engine_()); }

  std::mt19937 engine_;
  double next_ = 0;
  bool has_next_ = false;
};

}  // namespace wengert::test
