// Functions too rare to be vectorised: lane by lane, by the formulas of scalar.hpp.
//
// Included once per instruction set, through functions-inl.h.

#if defined(WENGERT_KERNELS_SCALAR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_SCALAR_INL_H_
#undef WENGERT_KERNELS_SCALAR_INL_H_
#else
#define WENGERT_KERNELS_SCALAR_INL_H_
#endif

#include "autodiff/kernels/pack-inl.h"
#include "autodiff/kernels/scalar.hpp"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// f of each lane. Not inlined: the loop is the same for every function.
template <class T>
HWY_NOINLINE Vector<T> each_lane(T (*f)(T), Vector<T> x) {
  HWY_ALIGN T lanes[kLanes<T>];
  hn::Store(x, Tag<T>(), lanes);
  for (T& lane : lanes) lane = f(lane);
  return hn::Load(Tag<T>(), lanes);
}
template <class T>
HWY_NOINLINE Vector<T> each_lane(T (*f)(T, T), Vector<T> a, Vector<T> b) {
  HWY_ALIGN T lanes[2][kLanes<T>];
  hn::Store(a, Tag<T>(), lanes[0]);
  hn::Store(b, Tag<T>(), lanes[1]);
  for (std::ptrdiff_t i = 0; i < kLanes<T>; ++i) lanes[0][i] = f(lanes[0][i], lanes[1][i]);
  return hn::Load(Tag<T>(), lanes[0]);
}

template <class T>
HWY_INLINE Pack<T> lgamma(Pack<T> x) {
  return each_lane<T>(&scalar::lgamma, x.v);
}
template <class T>
HWY_INLINE Pack<T> polygamma(Pack<T> order, Pack<T> x) {
  return each_lane<T>(&scalar::polygamma, order.v, x.v);
}
template <class T>
HWY_INLINE Pack<T> sinc(Pack<T> order, Pack<T> x) {
  return each_lane<T>(&scalar::sinc, order.v, x.v);
}
template <class T>
HWY_INLINE Pack<T> fmod(Pack<T> a, Pack<T> b) {
  return each_lane<T>(&scalar::fmod, a.v, b.v);
}
template <class T>
HWY_INLINE Pack<T> remainder(Pack<T> a, Pack<T> b) {
  return each_lane<T>(&scalar::remainder, a.v, b.v);
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
