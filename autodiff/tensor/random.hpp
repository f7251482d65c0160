/// Random numbers that are functions: draw i depends on (seed, stream, i) and on nothing else.
///
/// 1. The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
///    SC 2011). Key = seed; counter = (block, stream); one block of 128 bits serves the draws 2 block and 2 block + 1.
/// 2. Every single draw and every element of a fill takes exactly one position, whatever it draws. So a fill equals the
///    same number of single draws, and a stream may be split between threads at will.
/// 3. Seed, stream and position are the whole state: three numbers in a snapshot resume a stream bit for bit.
/// 4. No std:: distribution is used, they differ between libraries. Uniform and integer draws are the same bits
///    everywhere; normal draws go through log, sin and cos of the C library.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert {

using PhiloxKey = std::array<std::uint32_t, 2>;
using PhiloxCounter = std::array<std::uint32_t, 4>;

/// Ten rounds of Philox: 128 random bits out of a key and a counter.
constexpr PhiloxCounter philox(PhiloxKey key, PhiloxCounter counter) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p = std::uint64_t{0xD2511F53} * counter[0], q = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(q >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(q),
               static_cast<std::uint32_t>(p >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p)};
    key[0] += 0x9E3779B9;  // the golden ratio
    key[1] += 0xBB67AE85;  // sqrt(3) - 1
  }
  return counter;
}

class Random {
 public:
  /// Positions run below 2^48. Throws ValueError for one beyond.
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0, std::uint64_t position = 0,
                  Source where = Source::here());

  /// The start of stream `id` of the same seed. Streams do not nest: the id replaces the present one.
  Random stream(std::uint64_t id) const { return Random(seed_, id); }

  std::uint64_t seed() const { return seed_; }
  std::uint64_t stream_id() const { return stream_; }
  /// Number of draws taken.
  std::uint64_t position() const { return position_; }
  void skip(std::uint64_t draws) { position_ += draws; }

  /// In [lo, hi): lo + (hi - lo) k/2^53 with k of 53 bits, rounded, never hi. Throws ValueError unless lo < hi and
  /// hi - lo is finite.
  double uniform(double lo = 0, double hi = 1, Source where = Source::here());
  /// Gaussian, by Box and Muller's transform of 53-bit numbers; at most 8.6 deviations from the mean. Throws ValueError
  /// unless deviation >= 0 and both are finite.
  double normal(double mean = 0, double deviation = 1, Source where = Source::here());
  /// An integer of [0, n), each exactly as likely (Lemire 2019: multiply, reject the remainder). Throws ValueError for
  /// n < 1.
  std::int64_t below(std::int64_t n, Source where = Source::here());
  /// 0..n-1 in random order [n], each order as likely: Fisher-Yates from the end. Throws ValueError for n < 0.
  Tensor<std::int64_t> permutation(std::int64_t n, Source where = Source::here());

  /// The 64 bits behind the draws 2 block and 2 block + 1, without moving the position. `attempt` numbers what `below`
  /// rejects, so that rejection does not shift later draws. block < 2^47.
  std::array<std::uint64_t, 2> bits(std::uint64_t block, std::uint16_t attempt = 0) const;

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t position_;
};

/// A tensor of draws in [lo, hi). Doubles equal `Random::uniform`; floats use the upper 24 of the same bits, so they
/// too stay below hi. Throws as `Random::uniform`.
template <class T>
Tensor<T> uniform(const Shape& shape, T lo, T hi, Random& random, Source where = Source::here());

/// A tensor of Gaussian draws, computed in double. Throws as `Random::normal`.
template <class T>
Tensor<T> normal(const Shape& shape, T mean, T deviation, Random& random, Source where = Source::here());

/// The same into memory of the caller's.
template <class T>
void uniform(std::span<T> out, std::type_identity_t<T> lo, std::type_identity_t<T> hi, Random& random,
             Source where = Source::here());
template <class T>
void normal(std::span<T> out, std::type_identity_t<T> mean, std::type_identity_t<T> deviation, Random& random,
            Source where = Source::here());

}  // namespace wengert
