// The loop of all elementwise instructions: one tile function per formula, over blocks whose operands may be rows,
// columns or constants.
//
// Included once per instruction set, after functions-inl.h and before the formulas.

#if defined(WENGERT_KERNELS_MAP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_MAP_INL_H_
#undef WENGERT_KERNELS_MAP_INL_H_
#else
#define WENGERT_KERNELS_MAP_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <tuple>

#include "autodiff/kernels/functions-inl.h"
#include "autodiff/kernels/tile.hpp"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// One row of an operand: the pack at column q stands at `at + q * step`; step is 0 where all packs are equal.
template <class T>
struct Lane {
  const T* at = nullptr;
  std::ptrdiff_t step = 0;
};

/// Row r of an operand. `wide` holds the pack of one that is spread, and is kept from row to row.
template <class T>
HWY_INLINE Lane<T> lane(const T* x, std::ptrdiff_t stride, How how, std::ptrdiff_t r, T* wide) {
  const T* at = x + r * stride;
  if (how == How::advance) return {at, 1};
  if (how == How::splat) return {at, 0};
  if (r == 0 || stride != 0) store(Pack<T>(hn::Set(Tag<T>(), *at)), wide);
  return {wide, 0};
}
template <class T>
HWY_INLINE Lane<T> lane(const Call<T>& call, std::size_t i, std::ptrdiff_t r, T* wide) {
  return lane(call.x[i], call.stride[i], call.how[i], r, wide);
}

template <class F, class T>
constexpr std::size_t arity() {
  using P = Pack<T>;
  if constexpr (requires(P x) { F::value(x); }) {
    return 1;
  } else if constexpr (requires(P x) { F::value(x, x); }) {
    return 2;
  } else if constexpr (requires(P x) { F::value(x, x, x); }) {
    return 3;
  } else if constexpr (requires(P x) { F::value(x, x, x, x); }) {
    return 4;
  } else if constexpr (requires(P x) { F::value(x, x, x, x, x); }) {
    return 5;
  } else {
    static_assert(
        requires(P x) { F::values(x, x, x); }, "neither a function of one to five inputs nor a pair");
    return 1;
  }
}
template <class F, class T>
inline constexpr bool kIsPair = requires(Pack<T> x) {
  F::values(x, x, x);
};

/// Both results of a formula; `second` stays empty unless it is a pair.
template <class T>
struct Results {
  Pack<T> first, second;
};
template <class F, class T>
HWY_INLINE Results<T> evaluate(const Pack<T> (&x)[kOperands]) {
  Results<T> y;
  if constexpr (kIsPair<F, T>) {
    F::values(x[0], y.first, y.second);
  } else if constexpr (arity<F, T>() == 1) {
    y.first = F::value(x[0]);
  } else if constexpr (arity<F, T>() == 2) {
    y.first = F::value(x[0], x[1]);
  } else if constexpr (arity<F, T>() == 3) {
    y.first = F::value(x[0], x[1], x[2]);
  } else if constexpr (arity<F, T>() == 4) {
    y.first = F::value(x[0], x[1], x[2], x[3]);
  } else {
    y.first = F::value(x[0], x[1], x[2], x[3], x[4]);
  }
  return y;
}

/// What of a call is looked at from another side: as one long row where its rows follow each other, a single column as
/// a row.
template <std::size_t kInputs>
struct Form {
  std::ptrdiff_t rows, cols;
  How how[kInputs];

  template <class T>
  HWY_INLINE Form(const Call<T>& call, bool pair) : rows(call.rows), cols(call.cols) {
    for (std::size_t i = 0; i < kInputs; ++i) how[i] = call.how[i];
    bool joined = call.y_stride == cols && (!pair || call.y2_stride == cols);
    for (std::size_t i = 0; i < kInputs; ++i) {
      const bool constant = how[i] != How::advance && call.stride[i] == 0;
      // A column of one element per row advances when it is read as a row.
      if (cols == 1 && how[i] == How::spread && call.stride[i] == 1) how[i] = How::advance;
      joined = joined && (constant || (how[i] == How::advance && call.stride[i] == cols));
    }
    if (joined) {
      cols *= rows;
      rows = 1;
    }
  }
};

/// Packs that a loop works on together: each waits for its own instructions in turn, no processor looks ahead over more
/// than a few packs of a long formula, and the compiler interleaves what stands in one round.
inline constexpr std::ptrdiff_t kTogether = 2;

/// A formula may have an alternate, which gives the same bits by other instructions. Every second pack takes it, so
/// that two units of the processor work at once.
template <class F>
struct AlternateOf {
  using type = F;
};
template <class F>
requires requires { typename F::Alternate; }
struct AlternateOf<F> {
  using type = typename F::Alternate;
};
template <class F>
using Alternate = typename AlternateOf<F>::type;

/// Evaluates F on kPacks packs, of which operand(i, k) gives the k-th of input i, and stores what it gives at y and y2.
/// All are loaded before the first result is stored, hence in place is allowed.
template <class F, std::ptrdiff_t kPacks, class T, class Operand>
HWY_INLINE void map_packs(const Operand& operand, T* y, T* y2) {
  constexpr std::size_t kInputs = arity<F, T>();
  constexpr std::ptrdiff_t N = kLanes<T>;
  Results<T> results[kPacks];
#pragma GCC unroll 4
  for (std::ptrdiff_t k = 0; k < kPacks; ++k) {
    Pack<T> p[kOperands];
#pragma GCC unroll 5
    for (std::size_t i = 0; i < kInputs; ++i) p[i] = operand(i, k);
    results[k] = k % 2 == 0 ? evaluate<F>(p) : evaluate<Alternate<F>>(p);
  }
#pragma GCC unroll 4
  for (std::ptrdiff_t k = 0; k < kPacks; ++k) {
    store(results[k].first, y + k * N);
    if constexpr (kIsPair<F, T>) store(results[k].second, y2 + k * N);
  }
}

