#include "autodiff/tensor/random.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "autodiff/tensor/error.hpp"

namespace wengert {

namespace {

__extension__ using Wide = unsigned __int128;

/// k/2^bits of the type's own precision, in [0, 1).
template <class T>
T fraction(std::uint64_t bits);
template <>
double fraction(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}
template <>
float fraction(std::uint64_t bits) {
  return static_cast<float>(bits >> 40) * 0x1p-24f;
}

/// lo + (hi - lo) u rounds up to hi for the last few u; those get the number below hi.
template <class T>
T between(T lo, T hi, std::uint64_t bits) {
  const T x = lo + (hi - lo) * fraction<T>(bits);
  return x < hi ? x : std::nextafter(hi, lo);
}

/// Two independent standard normal numbers out of two words. 1 - u is in (0, 1], so the logarithm is finite.
std::array<double, 2> box_muller(const std::array<std::uint64_t, 2>& words) {
  const double radius = std::sqrt(-2 * std::log(1 - fraction<double>(words[0])));
  const double angle = 2 * std::numbers::pi * fraction<double>(words[1]);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

template <class T>
void expect_interval(T lo, T hi, Source where) {
  if (lo < hi && std::isfinite(hi - lo)) return;
  throw ValueError(locate("uniform", fmt::format("[{}, {}) is empty or not finite", lo, hi), where));
}

template <class T>
void expect_normal(T mean, T deviation, Source where) {
  if (deviation >= T(0) && std::isfinite(deviation) && std::isfinite(mean)) return;
  throw ValueError(locate("normal",
                          fmt::format("mean {} and deviation {} are not a finite number and a finite one "
                                      "from 0 on",
                                      mean, deviation),
                          where));
}

/// Fills with draw(words of the block, which of the two), one block for two elements.
template <class T, class Prepare, class Draw>
void fill(std::span<T> out, Random& random, Prepare prepare, Draw draw) {
  const std::uint64_t first = random.position();
  decltype(prepare(random.bits(0))) pair{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t position = first + i;
    if (i == 0 || position % 2 == 0) pair = prepare(random.bits(position / 2));
    out[i] = draw(pair[position % 2]);
  }
  random.skip(out.size());
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t stream, std::uint64_t position, Source where)
    : seed_(seed), stream_(stream), position_(position) {
  if (position >> 48 == 0) return;
  throw ValueError(locate("random", fmt::format("position {} is beyond 2^48 - 1", position), where));
}

std::array<std::uint64_t, 2> Random::bits(std::uint64_t block, std::uint16_t attempt) const {
  const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
  const auto high = [](std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); };
  block |= std::uint64_t{attempt} << 48;
  const auto r = philox({low(seed_), high(seed_)}, {low(block), high(block), low(stream_), high(stream_)});
  return {std::uint64_t{r[1]} << 32 | r[0], std::uint64_t{r[3]} << 32 | r[2]};
}

double Random::uniform(double lo, double hi, Source where) {
  expect_interval(lo, hi, where);
  const std::uint64_t i = position_++;
  return between(lo, hi, bits(i / 2)[i % 2]);
}

double Random::normal(double mean, double deviation, Source where) {
  expect_normal(mean, deviation, where);
  const std::uint64_t i = position_++;
  return mean + deviation * box_muller(bits(i / 2))[i % 2];
}

std::int64_t Random::below(std::int64_t n, Source where) {
  if (n < 1) throw ValueError(locate("below", fmt::format("[0, {}) holds no integer", n), where));
  const std::uint64_t i = position_++, count = static_cast<std::uint64_t>(n);
  // The product falls into n intervals of 2^64; those low halves below 2^64 mod n are one too many for equal shares.
  const std::uint64_t remainder = (0 - count) % count;
  for (std::uint16_t attempt = 0;; ++attempt) {
    const Wide product = static_cast<Wide>(bits(i / 2, attempt)[i % 2]) * count;
    if (static_cast<std::uint64_t>(product) >= remainder) return static_cast<std::int64_t>(product >> 64);
  }
}

Tensor<std::int64_t> Random::permutation(std::int64_t n, Source where) {
  if (n < 0) throw ValueError(locate("permutation", fmt::format("{} is no number of elements", n), where));
  Tensor<std::int64_t> order = arange<std::int64_t>(n);
  for (std::int64_t i = n - 1; i > 0; --i) std::swap(order.data()[i], order.data()[below(i + 1, where)]);
  return order;
}

template <class T>
void uniform(std::span<T> out, std::type_identity_t<T> lo, std::type_identity_t<T> hi, Random& random, Source where) {
  expect_interval(lo, hi, where);
  fill(
      out, random, [](const auto& words) { return words; },
      [&](std::uint64_t bits) { return between<T>(lo, hi, bits); });
}

template <class T>
void normal(std::span<T> out, std::type_identity_t<T> mean, std::type_identity_t<T> deviation, Random& random,
            Source where) {
  expect_normal(mean, deviation, where);
  fill(out, random, box_muller,
       [&](double z) { return static_cast<T>(static_cast<double>(mean) + static_cast<double>(deviation) * z); });
}

template <class T>
Tensor<T> uniform(const Shape& shape, T lo, T hi, Random& random, Source where) {
  Tensor<T> out(shape);
  uniform(out.values(), lo, hi, random, where);
  return out;
}

template <class T>
Tensor<T> normal(const Shape& shape, T mean, T deviation, Random& random, Source where) {
  Tensor<T> out(shape);
  normal(out.values(), mean, deviation, random, where);
  return out;
}

template void uniform(std::span<float>, float, float, Random&, Source);
template void uniform(std::span<double>, double, double, Random&, Source);
template void normal(std::span<float>, float, float, Random&, Source);
template void normal(std::span<double>, double, double, Random&, Source);
template Tensor<float> uniform(const Shape&, float, float, Random&, Source);
template Tensor<double> uniform(const Shape&, double, double, Random&, Source);
template Tensor<float> normal(const Shape&, float, float, Random&, Source);
template Tensor<double> normal(const Shape&, double, double, Random&, Source);

}  // namespace wengert
