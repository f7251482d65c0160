/// Every elementwise function: its value and its slopes, as mathematics and nothing else.
///
/// The formulas stand in the .inc files of this folder, once. They are read here for the tape, where slopes act on Vars
/// and so can be differentiated again, and once per instruction set by the kernels, where values act on SIMD packs. A
/// formula may use + - * /, comparisons and the functions found beside its arguments (exp of a pack, exp of a Var).
///
///   struct Exp {
///     static constexpr Doc doc{"exp", "y = e^x", "y"};
///     static auto value(auto x) { return exp(x); }
///     static auto slope(Input<0>, auto /*x*/, auto y) { return y; }
///   };
///
/// A function without a slope for an input has no derivative in it, and says so with `flat` (its derivative is 0).
/// Families are tuples at the foot of each file; a pair names two functions of one input that share their work.
#pragma once

#include <cmath>
#include <limits>
#include <tuple>

#include "autodiff/math/doc.hpp"

namespace wengert::math {

using std::abs;
using std::acos;
using std::acosh;
using std::asin;
using std::asinh;
using std::atan;
using std::atan2;
using std::atanh;
using std::cbrt;
using std::ceil;
using std::cos;
using std::cosh;
using std::erf;
using std::erfc;
using std::exp;
using std::exp2;
using std::expm1;
using std::floor;
using std::fmod;
using std::hypot;
using std::lgamma;
using std::log;
using std::log10;
using std::log1p;
using std::log2;
using std::pow;
using std::remainder;
using std::round;
using std::sin;
using std::sinh;
using std::sqrt;
using std::tan;
using std::tanh;
using std::trunc;

#include "autodiff/math/activation.inc"
#include "autodiff/math/arithmetic.inc"
#include "autodiff/math/comparison.inc"
#include "autodiff/math/exponential.inc"
#include "autodiff/math/hyperbolic.inc"
#include "autodiff/math/rounding.inc"
#include "autodiff/math/special.inc"
#include "autodiff/math/trigonometric.inc"

/// All elementwise functions, in the order of their instructions.
using Functions = decltype(std::tuple_cat(Arithmetic{}, Comparison{}, Rounding{}, Exponential{}, Trigonometric{},
                                          Hyperbolic{}, Activation{}, SpecialFunctions{}));
/// All pairs.
using Pairs = decltype(std::tuple_cat(TrigonometricPairs{}, ActivationPairs{}, SpecialPairs{}));

}  // namespace wengert::math
