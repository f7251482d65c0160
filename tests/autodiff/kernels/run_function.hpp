/// Running one elementwise function on many numbers, for tests of its values.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "autodiff/kernels/function.hpp"
#include "autodiff/kernels/tile.hpp"
#include "tests/autodiff/kernels/fenced.hpp"
#include "tests/autodiff/kernels/ulp.hpp"

namespace wengert::kernels {

/// Runs a function of up to three inputs on contiguous elements.
template <class T>
std::vector<T> apply(Instruction instruction, const std::vector<std::vector<T>>& inputs,
                     std::vector<T>* second = nullptr) {
  const std::size_t n = inputs[0].size();
  Fenced<T> y(n), y2(n);
  Call<T> call{};
  call.rows = 1;
  call.cols = static_cast<std::ptrdiff_t>(n);
  call.y = y.data();
  call.y2 = y2.data();
  for (std::size_t i = 0; i < inputs.size(); ++i) call.x[i] = inputs[i].data();
  tile<T>(instruction)(call);
  CHECK(y.intact());
  CHECK(y2.intact());
  if (second != nullptr) second->assign(y2.data(), y2.data() + n);
  return {y.data(), y.data() + n};
}

/// Arguments over the whole range: edges, random bits, the ranges where results are neither 0 nor infinite, magnitudes
/// spread evenly over the exponents, and numbers next to multiples of pi/2.
template <class T>
std::vector<T> arguments() {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  using Limits = std::numeric_limits<T>;
  std::vector<T> x;
  for (const T edge : {T(0),
                       T(1),
                       T(2),
                       T(0.5),
                       T(20),
                       T(88.7),
                       T(89),
                       T(103.9),
                       T(104),
                       T(709.7),
                       T(710),
                       T(745),
                       T(746),
                       T(3200),
                       T(1e6),
                       T(1e9),
                       Limits::min(),
                       Limits::denorm_min(),
                       Limits::max(),
                       Limits::epsilon(),
                       Limits::min() / 3,
                       kInfinity<T>}) {
    x.push_back(edge);
    x.push_back(-edge);
  }
  x.push_back(kNan<T>);
  std::mt19937_64 random(11);
  for (int i = 0; i < 20000; ++i) x.push_back(std::bit_cast<T>(static_cast<Bits>(random())));
  const auto uniform = [&](double width, int count) {
    std::uniform_real_distribution<double> number(-width, width);
    for (int i = 0; i < count; ++i) x.push_back(static_cast<T>(number(random)));
  };
  uniform(1, 20000);
  uniform(4, 20000);
  uniform(25, 10000);
  uniform(110, 10000);
  uniform(760, 10000);
  uniform(4000, 5000);
  uniform(1.1e6, 5000);
  std::uniform_real_distribution<double> exponent(Limits::min_exponent - Limits::digits, 3);
  for (int i = 0; i < 10000; ++i) {
    const T near_zero = static_cast<T>(std::exp2(exponent(random)));
    x.push_back(near_zero);
    x.push_back(-near_zero);
    x.push_back(T(1) + near_zero);
    x.push_back(T(1) - near_zero);
  }
  for (int i = 1; i < 5000; ++i) {
    const long double zero = 1.57079632679489661923132169163975144L * (i < 3000 ? i : i * 100);
    x.push_back(static_cast<T>(zero));
    x.push_back(-std::nextafter(static_cast<T>(zero), T(0)));
  }
  return x;
}

template <class T>
T at(Instruction instruction, double x) {
  return apply<T>(instruction, {{static_cast<T>(x)}})[0];
}

}  // namespace wengert::kernels
