// The inner kernel of the matrix product: a tile of C that stays in registers over the whole depth.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_GEMM_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_GEMM_TILE_INL_H_
#undef WENGERT_KERNELS_GEMM_TILE_INL_H_
#else
#define WENGERT_KERNELS_GEMM_TILE_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "autodiff/kernels/gemm_beside-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

/// Rows and packs of the largest tile.
inline constexpr int kTilePacks = 2;
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
inline constexpr int kTileRows = 14;  // 28 accumulators, 2 of B and 1 of A in 32 registers
#elif HWY_ARCH_ARM_A64
inline constexpr int kTileRows = 10;  // 12 spills with GCC 12, which wants the elements of A in registers, too
#elif HWY_TARGET == HWY_SCALAR
inline constexpr int kTileRows = 4;
#else
inline constexpr int kTileRows = 6;  // 12 accumulators, 2 of B and 1 of A in 16 registers
#endif

/// Rows of the largest tile of one pack, which has accumulators to spare. (The loops over rows say that they are to be
/// unrolled: GCC stops at 16 else.)
inline constexpr int kTallRows = HWY_TARGET == HWY_SCALAR ? kTileRows : 10 * kTileRows / 7;  // 20, 14, 8

/// Tiles of rows, so that none is thin: the first `higher` of them have one row more than `low`.
struct Rows {
  std::ptrdiff_t tiles, low, higher;

  explicit Rows(std::ptrdiff_t height, bool tall = false)
      : tiles(tall ? (height + kTallRows - 1) / kTallRows : (height + kTileRows - 1) / kTileRows) {
    // (32-bit division: a few ns matter for the smallest products.)
    low = tiles == 1 ? height : static_cast<std::uint32_t>(height) / static_cast<std::uint32_t>(tiles);
    higher = height - low * tiles;
  }
  std::ptrdiff_t of(std::ptrdiff_t tile) const { return low + (tile < higher ? 1 : 0); }
  /// The first row of a tile.
  std::ptrdiff_t begin(std::ptrdiff_t tile) const { return tile * low + std::min(tile, higher); }
};

/// Whether a tile is large enough to ask for memory beside multiplying, and to copy: 12 multiply-adds a depth (AVX2)
/// leave too little time for that, and no register.
constexpr bool can_ask(std::ptrdiff_t rows, std::ptrdiff_t packs) {
  return rows >= kTileRows - 1 && packs == kTilePacks;
}
constexpr bool can_copy(std::ptrdiff_t rows, std::ptrdiff_t packs) { return kTileRows == 14 && can_ask(rows, packs); }

template <class T>
struct TileProduct {
  std::ptrdiff_t depth;
  const T* a;
  std::ptrdiff_t a_step;  ///< from one depth to the next if rows of A are neighbours, else from row to row
  const T* b;
  std::ptrdiff_t b_step;  ///< from one depth to the next; columns are neighbours
  T* c;
  std::ptrdiff_t c_row;
  std::ptrdiff_t tail;  ///< columns of the last pack
  bool accumulate;
  const T* start;  ///< what the sums of a column start from, so that a bias costs nothing; 0 if null
  const Beside<T>* beside = nullptr;
};

template <class T, int kRows, int kPacks, bool accumulate>
HWY_INLINE void store_tile(const TileProduct<T>& tile, const Pack<T> (&sums)[kRows][kPacks]) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  T* c = tile.c;
  const std::ptrdiff_t tail = tile.tail,
                       c_row = tile.c_row;  // copies: a store might change the tile, says the compiler
  const bool whole = tail == N;             // a masked store delays the load that follows it
#pragma GCC unroll 20
  for (int r = 0; r < kRows; ++r, c += c_row) {
#pragma GCC unroll 4
    for (int v = 0; v < kPacks; ++v) {
      T* to = c + v * N;
      if (v < kPacks - 1 || whole) {
        store(accumulate ? sums[r][v] + load(to) : sums[r][v], to);
      } else {
        store_first(accumulate ? sums[r][v] + load_first(to, tail) : sums[r][v], to, tail);
      }
    }
  }
}

