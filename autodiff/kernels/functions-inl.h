// Elementwise functions of packs, f32 and f64 from one template.
//
// 1. Right over the whole range: tails, infinities, NaN, signed zeros, subnormal arguments and results.
// 2. Errors are below 2.5 units in the last place on every instruction set (tests/autodiff/kernels/functions_test.cpp).
// 3. Single functions and pairs share their code, so they give the same bits.
//
// Constants: Cody and Waite 1980 (reductions), fdlibm, Sun 1993 (log and sin polynomials), Taylor series for exp; other
// polynomials interpolate at Chebyshev's nodes of the interval named beside them.
// Included once per instruction set, see Highway's foreach_target.h. Each file guards itself.

#include "autodiff/kernels/exponential-inl.h"
#include "autodiff/kernels/hyperbolic-inl.h"
#include "autodiff/kernels/normal-inl.h"
#include "autodiff/kernels/scalar-inl.h"
#include "autodiff/kernels/sigmoid-inl.h"
#include "autodiff/kernels/trigonometric-inl.h"