/// `rows` rows of kPacks packs, as in a block of a matrix product or a small tensor, without an inner loop.
template <class F, std::ptrdiff_t kPacks, class T>
[[gnu::flatten]] HWY_NOINLINE void map_short_rows(const Call<T>& call, const How* how, std::ptrdiff_t rows) {
  constexpr std::size_t kInputs = arity<F, T>();
  const T* x[kInputs];
  for (std::size_t i = 0; i < kInputs; ++i) x[i] = call.x[i];
  const auto operand = [&](std::size_t i, std::ptrdiff_t k) HWY_ATTR {
    if (how[i] == How::spread) return Pack<T>(hn::Set(Tag<T>(), *x[i]));
    return load(how[i] == How::splat ? x[i] : x[i] + k * kLanes<T>);
  };
  T *y = call.y, *y2 = call.y2;
#pragma GCC unroll 1
  for (; rows > 0; --rows) {
    map_packs<F, kPacks, T>(operand, y, y2);
    y += call.y_stride;
    if constexpr (kIsPair<F, T>) y2 += call.y2_stride;
#pragma GCC unroll 5
    for (std::size_t i = 0; i < kInputs; ++i) x[i] += call.stride[i];
  }
}

/// One row: kTogether packs at a time, then what is left.
template <class F, class T>
HWY_INLINE void map_row(const Lane<T> (&lanes)[kOperands], T* y, T* y2, std::ptrdiff_t cols) {
  constexpr std::size_t kInputs = arity<F, T>();
  constexpr std::ptrdiff_t N = kLanes<T>;
  const T* x[kOperands] = {};
  std::ptrdiff_t step[kOperands] = {};
  for (std::size_t i = 0; i < kInputs; ++i) x[i] = lanes[i].at, step[i] = lanes[i].step * N;
  const std::ptrdiff_t whole = cols / (kTogether * N) * (kTogether * N);
  for (std::ptrdiff_t q = 0; q < whole; q += kTogether * N) {
    map_packs<F, kTogether>([&](std::size_t i, std::ptrdiff_t k) HWY_ATTR { return load(x[i] + k * step[i]); }, y + q,
                            kIsPair<F, T> ? y2 + q : nullptr);
#pragma GCC unroll 5
    for (std::size_t i = 0; i < kInputs; ++i) x[i] += kTogether * step[i];
  }
  for (std::ptrdiff_t q = whole; q < cols; q += N) {
    const std::ptrdiff_t n = cols - q;
    Pack<T> p[kOperands];
#pragma GCC unroll 5
    for (std::size_t i = 0; i < kInputs; ++i) {
      p[i] = n >= N ? load(x[i]) : load_first(x[i], n);
      x[i] += step[i];
    }
    const auto result = evaluate<F>(p);
    if (n >= N) {  // a masked store would delay the load that follows it
      store(result.first, y + q);
      if constexpr (kIsPair<F, T>) store(result.second, y2 + q);
    } else {
      store_first(result.first, y + q, n);
      if constexpr (kIsPair<F, T>) store_first(result.second, y2 + q, n);
    }
  }
}

/// Applies formula F to a block of any form. Flattened, so that formulas are inlined into the loop whatever their size.
template <class F, class T>
[[gnu::flatten]] HWY_NOINLINE void map_any(const Call<T>& call) {
  constexpr std::size_t kInputs = arity<F, T>();
  constexpr bool kPair = kIsPair<F, T>;
  constexpr std::ptrdiff_t N = kLanes<T>;
  HWY_ALIGN T wide[kOperands][N];
  Lane<T> lanes[kOperands];
  if (call.rows == 1) {
    for (std::size_t i = 0; i < kInputs; ++i) lanes[i] = lane(call, i, 0, wide[i]);
    return map_row<F>(lanes, call.y, call.y2, call.cols);
  }
  const Form<kInputs> form(call, kPair);
  if (form.rows > 1 && form.cols == 2 * N) return map_short_rows<F, 2>(call, form.how, form.rows);
  if (form.rows > 1 && form.cols == N) return map_short_rows<F, 1>(call, form.how, form.rows);
  for (std::ptrdiff_t r = 0; r < form.rows; ++r) {
    for (std::size_t i = 0; i < kInputs; ++i) lanes[i] = lane(call.x[i], call.stride[i], form.how[i], r, wide[i]);
    map_row<F>(lanes, call.y + r * call.y_stride, kPair ? call.y2 + r * call.y2_stride : nullptr, form.cols);
  }
}

/// Applies formula F. What is smallest goes first: preparing a loop takes longer than one or two packs.
template <class F, class T>
HWY_NOINLINE void map(const Call<T>& call) {
  if (call.rows == 1) {
    if (call.cols == kLanes<T>) return map_short_rows<F, 1>(call, call.how.data(), 1);
    if (call.cols == 2 * kLanes<T>) return map_short_rows<F, 2>(call, call.how.data(), 1);
  }
  map_any<F>(call);
}

template <class T, class... F>
constexpr std::array<TileFn<T>, sizeof...(F)> tiles_of(const std::tuple<F...>*) {
  return {&map<F, T>...};
}
/// One tile function per formula of a tuple.
template <class Tuple, class T>
inline constexpr auto kTiles = tiles_of<T>(static_cast<const Tuple*>(nullptr));

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