/// C [kRows, kPacks packs]. If `neighbours`, the rows of A at one depth are neighbours (packed, or A is transposed).
/// A kernel of its own does what is to be done `beside`, so that small products do not even ask whether.
template <class T, int kRows, int kPacks, bool neighbours, bool beside>
HWY_NOINLINE void multiply_tile(const TileProduct<T>& tile) {
  const Tag<T> d;
  constexpr std::ptrdiff_t N = kLanes<T>;
  // More sums at once hide FMA's latency in small tiles. (One of two packs waits for B.)
  constexpr int kSets = kRows <= 2 && kPacks == 1 ? 4 : kRows * kPacks <= 4 ? 2 : 1;
  Pack<T> start[kPacks], sums[kSets][kRows][kPacks];
  for (int v = 0; v < kPacks; ++v) {
    if (tile.start == nullptr) {
      start[v] = 0.0;
    } else {
      const T* at = tile.start + v * N;
      start[v] = v < kPacks - 1 ? load(at) : load_first(at, tile.tail);
    }
  }
#pragma GCC unroll 4
  for (int u = 0; u < kSets; ++u) {
#pragma GCC unroll 20
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kPacks; ++v) sums[u][r][v] = u == 0 ? start[v] : Pack<T>(0.0);
    }
  }
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(tile.tail));
  const T* b = tile.b;
  const std::ptrdiff_t a_step = tile.a_step;
  constexpr int kPointers = (kRows + 2) / 3;  // one pointer for three rows keeps the addresses in registers
  const T* a[kPointers];
  for (int g = 0; g < kPointers; ++g) a[g] = neighbours ? tile.a : tile.a + 3 * g * a_step;

  const auto step = [&](int u) HWY_ATTR {
    Pack<T> row[kPacks];
    if (neighbours && kRows > 8) __builtin_prefetch(a[0] + 16 * a_step, 0, 3);
#pragma GCC unroll 4
    for (int v = 0; v < kPacks; ++v) {  // without masks the caller has padded B to full packs
      row[v] = kMasked && v == kPacks - 1 ? Pack<T>(hn::MaskedLoad(mask, d, b + v * N)) : load(b + v * N);
    }
#pragma GCC unroll 20
    for (int r = 0; r < kRows; ++r) {
      const Pack<T> factor = hn::Set(d, neighbours ? a[0][r] : a[r / 3][(r % 3) * a_step]);
#pragma GCC unroll 4
      for (int v = 0; v < kPacks; ++v) sums[u][r][v] = multiply_add(factor, row[v], sums[u][r][v]);
    }
    b += tile.b_step;
    if constexpr (neighbours) {
      a[0] += a_step;
    } else {
      for (const T*& pointer : a) ++pointer;
    }
  };

  std::ptrdiff_t k = tile.depth;
  const auto steps_until = [&](std::ptrdiff_t left) HWY_ATTR {
    for (; k >= left + kSets; k -= kSets) {
      step(0);
      if constexpr (kSets > 1) step(1);
      if constexpr (kSets > 2) step(2), step(3);
    }
  };
  if constexpr (beside) {
    static_assert(kSets == 1, "what is done beside must not decide which set a depth is added to");
    const Beside<T>& also = *tile.beside;
    if constexpr (can_copy(kRows, kPacks)) {
      T *to_a = neighbours ? also.copy_a : nullptr, *to_b = also.copy_b;
      for (; k > 0 && (to_a != nullptr || to_b != nullptr); --k) {
        const std::ptrdiff_t ahead = k > kAhead ? kAhead : 0;
        if (to_a != nullptr) copy_a<kRows>(a[0], a[0] + ahead * a_step, to_a);
        if (to_b != nullptr) copy_b<kPacks>(b, b + ahead * tile.b_step, mask, to_b);
        step(0);
      }
    }
    for (std::size_t s = 0; s < also.count; ++s) {
      const T* at = also.asks[s].at;
      const std::ptrdiff_t at_step = also.asks[s].step;
      const std::ptrdiff_t left = std::max<std::ptrdiff_t>(0, k - also.asks[s].times);
      for (; k > left; --k, at += at_step) {
        ask_for<kPacks, false, 2>(at);
        step(0);
      }
    }
  }
  // C is asked for shortly before it is needed: what comes earlier is out of L1 again by then.
  constexpr std::ptrdiff_t kNotice = 64;
  if (k > kNotice) steps_until(kNotice);
  if (k > kNotice / 2) {
#pragma GCC unroll 20
    for (int r = 0; r < kRows; ++r) ask_for<kPacks, true, 3>(tile.c + r * tile.c_row);
  }
  steps_until(0);
  const auto join = [&](int to, int from) HWY_ATTR {
#pragma GCC unroll 20
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kPacks; ++v) sums[to][r][v] = sums[to][r][v] + sums[from][r][v];
    }
  };
  if constexpr (kSets > 1) {
    if (k > 0) step(0);
  }
  if constexpr (kSets > 2) {
    if (k > 1) step(1);
    if (k > 2) step(2);
    join(0, 2);
    join(1, 3);
  }
  if constexpr (kSets > 1) join(0, 1);
  if (tile.accumulate) {
    store_tile<T, kRows, kPacks, true>(tile, sums[0]);
  } else {
    store_tile<T, kRows, kPacks, false>(tile, sums[0]);
  }
}

template <class T>
using TileKernel = void (*)(const TileProduct<T>&);
template <class T>
using TileKernels = std::array<std::array<TileKernel<T>, kTallRows>, kTilePacks>;

template <class T, int kPacks, bool neighbours, int... kRow>
constexpr std::array<TileKernel<T>, kTallRows> kernels_of_width(std::integer_sequence<int, kRow...>) {
  return {&multiply_tile<T, kRow + 1, kPacks, neighbours, false>...};
}
template <class T, bool neighbours>
inline constexpr TileKernels<T> kTileKernels = {
    kernels_of_width<T, 1, neighbours>(std::make_integer_sequence<int, kTallRows>()),
    kernels_of_width<T, 2, neighbours>(std::make_integer_sequence<int, kTileRows>())};
/// Of tiles that can_ask().
template <class T, bool neighbours>
inline constexpr std::array<TileKernel<T>, 2> kTileKernelsBeside = {
    &multiply_tile<T, kTileRows - 1, kTilePacks, neighbours, true>,
    &multiply_tile<T, kTileRows, kTilePacks, neighbours, true>};

/// The kernel for a tile of so many rows and packs.
template <class T>
TileKernel<T> tile_kernel(bool neighbours, std::ptrdiff_t rows, std::ptrdiff_t packs) {
  const TileKernels<T>& kernels = neighbours ? kTileKernels<T, true> : kTileKernels<T, false>;
  return kernels[static_cast<std::size_t>(packs - 1)][static_cast<std::size_t>(rows - 1)];
}
/// The same with what is to be done beside, if the tile can_ask().
template <class T>
TileKernel<T> tile_kernel_beside(bool neighbours, std::ptrdiff_t rows) {
  const auto at = static_cast<std::size_t>(rows - kTileRows + 1);
  return neighbours ? kTileKernelsBeside<T, true>[at] : kTileKernelsBeside<T, false>[at];
}

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
