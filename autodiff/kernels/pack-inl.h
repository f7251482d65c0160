// Pack<T>: the widest SIMD vector of the instruction set being compiled, as a number that formulas can calculate with.
//
// 1. Everything a formula in autodiff/math/*.inc uses is found beside its argument: operators, comparisons and `where`
//    here, exp and its kin in functions-inl.h. Plain numbers mix with packs on either side.
// 2. A comparison gives a Truth, which is a mask: `where` of it is one blend. Where a number is wanted it becomes 1
//    or 0.
//    (A pack of 1 and 0 would be compared with 0 again: compilers do not see through the intrinsics of masks.)
//
// Included once per instruction set, see Highway's foreach_target.h.

#if defined(WENGERT_KERNELS_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_PACK_INL_H_
#undef WENGERT_KERNELS_PACK_INL_H_
#else
#define WENGERT_KERNELS_PACK_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstring>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Vector = hn::Vec<Tag<T>>;
/// Elements of a pack.
template <class T>
inline constexpr std::ptrdiff_t kLanes = static_cast<std::ptrdiff_t>(hn::MaxLanes(Tag<T>()));

template <class T>
struct Pack;

/// The answer to a comparison, lane by lane.
template <class T>
struct Truth {
  hn::Mask<Tag<T>> mask;
};

template <class T>
struct Pack {
  Vector<T> v;

  Pack() = default;
  HWY_INLINE Pack(Vector<T> vector) : v(vector) {}
  HWY_INLINE Pack(double number) : v(hn::Set(Tag<T>(), static_cast<T>(number))) {}
  HWY_INLINE Pack(Truth<T> truth) : v(hn::IfThenElseZero(truth.mask, hn::Set(Tag<T>(), T(1)))) {}

  friend HWY_INLINE Pack operator+(Pack a, Pack b) { return hn::Add(a.v, b.v); }
  friend HWY_INLINE Pack operator-(Pack a, Pack b) { return hn::Sub(a.v, b.v); }
  friend HWY_INLINE Pack operator*(Pack a, Pack b) { return hn::Mul(a.v, b.v); }
  friend HWY_INLINE Pack operator/(Pack a, Pack b) { return hn::Div(a.v, b.v); }
  friend HWY_INLINE Pack operator-(Pack x) { return hn::Neg(x.v); }

  friend HWY_INLINE Truth<T> less(Pack a, Pack b) { return {hn::Lt(a.v, b.v)}; }
  friend HWY_INLINE Truth<T> less_equal(Pack a, Pack b) { return {hn::Le(a.v, b.v)}; }
  friend HWY_INLINE Truth<T> equal(Pack a, Pack b) { return {hn::Eq(a.v, b.v)}; }
  /// True for NaN. (Highway's Ne is not, on x86.)
  friend HWY_INLINE Truth<T> not_equal(Pack a, Pack b) { return {hn::Not(hn::Eq(a.v, b.v))}; }
  friend HWY_INLINE Truth<T> is_nan(Pack x) { return {hn::IsNaN(x.v)}; }

  friend HWY_INLINE Pack where(Truth<T> c, Pack a, Pack b) { return hn::IfThenElse(c.mask, a.v, b.v); }
  /// a where c is not 0 (NaN counts as not 0), else b.
  friend HWY_INLINE Pack where(Pack c, Pack a, Pack b) { return where(equal(c, 0.0), b, a); }

  /// 0 where g or s is 0, else g s.
  friend HWY_INLINE Pack absorbing_product(Pack g, Pack s) {
    return hn::IfThenZeroElse(either_zero(g, s).mask, hn::Mul(g.v, s.v));
  }
  friend HWY_INLINE Truth<T> either_zero(Pack a, Pack b) {
    const auto zero = hn::Zero(Tag<T>());
    return {hn::Or(hn::Eq(a.v, zero), hn::Eq(b.v, zero))};
  }

  friend HWY_INLINE Pack abs(Pack x) { return hn::Abs(x.v); }
  /// -|x|
  friend HWY_INLINE Pack minus_abs(Pack x) { return hn::Or(x.v, hn::SignBit(Tag<T>())); }
  friend HWY_INLINE Pack sqrt(Pack x) { return hn::Sqrt(x.v); }
  friend HWY_INLINE Pack floor(Pack x) { return hn::Floor(x.v); }
  friend HWY_INLINE Pack ceil(Pack x) { return hn::Ceil(x.v); }
  friend HWY_INLINE Pack trunc(Pack x) { return hn::Trunc(x.v); }
  friend HWY_INLINE Pack round(Pack x) { return hn::Round(x.v); }  // half to even
  friend HWY_INLINE Pack without_subnormals(Pack x) {
    const auto smallest = hn::Set(Tag<T>(), std::numeric_limits<T>::min());
    return hn::IfThenZeroElse(hn::Lt(hn::Abs(x.v), smallest), x.v);
  }
  /// The magnitude of a with the sign of b.
  friend HWY_INLINE Pack copy_sign(Pack a, Pack b) { return hn::CopySign(a.v, b.v); }
  /// -1, 0 or 1; NaN of NaN.
  friend HWY_INLINE Pack sign(Pack x) { return where(less(0.0, abs(x)), copy_sign(1.0, x), x); }
  friend HWY_INLINE Pack maximum(Pack a, Pack b) {  // a NaN in b fails the comparison and so is chosen
    return hn::IfThenElse(hn::Or(hn::Lt(b.v, a.v), hn::IsNaN(a.v)), a.v, b.v);
  }
  friend HWY_INLINE Pack minimum(Pack a, Pack b) {
    return hn::IfThenElse(hn::Or(hn::Lt(a.v, b.v), hn::IsNaN(a.v)), a.v, b.v);
  }

