// Hyperbolic functions of packs and their inverses; tanh stands in sigmoid-inl.h.
//
// Included once per instruction set, through functions-inl.h.

#if defined(WENGERT_KERNELS_HYPERBOLIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_HYPERBOLIC_INL_H_
#undef WENGERT_KERNELS_HYPERBOLIC_INL_H_
#else
#define WENGERT_KERNELS_HYPERBOLIC_INL_H_
#endif

#include <limits>

#include "autodiff/kernels/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// e^a / 2 for a >= 0, finite wherever sinh and cosh are.
template <class T>
HWY_INLINE Pack<T> half_exponential(Pack<T> a) {
  const auto e = reduced_exponential<false>(Pack<T>(hn::Min(a.v, Pack<T>(Format<T>::kExpHigh + 2).v)));
  return scale(e.q + 1.0, e.n - 1.0);
}
template <class T>
HWY_INLINE Pack<T> cosh(Pack<T> x) {
  const Pack<T> half = half_exponential(abs(x));
  return unless_nan(x, half + 0.25 / half);
}
template <class T>
HWY_INLINE Pack<T> sinh(Pack<T> x) {
  const Pack<T> a = abs(x), half = half_exponential(a), z = x * x;
  Pack<T> p;
  if constexpr (Format<T>::kSingle) {
    constexpr double c[] = {1. / 39916800, 1. / 362880, 1. / 5040, 1. / 120, 1. / 6};
    p = polynomial(z, c);
  } else {
    constexpr double c[] = {1. / 355687428096000, 1. / 1307674368000, 1. / 6227020800, 1. / 39916800,
                            1. / 362880,          1. / 5040,          1. / 120,        1. / 6};
    p = polynomial(z, c);
  }
  const Pack<T> near = multiply_add(x * z, p, x), far = copy_sign(half - 0.25 / half, x);
  return where(equal(x, 0.0), x, where(less(a, 1.0), near, unless_nan(x, far)));
}

/// ln 2a, for a so large that 1 does not matter beside its square.
template <class T>
HWY_INLINE Pack<T> log_twice(Pack<T> a) {
  return log(a) + 0.6931471805599453;
}
template <class T>
inline constexpr double kSquareAlone = choose<T>(16384, 1073741824);
template <class T>
HWY_INLINE Pack<T> asinh(Pack<T> x) {
  const Pack<T> a = abs(x), z = a * a;
  const Pack<T> near = log1p(a + z / (sqrt(z + 1.0) + 1.0));
  return copy_sign(where(less(kSquareAlone<T>, a), log_twice(a), near), x);
}
template <class T>
HWY_INLINE Pack<T> acosh(Pack<T> x) {
  const Pack<T> t = x - 1.0, near = log1p(t + sqrt(t * (t + 2.0)));
  const Pack<T> y = where(less(kSquareAlone<T>, x), log_twice(x), near);
  return where(less(x, 1.0), std::numeric_limits<double>::quiet_NaN(), y);
}
template <class T>
HWY_INLINE Pack<T> atanh(Pack<T> x) {
  const Pack<T> a = abs(x), twice = a + a;
  return copy_sign(0.5 * log1p(where(less(a, 0.5), multiply_add(twice, a / (1.0 - a), twice), twice / (1.0 - a))), x);
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
