// Tile functions of the formulas in autodiff/math/arithmetic.inc and comparison.inc, and of the instructions that do
// two of them at once; built once per instruction set.
#include "autodiff/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autodiff/kernels/map_arithmetic.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include "autodiff/kernels/family.hpp"
#include "autodiff/kernels/map-inl.h"
#include "autodiff/kernels/root-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {
namespace {  // Local to this file: other families have tables of the same names

#include "autodiff/math/arithmetic.inc"
#include "autodiff/math/comparison.inc"

struct FusedMultiplyAdd {
  static auto value(auto a, auto b, auto c) { return multiply_add(a, b, c); }
};
struct FusedNegativeMultiplyAdd {
  static auto value(auto a, auto b, auto c) { return negative_multiply_add(a, b, c); }
};
struct FusedMultiplySubtract {
  static auto value(auto a, auto b, auto c) { return multiply_subtract(a, b, c); }
};
struct ChainAdd {
  static auto value(auto g, auto s, auto c) { return where(either_zero(g, s), c, multiply_add(g, s, c)); }
};
struct SumOfProducts {
  static auto value(auto a, auto b, auto c, auto d) { return multiply_add(a, b, c * d); }
};
struct AdaptiveStep {
  static auto step(auto w, auto rate, auto m, auto root, auto e) {
    return negative_multiply_add(rate, m / (root + e), w);
  }
  static auto value(auto w, auto rate, auto m, auto v, auto e) { return step(w, rate, m, sqrt(v), e); }
  struct Alternate {
    static auto value(auto w, auto rate, auto m, auto v, auto e) { return step(w, rate, m, undivided_sqrt(v), e); }
  };
};
using Combined = std::tuple<FusedMultiplyAdd, FusedNegativeMultiplyAdd, FusedMultiplySubtract, ChainAdd, SumOfProducts,
                            AdaptiveStep>;
using All = decltype(std::tuple_cat(Arithmetic{}, Comparison{}));

template <class Tuple>
constexpr Families families() {
  return {{kTiles<Tuple, float>.data(), nullptr}, {kTiles<Tuple, double>.data(), nullptr}};
}
Families tiles() { return families<All>(); }
Families combined() { return families<Combined>(); }

}  // namespace
}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wengert::kernels {
namespace {
HWY_EXPORT(tiles);
HWY_EXPORT(combined);
}  // namespace
Families arithmetic_tiles() { return HWY_DYNAMIC_DISPATCH(tiles)(); }
Families combined_tiles() { return HWY_DYNAMIC_DISPATCH(combined)(); }
}  // namespace wengert::kernels
#endif
