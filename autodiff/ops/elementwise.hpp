/// Elementwise operations. Formulas and slopes stand in autodiff/math/; the headers below give each its name on Vars.
///
/// Operands broadcast by NumPy's rules; where two or three are taken, some may be plain numbers, at least one must be a
/// Var. All throw ShapeError if shapes do not broadcast, UsageError for a stale Var or one of another tape.
#pragma once

#include "autodiff/ops/activation.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/comparison.hpp"
#include "autodiff/ops/exponential.hpp"
#include "autodiff/ops/rounding.hpp"
#include "autodiff/ops/special.hpp"
#include "autodiff/ops/trigonometric.hpp"
