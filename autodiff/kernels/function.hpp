/// The instructions of a tile program, and which instruction an elementwise function is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "autodiff/math/functions.hpp"

namespace wengert::kernels {

/// What a tile program can do. The first numbers are the elementwise functions in the order of `math::Functions`,
/// then their pairs in the order of `math::Pairs`, then the instructions below.
enum class Instruction : std::uint16_t {};

/// Instructions that are not an elementwise function of their own. Reductions come in three layouts each.
enum class Special : std::uint16_t {
  fused_multiply_add,           ///< y = x0 x1 + x2
  fused_negative_multiply_add,  ///< y = x2 - x0 x1
  fused_multiply_subtract,      ///< y = x0 x1 - x2
  chain_add,                    ///< y = chain(x0, x1) + x2
  sum_of_products,              ///< y = x0 x1 + x2 x3, the first product unrounded
  adaptive_step,                ///< y = x0 - x1 x2 / (sqrt x3 + x4)
  softmax,                      ///< y = softmax of each row of x0
  log_softmax,                  ///< y = x0 - log sum exp of the row, without cancellation
  log_sum_exp,                  ///< y[row] = log sum exp of the row
  cross_entropy,                ///< y[row] = log sum exp of the row - x0[row, label]
  cross_entropy_slope,          ///< y = softmax of the row, minus 1 at the label
  cross_entropy_pair,           ///< y as cross_entropy_slope, y2 as cross_entropy, from one exponential
  softmax_pair,                 ///< y as cross_entropy_slope, y2 as softmax, from one exponential
  softmax_pullback,             ///< y = x0 (x1 - sum of x0 x1), row by row, x0 being probabilities
  log_softmax_pullback,         ///< y = x1 - x0 (sum of x1), row by row, x0 being probabilities
  sum_all,
  sum_columns,
  sum_rows,  ///< factor * sum, added to: one number; one per column (rows are summed); one per row
  max_all,
  max_columns,
  max_rows,
  min_all,
  min_columns,
  min_rows,
  count_
};

namespace internal {
template <class F, class... G>
constexpr std::uint16_t position(const std::tuple<G...>*) {
  std::uint16_t i = 0, found = 0xFFFF;
  ((std::is_same_v<F, G> && found == 0xFFFF ? void(found = i) : void(), ++i), ...);
  return found;
}
}  // namespace internal

/// The most operands of an instruction.
inline constexpr std::size_t kOperands = 5;

inline constexpr std::uint16_t kFunctions = std::tuple_size_v<math::Functions>;
inline constexpr std::uint16_t kPairs = std::tuple_size_v<math::Pairs>;
inline constexpr std::uint16_t kInstructions = kFunctions + kPairs + static_cast<std::uint16_t>(Special::count_);

/// The instruction of the elementwise function F.
template <class F>
constexpr Instruction instruction_of() {
  constexpr std::uint16_t at = internal::position<F>(static_cast<math::Functions*>(nullptr));
  static_assert(at != 0xFFFF, "add the function to a family at the foot of its file in autodiff/math/");
  return Instruction{at};
}
/// The instruction that computes both functions of a pair.
template <class P>
constexpr Instruction pair_instruction() {
  constexpr std::uint16_t at = internal::position<P>(static_cast<math::Pairs*>(nullptr));
  static_assert(at != 0xFFFF);
  return Instruction{static_cast<std::uint16_t>(kFunctions + at)};
}
constexpr Instruction instruction(Special special) {
  return Instruction{static_cast<std::uint16_t>(kFunctions + kPairs + static_cast<std::uint16_t>(special))};
}

/// True for elementwise instructions: each element of the result depends on the same element of the operands alone.
constexpr bool is_map(Instruction i) {
  return static_cast<std::uint16_t>(i) < static_cast<std::uint16_t>(instruction(Special::softmax));
}

}  // namespace wengert::kernels
