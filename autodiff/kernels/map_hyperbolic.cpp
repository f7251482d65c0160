// Tile functions of the formulas in autodiff/math/hyperbolic.inc, built once per instruction set.
#include "autodiff/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autodiff/kernels/map_hyperbolic.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include "autodiff/kernels/family.hpp"
#include "autodiff/kernels/map-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {
namespace {  // Local to this file: other families have tables of the same names

#include "autodiff/math/hyperbolic.inc"

template <class T>
constexpr Family<T> family() {
  return {kTiles<Hyperbolic, T>.data(), nullptr};
}
Families tiles() { return {family<float>(), family<double>()}; }

}  // namespace
}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wengert::kernels {
namespace {
HWY_EXPORT(tiles);
}
Families hyperbolic_tiles() { return HWY_DYNAMIC_DISPATCH(tiles)(); }
}  // namespace wengert::kernels
#endif
