// Which tile function an instruction is. The order of the families is that of math::Functions and math::Pairs.
#include "autodiff/kernels/tile.hpp"

#include <tuple>

#include "autodiff/kernels/family.hpp"

namespace wengert::kernels {
namespace {

template <class... Tuple>
constexpr std::size_t kCount = (std::tuple_size_v<Tuple> + ...);

/// Specials from the first up to, not including, the second.
constexpr std::size_t count(Special first, Special end) {
  return static_cast<std::size_t>(end) - static_cast<std::size_t>(first);
}

/// A run of consecutive instructions.
struct Range {
  std::size_t size;
  Families (*tiles)();
};

constexpr Range kFunctionRanges[] = {
    {kCount<math::Arithmetic, math::Comparison>, arithmetic_tiles},
    {kCount<math::Rounding>, rounding_tiles},
    {kCount<math::Exponential>, exponential_tiles},
    {kCount<math::Trigonometric>, trigonometric_tiles},
    {kCount<math::Hyperbolic>, hyperbolic_tiles},
    {kCount<math::Activation>, activation_tiles},
    {kCount<math::SpecialFunctions>, special_tiles},
    // Pairs start here.
    {kCount<math::TrigonometricPairs>, trigonometric_tiles},
    {kCount<math::ActivationPairs>, activation_tiles},
    {kCount<math::SpecialPairs>, special_tiles},
    // Specials start here.
    {count(Special::fused_multiply_add, Special::softmax), combined_tiles},
    {count(Special::softmax, Special::softmax_pullback), row_tiles},
    {count(Special::softmax_pullback, Special::sum_all), simplex_tiles},
    {count(Special::sum_all, Special::count_), reduction_tiles},
};
constexpr std::size_t kFirstPairs = 7, kFirstSpecials = 10;

}  // namespace

template <class T>
TileFn<T> tile(Instruction instruction) {
  std::size_t at = static_cast<std::size_t>(instruction), range = 0;
  for (; at >= kFunctionRanges[range].size; ++range) at -= kFunctionRanges[range].size;
  const Family<T> family = of_type<T>(kFunctionRanges[range].tiles());
  return range >= kFirstPairs && range < kFirstSpecials ? family.pairs[at] : family.functions[at];
}

template TileFn<float> tile<float>(Instruction);
template TileFn<double> tile<double>(Instruction);

}  // namespace wengert::kernels
