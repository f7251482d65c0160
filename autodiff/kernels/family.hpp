/// Tile functions of one instruction set, as the kernels' source files hand them to `tile<T>()`.
///
/// Every call looks the instruction set up again, so a table is never older than `force_simd()`.
#pragma once

#include "autodiff/kernels/tile.hpp"

namespace wengert::kernels {

/// The functions of a family in the order of its tuple, then its pairs.
template <class T>
struct Family {
  const TileFn<T>* functions = nullptr;
  const TileFn<T>* pairs = nullptr;
};
struct Families {
  Family<float> f32;
  Family<double> f64;
};

template <class T>
constexpr Family<T> of_type(const Families& families) {
  if constexpr (sizeof(T) == 4) {
    return families.f32;
  } else {
    return families.f64;
  }
}

Families arithmetic_tiles();     ///< math::Arithmetic, then math::Comparison
Families rounding_tiles();       ///< math::Rounding
Families exponential_tiles();    ///< math::Exponential
Families trigonometric_tiles();  ///< math::Trigonometric and pairs
Families hyperbolic_tiles();     ///< math::Hyperbolic
Families activation_tiles();     ///< math::Activation and pairs
Families special_tiles();        ///< math::SpecialFunctions and pairs
Families combined_tiles();       ///< fused_multiply_add .. adaptive_step, in the order of `Special`
Families row_tiles();            ///< softmax .. softmax_pair
Families simplex_tiles();        ///< softmax_pullback, log_softmax_pullback
Families reduction_tiles();      ///< sum_all .. min_rows

}  // namespace wengert::kernels