  // A NaN in x stays. The instructions of x86 return their second operand then; others do as they like.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE4
  friend HWY_INLINE Pack at_least(Pack x, Pack low) { return hn::Max(low.v, x.v); }
  friend HWY_INLINE Pack at_most(Pack x, Pack high) { return hn::Min(high.v, x.v); }
#else
  friend HWY_INLINE Pack at_least(Pack x, Pack low) { return where(less(x, low), low, x); }
  friend HWY_INLINE Pack at_most(Pack x, Pack high) { return where(less(high, x), high, x); }
#endif
  friend HWY_INLINE Pack clamp(Pack x, Pack low, Pack high) { return at_most(at_least(x, low), high); }
  /// a b + c; one rounding where the instruction set has it.
  friend HWY_INLINE Pack multiply_add(Pack a, Pack b, Pack c) { return hn::MulAdd(a.v, b.v, c.v); }
  /// c - a b.
  friend HWY_INLINE Pack negative_multiply_add(Pack a, Pack b, Pack c) { return hn::NegMulAdd(a.v, b.v, c.v); }
  /// a b - c.
  friend HWY_INLINE Pack multiply_subtract(Pack a, Pack b, Pack c) { return hn::MulSub(a.v, b.v, c.v); }
};

/// The largest lane, in all lanes. Any number where one is NaN.
template <class T>
HWY_INLINE Pack<T> largest_lane(Pack<T> x) {
#if HWY_TARGET == HWY_EMU128  // whose MaxOfLanes starts from the lowest finite number, so -infinity gets lost
  HWY_ALIGN T lanes[kLanes<T>];
  hn::Store(x.v, Tag<T>(), lanes);
  for (const T lane : lanes) lanes[0] = lane > lanes[0] ? lane : lanes[0];
  return Pack<T>(hn::Set(Tag<T>(), lanes[0]));
#else
  return Pack<T>(hn::MaxOfLanes(Tag<T>(), x.v));
#endif
}
template <class T>
HWY_INLINE Pack<T> smallest_lane(Pack<T> x) {
  return -largest_lane(-x);
}

// Masked loads and stores of f32 and f64 never touch the lanes that are off on AVX2 and AVX-512. Elsewhere Highway
// builds them from full ones, which would touch memory that is not ours.
inline constexpr bool kMasked = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2;

template <class T>
HWY_INLINE Pack<T> load(const T* from) {
  return hn::LoadU(Tag<T>(), from);
}
template <class T>
HWY_INLINE void store(Pack<T> x, T* to) {
  hn::StoreU(x.v, Tag<T>(), to);
}
/// The first n elements, zeros behind them; 0 < n <= kLanes.
template <class T>
HWY_INLINE Pack<T> load_first(const T* from, std::ptrdiff_t n) {
  const Tag<T> d;
  if constexpr (kMasked) {
    return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(n)), d, from);
  } else {
    HWY_ALIGN T lanes[kLanes<T>] = {};
    std::memcpy(lanes, from, static_cast<std::size_t>(n) * sizeof(T));
    return hn::Load(d, lanes);
  }
}
/// The first n elements, copies of `rest` behind them.
template <class T>
HWY_INLINE Pack<T> load_first(const T* from, std::ptrdiff_t n, Pack<T> rest) {
  return hn::IfThenElse(hn::FirstN(Tag<T>(), static_cast<std::size_t>(n)), load_first(from, n).v, rest.v);
}
template <class T>
HWY_INLINE void store_first(Pack<T> x, T* to, std::ptrdiff_t n) {
  const Tag<T> d;
  if constexpr (kMasked) {
    hn::BlendedStore(x.v, hn::FirstN(d, static_cast<std::size_t>(n)), d, to);
  } else {
    HWY_ALIGN T lanes[kLanes<T>];
    hn::Store(x.v, d, lanes);
    std::memcpy(to, lanes, static_cast<std::size_t>(n) * sizeof(T));
  }
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
