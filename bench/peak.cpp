// Compiled for this machine, like the opponents: a multiplication and an addition become one instruction.
#include "bench/peak.hpp"

#include <algorithm>
#include <chrono>

namespace bench {
namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
template <class T>
using Vector [[gnu::vector_size(kBytes)]] = T;

// Two units times four to six cycles of latency keep twelve sums busy; with their two operands they fit 16 registers.
constexpr int kSums = 12;

template <class T>
[[gnu::noinline]] T multiply_add(int rounds, T factor, T term) {
  Vector<T> sums[kSums], x, y;
  for (int lane = 0; lane < static_cast<int>(kBytes / sizeof(T)); ++lane) x[lane] = factor, y[lane] = term;
  for (int i = 0; i < kSums; ++i) sums[i] = y * static_cast<T>(i);
  for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = sums[i] * x + y;
  }
  for (int i = 1; i < kSums; ++i) sums[0] += sums[i];
  return sums[0][0];
}

}  // namespace

template <class T>
double multiply_add_speed() {
  using clock = std::chrono::steady_clock;
  constexpr int kRounds = 100'000;  // about half a millisecond
  constexpr double kFlops = 2.0 * kRounds * kSums * (kBytes / sizeof(T));
  double best = 0;
  volatile T factor = T(0.5), term = T(0.25), result = 0;  // unknown to the compiler
  for (int i = 0; i < 40; ++i) {
    const auto start = clock::now();
    result = multiply_add<T>(kRounds, factor, term);
    const double ns = std::chrono::duration<double, std::nano>(clock::now() - start).count();
    best = std::max(best, kFlops / ns);
  }
  static_cast<void>(result);
  return best;
}

void Peak::measure() {
  f32_ = std::max(f32_, multiply_add_speed<float>());
  f64_ = std::max(f64_, multiply_add_speed<double>());
}

template double multiply_add_speed<float>();
template double multiply_add_speed<double>();

}  // namespace bench
